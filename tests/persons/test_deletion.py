"""Deleted persons, and those who return."""

from datetime import timedelta
from uuid import UUID

import pytest
from naive_persons import naive_persons
from person_tables import NOON, Sent, Tables

from analytics_pipelines import faults
from analytics_pipelines.faults import InjectedFault
from analytics_pipelines.identity.person_id import person_id
from analytics_pipelines.persons.deletion import delete_person
from analytics_pipelines.persons.rebuild import note_to_rebuild, rebuild_all, rebuild_ids
from analytics_pipelines.problems import Problem

pytestmark = pytest.mark.engines

WHEN = NOON + timedelta(days=1)
LATER = 2 * 86400.0
BEFORE = [
    Sent("page", "a", -10, {"$set": {"plan": "pro"}, "$set_once": {"first": "ad"}}),
    Sent("$identify", "user-1", 0, {"$anon_distinct_id": "a", "$set": {"name": "Ada"}}),
    Sent("page", "other", 0, {"$set": {"x": 1}}),
]
AFTER = Sent("page", "a", 50, {"$set": {"plan": "free"}}, received=LATER)
DELETED = {(1, "a"): WHEN, (1, "user-1"): WHEN}


def delete(tables: Tables, distinct_id: str = "user-1") -> UUID:
    return delete_person(tables.postgres, tables.clickhouse, 1, distinct_id, WHEN)


def same_as_naive(tables: Tables, events: list[Sent]) -> None:
    expected = naive_persons(events, deleted=DELETED)
    assert tables.persons() == expected.persons
    assert tables.ids() == expected.ids


def test_a_deleted_person_is_gone_with_all_its_ids_and_others_stay(tables: Tables) -> None:
    tables.take(BEFORE, UUID(int=1))
    assert delete(tables) == person_id(1, "a")
    assert set(tables.ids()) == {(1, "other")}
    same_as_naive(tables, BEFORE)
    tables.take(BEFORE, UUID(int=1))
    tables.take([Sent("page", "a", 20, {"$set": {"late": 1}})])  # received before the person was deleted
    same_as_naive(tables, BEFORE)


def test_who_returns_is_the_same_person_with_only_what_came_after(tables: Tables) -> None:
    tables.take(BEFORE, UUID(int=1))
    person = delete(tables)
    tables.take([AFTER])
    assert tables.persons()[1, person] == (AFTER.timestamp, {"plan": "free"}, True)
    same_as_naive(tables, [*BEFORE, AFTER])
    tables.take([Sent("page", "user-1", 20, {"$set": {"again": 1}}, received=LATER)])
    assert tables.person_of("user-1") == {"plan": "free", "again": 1}
    tables.take(BEFORE, UUID(int=1))
    assert tables.person_of("a") == {"plan": "free", "again": 1}


def test_a_deletion_that_is_broken_off_is_finished_by_the_next_batch(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables.take(BEFORE, UUID(int=1))
    monkeypatch.setattr(faults, "_plan", {"deletion.after_commit": ("raise", 1)})
    with pytest.raises(InjectedFault):
        delete(tables)
    monkeypatch.setattr(faults, "_plan", {})
    tables.take([AFTER])
    same_as_naive(tables, [*BEFORE, AFTER])


def test_persons_made_anew_from_events_are_the_same(tables: Tables) -> None:
    tables.take(BEFORE, UUID(int=1))
    delete(tables)
    tables.take([AFTER, Sent("page", "other", -40, has_person=False)])
    before = (tables.persons(), tables.ids(), tables.overrides())
    assert rebuild_all(tables.postgres, tables.clickhouse, WHEN) == 1
    assert (tables.persons(), tables.ids(), tables.overrides()) == before
    rebuild_ids(tables.postgres, tables.clickhouse, [(1, "a"), (1, "other"), (2, "a")], WHEN)
    assert (tables.persons(), tables.ids(), tables.overrides()) == before


def test_persons_follow_when_events_of_theirs_are_removed(tables: Tables) -> None:
    tables.take(BEFORE, UUID(int=1))
    tables.take([Sent("page", "other", 3, {"$set": {"x": 2, "y": 2}}), Sent("page", "gone", 3, {"$set": {"x": 2}})])
    tables.clickhouse.command("DELETE FROM events WHERE toUnixTimestamp(timestamp) % 60 = 3")
    rebuild_ids(tables.postgres, tables.clickhouse, [(1, "other"), (1, "gone")], WHEN)
    assert tables.person_of("other") == {"x": 1}
    assert (1, "gone") not in tables.ids()


def test_ids_that_were_noted_before_a_kill_are_made_anew_by_the_next_batch(tables: Tables) -> None:
    tables.take(BEFORE, UUID(int=1))
    tables.take([Sent("page", "other", 3, {"$set": {"x": 2, "y": 2}})])
    note_to_rebuild(tables.postgres, [(1, "other"), (7, "nobody")])
    tables.clickhouse.command("DELETE FROM events WHERE toUnixTimestamp(timestamp) % 60 = 3")
    tables.take([Sent("page", "somebody", 4)])
    assert tables.person_of("other") == {"x": 1}
    assert tables.postgres.rows("SELECT * FROM ids_to_rebuild") == []


def test_an_unknown_id_is_said_to_have_no_person(tables: Tables) -> None:
    with pytest.raises(Problem, match="no person with the distinct id 'nobody'"):
        delete(tables, "nobody")
