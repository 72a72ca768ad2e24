"""What holds for every merge log."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from operator import itemgetter
from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st
from merge_log import TEAM, edges, named_after, resolved, usages

from analytics_pipelines.identity.components import components
from analytics_pipelines.identity.edge import Edge
from analytics_pipelines.identity.resolve import Refusal, Resolution, Usage


@given(edges.flatmap(lambda log: st.tuples(st.just(log), st.permutations(log))), usages)
def test_the_order_of_arrival_is_of_no_account(logs: tuple[list[Edge], list[Edge]], usage: dict[str, Usage]) -> None:
    log, shuffled = logs
    assert resolved(*log, usage=usage) == resolved(*shuffled, usage=usage)


@given(
    edges.flatmap(lambda log: st.tuples(st.just(log), st.lists(st.sampled_from(log)) if log else st.just([]))), usages
)
def test_edges_sent_again_change_nothing(logs: tuple[list[Edge], list[Edge]], usage: dict[str, Usage]) -> None:
    log, replayed = logs
    assert resolved(*log, *replayed, usage=usage) == resolved(*log, usage=usage)


@given(edges, usages, st.data())
def test_a_denied_edge_was_never_sent(log: list[Edge], usage: dict[str, Usage], data: st.DataObject) -> None:
    denied = data.draw(st.sets(st.sampled_from(log))) if log else set()
    kept = [each for each in log if each not in denied]
    uuids = frozenset(each.uuid for each in denied)
    assert resolved(*log, usage=usage, denied=uuids) == resolved(*kept, usage=usage)


@given(edges, usages)
def test_component_by_component_is_the_same_as_all_at_once(log: list[Edge], usage: dict[str, Usage]) -> None:
    parts = [resolved(*component, usage=usage) for component in components(log)]
    whole = resolved(*log, usage=usage)
    assert sum(len(part.persons) for part in parts) == len(whole.persons)
    assert {each: person for part in parts for each, person in part.persons.items()} == whole.persons
    assert frozenset().union(*(part.identified for part in parts)) == whole.identified
    assert {refusal for part in parts for refusal in part.refused} == set(whole.refused)


@given(edges, usages)
def test_a_person_is_named_after_one_of_its_ids_and_no_other_person_is(
    log: list[Edge], usage: dict[str, Usage]
) -> None:
    resolution = resolved(*log, usage=usage)
    ids_of: dict[UUID, set[str]] = defaultdict(set)
    for distinct_id, person in resolution.persons.items():
        ids_of[person].add(distinct_id)
    for person, ids in ids_of.items():
        assert person in {named_after(each) for each in ids}
    assert resolution.identified <= ids_of.keys()


@given(edges, usages)
def test_persons_are_of_the_targets_and_of_the_others_that_were_not_refused(
    log: list[Edge], usage: dict[str, Usage]
) -> None:
    resolution = resolved(*log, usage=usage)
    refused = {refusal.edge for refusal in resolution.refused}
    accepted = [each for each in log if each not in refused]
    assert resolution.persons.keys() == {each.target for each in log} | {each.other for each in accepted}


@given(edges, usages)
def test_event_by_event_comes_to_the_same(log: list[Edge], usage: dict[str, Usage]) -> None:
    assert resolved(*log, usage=usage) == _Replay(usage, log).resolution()


@dataclass(eq=False)
class _Person:
    uuid: UUID
    ids: set[str]
    is_identified: bool = False


class _Replay:
    """The rules told as a server would live them: one event after the other, into a list of persons."""

    def __init__(self, usage: dict[str, Usage], log: list[Edge]) -> None:
        self.people: list[_Person] = []
        self.personless: set[str] = set()
        self.named: set[str] = set()
        self.refusals: list[Refusal] = []

        # At one moment, what an id was used for comes before the edges, and these come by uuid
        steps: list[tuple[datetime, int, UUID, Callable[[], object]]] = []
        for distinct_id, use in usage.items():
            if use.first_with_person:
                steps.append((use.first_with_person, 0, UUID(int=0), partial(self.person_or_new, distinct_id)))
            if use.first_without_person:
                steps.append((use.first_without_person, 0, UUID(int=0), partial(self.personless.add, distinct_id)))
        steps += [(each.timestamp, 1, each.uuid, partial(self.merge, each)) for each in log]
        for *_, step in sorted(steps, key=itemgetter(0, 1, 2)):
            step()

    def person(self, distinct_id: str) -> _Person | None:
        return next((each for each in self.people if distinct_id in each.ids), None)

    def new(self, distinct_id: str) -> _Person:
        namespace = UUID("932979b4-65c3-4424-8467-0b66ec27bc22")
        self.people.append(_Person(uuid5(namespace, f"{TEAM}:{distinct_id}"), {distinct_id}))
        return self.people[-1]

    def person_or_new(self, distinct_id: str) -> _Person:
        return self.person(distinct_id) or self.new(distinct_id)

    def merge(self, edge: Edge) -> None:
        self.named.add(edge.target)
        if edge.target == edge.other or "guest" in (edge.target, edge.other):
            self.person_or_new(edge.target)
            if edge.target != edge.other:
                self.refusals.append(Refusal(edge, "cannot_merge_with_illegal_distinct_id"))
            return
        target, other = self.person(edge.target), self.person(edge.other)
        if target and other and target is not other:
            if other.is_identified and edge.event != "$merge_dangerously":
                self.refusals.append(Refusal(edge, "cannot_merge_already_identified"))
                target.is_identified = True
                return
            target.ids |= other.ids
            self.people.remove(other)
        owner = target or other
        if owner is None:
            swap = edge.other in self.personless and edge.target not in self.personless
            owner = self.new(edge.other if swap else edge.target)
        owner.ids |= {edge.target, edge.other}
        owner.is_identified = True
        self.named.add(edge.other)

    def resolution(self) -> Resolution:
        return Resolution(
            persons={each: person.uuid for person in self.people for each in person.ids if each in self.named},
            identified=frozenset(person.uuid for person in self.people if person.is_identified),
            refused=tuple(self.refusals),
        )
