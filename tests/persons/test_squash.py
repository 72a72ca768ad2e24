"""The squash folds overrides into events, and can be broken off anywhere."""

from datetime import UTC, datetime

import pytest
from person_tables import Sent, Tables

from analytics_pipelines import faults
from analytics_pipelines.faults import InjectedFault
from analytics_pipelines.identity.person_id import person_id
from analytics_pipelines.persons.squash import Squash

pytestmark = pytest.mark.engines

NOW = datetime(2026, 11, 24, tzinfo=UTC)
USER, DEVICES = "user-1", ["d0", "d1", "d2"]
OWN_USER = person_id(1, USER)


@pytest.fixture
def merged(tables: Tables) -> Tables:
    tables.take([Sent("login", USER, -50), *(Sent("page", each, -9, has_person=False) for each in DEVICES)])
    tables.take([Sent("$identify", USER, 10, {"$anon_distinct_id": each}) for each in DEVICES])
    # the same ids in another project, and on another day of arrival
    tables.take([Sent("page", "d0", -9, team_id=2), Sent("page", "d1", 200_000, has_person=False)])
    return tables


def job(tables: Tables) -> Squash:
    return Squash(tables.postgres, tables.clickhouse, lambda: NOW)


def run(tables: Tables) -> int:
    squash = job(tables)
    squash.snapshot()
    squash.rewrite()
    return squash.fold()


def stored(tables: Tables) -> set[tuple[int, str, object]]:
    rows = tables.clickhouse.query("SELECT DISTINCT team_id, distinct_id, person_id FROM events").rows
    return set(rows)


SQUASHED = {(1, each, OWN_USER) for each in [USER, *DEVICES]} | {(2, "d0", person_id(2, "d0"))}


def test_events_carry_their_persons_afterwards_and_no_override_is_left(merged: Tables) -> None:
    assert len(merged.overrides()) == 3
    assert run(merged) == 3
    assert stored(merged) == SQUASHED
    assert merged.overrides() == {}
    assert run(merged) == 0


def test_new_events_of_squashed_ids_need_no_override(merged: Tables) -> None:
    run(merged)
    merged.take([Sent("page", "d0", 300), Sent("page", "d0", 300, team_id=2)])
    assert stored(merged) == SQUASHED
    assert merged.overrides() == {}


@pytest.mark.parametrize("point", ["after_snapshot", "after_announcement", "after_day", "before_fold", "after_fold"])
def test_a_squash_that_is_broken_off_is_repeated(merged: Tables, monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    monkeypatch.setattr(faults, "_plan", {f"squash.{point}": ("raise", 1)})
    with pytest.raises(InjectedFault):
        run(merged)
    for each in DEVICES:
        assert merged.resolved(each) == OWN_USER
    # life goes on: one id is merged further, one event comes late
    merged.take([Sent("page", "d2", 400), Sent("page", "late", 1, has_person=False)])
    merged.take([Sent("$identify", USER, 500, {"$anon_distinct_id": "late"})])
    run(merged)
    assert stored(merged) == SQUASHED | {(1, "late", OWN_USER)}
    assert merged.overrides() == {}


def test_what_changes_during_a_squash_keeps_its_override(merged: Tables) -> None:
    squash = job(merged)
    squash.snapshot()
    squash.rewrite()
    merged.take([Sent("signup", "boss", 600), Sent("$merge_dangerously", "boss", 700, {"alias": USER})])
    squash.fold()
    boss = person_id(1, "boss")
    for each in [USER, *DEVICES, "boss"]:
        assert merged.resolved(each) == boss
    run(merged)
    assert merged.overrides() == {}
    assert {person for team, _, person in stored(merged) if team == 1} == {boss}
