"""The same thing asked in several ways is the same number: by an insight, by the people behind it, and by SQL."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from analytics_pipelines.insights.team import Team
from analytics_pipelines.queries.ask import Questions
from analytics_pipelines.settings import Settings
from resources.clickhouse import ClickHouse

pytestmark = pytest.mark.engines

# Clocks of the Pacific changed on 10 March 2024.
NOW = datetime(2024, 3, 14, 15, 30, tzinfo=UTC)
ZONES = ["UTC", "US/Pacific", "Asia/Shanghai"]
RANGES = [("-3d", "hour"), ("-7d", "day"), ("-30d", "week"), ("2024-01-10", "month")]
PEOPLE = 12


class Asking:
    """Asks one project's questions."""

    def __init__(self, questions: Questions, team: Team) -> None:
        self._questions, self._team = questions, team

    def __repr__(self) -> str:
        return self._team.timezone

    def results(self, kind: str, **fields: Any) -> Any:
        return self._questions.ask({"kind": kind, **fields}, self._team)["results"]

    def sql(self, text: str) -> Any:
        ((value,),) = self.results("HogQLQuery", query=text)
        return value

    def actors(self, source: dict[str, Any], kind: str = "InsightActorsQuery", **point: Any) -> list[str]:
        query = {"kind": kind, "source": source, **point}
        rows = self.results("ActorsQuery", source=query, select=["id"], limit=1000)
        found = [str(each) for (each,) in rows]
        assert len(found) == len(set(found))
        return found


def stored(team: int) -> Iterator[str]:
    random = Random(team)  # noqa: S311
    for _ in range(400):
        at = NOW - timedelta(seconds=random.randint(0, 86400 * random.choice([2, 9, 60])))
        person = random.randint(1, PEOPLE)
        yield json.dumps(
            {
                "team_id": team,
                "uuid": str(uuid4()),
                "event": random.choice(["seen", "seen", "bought", "left"]),
                "distinct_id": str(person),
                "person_id": str(UUID(int=person)),
                "timestamp": f"{at:%Y-%m-%d %H:%M:%S.%f}",
                "properties": json.dumps({"plan": random.choice(["pro", "free", "", None]), "price": person}),
                "has_person": True,
                "received_at": "2030-01-01 00:00:00",
                "arrival_day": "2030-01-01",
            }
        )


@pytest.fixture(scope="module")
def questions(shared_clickhouse: ClickHouse, tmp_path_factory: pytest.TempPathFactory) -> Questions:
    lines = "\n".join(line for team in range(1, len(ZONES) + 1) for line in stored(team))
    shared_clickhouse.insert_stream("INSERT INTO events FORMAT JSONEachRow", lines.encode())
    folder: Path = tmp_path_factory.mktemp("consistency")
    return Questions(shared_clickhouse, Settings(data_dir=folder), now=lambda: NOW)


@pytest.fixture(params=range(len(ZONES)), ids=ZONES)
def asking(questions: Questions, request: pytest.FixtureRequest) -> Asking:
    return Asking(questions, Team(request.param + 1, ZONES[request.param], week_start_day=request.param % 2))


def trend(date_from: str, interval: str, **series: Any) -> dict[str, Any]:
    return {
        "kind": "TrendsQuery",
        "series": [{"kind": "EventsNode", "event": "seen", **series}],
        "interval": interval,
        "dateRange": {"date_from": date_from},
    }


def row(asking: Asking, query: dict[str, Any], place: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = asking.results(**query)[place]
    return found


def in_range(days: list[str], event: str = "seen") -> str:
    """From the first bucket on."""
    return f"FROM events WHERE event = '{event}' AND timestamp >= toDateTime('{days[0]}')"


def total(query: dict[str, Any]) -> dict[str, Any]:
    return {**query, "trendsFilter": {"display": "BoldNumber"}}


@pytest.mark.parametrize(("date_from", "interval"), RANGES)
def test_a_trend_counts_what_sql_counts(asking: Asking, date_from: str, interval: str) -> None:
    counted = row(asking, trend(date_from, interval))
    assert counted["count"] == asking.sql(f"SELECT count() {in_range(counted['days'])}") > 0
    assert row(asking, total(trend(date_from, interval)))["aggregated_value"] <= counted["count"]


@pytest.mark.parametrize(("date_from", "interval"), RANGES)
def test_each_point_of_people_is_the_number_of_those_behind_it(asking: Asking, date_from: str, interval: str) -> None:
    query = trend(date_from, interval, math="dau")
    counted = row(asking, query)
    points = [place for place, value in enumerate(counted["data"]) if value][:6]
    assert points
    for place in points:
        assert len(asking.actors(query, day=counted["days"][place])) == counted["data"][place]


@pytest.mark.parametrize("date_from", ["-7d", "-30d"])
def test_the_first_step_of_a_funnel_is_the_people_of_its_event(asking: Asking, date_from: str) -> None:
    steps = [{"kind": "EventsNode", "event": event} for event in ("seen", "bought", "left")]
    query = {"kind": "FunnelsQuery", "series": steps, "dateRange": {"date_from": date_from}}
    funnel = asking.results(**query)
    counts = [step["count"] for step in funnel]
    people = row(asking, total(trend(date_from, "day", math="dau")))["aggregated_value"]
    assert counts[0] == people
    assert counts == sorted(counts, reverse=True)
    for number, count in enumerate(counts, 1):
        assert len(asking.actors(query, "FunnelsActorsQuery", funnelStep=number)) == count
    left = asking.actors(query, "FunnelsActorsQuery", funnelStep=-2)
    assert len(left) == counts[0] - counts[1]


def test_the_first_column_of_retention_is_the_people_of_its_day(asking: Asking) -> None:
    entity = {"id": "seen", "type": "events", "kind": "EventsNode"}
    query = {
        "kind": "RetentionQuery",
        "retentionFilter": {
            "retentionType": "retention_recurring",
            "totalIntervals": 8,
            "period": "Day",
            "targetEntity": entity,
            "returningEntity": entity,
        },
    }
    rows = asking.results(**query)
    people = row(asking, trend("-7d", "day", math="dau"))["data"]
    assert [each["values"][0]["count"] for each in rows] == people
    for number in (0, 4):
        assert len(asking.actors(query, interval=number)) == people[number]


@pytest.mark.parametrize("date_from", ["-7d", "-30d"])
def test_stickiness_holds_everyone_once(asking: Asking, date_from: str) -> None:
    query = {**trend(date_from, "day"), "kind": "StickinessQuery"}
    sticky = row(asking, query)
    assert sum(sticky["data"]) == row(asking, total(trend(date_from, "day", math="dau")))["aggregated_value"]
    for days, people in list(zip(sticky["days"], sticky["data"], strict=True))[:4]:
        assert len(asking.actors(query, "StickinessActorsQuery", day=days)) == people


def test_who_lives_in_a_lifecycle_is_who_was_there(asking: Asking) -> None:
    query = {**trend("-7d", "day"), "kind": "LifecycleQuery"}
    found = {each["status"]: each["data"] for each in asking.results(**query)}
    living = [sum(each) for each in zip(found["new"], found["returning"], found["resurrecting"], strict=True)]
    assert living == row(asking, trend("-7d", "day", math="dau"))["data"]


@pytest.mark.parametrize(("date_from", "interval"), RANGES)
def test_a_breakdown_is_parts_of_the_whole(asking: Asking, date_from: str, interval: str) -> None:
    query = trend(date_from, interval)
    whole = row(asking, query)["data"]
    for name in ("plan", "price"):
        breakdown = {"breakdownFilter": {"breakdown": name, "breakdown_type": "event", "breakdown_limit": 3}}
        parts = asking.results(**query, **breakdown)
        assert [sum(each) for each in zip(*(part["data"] for part in parts), strict=True)] == whole


def test_a_formula_of_one_series_is_the_series(asking: Asking) -> None:
    query = trend("-7d", "day")
    formula = asking.results(**query, trendsFilter={"formulaNodes": [{"formula": "A"}, {"formula": "A*2-A"}]})
    assert [each["data"] for each in formula] == [row(asking, query)["data"]] * 2


def test_the_period_before_is_what_its_own_question_says(asking: Asking) -> None:
    query = {**trend("2024-03-04", "day"), "dateRange": {"date_from": "2024-03-04", "date_to": "2024-03-08"}}
    before = {**query, "dateRange": {"date_from": "2024-02-28", "date_to": "2024-03-03"}}
    compared = asking.results(**query, compareFilter={"compare": True})
    assert [each["compare_label"] for each in compared] == ["current", "previous"]
    assert [each["data"] for each in compared] == [row(asking, query)["data"], row(asking, before)["data"]]


def test_events_by_the_page_are_those_that_are_counted(asking: Asking) -> None:
    counted = row(asking, trend("-7d", "day"))
    rows = asking.results("EventsQuery", select=["uuid", "event"], event="seen", after=counted["days"][0], limit=1000)
    assert len({each for each, _ in rows}) == counted["count"]
