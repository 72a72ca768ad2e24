"""Trends: the plan and its SQL, the answer made of rows, and both together on ClickHouse."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from trends_history import NOW, Asker, Event, question, store

from analytics_pipelines.insights.team import Context, Team
from analytics_pipelines.insights.trends import Plan, plan
from resources.clickhouse import ClickHouse

TEAM = Team(1, "America/Sao_Paulo")
GOLDEN = Path(__file__).parent / "golden"
BROWSER = {"breakdown": "$browser"}
QUESTIONS: dict[str, dict[str, Any]] = {
    "one_event_by_day": {"series": [{"event": "view"}]},
    "people_and_all_events_by_week": {
        "series": [{"event": "view", "math": "dau"}, {"event": None}, {"event": None, "math": "dau"}],
        "interval": "week",
        "dateRange": {"date_from": "-2w"},
    },
    "two_events_as_totals": {
        "series": [{"event": "view", "math": "total"}, {"event": "it's", "math": "dau"}],
        "trendsFilter": {"display": "BoldNumber"},
    },
    "events_by_browser": {"series": [{"event": "view"}], "breakdownFilter": BROWSER},
    "people_by_browser": {"series": [{"event": "view", "math": "dau"}], "breakdownFilter": BROWSER},
    "weekly_active": {"series": [{"event": "view", "math": "weekly_active"}]},
    "median_times_of_each_person": {"series": [{"event": "view", "math": "median_count_per_actor"}]},
    "first_time_by_browser": {
        "series": [{"event": "view", "math": "first_time_for_user"}],
        "breakdownFilter": BROWSER,
        "properties": [{"key": "plan", "value": "pro", "type": "event"}],
    },
    "sum_by_two_properties": {
        "series": [{"event": "view", "math": "sum", "math_property": "price"}],
        "breakdownFilter": {"breakdowns": [{"property": "$browser"}, {"property": "plan", "type": "person"}]},
    },
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_sql_is_as_agreed(name: str) -> None:
    made = plan(question(**QUESTIONS[name]), Context(TEAM, NOW))
    (compiled,) = made.statements
    text = compiled.sql.replace(" FROM (", "\nFROM (").replace(" WHERE ", "\nWHERE ") + f"\n-- {compiled.parameters}\n"
    path = GOLDEN / f"trends_{name}.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


def answer(made: Plan, rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = made.answer([rows])["results"]
    return found


def row(made: Plan, day: int, *values: int) -> tuple[int, ...]:
    return (int(made.lines[0].dates.buckets[day].timestamp()), *values)


def test_missing_buckets_are_zero() -> None:
    made = plan(question(dateRange={"date_from": "-2d"}), Context(TEAM, NOW))
    (series,) = answer(made, [row(made, 1, 5)])
    assert series["data"] == [0, 5, 0]
    assert series["count"] == 5
    assert series["label"] == "view"
    assert series["days"] == ["2024-05-06", "2024-05-07", "2024-05-08"]
    assert series["labels"] == ["6-May-2024", "7-May-2024", "8-May-2024"]
    assert series["action"]["order"] == 0
    assert series["filter"]["insight"] == "TRENDS"
    assert made.resolved_date_range == {
        "date_from": "2024-05-06T00:00:00-03:00",
        "date_to": "2024-05-08T23:59:59.999999-03:00",
    }


def test_the_default_is_seven_days_and_today() -> None:
    (series,) = answer(plan(question(), Context(TEAM, NOW)), [])
    assert series["data"] == [0] * 8


def test_cumulative_counts_add_up() -> None:
    made = plan(
        question(dateRange={"date_from": "-2d"}, trendsFilter={"display": "ActionsLineGraphCumulative"}),
        Context(TEAM, NOW),
    )
    (series,) = answer(made, [row(made, 0, 1), row(made, 2, 2)])
    assert series["data"] == [1, 1, 3]


def test_a_total_value_has_no_points() -> None:
    made = plan(question(trendsFilter={"display": "BoldNumber"}), Context(TEAM, NOW))
    (series,) = answer(made, [(42,)])
    assert (series["aggregated_value"], series["data"], series["days"], series["count"]) == (42, [], [], 0)


_teams = count(1)


@pytest.fixture
def asker(shared_clickhouse: ClickHouse) -> Asker:
    return Asker(shared_clickhouse, Team(next(_teams), "America/Sao_Paulo"))


def known(asker: Asker, *events: Event) -> None:
    store(asker.clickhouse, [replace(event, team=asker.team.id) for event in events])


@pytest.mark.engines
def test_counts_and_people_by_day(asker: Asker) -> None:
    known(
        asker,
        Event("view", 1, "2024-05-07 02:59:59.999999"),  # still the 6th in Sao Paulo
        Event("view", 1, "2024-05-07 03:00:00"),
        Event("view", 1, "2024-05-08 02:00:00"),
        Event("view", 2, "2024-05-08 02:00:00"),
        Event("buy", 3, "2024-05-08 12:00:00"),
        Event("view", 4, "2024-05-05 12:00:00"),  # before
        Event("view", 4, "2024-05-09 03:00:00"),  # after
    )
    series = [
        {"event": "view"},
        {"event": "view", "math": "dau"},
        {"event": "buy"},
        {"event": None},
        {"event": None, "math": "dau"},
    ]
    fields: dict[str, Any] = {"series": series, "dateRange": {"date_from": "-2d"}}
    assert asker.data(**fields) == [[1, 3, 0], [1, 2, 0], [0, 0, 1], [1, 3, 1], [1, 2, 1]]
    assert asker.total(**fields) == [4, 2, 1, 5, 3]
    assert asker.data(**fields, interval="week") == [[5], [3], [1], [6], [4]]
    other = replace(asker, team=Team(next(_teams), "America/Sao_Paulo"))
    known(other, Event("view", 5, "2024-05-08 12:00:00"))
    assert asker.total(**fields) == [4, 2, 1, 5, 3]
    assert other.total(**fields) == [1, 1, 0, 1, 1]


@pytest.mark.engines
@pytest.mark.parametrize(
    ("zone", "now", "points"),
    [
        ("America/Sao_Paulo", datetime(2018, 11, 5, 12, tzinfo=UTC), 23),
        ("US/Pacific", datetime(2024, 11, 4, 12, tzinfo=UTC), 25),
        ("US/Pacific", datetime(2024, 3, 11, 12, tzinfo=UTC), 23),
        ("Australia/Lord_Howe", datetime(2024, 4, 8, 1, tzinfo=UTC), 25),
        ("Africa/Casablanca", datetime(2024, 4, 15, 12, tzinfo=UTC), 23),
        ("Asia/Kathmandu", datetime(2024, 5, 6, 12, tzinfo=UTC), 24),
    ],
)
def test_no_event_is_lost_where_clocks_change(
    shared_clickhouse: ClickHouse, zone: str, now: datetime, points: int
) -> None:
    team = Team(next(_teams), zone)
    # one event every ten minutes for four days around the change
    shared_clickhouse.command(
        "INSERT INTO events (team_id, uuid, event, distinct_id, person_id, timestamp, properties, received_at) "
        f"SELECT {team.id}, generateUUIDv4(), 'view', 'd', generateUUIDv4(), "
        f"toDateTime64('{now:%Y-%m-%d %H:%M:%S}', 6, 'UTC') - toIntervalMinute(10 * number), '{{}}', now() "
        "FROM numbers(576)"
    )
    asker = Asker(shared_clickhouse, team, now)
    (by_day,) = asker.rows(dateRange={"date_from": "-2d"})
    yesterday = by_day["days"][-2]
    dates = {"date_from": f"{yesterday}T00:00:00", "date_to": f"{yesterday}T23:59:59"}
    (by_hour,) = asker.rows(interval="hour", dateRange=dates)
    assert len(by_hour["data"]) == points
    assert sum(by_hour["data"]) == by_day["data"][-2]
    assert all(by_hour["data"])


@pytest.mark.engines
def test_the_longest_chart_is_answered(asker: Asker) -> None:
    known(asker, Event("view", 1, "2024-05-08 15:29:59"))
    (series,) = asker.rows(interval="minute", dateRange={"date_from": "-9990M"})
    assert len(series["data"]) == 9991
    active = [{"event": "view", "math": "weekly_active"}]
    assert asker.data(series=active, interval="minute", dateRange={"date_from": "-9990M"}) == [[0] * 9990 + [1]]
    assert (series["data"][-2:], series["count"]) == ([1, 0], 1)
