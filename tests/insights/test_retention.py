"""Retention: each rule on a history that is worked out by hand."""

import os
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from lives import Asker, Event, did, sql_of, store

from analytics_pipelines.insights.kinds import parse_insight
from analytics_pipelines.insights.team import Action, Team
from analytics_pipelines.sql.errors import QueryError
from resources.clickhouse import ClickHouse

GOLDEN = Path(__file__).parent / "golden"
teams = count(1)
START, BACK = {"id": "start", "type": "events"}, {"id": "back", "type": "events"}
TO = {"date_to": "2024-05-04"}
OTHER = "$$_posthog_breakdown_other_$$"
NONE = "$$_posthog_breakdown_null_$$"


def asker(clickhouse: ClickHouse, events: list[Event], zone: str = "UTC", week: int = 0) -> Asker:
    team = Team(
        next(teams), zone, week, group_types={0: "company"}, actions={5: Action(5, "began", ({"event": "start"},))}
    )
    store(clickhouse, team.id, events)
    return Asker("RetentionQuery", clickhouse, team)


def asked(to: dict[str, Any] | None = None, **filters: Any) -> dict[str, Any]:
    given = {"targetEntity": START, "returningEntity": BACK, "totalIntervals": 4, **filters}
    return {"dateRange": TO if to is None else to, "retentionFilter": given}


def table(asker: Asker, to: dict[str, Any] | None = None, **filters: Any) -> list[list[int]]:
    return counts(asker.ask(**asked(to, **filters)))


def counts(rows: list[dict[str, Any]]) -> list[list[int]]:
    return [[cell["count"] for cell in row["values"]] for row in rows]


# Days 0 to 3 are 1 to 4 May.
HISTORY = [
    did("start", 1, "2024-05-01T00:00"),
    did("back", 1, "2024-05-01T12:00"),  # on the same day: no column
    did("back", 1, "2024-05-02T12:00"),
    did("back", 1, "2024-05-02T13:00"),
    did("back", 1, "2024-05-04T23:59:59.999999"),
    did("start", 2, "2024-04-30T23:59:59.999999"),  # began before
    did("start", 2, "2024-05-02T10:00", plan="pro"),
    did("back", 2, "2024-05-03T10:00"),
    did("start", 3, "2024-05-02T10:00"),
    did("start", 3, "2024-05-03T10:00"),
    did("back", 3, "2024-05-01T10:00"),  # before it began
    did("back", 3, "2024-05-04T10:00"),
    did("back", 4, "2024-05-04T10:00"),  # never began
]
BY_HAND = [[1, 1, 0, 1], [2, 1, 1], [1, 1], [0]]


@pytest.mark.parametrize(
    ("name", "filters"),
    {
        "recurring_by_day": {},
        "first_ever_of_two_by_week_cumulated": {
            "period": "Week",
            "retentionType": "retention_first_ever_occurrence",
            "cumulative": True,
            "minimumOccurrences": 2,
            "targetEntity": {**START, "properties": [{"key": "plan", "value": "pro", "type": "event"}]},
        },
        "in_windows_of_24_hours": {"timeWindowMode": "24_hour_windows"},
    }.items(),
)
def test_the_sql_is_as_agreed(name: str, filters: dict[str, Any]) -> None:
    check(name, sql_of("RetentionQuery", Team(1, "America/Sao_Paulo"), **asked(**filters)))


def test_the_sql_of_a_breakdown_is_as_agreed() -> None:
    by_plan = {"breakdownFilter": {"breakdown": "plan", "breakdown_type": "event"}}
    check("by_plan", sql_of("RetentionQuery", Team(1, "America/Sao_Paulo"), **asked(), **by_plan))


def check(name: str, text: str) -> None:
    path = GOLDEN / f"retention_{name}.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.engines
def test_who_began_and_who_came_back(shared_clickhouse: ClickHouse) -> None:
    rows = asker(shared_clickhouse, HISTORY, "US/Pacific").ask(**asked({"date_to": "2024-05-04T12:00:00"}))
    assert [row["label"] for row in rows] == ["Day 0", "Day 1", "Day 2", "Day 3"]
    assert rows[0]["date"] == "2024-05-01T00:00:00-07:00"
    assert [cell["label"] for cell in rows[0]["values"]] == ["Day 0", "Day 1", "Day 2", "Day 3"]
    assert rows[0]["breakdown_value"] is None
    assert table(asker(shared_clickhouse, HISTORY)) == BY_HAND


@pytest.mark.engines
def test_the_first_time_counts_once_and_before_the_range_nowhere(shared_clickhouse: ClickHouse) -> None:
    first = table(asker(shared_clickhouse, HISTORY), retentionType="retention_first_time")
    assert first == [[1, 1, 0, 1], [1, 0, 1], [0, 0], [0]]


@pytest.mark.engines
def test_first_time_with_the_filters_or_first_time_ever(shared_clickhouse: ClickHouse) -> None:
    one = asker(shared_clickhouse, HISTORY)
    pro = {**START, "properties": [{"key": "plan", "value": "pro", "type": "event"}]}
    matching = table(one, retentionType="retention_first_time", targetEntity=pro)
    assert matching == [[0, 0, 0, 0], [1, 1, 0], [0, 0], [0]]
    ever = table(one, retentionType="retention_first_ever_occurrence", targetEntity=pro)
    assert ever == [[0, 0, 0, 0], [0, 0, 0], [0, 0], [0]]
    any_plan = table(one, retentionType="retention_first_ever_occurrence")
    assert any_plan == [[1, 1, 0, 1], [1, 0, 1], [0, 0], [0]]


@pytest.mark.engines
def test_so_many_returns_are_needed_but_one_beginning_is_enough(shared_clickhouse: ClickHouse) -> None:
    assert table(asker(shared_clickhouse, HISTORY), minimumOccurrences=2) == [[1, 1, 0, 0], [2, 0, 0], [1, 0], [0]]


@pytest.mark.engines
def test_cumulative_means_on_that_day_or_later(shared_clickhouse: ClickHouse) -> None:
    assert table(asker(shared_clickhouse, HISTORY), cumulative=True) == [[1, 1, 1, 1], [2, 2, 1], [1, 1], [0]]


@pytest.mark.engines
def test_brackets_follow_one_another_after_the_first_day(shared_clickhouse: ClickHouse) -> None:
    one = asker(shared_clickhouse, HISTORY)
    rows = one.ask(**asked(retentionCustomBrackets=[1, 2]))
    assert [cell["label"] for cell in rows[0]["values"]] == ["Day 0", "Day 1", "Day 2-3"]
    assert counts(rows) == [[1, 1, 1], [2, 1, 1], [1, 1], [0]]
    assert table(one, retentionCustomBrackets=[2, 1]) == [[1, 1, 1], [2, 2], [1, 1], [0]]
    assert table(one, retentionCustomBrackets=[1, 2], cumulative=True) == [[1, 1, 1], [2, 2, 1], [1, 1], [0]]


@pytest.mark.engines
def test_windows_of_24_hours_start_with_the_person(shared_clickhouse: ClickHouse) -> None:
    events = [
        did("start", 1, "2024-05-01T10:00"),
        did("start", 1, "2024-05-02T10:00"),  # only the first counts
        did("back", 1, "2024-05-02T09:59:59.999999"),  # still within the first window
        did("back", 1, "2024-05-03T10:00"),
        did("back", 1, "2024-05-01T09:00"),
    ]
    one = asker(shared_clickhouse, events)
    assert table(one) == [[1, 1, 1, 0], [1, 1, 0], [0, 0], [0]]
    rolling = table(one, timeWindowMode="24_hour_windows")
    assert rolling == [[1, 0, 1, 0], [0, 0, 0], [0, 0], [0]]
    with pytest.raises(QueryError, match="cumulative"):
        table(one, timeWindowMode="24_hour_windows", cumulative=True)


@pytest.mark.engines
def test_weeks_are_whole_and_start_as_the_project_says(shared_clickhouse: ClickHouse) -> None:
    events = [
        did("start", 1, "2024-04-28T10:00"),  # a Sunday
        did("back", 1, "2024-05-11T10:00"),  # the Saturday after next
    ]
    # Rows: weeks of 28 April and 5 May, or of 29 April and 6 May.
    week: dict[str, Any] = {"to": {"date_to": "2024-05-08"}, "period": "Week", "totalIntervals": 2}
    assert table(asker(shared_clickhouse, events), **week) == [[1, 1], [0]]
    assert table(asker(shared_clickhouse, events, week=1), **week) == [[0, 0], [0]]
    months: dict[str, Any] = {"to": {"date_to": "2024-05-08"}, "period": "Month", "totalIntervals": 2}
    rows = asker(shared_clickhouse, events).ask(**asked(**months))
    assert (counts(rows), rows[1]["label"], rows[1]["date"]) == ([[1, 1], [0]], "Month 1", "2024-05-01T00:00:00+00:00")


@pytest.mark.engines
@pytest.mark.parametrize("zone", ["US/Pacific", "Asia/Shanghai"])
def test_days_are_those_of_the_project_also_where_clocks_change(shared_clickhouse: ClickHouse, zone: str) -> None:
    local = {"US/Pacific": ("2024-03-10T07:59:59", "2024-03-10T08:00", "2024-03-11T06:59:59", "2024-03-11T07:00")}
    times = local.get(zone, ("2024-03-09T15:59:59", "2024-03-09T16:00", "2024-03-10T15:59:59", "2024-03-10T16:00"))
    one = asker(shared_clickhouse, [did(name, 1, at) for at in times for name in ("start", "back")], zone)
    # The first on the 9th, two on the 10th, the last on the 11th.
    found = table(one, {"date_to": "2024-03-11"}, totalIntervals=3)
    assert found == [[1, 1, 1], [1, 1], [1]]


@pytest.mark.engines
def test_with_a_first_date_rows_begin_there(shared_clickhouse: ClickHouse) -> None:
    one = asker(shared_clickhouse, HISTORY)
    dates = {"date_from": "2024-05-01", **TO}
    assert table(one, dates, totalIntervals=4) == BY_HAND
    assert table(one, dates, totalIntervals=2) == [[1, 1], [2, 1], [1, 1], [0]]


@pytest.mark.engines
def test_values_of_a_breakdown_are_those_of_the_target(shared_clickhouse: ClickHouse) -> None:
    events = [
        did("start", 1, "2024-05-03T10:00", plan="pro"),
        did("start", 1, "2024-05-03T11:00", plan="free"),
        did("back", 1, "2024-05-04T10:00", plan="none of them"),
        did("start", 2, "2024-05-03T10:00", plan="pro"),
        did("start", 3, "2024-05-04T10:00"),
    ]
    one = asker(shared_clickhouse, events)
    question = {**asked(totalIntervals=2), "breakdownFilter": {"breakdown": "plan", "breakdown_type": "event"}}
    rows = one.ask(**question)
    assert [(row["breakdown_value"], row["label"]) for row in rows] == [
        (value, label) for value in ("pro", "free", NONE) for label in ("Day 0", "Day 1")
    ]
    assert counts(rows) == [[2, 1], [0], [1, 1], [0], [0, 0], [1]]
    assert set(one.actors({"interval": 0, "breakdown": "pro"}, **question)) == {1, 2}
    assert set(one.actors({"interval": 0, "breakdown": ["free"]}, **question)) == {1}
    assert set(one.actors({"interval": 0}, **question)) == {1, 2}
    question["breakdownFilter"] = {"breakdowns": [{"property": "plan", "type": "event"}], "breakdown_limit": 1}
    assert [row["breakdown_value"] for row in one.ask(**question)] == ["pro", "pro", OTHER, OTHER]
    assert counts(one.ask(**question)) == [[2, 1], [0], [1, 1], [1]]
    assert set(one.actors({"interval": 1, "breakdown": OTHER}, **question)) == {3}
    question["breakdownFilter"]["breakdown_hide_other_aggregation"] = True
    assert [row["breakdown_value"] for row in one.ask(**question)] == ["pro", "pro"]
    first = {**question["retentionFilter"], "retentionType": "retention_first_time"}
    rows = one.ask(**{**question, "retentionFilter": first, "breakdownFilter": {"breakdown": "plan"}})
    assert {row["breakdown_value"]: counts([row])[0] for row in rows if row["label"] == "Day 0"} == {
        "pro": [2, 1],
        NONE: [0, 0],
    }


@pytest.mark.engines
def test_groups_actions_and_all_events(shared_clickhouse: ClickHouse) -> None:
    events = [
        did("start", 1, "2024-05-03T10:00", company="acme"),
        did("back", 2, "2024-05-04T10:00", company="acme"),
        did("start", 3, "2024-05-03T10:00"),
    ]
    one = asker(shared_clickhouse, events)
    groups = {**asked(totalIntervals=2), "aggregation_group_type_index": 0}
    assert counts(one.ask(**groups)) == [[1, 1], [0]]
    assert one.actors({"interval": 0}, **groups) == {"acme": ([0, 1],)}
    action, anything = {"id": 5, "type": "actions"}, {"id": None, "type": "events"}
    assert table(one, totalIntervals=2, targetEntity=action) == [[2, 0], [0]]
    assert table(one, totalIntervals=2, targetEntity=anything, returningEntity=anything) == [[2, 0], [1]]


@pytest.mark.engines
def test_behind_each_row_there_are_its_people_with_their_columns(shared_clickhouse: ClickHouse) -> None:
    one = asker(shared_clickhouse, HISTORY)
    assert one.actors({"interval": 0}, **asked()) == {1: ([0, 1, 3],)}
    assert one.actors({"interval": 1}, **asked()) == {2: ([0, 1],), 3: ([0, 2],)}
    assert one.actors({"interval": 3}, **asked()) == {}
    assert one.actors({"interval": 1}, **asked(cumulative=True)) == {2: ([0, 1],), 3: ([0, 1, 2],)}
    with pytest.raises(QueryError, match="row"):
        one.actors({"interval": 4}, **asked())


def test_what_is_not_known_is_refused() -> None:
    for wrong in (
        {"retentionType": "sometimes"},
        {"totalIntervals": 0},
        {"retentionCustomBrackets": [0]},
        {"aggregationType": "sum"},
        {"unheard": 1},
    ):
        with pytest.raises(QueryError):
            parse_insight({"kind": "RetentionQuery", **asked(**wrong)})


@pytest.mark.engines
def test_each_cohort_has_rows_of_its_own(shared_clickhouse: ClickHouse) -> None:
    team = Team(next(teams), cohorts={7: "early birds"}, test_account_filters=({"key": "plan", "value": "pro"},))
    store(shared_clickhouse, team.id, HISTORY)
    for person in (1, 3):
        shared_clickhouse.command(
            "INSERT INTO cohort_people (team_id, cohort_id, person_id) VALUES ({team:Int64}, 7, {person:UUID})",
            {"team": team.id, "person": str(UUID(int=person))},
        )
    one = Asker("RetentionQuery", shared_clickhouse, team)
    question = {**asked(), "breakdownFilter": {"breakdown": [7, "all"], "breakdown_type": "cohort"}}
    rows = one.ask(**question)
    assert {row["breakdown_value"] for row in rows} == {7, "all"}
    assert counts([row for row in rows if row["breakdown_value"] == "all"]) == BY_HAND
    assert counts([row for row in rows if row["breakdown_value"] == 7]) == [[1, 1, 0, 1], [1, 0, 1], [1, 1], [0]]
    assert set(one.actors({"interval": 1, "breakdown": 7}, **question)) == {3}
    assert set(one.actors({"interval": 1, "breakdown": ["all"]}, **question)) == {2, 3}
    with pytest.raises(QueryError, match="cohorts"):
        one.actors({"interval": 1}, **question)
    assert counts(one.ask(**asked(), filterTestAccounts=True)) == [[0, 0, 0, 0], [1, 0, 0], [0, 0], [0]]
