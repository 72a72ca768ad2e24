"""A line of a raw object: whether it holds an event, and which rule it breaks when it holds none."""

import re
from typing import Any

import msgspec

# Readers of JSON refuse a number beyond all doubles, and with it the text; it counts as none.
_BEYOND_ALL_DOUBLES = re.compile(rb'("(?:[^"\\]|\\.)*")|-?[0-9][0-9.]*[eE]\+?[0-9]{3,}')

_LARGEST = 1 << 63


class _Event(msgspec.Struct):
    event: Any = None
    distinct_id: Any = None
    other_id: Any = msgspec.field(default=None, name="$distinct_id")
    properties: Any = None


class _Line(msgspec.Struct):
    received_at: int
    project: int
    uuid: str | None = None
    event: Any = None
    refused: str = ""
    dropped: str = ""
    count: int = 0


_decode_line = msgspec.json.Decoder(_Line).decode


def mended(line: bytes) -> bytes:
    """The line with numbers that no double can hold made null.

    >>> mended(b'{"a":1e400,"b":"1e400"}')
    b'{"a":null,"b":"1e400"}'
    """
    return _BEYOND_ALL_DOUBLES.sub(lambda found: found[1] or _small_or_null(found[0]), line)


def _small_or_null(number: bytes) -> bytes:
    return b"null" if float(number) in (float("inf"), float("-inf")) else number


def broken_rule(line: bytes) -> str:
    """The rule that keeps a line from being an event; empty when it is one, or says what was dropped.

    >>> broken_rule(b'{"received_at":1,"project":1,"uuid":null,"event":{"event":"page","distinct_id":"ada"}}')
    'missing_uuid'
    """
    try:
        read = _decode_line(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "malformed_line"
    if not all(-_LARGEST <= number < _LARGEST for number in (read.received_at, read.project, read.count)):
        return "malformed_line"
    if read.dropped:
        return "" if read.count >= 1 else "malformed_line"
    if read.refused:
        return read.refused
    if not read.uuid:
        return "missing_uuid"
    if not isinstance(read.event, dict):
        return "event_is_not_an_object"
    event = msgspec.convert(read.event, _Event)
    if not _text(event.event).strip(" "):
        return "missing_event_name"
    inside = event.properties.get("distinct_id") if isinstance(event.properties, dict) else None
    if not any(_text(each).strip(" ") for each in (event.distinct_id, event.other_id, inside)):
        return "missing_distinct_id"
    return ""


def envelope_of(line: bytes) -> tuple[int, int]:
    """`(project, received_at in ms)` of a line as far as it says so, zeros where it does not."""
    try:
        read = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 0, 0
    found = read if isinstance(read, dict) else {}
    return tuple(value if type(value := found.get(name)) is int else 0 for name in ("project", "received_at"))  # type: ignore[return-value]


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
