"""ClickHouse's values → values that JSON can hold. Pure."""

import math
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo


def plain(value: Any, timezone: str) -> Any:
    """The same in lists and dictionaries; moments as ISO 8601 in the project's zone, what JSON has no word for as null
    or text."""
    return _plain(value, ZoneInfo(timezone))


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
