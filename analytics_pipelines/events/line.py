"""A line of a raw object: whether it holds an event, and which rule it breaks when it holds none."""

import re
from typing import Any
from uuid import UUID

import msgspec

Raw = msgspec.Raw

# Readers of JSON refuse a number beyond all doubles, and with it the text; it counts as none.
_BEYOND_ALL_DOUBLES = re.compile(rb'("(?:[^"\\]|\\.)*")|-?[0-9][0-9.]*[eE]\+?[0-9]{3,}')

_LARGEST = 1 << 63


class Line(msgspec.Struct):
    """A line's envelope. `event` is the event as it was sent: any JSON."""

    received_at: int
    project: int
    uuid: str | None = None
    sent_at: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    event: Any = None
    refused: str = ""
    dropped: str = ""
    name: str = ""
    count: int = 0


_decode_line = msgspec.json.Decoder(Line).decode
_members = msgspec.json.Decoder(dict[str, Raw]).decode


def mended(line: bytes) -> bytes:
    """The line as ClickHouse reads it: numbers that no double can hold are null, and of fields of an event that bear
    one name, however it is escaped, the last one stays.

    >>> mended(b'{"event":{"a":1e400,"b":1,"b":"1e400"}}')
    b'{"event":{"a":null,"b":"1e400"}}'
    """
    line = _BEYOND_ALL_DOUBLES.sub(lambda found: found[1] or _small_or_null(found[0]), line)
    try:
        fields = _members(line)
        event = _members(fields.get("event", Raw(b"null")))
    except msgspec.DecodeError:
        return line
    return msgspec.json.encode({**fields, "event": Raw(msgspec.json.encode(event))})


def _small_or_null(number: bytes) -> bytes:
    return b"null" if float(number) in (float("inf"), float("-inf")) else number


def broken_rule(line: bytes) -> str:
    """The rule that keeps a line from being an event; empty when it is one, or says what was dropped.

    >>> broken_rule(b'{"received_at":1,"project":1,"uuid":null,"event":{"event":"page","distinct_id":"ada"}}')
    'missing_uuid'
    """
    read = read_line(line)
    return "malformed_line" if read is None else rule_broken_by(read)


def read_line(line: bytes) -> Line | None:
    """A line's envelope, if it is one."""
    try:
        read = _decode_line(line)
        line.decode()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    in_range = all(-_LARGEST <= number < _LARGEST for number in (read.received_at, read.project, read.count))
    return read if in_range else None


def rule_broken_by(line: Line) -> str:
    """The same of a line that was read."""
    if line.dropped:
        return "" if line.count >= 1 else "malformed_line"
    if line.refused:
        return line.refused
    if not line.uuid:
        return "missing_uuid"
    if not isinstance(line.event, dict):
        return "event_is_not_an_object"
    if not _text(line.event.get("event")).strip(" "):
        return "missing_event_name"
    if not _is_uuid(line.uuid) or not all(map(_is_readable, map(line.event.get, ("properties", "$set", "$set_once")))):
        return "malformed_line"
    inside = object_of(line.event.get("properties")).get("distinct_id")
    if not any(
        _text(each).strip(" ") for each in (line.event.get("distinct_id"), line.event.get("$distinct_id"), inside)
    ):
        return "missing_distinct_id"
    return ""


def object_of(value: Any) -> dict[str, Any]:
    """An object, sent as such or as a text that holds one; empty for all else."""
    if isinstance(value, str) and value.startswith("{"):
        value = msgspec.json.decode(value)
    return value if isinstance(value, dict) else {}


def envelope_of(line: bytes) -> tuple[int, int]:
    """`(project, received_at in ms)` of a line as far as it says so, zeros where it does not."""
    try:
        read = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 0, 0
    found = read if isinstance(read, dict) else {}
    return tuple(value if type(value := found.get(name)) is int else 0 for name in ("project", "received_at"))  # type: ignore[return-value]


def _is_readable(value: Any) -> bool:
    try:
        object_of(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
