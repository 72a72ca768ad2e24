"""The worked example of the specification, from events to the tables that questions read."""

from datetime import timedelta

import pytest
from person_tables import NOON, Sent, Tables

from analytics_pipelines.identity.person_id import person_id

pytestmark = pytest.mark.engines

A, USER, ALIAS = "anon-a", "user-1", "alias-1"


def page(distinct_id: str = A, at: float = 0, **more: object) -> Sent:
    return Sent("$pageview", distinct_id, at, has_person=False, **more)  # type: ignore[arg-type]


def identify(other: str = A, target: str = USER, at: float = 10, **properties: object) -> Sent:
    return Sent("$identify", target, at, {"$anon_distinct_id": other, **properties})


def test_who_was_anonymous_and_says_who_they_are_keeps_their_history_without_an_override(tables: Tables) -> None:
    tables.take([page()])
    assert tables.persons() == {}
    tables.take([identify(**{"$set": {"email": "a@b.c"}})])
    tables.take([page(at=5), Sent("custom", A, 7, has_person=False)])
    tables.take(
        [
            Sent("$groupidentify", USER, 11, {"$group_type": "company"}),
            Sent("$set", USER, 12, {"$set": {"plan": "pro"}}),
            Sent("$create_alias", USER, 13, {"alias": ALIAS}),
            Sent("after", USER, 14),
        ]
    )
    person = person_id(1, A)
    assert tables.persons() == {(1, person): (NOON, {"email": "a@b.c", "plan": "pro"}, True)}
    assert tables.ids() == {(1, A): person, (1, USER): person, (1, ALIAS): person}
    # the events of A carry this person already; those of the others do not
    assert tables.overrides() == {(1, USER): person, (1, ALIAS): person}
    assert tables.warnings() == []


def test_a_device_joins_the_person_that_is_there(tables: Tables) -> None:
    tables.take([Sent("login", USER, -100, {"$set": {"plan": "pro"}})])
    tables.take([page(), identify()])
    person = person_id(1, USER)
    assert tables.persons() == {(1, person): (NOON - timedelta(seconds=100), {"plan": "pro"}, True)}
    assert tables.overrides() == {(1, A): person}


def test_one_who_is_identified_is_not_merged_into_another(tables: Tables) -> None:
    tables.take([page(), identify(), Sent("login", "user-2", 15)])
    tables.take([identify(target="user-2", at=20, **{"$set": {"name": "Two"}})])
    assert tables.warnings() == [("cannot_merge_already_identified", "user-2")]
    assert tables.ids()[1, "user-2"] == person_id(1, "user-2") != tables.ids()[1, A]
    assert tables.persons()[1, person_id(1, "user-2")] == (NOON + timedelta(seconds=15), {"name": "Two"}, True)


def test_of_two_persons_one_remains_with_the_older_birth_and_the_newer_words(tables: Tables) -> None:
    tables.take([Sent("page", A, -50, {"$set": {"theme": "dark", "plan": "free"}, "$set_once": {"first": "ad"}})])
    tables.take([Sent("page", USER, -40, {"$set": {"plan": "pro"}, "$set_once": {"first": "mail"}})])
    assert len(tables.persons()) == 2
    tables.take([identify()])
    person = person_id(1, USER)
    assert tables.persons() == {
        (1, person): (NOON - timedelta(seconds=50), {"theme": "dark", "plan": "pro", "first": "ad"}, True)
    }
    assert tables.overrides() == {(1, A): person}


def test_illegal_ids_are_not_merged_but_have_persons_of_their_own(tables: Tables) -> None:
    tables.take([identify(other="undefined"), Sent("page", "anonymous", 3, {"$set": {"a": 1}})])
    assert tables.warnings() == [("cannot_merge_with_illegal_distinct_id", USER)]
    assert tables.ids() == {(1, USER): person_id(1, USER), (1, "anonymous"): person_id(1, "anonymous")}


def test_days_of_events_that_change_hands_are_marked(tables: Tables) -> None:
    tables.take([page(at=-3 * 86400), page(at=-86400), page("somebody-else", at=-5 * 86400)])
    tables.take([Sent("login", USER, -100)])
    assert tables.postgres.rows("SELECT * FROM dirty_days") == []
    tables.take([identify()])
    days = tables.postgres.rows("SELECT team_id, day FROM dirty_days ORDER BY day")
    assert [(row["team_id"], row["day"]) for row in days] == [
        (1, (NOON - timedelta(days=3)).date()),
        (1, (NOON - timedelta(days=1)).date()),
    ]
