"""Funnels on random histories, held against a search for paths."""

import os
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from funnels_history import Asker, question, shown
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import funnels as oracle
from oracle.funnels import Asked, Done, Excluded, Step
from trends_history import Event, store

from analytics_pipelines.insights.dates import Interval, date_range
from analytics_pipelines.insights.team import Team
from resources.clickhouse import ClickHouse

pytestmark = pytest.mark.engines

EXAMPLES = int(os.environ.get("ANALYTICS_EXAMPLES", "30"))
NOW = datetime(2024, 3, 12, 15, 30, tzinfo=UTC)
START = datetime(2024, 3, 9, tzinfo=UTC).timestamp()  # the clocks of the Pacific change on the 10th
ZONES = ["US/Pacific", "Asia/Shanghai", "UTC"]
TEAMS = 40
HOUR = 3600.0
HALF_HOUR = HOUR / 2


def _history(team: int) -> list[Done]:
    """Few actors and few moments, so that ties, repeats and windows that just close are common."""
    random = Random(team)  # noqa: S311
    names, span = random.choice(["ab", "abc", "abcx", "abcdx", "aabbcx"]), random.choice([8, 20, 60, 120])
    found = []
    for actor in range(1, random.randint(2, 6)):
        for _ in range(random.choice([1, 4, 8, 16])):
            properties = {"colour": random.choice(["red", "blue"])}
            if shade := random.choice(["", "light", "dark", "dim"]):
                properties["shade"] = shade
            time = START + random.randint(0, span) * HALF_HOUR
            found.append(Done(random.choice(names), time, actor, properties))
    return found


HISTORIES = {team: _history(team) for team in range(1, TEAMS + 1)}


@pytest.fixture(scope="module")
def told(shared_clickhouse: ClickHouse) -> ClickHouse:
    store(
        shared_clickhouse,
        [
            Event(each.name, each.actor, datetime.fromtimestamp(each.time, UTC), each.properties, team=team)
            for team, events in HISTORIES.items()
            for each in events
        ],
    )
    return shared_clickhouse


steps = st.builds(
    Step,
    st.sampled_from(["a", "b", "c", "a", "b", "c", "d", "x", None]),
    st.sampled_from([None, None, None, "red"]),
)


@st.composite
def questions(draw: st.DrawFn) -> Asked:
    plain = st.lists(st.sampled_from([Step("a"), Step("b"), Step("c")]), min_size=2, max_size=3)
    chosen = draw(st.one_of(plain, st.lists(steps, min_size=1, max_size=4)))
    order = draw(st.sampled_from(["ordered", "ordered", "strict", "unordered"]))
    last = len(chosen) - 1
    exclusions: list[Excluded] = []
    if last and draw(st.booleans()):
        for _ in range(draw(st.integers(1, 2))):
            after = 0 if order == "unordered" else draw(st.integers(0, last - 1))
            before = last if order == "unordered" else draw(st.integers(after + 1, last))
            excluded = draw(st.sampled_from([Step("x"), Step("d"), Step("x", "red"), Step("c", "blue")]))
            between = chosen[after : before + 1]
            if all(excluded != step and (excluded.colour or excluded.name != step.name) for step in between):
                exclusions.append(Excluded(excluded, after, before))
    if order != "unordered" and draw(st.integers(0, 3)) == 0:
        chosen = [
            Step(step.name, step.colour, bool(place) and draw(st.booleans())) for place, step in enumerate(chosen)
        ]
    attribution = draw(st.sampled_from([None, None, "first_touch", "last_touch", "all_events", "step"]))
    return Asked(
        tuple(chosen),
        draw(st.sampled_from([1, 2, 3, 5, 10, 24, 100])) * HALF_HOUR,
        order,
        tuple(exclusions),
        attribution,
        0 if order == "unordered" else draw(st.integers(0, last)),
        draw(st.sampled_from([25, 25, 2, 1])),
    )


def written(asked: Asked, **fields: Any) -> dict[str, Any]:
    """The question as clients write it."""
    broken = {"breakdown": "shade", "breakdown_limit": asked.limit} if asked.attribution else {}
    return {
        "steps": [{**_series(step), "optionalInFunnel": step.optional} for step in asked.steps],
        "funnelOrderType": asked.order,
        "funnelWindowInterval": int(asked.window // 60),
        "funnelWindowIntervalUnit": "minute",
        "exclusions": [
            {**_series(each.step), "funnelFromStep": each.after, "funnelToStep": each.before}
            for each in asked.exclusions
        ],
        "breakdownFilter": broken,
        "breakdownAttributionType": asked.attribution,
        "breakdownAttributionValue": asked.attribution_step,
        "dateRange": {"date_from": "-5d"},
        **fields,
    }


def _series(step: Step) -> dict[str, Any]:
    colour = [{"key": "colour", "type": "event", "operator": "exact", "value": step.colour}]
    return {"kind": "EventsNode", "event": step.name, "properties": colour if step.colour else []}


EXAMPLE = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    print_blob=True,
)


@EXAMPLE
@given(asked=questions(), team=st.integers(1, TEAMS), ask_actors=st.integers(0, 3))
def test_steps(told: ClickHouse, asked: Asked, team: int, ask_actors: int) -> None:
    asker = Asker(told, Team(team), NOW)
    query = question(**written(asked))
    found = asker.answer(query)
    wanted = oracle.conversions(asked, HISTORIES[team])
    rows = found if asked.attribution else [found] if found else []
    by_value = {shown(rows[0].get("breakdown_value", "")): rows for rows in rows}
    assert len(by_value) == len(rows)
    assert {value: [row["count"] for row in rows] for value, rows in by_value.items()} == {
        value: row.counts for value, row in wanted.items()
    }
    for value, row in wanted.items():
        for place, name in ((1, "average_conversion_time"), (2, "median_conversion_time")):
            times = row.averages if place == 1 else row.medians
            assert [step[name] for step in by_value[value][1:]] == pytest.approx(times)
        if not ask_actors:
            for step in range(1, len(asked.steps) + 1):
                point = {"funnelStep": step, "funnelStepBreakdown": [value] if asked.attribution else None}
                who = asker.actors(query, **point)
                assert len(who) == len(set(who))
                assert value == "Other" or len(who) == row.counts[step - 1]


@EXAMPLE
@given(
    asked=questions(),
    team=st.integers(1, TEAMS),
    zone=st.sampled_from(ZONES),
    interval=st.sampled_from(["hour", "day", "day", "week"]),
    data=st.data(),
)
def test_trends(told: ClickHouse, asked: Asked, team: int, zone: str, interval: str, data: st.DataObject) -> None:
    if len(asked.steps) < 2:
        return
    first = data.draw(st.integers(0, len(asked.steps) - 2), label="first")
    last = data.draw(st.integers(first + 1, len(asked.steps) - 1), label="last")
    if asked.attribution == "step" and asked.attribution_step > last:
        return
    asker = Asker(told, Team(team, zone), NOW)
    fields = {"funnelVizType": "trends", "interval": interval, "funnelFromStep": first, "funnelToStep": last}
    query = question(**written(asked, **fields))
    dates = date_range("-5d", None, Interval(interval), ZoneInfo(zone), NOW)
    wanted = oracle.rates(asked, HISTORIES[team], [edge.timestamp() for edge in dates.buckets], first, last)
    found = asker.answer(query)
    if not asked.attribution:
        (row,) = found
        nothing = [(0, 0)] * len(dates.buckets)
        _same(row, wanted.get("", nothing))
        return
    entered = {value: sum(come for come, _ in counts) for value, counts in wanted.items()}
    known = {shown(row["breakdown_value"]): row for row in found}
    if sum(count > 0 for count in entered.values()) <= asked.limit:
        assert set(known) == {value for value, count in entered.items() if count}
        for value, row in known.items():
            _same(row, wanted[value])
    total = [sum(points) for points in zip(*(row["reached_from_step_count"] for row in known.values()), strict=True)]
    assert sum(total) == sum(entered.values())


def _same(row: dict[str, Any], wanted: list[tuple[int, int]]) -> None:
    assert list(zip(row["reached_from_step_count"], row["reached_to_step_count"], strict=True)) == wanted
    assert row["data"] == [round(100 * gone / come, 2) if come else 0 for come, gone in wanted]


@EXAMPLE
@given(
    asked=questions(),
    team=st.integers(1, TEAMS),
    bins=st.sampled_from([None, None, 0, 1, 3, 200]),
    data=st.data(),
)
def test_times_to_convert(told: ClickHouse, asked: Asked, team: int, bins: int | None, data: st.DataObject) -> None:
    if len(asked.steps) < 2:
        return
    first = data.draw(st.integers(0, len(asked.steps) - 2), label="first")
    last = data.draw(st.integers(first + 1, len(asked.steps) - 1), label="last")
    fields = {"funnelVizType": "time_to_convert", "funnelFromStep": first, "funnelToStep": last, "binCount": bins}
    asked = Asked(asked.steps, asked.window, asked.order, asked.exclusions)
    found = Asker(told, Team(team), NOW).results(**written(asked, **fields))
    wanted = oracle.durations(asked, HISTORIES[team], first, last, bins)
    assert found["bins"] == wanted["bins"]
    assert found["average_conversion_time"] == pytest.approx(wanted["average_conversion_time"])


def test_ids_of_actors_are_their_persons(told: ClickHouse) -> None:
    asker = Asker(told, Team(1), NOW)
    query = question(["a", "b"], dateRange={"date_from": "-5d"}, funnelOrderType="unordered")
    wanted = {
        actor for actor, _ in oracle.paths(Asked((Step("a"), Step("b")), 14 * 24 * HOUR, "unordered"), HISTORIES[1])
    }
    assert set(asker.actors(query, funnelStep=1)) == {UUID(int=actor) for actor in wanted}
