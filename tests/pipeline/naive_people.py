"""Who the people of one project are, found by going through its events once in the order of their time."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

OTHER_SIDE = {"$identify": "$anon_distinct_id", "$create_alias": "alias", "$merge_dangerously": "alias"}
NOBODY = {"null", "guest", "anonymous"}  # of the ids that these tests send
SAY_NOTHING = {"$groupidentify", "$exception"}
COPIED = {"$browser"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Event(Protocol):
    @property
    def uuid(self) -> UUID: ...
    @property
    def event(self) -> str: ...
    @property
    def distinct_id(self) -> str: ...
    @property
    def timestamp(self) -> datetime: ...
    @property
    def received_at(self) -> datetime: ...
    @property
    def properties(self) -> dict[str, Any]: ...
    @property
    def has_person(self) -> bool: ...


def own_person(team: int, distinct_id: str) -> UUID:
    """A UUID of version 5, by RFC 9562."""
    namespace = bytes.fromhex("932979b465c3442484670b66ec27bc22")
    digest = hashlib.sha1(namespace + f"{team}:{distinct_id}".encode(), usedforsecurity=False).digest()
    return UUID(bytes=digest[:16], version=5)


@dataclass
class People:
    """`groups` is the name of the set of each id that has a person: the id that the person is named after."""

    team: int
    groups: dict[str, str] = field(default_factory=dict)
    identified: set[str] = field(default_factory=set)
    persons: dict[UUID, tuple[datetime, dict[str, Any], bool]] = field(default_factory=dict)
    ids: dict[str, UUID] = field(default_factory=dict)

    def of(self, distinct_id: str) -> UUID:
        return own_person(self.team, self.groups.get(distinct_id, distinct_id))


def other_side(event: Event) -> str | None:
    """The id that the event says is the same person; None when it says no such thing."""
    other = event.properties.get(OTHER_SIDE.get(event.event, ""))
    return other if event.has_person and other not in (None, "", event.distinct_id) else None


def people(team: int, events: Sequence[Event], denied: frozenset[UUID], deleted: Mapping[str, datetime]) -> People:
    """`events` in the order of (timestamp, uuid). Of ids in `deleted` what was received until then says nothing."""
    found = People(team)
    merged = _merge(found, events, denied)
    known = {each.distinct_id for each in events if each.has_person} | merged
    for name in {found.groups[each] for each in known if each in found.groups}:
        members = {each for each in known if found.groups.get(each) == name}
        theirs = [each for each in events if each.distinct_id in members]
        theirs = [each for each in theirs if each.received_at > deleted.get(each.distinct_id, EPOCH)]
        if any(each.has_person for each in theirs) or (members & merged) - deleted.keys():
            born = min((each.timestamp for each in theirs), default=EPOCH)
            found.persons[own_person(team, name)] = (born, _words(theirs), name in found.identified)
            found.ids.update({each: own_person(team, name) for each in members})
    return found


def _merge(found: People, events: Sequence[Event], denied: frozenset[UUID]) -> set[str]:
    """Fill the groups; returns the ids whose person an edge made, or added to."""
    groups, without, merged = found.groups, set[str](), set[str]()
    # What happened in the same moment as an edge was known to it
    for event in sorted(events, key=lambda each: (each.timestamp, other_side(each) is not None)):
        target, other = event.distinct_id, other_side(event)
        if other is None:
            if event.has_person:
                groups.setdefault(target, target)
            else:
                without.add(target)
            continue
        if event.uuid in denied:
            continue
        merged.add(target)
        if target in NOBODY or other in NOBODY:
            groups.setdefault(target, target)
            continue
        if target in groups and other in groups:
            mine, theirs = groups[target], groups[other]
            is_forbidden = theirs in found.identified and event.event != "$merge_dangerously"
            if mine != theirs and not is_forbidden:
                groups.update({each: mine for each, name in groups.items() if name == theirs})
            if mine == theirs or not is_forbidden:
                merged.add(other)
        else:
            merged.add(other)
            swap = target not in groups and other not in groups and other in without and target not in without
            name = groups.get(target) or groups.get(other) or (other if swap else target)
            groups[target] = groups[other] = name
        found.identified.add(groups[target])
    for event in events:  # an edge that counts for nothing still comes with a person
        if event.has_person:
            groups.setdefault(event.distinct_id, event.distinct_id)
    return merged


def _words(events: Sequence[Event]) -> dict[str, Any]:
    """The last `$set` of a property counts, else the first `$set_once`; `$unset` takes back all before it."""
    sets: dict[str, tuple[int, Any]] = {}
    firsts: dict[str, tuple[int, Any]] = {}
    lasts: dict[str, tuple[int, Any]] = {}
    unsets: dict[str, int] = {}
    for number, event in enumerate(events):
        if not event.has_person or event.event in SAY_NOTHING:
            continue
        said = event.properties
        copies = {key: value for key, value in said.items() if key in COPIED}
        for key, value in {**copies, **said.get("$set", {})}.items():
            sets[key] = (number, value)
        initial = {f"$initial_{key[1:]}": value for key, value in copies.items()}
        for key, value in {**initial, **said.get("$set_once", {})}.items():
            firsts.setdefault(key, (number, value))
        for key, value in said.get("$set_once", {}).items():
            lasts[key] = (number, value)
        for key in said.get("$unset", []):
            unsets[key] = number
    found = {}
    for words in (lasts, firsts, sets):
        found.update({key: value for key, (number, value) in words.items() if number > unsets.get(key, -1)})
    return found
