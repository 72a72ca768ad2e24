"""ClickHouse's values → values that JSON can hold. Pure."""

import math
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo


def plain_rows(rows: Iterable[Iterable[Any]], timezone: str) -> list[list[Any]]:
    """Rows of lists; moments as ISO 8601 in the project's zone, what JSON has no word for as null or text."""
    zone = ZoneInfo(timezone)
    return [[_plain(value, zone) for value in row] for row in rows]


def _plain(value: Any, zone: ZoneInfo) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat() if value.tzinfo else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _plain(item, zone) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(item, zone) for item in value]
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return str(value)  # UUID, Decimal, IP addresses
