"""The same persons by the simplest means: all events at once, in the order of their time, one property at a time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from person_tables import Sent

from analytics_pipelines.identity.edge import Edge
from analytics_pipelines.identity.illegal_ids import is_illegal
from analytics_pipelines.identity.person_id import person_id
from analytics_pipelines.identity.resolve import Usage, resolve

COPIED = (
    *("$browser", "$os", "$current_url", "utm_source", "_kx"),
    "$app_version",
)
MERGES = {"$identify": "$anon_distinct_id", "$create_alias": "alias", "$merge_dangerously": "alias"}
SILENT = {"$exception", "$$heatmap", "$groupidentify"}


@dataclass
class Property:
    """What was said of one property of one person, each with (timestamp, uuid) of its event."""

    sets: list[tuple[Any, Any]] = field(default_factory=list)
    onces: list[tuple[Any, Any]] = field(default_factory=list)
    said_onces: list[tuple[Any, Any]] = field(default_factory=list)
    unsets: list[Any] = field(default_factory=list)

    def value(self) -> list[Any]:
        """The value, or nothing."""
        unset = max(self.unsets, default=None)

        def stands(word: tuple[Any, Any]) -> bool:
            return unset is None or word[0] > unset

        candidates = [
            *sorted(self.sets, key=lambda word: word[0])[-1:],
            *sorted(self.onces, key=lambda word: word[0])[:1],
            *sorted(self.said_onces, key=lambda word: word[0])[-1:],
        ]
        return [word[1] for word in candidates if stands(word)][:1]


def edge_of(event: Sent) -> Edge | None:
    other = event.properties.get(MERGES.get(event.event, ""))
    if not event.has_person or not isinstance(other, str) or other in ("", event.distinct_id):
        return None
    return Edge(event.uuid, event.timestamp, event.event, event.distinct_id, other)  # type: ignore[arg-type]


@dataclass
class Persons:
    """What the tables must hold."""

    persons: dict[tuple[int, UUID], tuple[datetime, dict[str, Any], bool]]
    ids: dict[tuple[int, str], UUID]
    overrides: dict[tuple[int, str], UUID]


def naive_persons(
    events: Iterable[Sent],
    denied: frozenset[UUID] = frozenset(),
    deleted: Mapping[tuple[int, str], datetime] | None = None,
) -> Persons:
    """Persons of these events; of ids in `deleted`, what was received until then is forgotten."""
    deleted = deleted or {}
    found = Persons({}, {}, {})
    events = list({(each.team_id, each.uuid): each for each in events}.values())
    for team_id in {each.team_id for each in events}:
        _add_team(found, team_id, [each for each in events if each.team_id == team_id], denied, deleted)
    return found


def _add_team(
    found: Persons,
    team_id: int,
    events: list[Sent],
    denied: frozenset[UUID],
    deleted: Mapping[tuple[int, str], datetime],
) -> None:
    edges = [edge for edge in map(edge_of, events) if edge]
    usage = {}
    for each in {event.distinct_id for event in events}:
        own = [event for event in events if event.distinct_id == each and not edge_of(event)]
        usage[each] = Usage(
            min((event.timestamp for event in own if event.has_person), default=None),
            min((event.timestamp for event in own if not event.has_person), default=None),
        )
    resolution = resolve(team_id, edges, usage, denied=denied)

    def kept(event: Sent) -> bool:
        moment = deleted.get((team_id, event.distinct_id))
        return moment is None or event.received_at > moment

    legal = [edge for edge in edges if not is_illegal(edge.target) and not is_illegal(edge.other)]
    ids = {event.distinct_id for event in events if event.has_person} | {edge.other for edge in legal}
    members: dict[UUID, list[str]] = {}
    for each in ids:
        members.setdefault(resolution.persons.get(each, person_id(team_id, each)), []).append(each)
    for person, of_person in members.items():
        of_them = [event for event in events if event.distinct_id in of_person and kept(event)]
        is_alive = any(event.has_person for event in of_them) or any(
            each in resolution.persons and (team_id, each) not in deleted for each in of_person
        )
        if is_alive:
            born = min(event.timestamp for event in of_them)
            found.persons[team_id, person] = (born, _properties(of_them), person in resolution.identified)
            found.ids.update({(team_id, each): person for each in of_person})
        for each in of_person:
            if person != person_id(team_id, each):
                found.overrides[team_id, each] = person


def _properties(events: list[Sent]) -> dict[str, Any]:
    said: dict[str, Property] = {}
    for event in events:
        if not event.has_person or event.event in SILENT:
            continue
        stamp = (event.timestamp, event.uuid)
        outright = event.properties.get("$set", {})
        once = event.properties.get("$set_once", {})
        copies = {key: value for key, value in event.properties.items() if key in COPIED}
        if "$os_name" in event.properties:
            copies.setdefault("$os", event.properties["$os_name"])
        first = {f"$initial_{key.removeprefix('$')}": value for key, value in copies.items()}
        for key, value in {**copies, **outright}.items():
            said.setdefault(key, Property()).sets.append((stamp, value))
        for key, value in {**first, **once}.items():
            said.setdefault(key, Property()).onces.append((stamp, value))
        for key, value in once.items():
            said.setdefault(key, Property()).said_onces.append((stamp, value))
        for key in event.properties.get("$unset", []):
            said.setdefault(key, Property()).unsets.append(stamp)
    return {key: value for key, each in said.items() for value in each.value()}
