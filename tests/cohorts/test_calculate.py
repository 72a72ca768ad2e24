"""From a saved cohort to published members: swapped whole, told of when it fails, and tried again."""

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.actions.store import Actions
from analytics_pipelines.cohorts import calculate as calculation
from analytics_pipelines.cohorts.calculate import Calculated, Calculator, CohortFailed
from analytics_pipelines.cohorts.due import (
    FIRST_PAUSE,
    MOST_AGE,
    ask_for_all,
    due_cohorts,
    gone_cohorts,
    live_cohorts,
)
from analytics_pipelines.cohorts.static import StaticMembers, WrongCsv, ids_in_csv
from analytics_pipelines.cohorts.store import Cohort, Cohorts
from analytics_pipelines.queries.team import data_version
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

pytestmark = pytest.mark.engines
NOW = datetime(2024, 5, 8, 12, tzinfo=UTC)
PRO = {
    "properties": {"type": "AND", "values": [{"type": "person", "key": "plan", "operator": "exact", "value": "pro"}]}
}
ADA, BOB, EVE = (uuid.UUID(int=number) for number in (1, 2, 3))


@pytest.fixture
def team(postgres: Postgres, clickhouse: ClickHouse) -> int:
    """A project with three persons, of whom ada and bob pay."""
    People(postgres).ensure_first("Us", "Ours", "phc_a", "admin@example.com")
    (project,) = Projects(postgres).all()
    persons = [[project.id, ADA, "pro"], [project.id, BOB, "pro"], [project.id, EVE, "free"], [99, uuid.uuid4(), "pro"]]
    clickhouse.insert_rows(
        "persons",
        [[team, person, NOW, f'{{"plan": "{plan}"}}', True, 1, 0] for team, person, plan in persons],
        ["team_id", "id", "created_at", "properties", "is_identified", "version", "is_deleted"],
    )
    ids = [("ada", ADA), ("ada@work", ADA), ("bob", BOB), ("eve", EVE)]
    clickhouse.insert_rows(
        "person_distinct_ids",
        [[project.id, distinct_id, person, True, 1, 0] for distinct_id, person in ids],
        ["team_id", "distinct_id", "person_id", "is_personful", "version", "is_deleted"],
    )
    return project.id


@pytest.fixture
def cohorts(postgres: Postgres, team: int) -> Cohorts:
    return Cohorts(postgres, team)


@pytest.fixture
def calculator(postgres: Postgres, clickhouse: ClickHouse) -> Calculator:
    return Calculator(postgres, clickhouse, lambda: NOW)


def create(cohorts: Cohorts, filters: Any = PRO, *, is_static: bool = False) -> Cohort:
    return cohorts.create("it", "", filters, is_static=is_static, by=None)


def found(cohorts: Cohorts, cohort: Cohort) -> Cohort:
    now = cohorts.find(cohort.id, also_deleted=True)
    assert now is not None
    return now


def members(clickhouse: ClickHouse, cohort: Cohort) -> set[uuid.UUID]:
    rows = clickhouse.query("SELECT person_id FROM cohort_people WHERE cohort_id = {id:Int64}", {"id": cohort.id}).rows
    assert len(rows) == len(set(rows))
    return {person for (person,) in rows}


def test_members_are_published_and_counted(cohorts: Cohorts, calculator: Calculator, clickhouse: ClickHouse) -> None:
    cohort, other = create(cohorts), create(cohorts)
    assert (cohort.is_calculating, cohort.count, cohort.version) == (True, None, None)
    done = calculator.calculate(cohort.id)
    assert done == Calculated(2, done.milliseconds if done else 0)
    assert members(clickhouse, cohort) == {ADA, BOB}
    assert members(clickhouse, other) == set()
    now = found(cohorts, cohort)
    assert (now.is_calculating, now.count, now.version, now.last_calculation) == (False, 2, 1, NOW)
    clickhouse.command("ALTER TABLE persons UPDATE properties = '{}' WHERE id = toUUID({a:String}) SETTINGS mutations_sync = 2", {"a": str(ADA)})  # fmt: skip  # noqa: E501
    calculator.calculate(cohort.id)
    assert members(clickhouse, cohort) == {BOB}
    tables = clickhouse.query("SELECT name FROM system.tables WHERE database = currentDatabase()").rows
    assert not [name for (name,) in tables if name.startswith("building_")]


def test_what_a_killed_calculation_left_is_in_nobodys_way(
    cohorts: Cohorts, calculator: Calculator, clickhouse: ClickHouse
) -> None:
    cohort = create(cohorts)
    clickhouse.command(f"CREATE TABLE building_cohort_people_{cohort.id} (left_over UInt8) ENGINE = Memory")
    calculator.calculate(cohort.id)
    assert members(clickhouse, cohort) == {ADA, BOB}


@pytest.mark.parametrize("point", ["cohorts.after_stage", "cohorts.after_publish"])
def test_a_calculation_that_is_killed_is_due_again(
    cohorts: Cohorts, calculator: Calculator, clickhouse: ClickHouse, migrated: Any, point: str
) -> None:
    cohort = create(cohorts)
    program = (
        "import sys\n"
        "from analytics_pipelines.cohorts.calculate import Calculator\n"
        "from resources.clickhouse import ClickHouse\n"
        "from resources.postgres import Postgres\n"
        "Calculator(Postgres(sys.argv[1]), ClickHouse(sys.argv[2])).calculate(int(sys.argv[3]))\n"
    )
    died = subprocess.run(
        [sys.executable, "-c", program, migrated.postgres_url, migrated.clickhouse_url, str(cohort.id)],
        cwd=Path(calculation.__file__).parents[2],
        env={**os.environ, "ANALYTICS_FAULTS": f"{point}=kill"},
        timeout=120,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    assert found(cohorts, cohort).is_calculating
    deadline = time.monotonic() + 20  # Postgres notices in a moment
    while not (due := due_cohorts(calculator.postgres, clickhouse, NOW)):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert [(each.cohort_id, each.why) for each in due] == [(cohort.id, "asked")]
    calculator.calculate(cohort.id)
    assert members(clickhouse, cohort) == {ADA, BOB}
    assert not found(cohorts, cohort).is_calculating


def test_people_who_build_the_product_can_be_left_out(
    cohorts: Cohorts, calculator: Calculator, clickhouse: ClickHouse, team: int
) -> None:
    cohort = create(cohorts, {**PRO, "filterTestAccounts": True})
    filters = [
        {"key": "id", "type": "cohort", "value": 10**6, "operator": "not_in"},
        {"key": "plan", "type": "person", "value": "pro", "operator": "is_not"},
        {"key": "$host", "type": "event", "value": "localhost", "operator": "is_not"},
    ]
    Projects(calculator.postgres).update(team, {"test_account_filters": filters[:1] + filters[2:]})
    calculator.calculate(cohort.id)
    assert members(clickhouse, cohort) == {ADA, BOB}
    Projects(calculator.postgres).update(team, {"test_account_filters": filters})
    calculator.calculate(cohort.id)
    assert members(clickhouse, cohort) == set()


def test_all_are_asked_for_when_events_are_made_anew(
    cohorts: Cohorts, calculator: Calculator, clickhouse: ClickHouse
) -> None:
    cohort = create(cohorts)
    calculator.calculate(cohort.id)
    ask_for_all(calculator.postgres)
    (due,) = due_cohorts(calculator.postgres, clickhouse, NOW)
    assert (due.cohort_id, due.why) == (cohort.id, "asked")


def test_answers_of_before_are_of_other_data(cohorts: Cohorts, calculator: Calculator, team: int) -> None:
    def version() -> int:
        row = calculator.postgres.row("SELECT touch FROM data_versions WHERE team_id = %s", [team])
        return row["touch"] if row else 0

    cohort = create(cohorts)
    calculator.calculate(cohort.id)
    first = version()
    assert first > 0
    calculator.calculate(cohort.id)
    assert version() == first
    cohorts.change(cohort.id, {"deleted": True})
    calculator.calculate(cohort.id)
    assert version() > first


def test_an_action_that_changes_has_cohorts_found_anew_and_answers_old(
    cohorts: Cohorts, calculator: Calculator, clickhouse: ClickHouse, team: int
) -> None:
    postgres = calculator.postgres
    action = Actions(postgres, team).create({"name": "pays", "steps": [{"event": "buy"}]}, None)
    did = {"type": "behavioral", "key": action.id, "value": "performed_event", "event_type": "actions"}
    leaf = {**did, "time_value": 7, "time_interval": "day"}
    doers = create(cohorts, {"properties": {"type": "AND", "values": [leaf]}})
    payers = create(cohorts)
    for each in (doers, payers):
        calculator.calculate(each.id)
    before = data_version(team, postgres)
    Actions(postgres, team).change(action.id, {"description": "who pays"})
    assert data_version(team, postgres) == before
    assert due_cohorts(postgres, clickhouse, NOW) == []
    Actions(postgres, team).change(action.id, {"steps": [{"event": "pay"}]})
    assert data_version(team, postgres) > before
    assert [(each.cohort_id, each.why) for each in due_cohorts(postgres, clickhouse, NOW)] == [(doers.id, "asked")]


def test_a_type_that_people_say_makes_answers_old(postgres: Postgres, team: int) -> None:
    seen = [data_version(team, postgres)]
    for change in (
        "INSERT INTO property_types VALUES (%s, 'event', -1, 'price', 'Numeric', now())",
        "UPDATE property_types SET property_type = 'String' WHERE team_id = %s",
        "DELETE FROM property_types WHERE team_id = %s",
    ):
        postgres.execute(change, [team])
        seen.append(data_version(team, postgres))
    assert seen == sorted(set(seen))


def test_a_cohort_without_members_is_empty(cohorts: Cohorts, calculator: Calculator, clickhouse: ClickHouse) -> None:
    cohort = create(cohorts)
    calculator.calculate(cohort.id)
    nobody = {"properties": [{"type": "person", "key": "plan", "operator": "exact", "value": "gold"}]}
    cohorts.change(cohort.id, {"filters": nobody})
    assert found(cohorts, cohort).is_calculating
    calculator.calculate(cohort.id)
    assert (members(clickhouse, cohort), found(cohorts, cohort).count) == (set(), 0)


def test_a_deleted_cohort_is_taken_down(cohorts: Cohorts, calculator: Calculator, clickhouse: ClickHouse) -> None:
    cohort = create(cohorts)
    calculator.calculate(cohort.id)
    cohorts.change(cohort.id, {"deleted": True})
    assert gone_cohorts(calculator.postgres) == [cohort.id]
    assert live_cohorts(calculator.postgres) == []
    calculator.calculate(cohort.id)
    assert (members(clickhouse, cohort), gone_cohorts(calculator.postgres)) == (set(), [])
    cohorts.change(cohort.id, {"deleted": False})
    calculator.calculate(cohort.id)
    assert members(clickhouse, cohort) == {ADA, BOB}


def test_who_was_asked_twice_calculates_once(cohorts: Cohorts, calculator: Calculator) -> None:
    cohort = create(cohorts)
    assert calculator.calculate(cohort.id, only_if_asked=True)
    assert calculator.calculate(cohort.id, only_if_asked=True) is None
    assert calculator.calculate(10**9) is None


def test_what_is_saved_meanwhile_is_still_asked_for(
    cohorts: Cohorts, calculator: Calculator, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort = create(cohorts)
    monkeypatch.setattr(calculation, "hit", lambda point: cohorts.ask_for_members(cohort.id))
    calculator.calculate(cohort.id)
    now = found(cohorts, cohort)
    assert (now.is_calculating, now.version, now.pending_version) == (True, 1, 3)


def test_a_failure_is_told_and_the_old_members_stay(
    cohorts: Cohorts, calculator: Calculator, clickhouse: ClickHouse
) -> None:
    cohort, good = create(cohorts), create(cohorts)
    calculator.calculate(cohort.id)
    wrong = {"properties": [{"type": "person", "key": "plan", "operator": "regex", "value": "("}]}
    cohorts.change(cohort.id, {"filters": wrong})
    with pytest.raises(CohortFailed, match=f"Cohort {cohort.id}"):
        calculator.calculate(cohort.id)
    now = found(cohorts, cohort)
    assert (now.is_calculating, now.errors_calculating, now.count, now.version) == (False, 1, 2, 1)
    assert now.last_error
    assert members(clickhouse, cohort) == {ADA, BOB}
    assert calculator.calculate(good.id)
    cohorts.change(cohort.id, {"filters": PRO})
    calculator.calculate(cohort.id)
    assert (found(cohorts, cohort).errors_calculating, found(cohorts, cohort).last_error) == (0, None)


def test_static_members_follow_merges(
    cohorts: Cohorts, calculator: Calculator, clickhouse: ClickHouse, team: int
) -> None:
    cohort = create(cohorts, {}, is_static=True)
    listed = StaticMembers(calculator.postgres, clickhouse, team, cohort.id)
    strangers = ["nobody", "", "x" * 200_000, *(chr(0x1F600) * 1000 + str(number) for number in range(200))]
    assert listed.add_distinct_ids(["ada", *strangers, "ada@work", "ada"]) == 2
    assert listed.add_persons([EVE, uuid.uuid4()]) == 1
    calculator.calculate(cohort.id)
    assert members(clickhouse, cohort) == {ADA, EVE}
    clickhouse.insert_rows(
        "person_distinct_ids",
        [[team, "eve", BOB, True, 2, 0], [team, "ada@work", ADA, True, 2, 1]],
        ["team_id", "distinct_id", "person_id", "is_personful", "version", "is_deleted"],
    )
    calculator.calculate(cohort.id)
    assert members(clickhouse, cohort) == {ADA, BOB}
    assert listed.remove_person(ADA) == 1
    calculator.calculate(cohort.id)
    assert members(clickhouse, cohort) == {BOB}


def test_what_is_due(cohorts: Cohorts, calculator: Calculator, clickhouse: ClickHouse) -> None:
    def due(now: datetime = NOW) -> list[int]:
        return [each.cohort_id for each in due_cohorts(calculator.postgres, clickhouse, now)]

    first, second = create(cohorts), create(cohorts)
    assert due() == [first.id, second.id]
    calculator.calculate(first.id)
    assert due() == [second.id]
    calculator.calculate(second.id)
    assert due() == []
    assert due(NOW + MOST_AGE) == [first.id, second.id]
    clickhouse.command("TRUNCATE TABLE cohort_people")  # made anew, and lost
    assert due() == [first.id, second.id]
    calculator.calculate(first.id)
    calculator.calculate(second.id)
    cohorts.change(second.id, {"filters": {"properties": []}})
    with pytest.raises(CohortFailed):
        calculator.calculate(second.id)
    assert due() == []
    assert due(NOW + FIRST_PAUSE) == [second.id]
    with pytest.raises(CohortFailed):
        calculator.calculate(second.id)
    assert due(NOW + FIRST_PAUSE) == []
    assert due(NOW + FIRST_PAUSE + timedelta(minutes=5)) == [second.id]


def test_what_is_being_calculated_is_not_due(
    cohorts: Cohorts, calculator: Calculator, clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort = create(cohorts)
    inside, go_on = threading.Event(), threading.Event()

    def hit(point: str) -> None:
        inside.set()
        go_on.wait(10)

    monkeypatch.setattr(calculation, "hit", hit)
    worker = threading.Thread(target=calculator.calculate, args=[cohort.id])
    worker.start()
    assert inside.wait(10)
    assert due_cohorts(calculator.postgres, clickhouse, NOW) == []
    go_on.set()
    worker.join()
    assert found(cohorts, cohort).count == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb\n\n", (["a", "b"], [])),
        ("distinct_id\na\n b \n", (["a", "b"], [])),
        ('name,Distinct-ID\nx,"a,b"\ny,\nz\n', (["a,b"], [])),
        (f"person_id,name\n{ADA},x\nno,y\n", ([], [ADA])),
    ],
)
def test_csv_is_read_by_its_header(text: str, expected: Any) -> None:
    assert ids_in_csv(text) == expected


@pytest.mark.parametrize("text", ["", "\n\n", "a,b\nc,d\n", "a\0b\n"])
def test_what_lists_no_ids_is_refused(text: str) -> None:
    with pytest.raises(WrongCsv):
        ids_in_csv(text)
