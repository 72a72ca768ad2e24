"""A line of JSON → an event, as capture takes it from an SDK, and as exports have it. Pure."""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from analytics_pipelines.events.event_id import event_id
from analytics_pipelines.events.rejection import Rejected
from analytics_pipelines.events.repair import repaired
from analytics_pipelines.events.rules import distinct_id
from analytics_pipelines.imports.bad_rows import BadRow
from analytics_pipelines.imports.event_of_row import Event, check_limits, encoded, not_utf8, object_of
from analytics_pipelines.imports.moments import Moments

# Read alike by everybody, so it may stay as it is.
_CLEAR = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")

Raw = msgspec.Raw
_NULL = Raw(b"null")


class _Head(msgspec.Struct):
    event: Any = None
    distinct_id: Any = None
    dollar_id: Any = msgspec.field(name="$distinct_id", default=None)
    uuid: Any = None
    timestamp: Any = None
    offset: Any = None
    properties: Raw = _NULL


class _IdInside(msgspec.Struct):
    distinct_id: Any = None


_head = msgspec.json.Decoder(_Head)
_inside = msgspec.json.Decoder(_IdInside)
_fields = msgspec.json.Decoder(dict[str, Raw])
_object = msgspec.json.Decoder(dict[str, Any])


class EventOfLine:
    """Makes events of lines. An event's bytes stay as they are where ingestion reads them as they are meant."""

    def __init__(self, moments: Moments) -> None:
        self._moments = moments

    def __call__(self, line: bytes) -> Event:
        """Raises BadRow."""
        raw, head = _decoded(line, _head.decode)
        name = _text(head.event)
        if not name.strip():
            raise BadRow("missing_event_name", "no event name")
        changes: dict[str, Any] = {}
        properties = bytes(head.properties)
        if properties[:1] == b'"':
            changes["properties"] = object_of(msgspec.json.decode(properties))
            properties = msgspec.json.encode(changes["properties"])
        elif properties[:1] != b"{" and properties != b"null":
            raise BadRow("malformed_properties", "the properties are no object")
        inside = _inside.decode(properties).distinct_id if b"distinct_id" in properties else None
        found = distinct_id(*(None if each == "null" else each for each in (head.distinct_id, head.dollar_id, inside)))
        if not found:
            raise BadRow("missing_distinct_id", "no distinct id")
        said = head.timestamp
        if said is not None and said != "":
            moment = self._moments.read(said)
            if not (isinstance(said, str) and _CLEAR.fullmatch(said)):
                changes["timestamp"] = moment
            if head.offset is not None:
                changes["offset"] = None  # it counts from when the event was sent, which is long ago
        if changes:
            raw = encoded({**_fields.decode(raw), **changes})
        else:
            check_limits(raw)
        uuid = event_id(head.uuid) if isinstance(head.uuid, str) and head.uuid else None
        content = raw if uuid is not None else _content(raw)
        return Event(raw, content, name, found, uuid, is_dated=said is not None and said != "")


def row_of_line(line: bytes) -> dict[str, Any]:
    """A line as a row of columns. Raises BadRow."""
    row: dict[str, Any] = _decoded(line, _object.decode)[1]
    return row


def _decoded(line: bytes, decode: Callable[[bytes], Any]) -> tuple[bytes, Any]:
    """The line, mended when it is no strict JSON, and what is in it."""
    try:
        if not line.isascii():
            line.decode()
    except UnicodeDecodeError:
        raise not_utf8() from None
    if line[:1] == b"{":
        try:
            return line, decode(line)
        except (msgspec.DecodeError, RecursionError):
            pass
    try:
        mended = repaired(line)
    except Rejected:
        raise BadRow("malformed_json", "the line is no JSON") from None
    try:
        return mended, decode(mended)
    except (msgspec.DecodeError, RecursionError):
        raise BadRow("not_an_object", "the line is no JSON object") from None


def _content(raw: bytes) -> bytes:
    """The same for events that only differ in the order of fields and in white space."""
    try:
        return msgspec.json.encode(msgspec.json.decode(raw), order="deterministic")
    except (msgspec.DecodeError, RecursionError):
        return raw  # with a number beyond all doubles, for example


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else msgspec.json.encode(value).decode()
