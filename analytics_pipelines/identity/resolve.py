"""From the merge log to persons: which person each distinct id belongs to, whatever order the events arrived in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Literal
from uuid import UUID

from analytics_pipelines.identity.disjoint_sets import DisjointSets
from analytics_pipelines.identity.edge import Edge
from analytics_pipelines.identity.illegal_ids import is_illegal
from analytics_pipelines.identity.person_id import person_id

RefusalReason = Literal["cannot_merge_already_identified", "cannot_merge_with_illegal_distinct_id"]

# By time, then uuid; the rest only so that two edges of one uuid have an order too
_in_order = attrgetter("timestamp", "uuid", "event", "target", "other")


@dataclass(frozen=True, slots=True)
class Usage:
    """When an id was first the distinct_id of an event other than edges, in event time. None is never."""

    first_with_person: datetime | None = None
    first_without_person: datetime | None = None  # $process_person_profile was false

    def had_person(self, at: datetime) -> bool:
        return self.first_with_person is not None and self.first_with_person <= at

    def was_personless(self, at: datetime) -> bool:
        return self.first_without_person is not None and self.first_without_person <= at


_NEVER = Usage()


@dataclass(frozen=True, slots=True)
class Refusal:
    edge: Edge
    reason: RefusalReason


@dataclass(frozen=True, slots=True)
class Resolution:
    """`persons` holds both ids of every accepted edge and the target of every other. The person of an id that isn't
    there is `person_id(team_id, distinct_id)`."""

    persons: Mapping[str, UUID]
    identified: frozenset[UUID]
    refused: tuple[Refusal, ...]


def resolve(
    team_id: int, edges: Iterable[Edge], usage: Mapping[str, Usage], *, denied: frozenset[UUID] = frozenset()
) -> Resolution:
    """Apply the edges in the order of (timestamp, uuid), each to what was known at its moment.

    An edge is applied once, however often it is given, and one whose uuid is denied was never sent. A person's id is
    always that of one of its distinct ids, so no two persons share one.
    """
    persons = DisjointSets()  # an id is in here once it has a person, which goes by the name of its set
    identified: set[str] = set()
    refused: list[Refusal] = []

    for edge in sorted({edge for edge in edges if edge.uuid not in denied}, key=_in_order):
        target, other, moment = edge.target, edge.other, edge.timestamp
        if target == other:
            persons.add(target)
            continue
        if is_illegal(target) or is_illegal(other):
            persons.add(target)
            refused.append(Refusal(edge, "cannot_merge_with_illegal_distinct_id"))
            continue

        for distinct_id in (target, other):
            if usage.get(distinct_id, _NEVER).had_person(moment):
                persons.add(distinct_id)

        if target in persons and other in persons:
            if _forbids(edge, persons, identified):
                refused.append(Refusal(edge, "cannot_merge_already_identified"))
            else:
                persons.join(target, other)
        elif target in persons:
            persons.join(target, other)
        elif other in persons:
            persons.join(other, target)
        elif _only_other_was_personless(edge, usage):
            # Its events already carry its own person id: with that one, none of them has to be rewritten
            persons.join(other, target)
        else:
            persons.join(target, other)
        identified.add(persons.name(target))

    ids = {name: person_id(team_id, name) for name in {persons.name(each) for each in persons}}
    return Resolution(
        persons={each: ids[persons.name(each)] for each in persons},
        identified=frozenset(ids[persons.name(each)] for each in identified),
        refused=tuple(refused),
    )


def _forbids(edge: Edge, persons: DisjointSets, identified: set[str]) -> bool:
    """Who was identified is somebody already: not merged into another person, unless dangerously."""
    other = persons.name(edge.other)
    return edge.event != "$merge_dangerously" and other in identified and other != persons.name(edge.target)


def _only_other_was_personless(edge: Edge, usage: Mapping[str, Usage]) -> bool:
    target, other = (usage.get(each, _NEVER) for each in (edge.target, edge.other))
    return other.was_personless(edge.timestamp) and not target.was_personless(edge.timestamp)
