"""Values of cells: as properties hold them, and as ids. Pure."""

import math
import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

# A number of more digits is rounded by one program or another: it stays a text. So does what begins with a zero.
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,14})?")
_MOST_DIGITS = 16  # with the point

_BOOLEANS = {"true": True, "false": False, "True": True, "False": False, "TRUE": True, "FALSE": False}

_MOST_LEVELS = 100


def of_text(cell: str) -> Any:
    """What a cell of a text file says: a number, true or false, or the text as it is.

    >>> [of_text(cell) for cell in ("12", "-0.50", "007", "1e5", "true", "12345678901234567")]
    [12, -0.5, '007', '1e5', True, '12345678901234567']
    """
    first = cell[:1]
    if (first.isdigit() or first == "-") and len(cell) <= _MOST_DIGITS + 1 and _NUMBER.fullmatch(cell):
        if "." not in cell:
            return int(cell) if cell != "-0" else 0
        return float(cell) if sum(map(str.isdigit, cell)) < _MOST_DIGITS else cell
    return _BOOLEANS.get(cell, cell)


def as_id(value: Any) -> str:
    """A value as the text of an id, empty for none. A whole number that a table held as a float is whole again."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal):
        if not math.isfinite(value):
            return ""
        return str(int(value)) if value == int(value) else str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def plain(value: Any, levels: int = _MOST_LEVELS) -> Any:
    """A value of any kind as one that JSON has. Bytes are texts if they can be, else hexadecimal."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if isinstance(value, bytes | bytearray | memoryview):
        held = bytes(value)
        try:
            return held.decode()
        except UnicodeDecodeError:
            return held.hex()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, UUID):
        return str(value)
    if levels == 0:
        return str(value)
    if isinstance(value, Mapping):
        return {as_id(name): plain(each, levels - 1) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each, levels - 1) for each in value]
    return str(value)
