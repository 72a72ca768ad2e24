"""What a project wants kept of what it is sent: which events, how many, and which of their properties. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from analytics_pipelines.events.parse import PERFORMANCE_EVENT, Incoming, Request

QUOTA = "quota"

# Where an event keeps what it says of the world and of the person.
_HOLDERS = ("properties", "$set", "$set_once")
_IP = "$ip"


@dataclass(frozen=True)
class Rules:
    """Of one project; the defaults keep everything. Names are compared exactly. No `allowed_events`: all are.

    `daily_event_quota`: events a day (UTC, of arrival); beyond it they are dropped.
    """

    anonymize_ips: bool = False
    denied_properties: frozenset[str] = frozenset()
    denied_events: frozenset[str] = frozenset()
    allowed_events: frozenset[str] = frozenset()
    denied_distinct_ids: frozenset[str] = frozenset()
    daily_event_quota: int | None = None

    @property
    def hidden_properties(self) -> frozenset[str]:
        """Names of properties that are not stored."""
        return self.denied_properties | {_IP} if self.anonymize_ips else self.denied_properties

    def drops(self, event: str, distinct_id: str) -> str:
        """The rule that such an event is dropped by, or nothing."""
        if event == PERFORMANCE_EVENT:
            return "performance_event"
        if event in self.denied_events:
            return "denied_event"
        if self.allowed_events and event not in self.allowed_events:
            return "not_allowed_event"
        if distinct_id in self.denied_distinct_ids:
            return "denied_distinct_id"
        return ""

    @property
    def look_at_names(self) -> bool:
        """Whether any rule asks what an event is called or who sent it."""
        return bool(self.denied_events or self.allowed_events or self.denied_distinct_ids)


@dataclass(frozen=True)
class Drop:
    """Events of one name that one rule dropped."""

    rule: str
    event: str
    count: int


class _Named(msgspec.Struct):
    event: Any = None
    distinct_id: Any = None
    dollar_id: Any = msgspec.field(name="$distinct_id", default=None)
    properties: msgspec.Raw = msgspec.Raw(b"null")


class _IdInside(msgspec.Struct):
    distinct_id: Any = None


_named = msgspec.json.Decoder(_Named)
_id_inside = msgspec.json.Decoder(_IdInside)
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])


def kept(request: Request, rules: Rules, quota_left: int | None) -> tuple[Request, list[Drop]]:
    """The request without what the rules drop and hide, and what was dropped; the same request where nothing is."""
    dropped: Counter[tuple[str, str]] = Counter()
    events = request.events
    if rules.look_at_names or request.performance:
        events = [event for event in events if not _is_dropped(event, rules, dropped)]
    if quota_left is not None and len(events) > quota_left:
        for event in events[quota_left:]:
            dropped[QUOTA, _text(_names(event.raw).event)] += 1
        events = events[:quota_left]
    hidden = rules.hidden_properties
    if hidden:
        events = [_without(event, hidden) for event in events]
    if events is request.events:
        return request, []
    return replace(request, events=events), [Drop(rule, name, count) for (rule, name), count in dropped.items()]


def _is_dropped(event: Incoming, rules: Rules, dropped: Counter[tuple[str, str]]) -> bool:
    head = _names(event.raw)
    name = _text(head.event)
    rule = rules.drops(name, distinct_id(head.distinct_id, head.dollar_id, _inside(head)))
    if rule:
        dropped[rule, name] += 1
    return bool(rule)


def distinct_id(*places: Any) -> str:
    """The first of the places that holds one, as the text that ingestion makes of it."""
    return next((found for found in map(_text, places) if found.strip()), "")


def hide(event: dict[str, Any], hidden: Iterable[str]) -> dict[str, Any]:
    """The event's fields without the hidden properties, wherever they stand in it. Fields may be raw JSON."""
    out = dict(event)
    for holder in _HOLDERS:
        held = _object(out.get(holder))
        if held is None:
            continue
        for name in hidden:
            held.pop(name, None)
        if holder == "properties":
            held = hide(held, hidden) if any(inner in held for inner in _HOLDERS) else held
        out[holder] = held
    return out


def _without(event: Incoming, hidden: frozenset[str]) -> Incoming:
    # A name may be written with escapes; without a backslash in it, text that does not hold the name has no such key.
    if b"\\" not in event.raw and not any(name.encode() in event.raw for name in hidden):
        return event
    if event.refused:
        return msgspec.structs.replace(event, raw=b"")  # its text can't be trusted to be taken apart
    try:
        fields = _fields.decode(event.raw)
    except msgspec.ValidationError:
        return event
    return msgspec.structs.replace(event, raw=msgspec.json.encode(hide(fields, hidden)))


def _object(value: Any) -> dict[str, Any] | None:
    if isinstance(value, dict):
        return dict(value)
    if not isinstance(value, msgspec.Raw):
        return None
    try:
        return dict(_fields.decode(value))
    except msgspec.ValidationError:
        return None


def _names(raw: bytes) -> _Named:
    try:
        return _named.decode(raw)
    except (msgspec.ValidationError, RecursionError):
        return _Named()


def _inside(head: _Named) -> Any:
    try:
        return _id_inside.decode(head.properties).distinct_id
    except msgspec.ValidationError:
        return None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else msgspec.json.encode(value).decode()
