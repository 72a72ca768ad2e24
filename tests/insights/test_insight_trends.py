"""Trends: the plan, the answer made of rows, and both together on ClickHouse."""

import os
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from analytics_pipelines.insights.kinds import parse_insight
from analytics_pipelines.insights.models import TrendsQuery
from analytics_pipelines.insights.team import Context, Team
from analytics_pipelines.insights.trends import Plan, answer, plan
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.sql.recheck import recheck

NOW = datetime(2024, 5, 8, 15, 30, tzinfo=UTC)
TEAM = Team(1, "America/Sao_Paulo")
GOLDEN = Path(__file__).parent / "golden"
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
}


def question(**fields: Any) -> TrendsQuery:
    series = [{"kind": "EventsNode", **one} for one in fields.pop("series", [{"event": "view"}])]
    _, query = parse_insight({"kind": "TrendsQuery", "series": series, **fields})
    assert isinstance(query, TrendsQuery)
    return query


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_sql_is_as_agreed(name: str) -> None:
    made = plan(question(**QUESTIONS[name]), Context(TEAM, NOW))
    (compiled,) = made.statements
    text = (
        compiled.sql.replace(" FROM (", "\nFROM (").replace(" AS `events` ", " AS `events`\n")
        + f"\n-- {compiled.parameters}\n"
    )
    path = GOLDEN / f"trends_{name}.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()
    recheck(compiled.sql, compiled.parameters)


def row(made: Plan, day: int, *values: int) -> tuple[int, ...]:
    return (int(made.dates.buckets[day].timestamp()), *values)


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


def test_cumulative_people_are_refused() -> None:
    query = question(series=[{"event": "a", "math": "dau"}], trendsFilter={"display": "ActionsLineGraphCumulative"})
    with pytest.raises(QueryError, match="cumulated"):
        plan(query, Context(TEAM, NOW))


def test_a_total_value_has_no_points() -> None:
    made = plan(question(trendsFilter={"display": "BoldNumber"}), Context(TEAM, NOW))
    (series,) = answer(made, [(42,)])
    assert (series["aggregated_value"], series["data"], series["days"], series["count"]) == (42, [], [], 0)


def insert(clickhouse: Any, rows: list[tuple[int, str, int, str]]) -> None:
    """(team, event, person, time in UTC)"""
    values = ", ".join(
        f"({team}, '{uuid.uuid4()}', '{event}', 'd', '{uuid.UUID(int=person)}', '{at}', '{{}}', '2030-01-01 00:00:00')"
        for team, event, person, at in rows
    )
    clickhouse.command(
        "INSERT INTO events (team_id, uuid, event, distinct_id, person_id, timestamp, properties, received_at) "
        f"VALUES {values}"
    )


def asked(clickhouse: Any, team: Team = TEAM, now: datetime = NOW, **fields: Any) -> list[dict[str, Any]]:
    made = plan(question(**fields), Context(team, now))
    return answer(made, clickhouse.query(made.statements[0].sql, made.statements[0].parameters).rows)


@pytest.mark.engines
def test_counts_and_people_by_day(clickhouse: Any) -> None:
    insert(
        clickhouse,
        [
            (1, "view", 1, "2024-05-07 02:59:59.999999"),  # still the 6th in Sao Paulo
            (1, "view", 1, "2024-05-07 03:00:00"),
            (1, "view", 1, "2024-05-08 02:00:00"),
            (1, "view", 2, "2024-05-08 02:00:00"),
            (1, "buy", 3, "2024-05-08 12:00:00"),
            (1, "view", 4, "2024-05-05 12:00:00"),  # before
            (1, "view", 4, "2024-05-09 03:00:00"),  # after
            (2, "view", 5, "2024-05-08 12:00:00"),
            (2, "buy", 5, "2024-05-08 12:00:00"),
        ],
    )
    series = [
        {"event": "view"},
        {"event": "view", "math": "dau"},
        {"event": "buy"},
        {"event": None},
        {"event": None, "math": "dau"},
    ]
    fields: dict[str, Any] = {"series": series, "dateRange": {"date_from": "-2d"}}
    ours = asked(clickhouse, **fields)
    assert [one["data"] for one in ours] == [[1, 3, 0], [1, 2, 0], [0, 0, 1], [1, 3, 1], [1, 2, 1]]
    totals = asked(clickhouse, **fields, trendsFilter={"display": "ActionsTable"})
    assert [one["aggregated_value"] for one in totals] == [4, 2, 1, 5, 3]
    weeks = asked(clickhouse, **fields, interval="week")
    assert [one["data"] for one in weeks] == [[5], [3], [1], [6], [4]]

    clickhouse.command("ALTER TABLE events DELETE WHERE team_id = 2 SETTINGS mutations_sync = 2")
    assert asked(clickhouse, **fields) == ours
    theirs = asked(clickhouse, Team(2, "America/Sao_Paulo"), **fields)
    assert {value for one in theirs for value in one["data"]} == {0}


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
def test_no_event_is_lost_where_clocks_change(clickhouse: Any, zone: str, now: datetime, points: int) -> None:
    # one event every ten minutes for four days around the change
    clickhouse.command(
        "INSERT INTO events (team_id, uuid, event, distinct_id, person_id, timestamp, properties, received_at) "
        "SELECT 1, generateUUIDv4(), 'view', 'd', generateUUIDv4(), "
        f"toDateTime64('{now:%Y-%m-%d %H:%M:%S}', 6, 'UTC') - toIntervalMinute(10 * number), '{{}}', now() "
        "FROM numbers(576)"
    )
    team = Team(1, zone)
    (by_day,) = asked(clickhouse, team, now, dateRange={"date_from": "-2d"})
    yesterday = by_day["days"][-2]
    (by_hour,) = asked(
        clickhouse,
        team,
        now,
        interval="hour",
        dateRange={"date_from": f"{yesterday}T00:00:00", "date_to": f"{yesterday}T23:59:59"},
    )
    assert len(by_hour["data"]) == points
    assert sum(by_hour["data"]) == by_day["data"][-2]
    assert all(by_hour["data"])


@pytest.mark.engines
def test_the_longest_chart_is_answered(clickhouse: Any) -> None:
    insert(clickhouse, [(1, "view", 1, "2024-05-08 15:29:59")])
    (series,) = asked(clickhouse, interval="minute", dateRange={"date_from": "-9990M"})
    assert len(series["data"]) == 9991
    assert (series["data"][-2:], series["count"]) == ([1, 0], 1)
