"""Lifecycle: each rule on a history that is worked out by hand."""

import os
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from lives import Asker, Event, did, sql_of, store, utc

from analytics_pipelines.insights.kinds import parse_insight
from analytics_pipelines.insights.team import Action, Team
from analytics_pipelines.sql.errors import QueryError
from resources.clickhouse import ClickHouse

GOLDEN = Path(__file__).parent / "golden"
VIEWS = [{"kind": "EventsNode", "event": "view"}]
teams = count(1)


def asker(clickhouse: ClickHouse, events: list[Event], births: Any = None, zone: str = "UTC", week: int = 0) -> Asker:
    team = Team(
        next(teams), zone, week, group_types={0: "company"}, actions={5: Action(5, "looked", ({"event": "view"},))}
    )
    store(clickhouse, team.id, events, births)
    return Asker("LifecycleQuery", clickhouse, team)


def data(asker: Asker, **fields: Any) -> dict[str, list[float]]:
    return {row["status"]: row["data"] for row in asker.ask(**{"series": VIEWS, **fields})}


# From 1 to 6 May, which are asked for: person 1 comes to be and stays, pauses for two days, comes back.
HISTORY = [
    did("view", 1, "2024-05-02T10:00"),
    did("view", 1, "2024-05-02T11:00"),
    did("view", 1, "2024-05-03T10:00"),
    did("view", 1, "2024-05-06T10:00"),
    did("view", 2, "2024-04-30T23:59:59.999999"),  # the day before: so 2 has left on the 1st
    did("view", 3, "2024-04-30T00:00:00"),  # and 3 returns on the 1st
    did("view", 3, "2024-05-01T00:00:00"),
    did("other", 4, "2024-05-03T10:00"),
    did("view", 5, "2024-05-04T10:00", has_person=False),
]
DATES = {"date_from": "2024-05-01", "date_to": "2024-05-06"}
BY_HAND = {
    "new": [0, 1, 0, 0, 0, 0],
    "returning": [1, 0, 1, 0, 0, 0],
    "resurrecting": [0, 0, 0, 0, 0, 1],
    "dormant": [-1, -1, 0, -1, 0, 0],
}


@pytest.mark.parametrize(
    ("name", "fields"),
    {
        "people_by_day": {},
        "groups_by_week": {"interval": "week", "aggregation_group_type_index": 0},
    }.items(),
)
def test_the_sql_is_as_agreed(name: str, fields: dict[str, Any]) -> None:
    team = Team(1, "America/Sao_Paulo", group_types={0: "company"})
    text = sql_of("LifecycleQuery", team, series=VIEWS, dateRange={"date_from": "-2d"}, **fields)
    path = GOLDEN / f"lifecycle_{name}.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.engines
def test_statuses_by_day(shared_clickhouse: ClickHouse) -> None:
    one = asker(shared_clickhouse, HISTORY)
    assert data(one, dateRange=DATES) == BY_HAND


@pytest.mark.engines
def test_rows_are_shaped_as_clients_know_them(shared_clickhouse: ClickHouse) -> None:
    one = asker(shared_clickhouse, HISTORY)
    new, _, _, dormant = one.ask(series=VIEWS, dateRange=DATES)
    assert new["label"] == "view - new"
    assert (new["count"], dormant["count"]) == (1, -3)
    assert new["days"][:2] == ["2024-05-01", "2024-05-02"]
    assert new["labels"][:2] == ["1-May-2024", "2-May-2024"]
    assert {key: new["action"][key] for key in ("id", "type", "order", "name", "math")} == {
        "id": "view",
        "type": "events",
        "order": 0,
        "name": "view",
        "math": "total",
    }
    shown = one.ask(series=VIEWS, dateRange=DATES, lifecycleFilter={"toggledLifecycles": ["dormant", "new"]})
    assert [row["status"] for row in shown] == ["new", "returning", "resurrecting", "dormant"]


@pytest.mark.engines
def test_new_is_who_was_created_then_not_who_was_first_seen_doing_it(shared_clickhouse: ClickHouse) -> None:
    births = {1: utc("2024-05-01T09:00"), 3: utc("2023-01-01T00:00")}
    found = data(asker(shared_clickhouse, HISTORY, births), dateRange=DATES)
    assert found["new"] == [0] * 6
    assert found["resurrecting"] == [0, 1, 0, 0, 0, 1]


@pytest.mark.engines
def test_who_was_created_in_the_interval_is_new_though_active_in_the_one_before(shared_clickhouse: ClickHouse) -> None:
    births = {3: utc("2024-05-01T00:00")}  # as after a merge
    assert data(asker(shared_clickhouse, HISTORY, births), dateRange=DATES)["new"] == [1, 1, 0, 0, 0, 0]


@pytest.mark.engines
def test_weeks_are_whole_and_start_as_the_project_says(shared_clickhouse: ClickHouse) -> None:
    events = [
        did("view", 1, "2024-04-21T12:00"),  # a Sunday
        did("view", 1, "2024-04-28T12:00"),  # the next Sunday
        did("view", 1, "2024-05-10T12:00"),  # a Friday after date_to, in the last week shown
    ]
    births = {1: utc("2020-01-01T00:00")}
    week = {"interval": "week", "dateRange": {"date_from": "2024-05-01", "date_to": "2024-05-07"}}
    # Weeks of 28 April and 5 May; looked at from that of 21 April.
    sunday = data(asker(shared_clickhouse, events, births), **week)
    assert (sunday["returning"], sunday["dormant"]) == ([1, 1], [0, 0])
    # Weeks of 29 April and 6 May; looked at from that of 22 April, which holds the 28th.
    monday = data(asker(shared_clickhouse, events, births, week=1), **week)
    assert (monday["resurrecting"], monday["dormant"]) == ([0, 1], [-1, 0])


@pytest.mark.engines
@pytest.mark.parametrize("zone", ["US/Pacific", "Asia/Shanghai"])
def test_days_are_those_of_the_project_also_where_clocks_change(shared_clickhouse: ClickHouse, zone: str) -> None:
    team = Team(next(teams), zone)
    local = [f"2024-{day}T{hour}" for day in ("03-09", "03-10", "03-11") for hour in ("00:00:00", "23:59:59.999999")]
    moments = [datetime.fromisoformat(each).replace(tzinfo=team.zone).astimezone(UTC) for each in local]
    store(shared_clickhouse, team.id, [Event("view", 1, at) for at in moments])
    found = data(
        Asker("LifecycleQuery", shared_clickhouse, team), dateRange={"date_from": "2024-03-08", "date_to": "2024-03-12"}
    )
    assert found == {
        "new": [0, 1, 0, 0, 0],
        "returning": [0, 0, 1, 1, 0],
        "resurrecting": [0] * 5,
        "dormant": [0, 0, 0, 0, -1],
    }


@pytest.mark.engines
def test_groups_have_lives_too(shared_clickhouse: ClickHouse) -> None:
    events = [
        did("view", 1, "2024-05-01T10:00", company="acme"),
        did("view", 2, "2024-05-02T10:00", company="acme"),
        did("view", 3, "2024-05-02T10:00"),
        did("view", 4, "2024-05-02T10:00", company="initech", has_person=False),
    ]
    one = asker(shared_clickhouse, events)
    asked = {"dateRange": {"date_from": "2024-05-01", "date_to": "2024-05-03"}, "aggregation_group_type_index": 0}
    assert data(one, **asked) == {
        "new": [1, 1, 0],
        "returning": [0, 1, 0],
        "resurrecting": [0, 0, 0],
        "dormant": [0, 0, -2],
    }
    dormant = one.actors({"day": "2024-05-03", "status": "dormant"}, series=VIEWS, **asked)
    assert set(dormant) == {"acme", "initech"}


@pytest.mark.engines
def test_filters_and_actions(shared_clickhouse: ClickHouse) -> None:
    events = [did("view", 1, "2024-05-02T10:00", plan="pro"), did("view", 2, "2024-05-02T10:00", plan="free")]
    one = asker(shared_clickhouse, events)
    pro = [{"key": "plan", "value": "pro", "type": "event"}]
    assert data(one, dateRange=DATES)["new"] == [0, 2, 0, 0, 0, 0]
    assert data(one, dateRange=DATES, properties=pro)["new"] == [0, 1, 0, 0, 0, 0]
    action = [{"kind": "ActionsNode", "id": 5, "properties": pro}]
    rows = one.ask(series=action, dateRange=DATES)
    assert (rows[0]["label"], rows[0]["data"]) == ("looked - new", [0, 1, 0, 0, 0, 0])


@pytest.mark.engines
def test_behind_each_point_there_are_as_many_people(shared_clickhouse: ClickHouse) -> None:
    one = asker(shared_clickhouse, HISTORY)
    for row in one.ask(series=VIEWS, dateRange=DATES):
        for day, value in zip(row["days"], row["data"], strict=True):
            found = one.actors({"day": day, "status": row["status"]}, series=VIEWS, dateRange=DATES)
            assert len(found) == abs(value), (row["status"], day)
    assert set(one.actors({"day": "2024-05-01", "status": "dormant"}, series=VIEWS, dateRange=DATES)) == {2}
    with pytest.raises(QueryError, match="outside"):
        one.actors({"day": "2024-05-07"}, series=VIEWS, dateRange=DATES)


def test_it_takes_one_series() -> None:
    with pytest.raises(QueryError, match="series"):
        parse_insight({"kind": "LifecycleQuery", "series": [*VIEWS, *VIEWS]})
