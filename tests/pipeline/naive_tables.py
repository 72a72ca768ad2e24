"""What the tables must hold, from the bytes in the bucket and what people decided. It shares no code with the product.

Reads each line, keeps of several with one uuid the one that was received first, and goes through what is left in the
order of its time, once, with dictionaries.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from naive_people import people

Id = tuple[int, str]


@dataclass(frozen=True)
class Read:
    """A line that is an event."""

    team: int
    uuid: UUID
    event: str
    distinct_id: str
    timestamp: datetime
    received_at: datetime
    properties: dict[str, Any]
    text: str

    @property
    def has_person(self) -> bool:
        return self.properties.get("$process_person_profile") is not False

    @property
    def stamp(self) -> tuple[datetime, UUID]:
        return self.timestamp, self.uuid


@dataclass
class Tables:
    """All that is compared. Events: (team, uuid) → (event, distinct id, timestamp, person). Persons: (team, id) →
    (created_at, properties, is_identified). Sessions: (team, id) → (events, start, end, person)."""

    events: dict[tuple[int, UUID], tuple[str, str, datetime, UUID]] = field(default_factory=dict)
    dead_letters: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    dropped: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    lines: int = 0
    persons: dict[tuple[int, UUID], tuple[datetime, dict[str, Any], bool]] = field(default_factory=dict)
    ids: dict[Id, UUID] = field(default_factory=dict)
    sessions: dict[tuple[int, str], tuple[int, datetime, datetime, UUID]] = field(default_factory=dict)
    event_counts: dict[tuple[int, Any, str], tuple[int, int]] = field(default_factory=dict)
    groups: dict[tuple[int, str, str], tuple[datetime, dict[str, Any]]] = field(default_factory=dict)
    names: dict[tuple[int, str], tuple[int, datetime, datetime]] = field(default_factory=dict)


def assert_same(found: Tables, expected: Tables, *, without: Collection[str] = ()) -> None:
    """Whatever differs is told as (found, expected)."""
    for name in {each.name for each in fields(Tables)} - {"lines", *without}:
        rows, wanted = getattr(found, name), getattr(expected, name)
        differing = {key: (rows.get(key), wanted.get(key)) for key in {**rows, **wanted}}
        differing = {key: pair for key, pair in differing.items() if pair[0] != pair[1]}
        assert not differing, f"{name}: {differing}"
    assert found.lines == expected.lines


def naive_tables(lines: Iterable[bytes], denied: frozenset[UUID], deleted: Mapping[Id, datetime]) -> Tables:
    """The tables that follow from these lines, but for edges in `denied` and what ids in `deleted` said until then."""
    found = Tables()
    events: dict[tuple[int, UUID], Read] = {}
    for line in lines:
        found.lines += 1
        read = _read(line, found)
        if read is not None:
            old = events.get((read.team, read.uuid))
            if old is None or _place(read) < _place(old):
                events[read.team, read.uuid] = read
    for team in {each.team for each in events.values()}:
        of_team = sorted((each for each in events.values() if each.team == team), key=lambda each: each.stamp)
        persons = people(team, of_team, denied, {each: at for (of, each), at in deleted.items() if of == team})
        found.persons.update({(team, person): row for person, row in persons.persons.items()})
        found.ids.update({(team, each): person for each, person in persons.ids.items()})
        for each in of_team:
            person = persons.of(each.distinct_id)
            found.events[team, each.uuid] = (each.event, each.distinct_id, each.timestamp, person)
        _count(found, team, of_team)
        _group(found, team, of_team)
    return found


def _place(read: Read) -> tuple[Any, ...]:
    """Of one uuid the least counts."""
    return read.received_at, read.event, read.distinct_id, read.timestamp, read.text


def _read(line: bytes, found: Tables) -> Read | None:
    try:
        envelope = json.loads(line)
    except ValueError:
        envelope = {}
    if "dropped" in envelope:
        found.dropped[envelope["project"], envelope["dropped"], envelope["name"]] += envelope["count"]
        return None
    reason = _broken_rule(envelope)
    if reason:
        found.dead_letters[
            envelope.get("project", 0), reason, hashlib.md5(line, usedforsecurity=False).hexdigest()
        ] += 1
        return None
    event = envelope["event"]
    received = datetime.fromtimestamp(envelope["received_at"] / 1000, UTC)
    moment = datetime.fromisoformat(event["timestamp"]) if "timestamp" in event else received
    if envelope["sent_at"]:
        moment += received - datetime.fromisoformat(envelope["sent_at"])
    if moment > received + timedelta(hours=23):
        moment = received
    properties = event.get("properties", {})
    text = json.dumps(properties)
    return Read(
        envelope["project"],
        UUID(envelope["uuid"]),
        event["event"],
        event["distinct_id"],
        moment,
        received,
        properties,
        text,
    )


def _broken_rule(envelope: Mapping[str, Any]) -> str | None:
    if not envelope:
        return "malformed_line"
    event = envelope["event"]
    if "refused" in envelope:
        return str(envelope["refused"])
    if envelope["uuid"] is None:
        return "missing_uuid"
    if not isinstance(event, dict):
        return "event_is_not_an_object"
    if not event["event"]:
        return "missing_event_name"
    return None if event["distinct_id"] else "missing_distinct_id"


def _count(found: Tables, team: int, events: list[Read]) -> None:
    by_day: dict[tuple[Any, str], list[UUID]] = {}
    visits: dict[str, list[Read]] = {}
    names: dict[str, list[Read]] = {}
    for each in events:
        by_day.setdefault((each.timestamp.date(), each.event), []).append(found.events[team, each.uuid][3])
        names.setdefault(each.event, []).append(each)
        session = each.properties.get("$session_id")
        if session and UUID(session).version == 7:
            began = datetime.fromtimestamp((UUID(session).int >> 80) / 1000, UTC)
            if abs(each.timestamp - began) <= timedelta(days=1):
                visits.setdefault(session.lower(), []).append(each)
    for (day, name), persons in by_day.items():
        found.event_counts[team, day, name] = (len(persons), len(set(persons)))
    for session, of_visit in visits.items():
        # of several in its last moment the one that ClickHouse sorts last: UUIDs by their second half
        last = max(of_visit, key=lambda each: (each.timestamp, each.uuid.int & (1 << 64) - 1, each.uuid.int >> 64))
        person = found.events[team, last.uuid][3]
        found.sessions[team, session] = (len(of_visit), of_visit[0].timestamp, last.timestamp, person)
    for name, of_name in names.items():
        found.names[team, name] = (len(of_name), of_name[0].timestamp, of_name[-1].timestamp)


def _group(found: Tables, team: int, events: list[Read]) -> None:
    for each in (event for event in events if event.has_person):
        named: list[tuple[str, str, dict[str, Any]]] = [
            (kind, key, {}) for kind, key in each.properties.get("$groups", {}).items()
        ]
        if each.event == "$groupidentify":
            said = each.properties
            named.append((said["$group_type"], said["$group_key"], said.get("$group_set", {})))
        for kind, key, words in named:
            _, properties = found.groups.setdefault((team, kind, key), (each.timestamp, {}))
            properties.update(words)  # in the order of time
