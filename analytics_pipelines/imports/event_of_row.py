"""A row of a table → an event. Pure."""

from collections.abc import Callable
from collections.abc import Mapping as Cells
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from analytics_pipelines.events.event_id import event_id
from analytics_pipelines.events.limits import DEFAULT
from analytics_pipelines.events.parse import broken_limit
from analytics_pipelines.imports.bad_rows import BadRow
from analytics_pipelines.imports.cells import as_id, of_text, plain
from analytics_pipelines.imports.mapping import PROPERTIES, Mapping
from analytics_pipelines.imports.moments import Moments

_ELEMENTS = "elements_chain"

# Nothing that has to be searched for limits is shorter.
_SHORT = 400

_LIMITS = {
    "event_too_large": "the event is too large",
    "nested_too_deep": "the event is nested too deep",
    "too_many_keys": "the event has too many keys",
}

_encode = msgspec.json.Encoder(order="deterministic", decimal_format="number").encode


@dataclass(slots=True)
class Event:
    """An event as JSON, and `content`, by which equal events are known. `uuid`: its own, if it has one.

    `is_dated`: whether it says when it happened.
    """

    raw: bytes
    content: bytes
    name: str
    distinct_id: str
    uuid: UUID | None = None
    is_dated: bool = True


ToEvent = Callable[[Any], Event]


class EventOfRow:
    """Makes events of rows, each a column → value, by a mapping that is bound to their columns.

    `infer`: values are texts, of which those that look like numbers, true or false become these. A column `properties`
    that the mapping does not name holds an object of properties, as exports have it.
    """

    def __init__(self, mapping: Mapping, moments: Moments, *, infer: bool) -> None:
        self._name = mapping.event
        self._name_column = mapping.event_column or ""
        self._id_column = mapping.distinct_id_column or ""
        self._time_column = mapping.timestamp_column or ""
        self._uuid_column = mapping.uuid_column
        self._chosen = mapping.properties
        self._set = mapping.set or {}
        self._text = frozenset(mapping.text) if infer else None
        self._moments = moments
        named = set(mapping.columns_named()) - set(mapping.text)
        self._holds_properties = PROPERTIES not in named
        self._used = named | ({PROPERTIES, _ELEMENTS} if self._holds_properties else {_ELEMENTS})

    def __call__(self, row: Cells[str, Any]) -> Event:
        """Raises BadRow."""
        name = self._name or as_id(row.get(self._name_column))
        if not name.strip():
            raise BadRow("missing_event_name", f"no event name in {self._name_column!r}")
        distinct_id = as_id(row.get(self._id_column))
        if not distinct_id.strip() or distinct_id == "null":  # which ingestion takes for none, too
            raise BadRow("missing_distinct_id", f"no distinct id in {self._id_column!r}")
        said = row.get(self._time_column)
        if said is None or said == "":
            raise BadRow("missing_timestamp", f"no time in {self._time_column!r}")
        event: dict[str, Any] = {"event": name, "distinct_id": distinct_id, "timestamp": self._moments.read(said)}
        event["properties"] = self._properties(row)
        chain = row.get(_ELEMENTS)
        if chain and isinstance(chain, str):
            event[_ELEMENTS] = chain
        if self._set:
            event["$set"] = self._picked(row, self._set)
        raw = encoded(event)
        return Event(raw, raw, name, distinct_id, _uuid(row.get(self._uuid_column)) if self._uuid_column else None)

    def _properties(self, row: Cells[str, Any]) -> dict[str, Any]:
        if self._chosen is not None:
            return self._picked(row, self._chosen)
        used, text = self._used, self._text
        if text is None:
            found = {name: value for name, value in row.items() if value is not None and name not in used}
        else:
            found = {
                name: value if name in text else of_text(value)
                for name, value in row.items()
                if value and name not in used
            }
        held = row.get(PROPERTIES) if self._holds_properties else None
        if held is None or held == "":
            return found
        return found | object_of(held)

    def _picked(self, row: Cells[str, Any], wanted: Cells[str, str]) -> dict[str, Any]:
        found = {}
        for column, name in wanted.items():
            value = row.get(column)
            if value is None or (self._text is not None and value == ""):
                continue
            found[name] = value if self._text is None or column in self._text else of_text(value)
        return found


def object_of(held: Any) -> dict[str, Any]:
    """The properties of a value that is an object, or the JSON text of one. Raises BadRow."""
    if isinstance(held, str | bytes):
        try:
            held = msgspec.json.decode(held)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise BadRow("malformed_properties", "the properties are no JSON") from None
    if not isinstance(held, dict):
        raise BadRow("malformed_properties", "the properties are no object")
    return held


def encoded(event: dict[str, Any]) -> bytes:
    """The event's JSON: the same for equal events. Raises BadRow for what no event may hold."""
    try:
        raw = _encode(event)
    except UnicodeEncodeError:
        raise not_utf8() from None
    except (TypeError, ValueError, OverflowError, RecursionError):
        try:
            raw = _encode(plain(event))
        except UnicodeEncodeError:
            raise not_utf8() from None
    check_limits(raw)
    return raw


def check_limits(raw: bytes) -> None:
    """Raises BadRow for an event that capture would not take either."""
    if len(raw) > _SHORT:
        broken = broken_limit(raw, DEFAULT)
        if broken:
            raise BadRow(broken, _LIMITS.get(broken, broken))


def not_utf8() -> BadRow:
    """What to say of bytes that are no text."""
    return BadRow("not_utf8", "the text is not UTF-8")


def _uuid(value: Any) -> UUID | None:
    if isinstance(value, UUID):
        return value
    if isinstance(value, bytes) and len(value) == 16:
        return UUID(bytes=value)
    text = as_id(value).strip()
    return event_id(text) if text else None
