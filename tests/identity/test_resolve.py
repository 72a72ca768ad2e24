"""What one edge does, by what was known of its two ids at its moment."""

from uuid import UUID

import pytest
from merge_log import at, edge, named_after, personless, resolved, with_person

from analytics_pipelines.identity.edge import MergeEvent
from analytics_pipelines.identity.resolve import Refusal, Resolution, Usage, resolve


def one_person(resolution: Resolution) -> UUID:
    (person,) = set(resolution.persons.values())
    assert resolution.identified == {person}
    assert resolution.refused == ()
    return person


def test_only_the_target_has_a_person_the_other_is_attached() -> None:
    assert one_person(resolved(edge(5, "ada", "laptop"), usage={"ada": with_person(1)})) == named_after("ada")


def test_only_the_other_has_a_person_the_target_is_attached() -> None:
    assert one_person(resolved(edge(5, "ada", "laptop"), usage={"laptop": with_person(1)})) == named_after("laptop")


def test_an_id_is_attached_to_a_person_though_it_was_used_personless() -> None:
    usage = {"ada": with_person(1), "laptop": personless(1)}
    assert one_person(resolved(edge(5, "ada", "laptop"), usage=usage)) == named_after("ada")
    usage = {"ada": personless(1), "laptop": with_person(1)}
    assert one_person(resolved(edge(5, "ada", "laptop"), usage=usage)) == named_after("laptop")


@pytest.mark.parametrize(
    ("used_personless", "name"),
    [((), "ada"), (("ada",), "ada"), (("laptop",), "laptop"), (("ada", "laptop"), "ada")],
)
def test_neither_has_a_person_the_new_one_is_named_after_the_target_unless_only_the_other_was_personless(
    used_personless: tuple[str, ...], name: str
) -> None:
    usage = {each: personless(1) for each in used_personless}
    assert one_person(resolved(edge(5, "ada", "laptop"), usage=usage)) == named_after(name)


def test_both_have_the_same_person_it_stays_and_is_identified() -> None:
    usage = {"laptop": personless(1)}
    assert one_person(resolved(edge(5, "ada", "laptop"), edge(6, "ada", "laptop"), usage=usage)) == named_after(
        "laptop"
    )
    assert one_person(resolved(edge(5, "ada", "laptop"), edge(6, "laptop", "ada"), usage=usage)) == named_after(
        "laptop"
    )


def test_two_persons_are_merged_and_the_targets_id_stays() -> None:
    usage = {"ada": with_person(3), "laptop": with_person(1)}
    assert one_person(resolved(edge(5, "ada", "laptop"), usage=usage)) == named_after("ada")


def test_a_merge_takes_all_ids_of_the_other_along() -> None:
    merge = resolved(edge(1, "bob", "phone"), edge(2, "ada", "laptop"), edge(3, "ada", "phone", "$merge_dangerously"))
    assert merge.persons == dict.fromkeys(("bob", "phone", "ada", "laptop"), named_after("ada"))
    assert merge.identified == {named_after("ada")}


@pytest.mark.parametrize("event", ["$identify", "$create_alias"])
def test_an_identified_person_is_not_merged_into_another_and_the_target_is_identified(event: MergeEvent) -> None:
    refused = edge(5, "ada", "phone", event)
    resolution = resolved(edge(1, "bob", "phone"), refused, usage={"ada": with_person(2)})
    assert resolution.persons == {"bob": named_after("bob"), "phone": named_after("bob"), "ada": named_after("ada")}
    assert resolution.identified == {named_after("ada"), named_after("bob")}
    assert resolution.refused == (Refusal(refused, "cannot_merge_already_identified"),)


def test_a_target_without_a_person_is_attached_even_to_an_identified_one() -> None:
    """Only a merge of two persons is ever refused, as in PostHog."""
    resolution = resolved(edge(1, "bob", "phone"), edge(5, "ada", "phone"))
    assert resolution.refused == ()
    assert resolution.persons == dict.fromkeys(("bob", "phone", "ada"), named_after("bob"))


def test_merge_dangerously_merges_an_identified_person() -> None:
    usage = {"ada": with_person(1)}
    merge = resolved(edge(1, "bob", "phone"), edge(5, "ada", "phone", "$merge_dangerously"), usage=usage)
    assert one_person(merge) == named_after("ada")


def test_the_target_may_be_identified_already() -> None:
    usage = {"phone": with_person(1)}
    assert one_person(resolved(edge(1, "ada", "laptop"), edge(5, "ada", "phone"), usage=usage)) == named_after("ada")


def test_an_id_with_itself_is_no_merge_and_identifies_nobody() -> None:
    assert resolved(edge(5, "ada", "ada")) == Resolution({"ada": named_after("ada")}, frozenset(), ())


@pytest.mark.parametrize(("target", "other"), [("ada", "guest"), ("guest", "ada")])
def test_an_illegal_id_refuses_the_merge_identifies_nobody_and_the_target_has_a_person(target: str, other: str) -> None:
    refused = edge(5, target, other, "$merge_dangerously")
    resolution = resolved(refused)
    assert resolution.persons == {target: named_after(target)}
    assert resolution.identified == frozenset()
    assert resolution.refused == (Refusal(refused, "cannot_merge_with_illegal_distinct_id"),)


def test_the_same_illegal_id_twice_is_no_refusal() -> None:
    assert resolved(edge(5, "guest", "guest")) == Resolution({"guest": named_after("guest")}, frozenset(), ())


def test_the_event_of_an_edge_that_merged_nothing_made_a_person_of_its_target() -> None:
    for without_merge in (edge(1, "laptop", "laptop"), edge(1, "laptop", "guest")):
        assert resolved(without_merge, edge(5, "ada", "laptop")).persons["ada"] == named_after("laptop")


def test_usage_counts_from_its_moment_on() -> None:
    for minute, name in ((4, "laptop"), (5, "laptop"), (6, "ada")):
        for usage in (with_person(minute), personless(minute)):
            assert one_person(resolved(edge(5, "ada", "laptop"), usage={"laptop": usage})) == named_after(name)


def test_an_id_may_be_used_in_both_ways() -> None:
    usage = {"ada": Usage(first_with_person=at(9), first_without_person=at(1)), "laptop": Usage(at(8), at(2))}
    assert one_person(resolved(edge(5, "ada", "laptop"), usage=usage)) == named_after("ada")


def test_edges_of_one_moment_are_applied_by_uuid() -> None:
    usage = {"ada": with_person(0), "bob": with_person(0)}
    first, second = edge(5, "ada", "phone", uuid=1), edge(5, "bob", "phone", uuid=2)
    assert resolved(second, first, usage=usage).refused == (Refusal(second, "cannot_merge_already_identified"),)


def test_a_project_has_persons_of_its_own() -> None:
    log = [edge(5, "ada", "laptop")]
    assert set(resolve(1, log, {}).persons.values()).isdisjoint(resolve(2, log, {}).persons.values())


def test_a_denied_edge_can_let_another_through_that_it_had_refused() -> None:
    identified, merge = edge(1, "bob", "phone"), edge(5, "ada", "phone")
    usage = {"ada": with_person(0)}
    assert resolved(identified, merge, usage=usage).persons["phone"] == named_after("bob")
    undone = resolved(identified, merge, usage=usage, denied=frozenset({identified.uuid}))
    assert undone.persons == {"ada": named_after("ada"), "phone": named_after("ada")}
    assert undone.refused == ()


def test_a_person_that_was_named_after_a_split_off_id_gets_another_name() -> None:
    """The id that named the component takes its name along; nobody else may go by it."""
    first, second = edge(5, "ada", "laptop"), edge(6, "ada", "phone")
    usage = {"laptop": personless(1)}
    whole = resolved(first, second, usage=usage)
    assert whole.persons == dict.fromkeys(("ada", "laptop", "phone"), named_after("laptop"))
    split = resolved(first, second, usage=usage, denied=frozenset({first.uuid}))
    assert split.persons == {"ada": named_after("ada"), "phone": named_after("ada")}
