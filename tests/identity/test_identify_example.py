"""A visitor of a site with posthog-js: anonymous as A, then `identify("user-1")`, then more. And what else can be."""

import pytest
from merge_log import edge, named_after, personless, resolved, with_person

from analytics_pipelines.identity.resolve import Refusal

PAGEVIEW, IDENTIFY, LATER = 1, 5, 9

identify = edge(IDENTIFY, "user-1", "A")
alias = edge(LATER, "user-1", "alias-1", "$create_alias")


def test_the_person_is_named_after_the_anonymous_id_that_already_has_events() -> None:
    """So the pageview of A carries the person's id as it was stored: nothing points elsewhere."""
    resolution = resolved(identify, usage={"A": personless(PAGEVIEW)})
    assert resolution.persons == {"A": named_after("A"), "user-1": named_after("A")}
    assert resolution.identified == {named_after("A")}
    assert resolution.refused == ()


def test_a_late_autocapture_that_is_older_than_the_pageview_changes_nothing() -> None:
    """It is stored with the id of A, which is the person's."""
    assert resolved(identify, usage={"A": personless(PAGEVIEW - 1)}) == resolved(
        identify, usage={"A": personless(PAGEVIEW)}
    )


def test_a_custom_event_of_a_after_the_identify_is_of_the_same_person() -> None:
    """With nothing of A before the identify the person is user-1's, and that event points to it."""
    resolution = resolved(identify, usage={"A": personless(LATER)})
    assert resolution.persons == {"A": named_after("user-1"), "user-1": named_after("user-1")}


def test_a_queued_pageview_that_arrives_after_the_identify_counts_by_its_own_time() -> None:
    """posthog-js sends $identify at once and what was queued before it later. Resolved anew, the person is A's."""
    assert resolved(identify).persons["user-1"] == named_after("user-1")
    assert resolved(identify, usage={"A": personless(PAGEVIEW)}).persons["user-1"] == named_after("A")


def test_an_alias_of_the_person_is_attached() -> None:
    resolution = resolved(identify, alias, usage={"A": personless(PAGEVIEW), "user-1": with_person(IDENTIFY + 1)})
    assert resolution.persons == dict.fromkeys(("A", "user-1", "alias-1"), named_after("A"))
    assert resolution.identified == {named_after("A")}


def test_variant_user_1_had_a_person_of_another_device() -> None:
    """A is attached to it, and its pageview points to another person than the one stored with it."""
    usage = {"A": personless(PAGEVIEW), "user-1": with_person(PAGEVIEW)}
    resolution = resolved(identify, usage=usage)
    assert resolution.persons == {"A": named_after("user-1"), "user-1": named_after("user-1")}
    assert resolution.identified == {named_after("user-1")}


def test_variant_user_1_was_identified_on_another_device() -> None:
    usage = {"A": personless(PAGEVIEW), "B": personless(PAGEVIEW)}
    resolution = resolved(edge(PAGEVIEW + 1, "user-1", "B"), identify, usage=usage)
    assert resolution.persons == dict.fromkeys(("A", "B", "user-1"), named_after("B"))
    assert resolution.identified == {named_after("B")}


def test_variant_user_2_claims_an_id_of_an_identified_person_and_is_refused() -> None:
    claim = edge(LATER, "user-2", "A")
    usage = {"A": personless(PAGEVIEW), "user-2": with_person(PAGEVIEW)}
    resolution = resolved(identify, claim, usage=usage)
    assert resolution.persons == {"A": named_after("A"), "user-1": named_after("A"), "user-2": named_after("user-2")}
    assert resolution.identified == {named_after("A"), named_after("user-2")}
    assert resolution.refused == (Refusal(claim, "cannot_merge_already_identified"),)


@pytest.mark.parametrize("first_event", [PAGEVIEW, IDENTIFY])
def test_variant_with_profiles_always_the_two_persons_are_merged(first_event: int) -> None:
    usage = {"A": with_person(first_event), "user-1": with_person(PAGEVIEW)}
    resolution = resolved(identify, usage=usage)
    assert resolution.persons == {"A": named_after("user-1"), "user-1": named_after("user-1")}
    assert resolution.identified == {named_after("user-1")}


def test_variant_with_profiles_always_and_a_new_user_1_the_persons_name_stays_that_of_a() -> None:
    resolution = resolved(identify, usage={"A": with_person(PAGEVIEW)})
    assert resolution.persons == {"A": named_after("A"), "user-1": named_after("A")}
