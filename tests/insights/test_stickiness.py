"""Stickiness: each rule on a history that is worked out by hand."""

import os
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from lives import Asker, Event, did, sql_of, store

from analytics_pipelines.insights.kinds import parse_insight
from analytics_pipelines.insights.team import Team
from analytics_pipelines.sql.errors import QueryError
from resources.clickhouse import ClickHouse

GOLDEN = Path(__file__).parent / "golden"
VIEWS = [{"kind": "EventsNode", "event": "view"}]
teams = count(1)

# From 1 to 4 May: 1 is active on three days, twice on one of them; 2 on one; 3 on two.
HISTORY = [
    did("view", 1, "2024-05-01T10:00", company="acme"),
    did("view", 1, "2024-05-01T23:59:59.999999", company="acme"),
    did("view", 1, "2024-05-02T00:00", company="initech"),
    did("view", 1, "2024-05-04T10:00", company="acme"),
    did("view", 2, "2024-05-04T10:00", company="acme", plan="pro"),
    did("view", 3, "2024-05-02T10:00"),
    did("view", 3, "2024-05-03T10:00"),
    did("view", 3, "2024-04-30T23:59:59"),
    did("other", 4, "2024-05-03T10:00"),
]
DATES = {"date_from": "2024-05-01", "date_to": "2024-05-04"}
ASKED: dict[str, Any] = {"series": VIEWS, "dateRange": DATES}


def asker(clickhouse: ClickHouse, events: list[Event], zone: str = "UTC", week: int = 0) -> Asker:
    team = Team(next(teams), zone, week, group_types={0: "company"})
    store(clickhouse, team.id, events)
    return Asker("StickinessQuery", clickhouse, team)


def data(asker: Asker, **fields: Any) -> list[int]:
    (row,) = asker.ask(**{**ASKED, **fields})
    found: list[int] = row["data"]
    return found


@pytest.mark.parametrize(
    ("name", "fields"),
    {
        "people_by_day": {},
        "at_least_three_events_in_two_weeks": {
            "interval": "week",
            "intervalCount": 2,
            "dateRange": {"date_from": "-4w"},
            "stickinessFilter": {"stickinessCriteria": {"operator": "gte", "value": 3}},
        },
    }.items(),
)
def test_the_sql_is_as_agreed(name: str, fields: dict[str, Any]) -> None:
    text = sql_of("StickinessQuery", Team(1, "America/Sao_Paulo"), **{**ASKED, **fields})
    path = GOLDEN / f"stickiness_{name}.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.engines
def test_people_by_the_number_of_days(shared_clickhouse: ClickHouse) -> None:
    one = asker(shared_clickhouse, HISTORY)
    (row,) = one.ask(**ASKED)
    assert row["data"] == [1, 1, 1, 0]
    assert row["count"] == 3
    assert row["days"] == [1, 2, 3, 4]
    assert row["labels"] == ["1 day", "2 days", "3 days", "4 days"]
    assert (row["label"], row["action"]["id"], row["action"]["order"]) == ("view", "view", 0)
    pro = [{"key": "plan", "value": "pro", "type": "event"}]
    assert data(one, properties=pro) == [1, 0, 0, 0]


@pytest.mark.engines
def test_cumulated_it_is_so_many_days_or_more(shared_clickhouse: ClickHouse) -> None:
    (row,) = asker(shared_clickhouse, HISTORY).ask(**ASKED, stickinessFilter={"computedAs": "cumulative"})
    assert row["data"] == [3, 2, 1, 0]
    assert row["count"] == 3
    assert row["labels"][:2] == ["1 day or more", "2 days or more"]


@pytest.mark.engines
@pytest.mark.parametrize(
    ("operator", "value", "wanted"),
    [
        ("gte", 1, [1, 1, 1, 0]),
        ("gte", 2, [1, 0, 0, 0]),
        ("lte", 1, [1, 2, 0, 0]),  # days without events do not count
        ("exact", 2, [1, 0, 0, 0]),
        ("exact", 3, [0, 0, 0, 0]),
    ],
)
def test_a_day_counts_by_its_events(shared_clickhouse: ClickHouse, operator: str, value: int, wanted: Any) -> None:
    criteria = {"stickinessFilter": {"stickinessCriteria": {"operator": operator, "value": value}}}
    assert data(asker(shared_clickhouse, HISTORY), **criteria) == wanted


@pytest.mark.engines
def test_blocks_of_days_are_counted_back_from_the_end(shared_clickhouse: ClickHouse) -> None:
    # [1], [2, 3, 4]: 1 in both, 2 and 3 in the last
    assert data(asker(shared_clickhouse, HISTORY), intervalCount=3) == [2, 1]
    # [1, 2], [3, 4]
    assert data(asker(shared_clickhouse, HISTORY), intervalCount=2) == [1, 2]


@pytest.mark.engines
def test_weeks_are_those_of_the_calendar_and_counted_ones_end_with_the_range(shared_clickhouse: ClickHouse) -> None:
    events = [
        did("view", 1, "2024-05-01T10:00"),  # a Wednesday
        did("view", 1, "2024-05-05T10:00"),  # a Sunday
        did("view", 1, "2024-05-07T10:00"),  # a Tuesday
    ]
    asked = {"interval": "week", "dateRange": {"date_from": "2024-05-01", "date_to": "2024-05-07"}}
    assert data(asker(shared_clickhouse, events), **asked) == [0, 1]
    assert data(asker(shared_clickhouse, events, week=1), **asked) == [0, 1]
    # Weeks from the 1st to the 7th, and the one before it.
    assert data(asker(shared_clickhouse, events), **asked, intervalCount=1) == [1, 0]


@pytest.mark.engines
def test_the_actors_may_be_groups_or_an_expression(shared_clickhouse: ClickHouse) -> None:
    one = asker(shared_clickhouse, HISTORY)
    assert data(one, aggregation_group_type_index=0) == [1, 1, 0, 0]
    by_series = [{**VIEWS[0], "math": "unique_group", "math_group_type_index": 0}]
    assert data(one, series=by_series) == [1, 1, 0, 0]
    by_name = [{"kind": "EventsNode", "event": None, "math": "hogql", "math_hogql": "event"}]
    assert data(one, series=by_name) == [1, 0, 0, 1]
    with pytest.raises(QueryError, match="math"):
        data(one, series=[{**VIEWS[0], "math": "sum"}])


@pytest.mark.engines
def test_series_and_periods_stand_beside_each_other(shared_clickhouse: ClickHouse) -> None:
    one = asker(shared_clickhouse, HISTORY)
    rows = one.ask(
        **{**ASKED, "series": [*VIEWS, {"kind": "EventsNode", "event": None}]}, compareFilter={"compare": True}
    )
    assert [(row["label"], row["compare_label"], row["data"]) for row in rows] == [
        ("view", "current", [1, 1, 1, 0]),
        ("All events", "current", [2, 1, 1, 0]),
        ("view", "previous", [1, 0, 0, 0]),
        ("All events", "previous", [1, 0, 0, 0]),
    ]
    asked = {**ASKED, "compareFilter": {"compare": True}}
    assert set(one.actors({"day": 1, "compare": "previous"}, **asked)) == {3}


@pytest.mark.engines
def test_days_are_those_of_the_project(shared_clickhouse: ClickHouse) -> None:
    events = [did("view", 1, "2024-05-02T15:59:59"), did("view", 1, "2024-05-02T16:00")]  # midnight in Shanghai
    assert data(asker(shared_clickhouse, events, "Asia/Shanghai")) == [0, 1, 0, 0]
    assert data(asker(shared_clickhouse, events, "US/Pacific")) == [1, 0, 0, 0]


@pytest.mark.engines
def test_behind_each_point_there_are_as_many_people(shared_clickhouse: ClickHouse) -> None:
    one = asker(shared_clickhouse, HISTORY)
    assert set(one.actors({"day": 3}, **ASKED)) == {1}
    assert set(one.actors({"interval": 1}, **ASKED)) == {2}
    assert set(one.actors({"day": 2, "operator": "gte"}, **ASKED)) == {1, 3}
    assert set(one.actors({"day": 2, "operator": "lte"}, **ASKED)) == {2, 3}
    cumulated = {"stickinessFilter": {"computedAs": "cumulative"}}
    assert set(one.actors({"day": 2}, **ASKED, **cumulated)) == {1, 3}
    with pytest.raises(QueryError, match="series"):
        one.actors({"day": 2, "series": 1}, **ASKED)


def test_criteria_start_at_one() -> None:
    with pytest.raises(QueryError, match="value"):
        parse_insight(
            {
                "kind": "StickinessQuery",
                **ASKED,
                "stickinessFilter": {"stickinessCriteria": {"operator": "gte", "value": 0}},
            }
        )
