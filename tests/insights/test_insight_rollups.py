"""Answers from rollups are those from events, whatever days the rollups do not hold."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

import pytest
from trends_history import NOW, Asker, Event, question, store

from analytics_pipelines.insights.rollup_state import RollupState
from analytics_pipelines.insights.team import Context, Team
from analytics_pipelines.insights.trends import plan
from analytics_pipelines.rollups.tables import ACTIVE_PEOPLE_DAILY, EVENT_COUNTS_HOURLY
from resources.clickhouse import ClickHouse

HOURLY, DAILY = EVENT_COUNTS_HOURLY.name, ACTIVE_PEOPLE_DAILY.name
FRESH = RollupState({HOURLY: frozenset(), DAILY: frozenset()})
COUNTS: list[dict[str, Any]] = [{"event": "view"}, {"event": None}]
PEOPLE: list[dict[str, Any]] = [{"event": "view", "math": "dau"}, {"event": None, "math": "dau"}, {"event": "buy"}]
ACTIVE: list[dict[str, Any]] = [
    {"event": "view", "math": "weekly_active"},
    {"event": None, "math": "monthly_active"},
    {"event": "buy", "math": "weekly_active"},
]
_teams = count(1)


def source(state: RollupState | None = FRESH, zone: str = "UTC", **fields: Any) -> str:
    return plan(question(**fields), Context(Team(1, zone), NOW, rollups=state)).source


def test_which_rollup_answers() -> None:
    assert source(series=COUNTS) == HOURLY
    assert source(series=PEOPLE) == DAILY
    assert source(series=PEOPLE, interval="hour") == HOURLY
    assert source(series=PEOPLE, zone="US/Pacific") == HOURLY
    assert source(series=PEOPLE, zone="Asia/Kathmandu") == "events"  # a quarter of an hour off
    assert source(series=PEOPLE, zone="Asia/Shanghai", interval="month") == HOURLY
    assert source(series=COUNTS, trendsFilter={"display": "BoldNumber"}) == HOURLY
    assert source(series=COUNTS, trendsFilter={"formula": "A/B"}) == HOURLY
    assert source(series=COUNTS, compareFilter={"compare": True}) == HOURLY
    assert source(series=ACTIVE) == DAILY
    assert source(series=ACTIVE, zone="US/Pacific") == "events"  # only days of UTC tell of days
    assert source(series=ACTIVE, interval="hour") == "events"


@pytest.mark.parametrize(
    "asked",
    [
        {"properties": [{"key": "a", "value": "b", "type": "event"}]},
        {"series": [{"event": "view", "properties": [{"key": "a", "value": "b", "type": "event"}]}]},
        {"breakdownFilter": {"breakdown": "a"}},
        {"breakdownFilter": {"breakdown": ["all"], "breakdown_type": "cohort"}, "filterTestAccounts": True},
        {"series": [{"event": "view", "math": "sum", "math_property": "a"}]},
        {"series": [{"event": "view", "math": "dau"}], "trendsFilter": {"display": "ActionsLineGraphCumulative"}},
        {"series": [{"event": "view", "math": "dau"}], "aggregation_group_type_index": 0},
        {"interval": "minute", "dateRange": {"date_from": "-1h"}},
        {"interval": "hour", "dateRange": {"date_from": "2024-05-08T10:00:00", "date_to": "2024-05-08T12:30:00"}},
    ],
)
def test_what_only_events_know(asked: dict[str, Any]) -> None:
    team = Team(1, test_account_filters=({"key": "a", "value": "b"},), group_types={0: "kind 0"})
    assert plan(question(**asked), Context(team, NOW, rollups=FRESH)).source == "events"


def test_days_that_changed_are_read_from_events() -> None:
    today = date(2024, 5, 8)
    stale = RollupState({HOURLY: frozenset({today, date(2020, 1, 1)}), DAILY: frozenset()})
    assert source(stale, series=COUNTS) == f"{HOURLY}, events"
    assert source(stale, series=PEOPLE) == DAILY
    everything = RollupState({HOURLY: frozenset(today - timedelta(days=n) for n in range(9))})
    assert source(everything, series=COUNTS) == "events"
    assert source(RollupState(), series=COUNTS) == "events"
    assert source(None, series=COUNTS) == "events"
    scattered = RollupState({HOURLY: frozenset(today - timedelta(days=2 * n) for n in range(300))})
    assert source(scattered, series=COUNTS, dateRange={"date_from": "-365d"}) == "events"


def test_series_of_one_question_may_have_different_sources() -> None:
    series = [{"event": "view"}, {"event": "view", "math": "max", "math_property": "price"}]
    assert source(series=series) == f"{HOURLY}, events"


@pytest.fixture(scope="module")
def asker(shared_clickhouse: ClickHouse) -> Asker:
    """Forty days of events; the rollups hold some that are no longer there, as of days that change."""
    random = Random(4)  # noqa: S311
    team = Team(next(_teams), group_types={0: "kind 0"})
    events = [
        Event(
            random.choice(["view", "buy", "else"]),
            random.randint(1, 30),
            NOW - timedelta(seconds=random.randint(-86_400, 86_400 * 40)),
            team=team.id,
        )
        for _ in range(600)
    ]
    edges = [datetime(2024, 5, 7, 0, tzinfo=UTC) - timedelta(microseconds=1), datetime(2024, 5, 7, 7, tzinfo=UTC)]
    store(shared_clickhouse, [*events, *(Event("view", 99, at, team=team.id) for at in edges)])
    shared_clickhouse.insert_rows(
        "person_overrides",
        [[team.id, "5", UUID(int=5), UUID(int=6), 1, 0]],
        ["team_id", "distinct_id", "stored_person_id", "person_id", "version", "is_deleted"],
    )
    for rollup in (EVENT_COUNTS_HOURLY, ACTIVE_PEOPLE_DAILY):
        shared_clickhouse.insert(
            f"INSERT INTO {rollup.name} {rollup.select(10)}",
            {"first": "2024-03-01", "last": "2024-05-20", "teams": [team.id]},
        )
    return Asker(shared_clickhouse, team)


def both(asker: Asker, state: RollupState, **fields: Any) -> tuple[list[Any], list[Any], str]:
    query = question(**fields)
    found = []
    for context in (replace(asker.context, rollups=state), asker.context):
        made = plan(query, context)
        found.append((made.answer(asker.results(made))["results"], made.source))
    return found[0][0], found[1][0], found[0][1]


@pytest.mark.engines
@pytest.mark.parametrize("zone", ["UTC", "US/Pacific", "Asia/Shanghai"])
@pytest.mark.parametrize("interval", ["hour", "day", "week", "month"])
def test_the_numbers_are_the_same(asker: Asker, zone: str, interval: str) -> None:
    ours = Asker(asker.clickhouse, replace(asker.team, timezone=zone))
    asked: dict[str, Any] = {"interval": interval, "dateRange": {"date_from": "-33d" if interval != "hour" else "-2d"}}
    for series in (COUNTS, PEOPLE):
        for more in ({}, {"trendsFilter": {"display": "BoldNumber"}}, {"compareFilter": {"compare": True}}):
            rolled, plain, used = both(ours, FRESH, series=series, **asked, **more)
            assert used in (HOURLY, DAILY)
            assert rolled == plain
            assert any(row["count"] or row.get("aggregated_value") for row in plain)


@pytest.mark.engines
@pytest.mark.parametrize("interval", ["day", "week", "month"])
def test_the_active_are_the_same(asker: Asker, interval: str) -> None:
    for more in ({}, {"trendsFilter": {"display": "BoldNumber"}}, {"compareFilter": {"compare": True}}):
        for state in (
            FRESH,
            RollupState({HOURLY: frozenset(), DAILY: frozenset({date(2024, 5, 7), date(2024, 4, 20)})}),
        ):
            rolled, plain, used = both(asker, state, series=ACTIVE, interval=interval, **more)
            assert DAILY in used
            assert rolled == plain


@pytest.mark.engines
@pytest.mark.parametrize("zone", ["UTC", "US/Pacific"])
def test_what_came_since_is_counted_once(asker: Asker, zone: str) -> None:
    """Days of which the rollup holds something else, or nothing."""
    team = replace(asker.team, id=next(_teams) + 1000, timezone=zone)
    days = [datetime(2024, 5, day, hour, 30, tzinfo=UTC) for day in range(1, 9) for hour in (1, 8, 23)]
    store(asker.clickhouse, [Event("view", at.hour + at.day % 3, at, team=team.id) for at in days])
    for rollup in (EVENT_COUNTS_HOURLY, ACTIVE_PEOPLE_DAILY):
        asker.clickhouse.insert(
            f"INSERT INTO {rollup.name} {rollup.select(10)}",
            {"first": "2024-05-01", "last": "2024-05-05", "teams": [team.id]},
        )
    store(asker.clickhouse, [Event("view", 50, datetime(2024, 5, 2, 12, tzinfo=UTC), team=team.id)])
    stale = frozenset({date(2024, 5, 2), *(date(2024, 5, day) for day in (6, 7, 8))})
    state = RollupState({HOURLY: stale, DAILY: stale})
    ours = Asker(asker.clickhouse, team)
    for series in (COUNTS, PEOPLE):
        for interval in ("hour", "day", "week"):
            rolled, plain, used = both(ours, state, series=series, interval=interval)
            assert "events" in used
            assert used != "events"
            assert rolled == plain
    rolled, plain, _ = both(ours, FRESH, series=COUNTS)
    assert rolled != plain  # the days do differ
