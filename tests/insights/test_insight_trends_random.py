"""Trends on random histories, held against an evaluator that looks at every event for every point."""

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import trends as oracle
from oracle.trends import Asked, AskedSeries, Happened, World
from trends_history import Asker, Event, question, store

from analytics_pipelines.insights.team import Team
from resources.clickhouse import ClickHouse

pytestmark = pytest.mark.engines

EXAMPLES = int(os.environ.get("ANALYTICS_EXAMPLES", "50"))
# Clocks of the Pacific change on 10 March 2024.
NOW = datetime(2024, 3, 14, 15, 30, tzinfo=UTC)
ZONES = ["US/Pacific", "Asia/Shanghai", "UTC"]
TEAMS = 6
EXACT = ["total", "dau", "weekly_active", "monthly_active", "unique_session", "unique_group", "sum", "min", "max"]
EXACT += ["first_time_for_user", "first_matching_event_for_user", "max_count_per_actor"]
ROUNDED = ["avg", "median", "p75", "p90", "p95", "avg_count_per_actor", "median_count_per_actor", "p90_count_per_actor"]


def history(seed: int) -> list[Happened]:
    random = Random(seed)  # noqa: S311
    found = []
    for _ in range(random.choice([40, 150, 300])):
        at = NOW - timedelta(seconds=random.randint(-86400, 86400 * random.choice([3, 12, 70])))
        if random.random() < 0.3:
            at = at.replace(minute=0, second=0)
        properties: dict[str, Any] = {
            "$browser": random.choice(["Chrome", "Safari", "Firefox", "", None]),
            "plan": random.choice(["pro", "free", True, 3, None]),
            "price": random.choice([1, 2.5, -4, "7.25", "much", None, "nan"]),
            "$session_id": random.choice(["s1", "s2", "s3", "", None]),
        }
        properties = {name: value for name, value in properties.items() if random.random() < 0.9}
        groups = {0: random.choice(["acme", "initech"])} if random.random() < 0.6 else {}
        found.append(Happened(random.choice("ab"), random.randint(1, 8), at, properties, groups))
    return found


class Worlds(list[tuple[World, Asker]]):
    def __repr__(self) -> str:
        return "the histories"


@pytest.fixture(scope="module")
def worlds(shared_clickhouse: ClickHouse) -> Worlds:
    made, events = Worlds(), []
    for seed in range(TEAMS):
        zone, week_start = ZONES[seed % len(ZONES)], seed % 2
        happened = history(seed)
        events += [
            Event(each.name, each.person, each.at, each.properties, each.groups, team=seed + 1) for each in happened
        ]
        kinds = {0: "kind 0"}
        asker = Asker(shared_clickhouse, Team(seed + 1, zone, week_start, group_types=kinds), NOW)
        made.append((World(_readable(happened), ZoneInfo(zone), NOW, week_start), asker))
    store(shared_clickhouse, events)
    return made


def _readable(happened: list[Happened]) -> list[Happened]:
    """“nan” is no number."""
    return [
        Happened(
            each.name,
            each.person,
            each.at,
            {**each.properties, "price": None} if each.properties.get("price") == "nan" else each.properties,
            each.groups,
        )
        for each in happened
    ]


@st.composite
def asked(draw: Any, maths: list[str]) -> tuple[Asked, dict[str, Any]]:
    """A question for the evaluator, and the same as clients write it."""
    interval = draw(st.sampled_from(["hour", "day", "day", "week", "month"]))
    days = draw(st.sampled_from([0, 1, 3, 7, 20, 45])) if interval != "hour" else draw(st.sampled_from([0, 2]))
    display = draw(st.sampled_from([None, None, "ActionsTable", "ActionsLineGraphCumulative"]))
    exact = maths is EXACT
    by = draw(st.sampled_from([(), (), ("$browser",), ("plan", "$browser")]))
    compared = draw(st.sampled_from([False, False, True]))
    one = st.builds(
        AskedSeries,
        event=st.sampled_from(["a", "b", None]),
        math=st.sampled_from(maths),
        browser=st.sampled_from([None, None, "Chrome"]),
    )
    series = tuple(draw(st.lists(one, min_size=1, max_size=3)))
    made = Asked(
        series=series,
        interval=interval,
        first=date.min,
        last=date.min,
        total=display == "ActionsTable",
        cumulative=display == "ActionsLineGraphCumulative",
        smoothing=1 if display else draw(st.sampled_from([1, 1, 3])),
        by=by,
        limit=draw(st.sampled_from([1, 2, 25])) if exact else 25,
        plan=draw(st.sampled_from([None, None, "pro"])),
        group=draw(st.sampled_from([None, None, 0])),
        shift=7 if compared else None,
    )
    written: dict[str, Any] = {
        "series": [_series(each) for each in series],
        "interval": interval,
        "dateRange": {"date_from": f"-{days}d"},
        "trendsFilter": {"display": display, "smoothingIntervals": made.smoothing},
        "properties": [{"key": "plan", "value": "pro", "type": "event"}] if made.plan else [],
        "aggregation_group_type_index": made.group,
        "compareFilter": {"compare": True, "compare_to": "-1w"} if made.shift else {},
    }
    if by:
        filters: dict[str, Any] = {"breakdowns": [{"property": name} for name in by]}
        if len(by) == 1 and draw(st.booleans()):
            filters = {"breakdown": by[0], "breakdown_type": "event"}
        written["breakdownFilter"] = {**filters, "breakdown_limit": made.limit}
    return made, {**written, "days": days, "pick": draw(st.integers(0, 1000))}


def _series(one: AskedSeries) -> dict[str, Any]:
    written: dict[str, Any] = {"event": one.event, "math": one.math, "math_property": "price"}
    if one.math == "unique_group":
        written["math_group_type_index"] = 0
    if one.browser:
        written["properties"] = [{"key": "$browser", "value": [one.browser], "operator": "exact", "type": "event"}]
    return written


def _check(worlds: Worlds, place: int, made: Asked, written: dict[str, Any], exact: bool) -> None:
    world, asker = worlds[place]
    today = NOW.astimezone(world.zone).date()
    written = dict(written)
    first = today - timedelta(days=written.pop("days"))
    made = replace(made, first=first, last=today)
    wanted = oracle.answer(world, made)
    pick = written.pop("pick")
    rows = asker.answer(question(**written))
    found = [
        (
            row["action"]["order"],
            row.get("compare_label") == "previous",
            _value(row),
            row["data"] or [row["aggregated_value"]],
        )
        for row in rows
    ]
    if exact:
        assert found == wanted
        _open(asker, rows, made, written, pick)
    else:
        assert len(found) == len(wanted)
        by_key = {row[:3]: row[3] for row in wanted}
        assert all(row[3] == pytest.approx(by_key[row[:3]]) for row in found)


def _open(asker: Asker, rows: list[dict[str, Any]], made: Asked, written: dict[str, Any], pick: int) -> None:
    """Behind a number of different actors there are as many."""
    counting = [row for row in rows if row["action"]["math"] in (oracle.UNIQUE | oracle.FIRST) - {"unique_session"}]
    if not counting or made.smoothing > 1:
        return
    row = counting[pick % len(counting)]
    place = pick % max(len(row["data"]), 1)
    point = {
        "series": row["action"]["order"],
        "day": row["days"][place] if row["days"] else None,
        "breakdown": row.get("breakdown_value"),
        "compare": row.get("compare_label"),
    }
    assert len(asker.actors(point, **written)) == (row["data"][place] if row["data"] else row["aggregated_value"])


def _value(row: dict[str, Any]) -> tuple[str, ...]:
    if "breakdown_value" not in row:
        return ()
    value = row["breakdown_value"]
    return tuple(value) if isinstance(value, list) else (value,)


ANY_WORLD = st.integers(0, TEAMS - 1)
UNHURRIED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES <= 50,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@UNHURRIED
@given(place=ANY_WORLD, question_=asked(EXACT))
def test_counts_are_as_by_hand(worlds: Any, place: int, question_: Any) -> None:
    _check(worlds, place, *question_, exact=True)


@settings(UNHURRIED, max_examples=max(EXAMPLES // 2, 1))
@given(place=ANY_WORLD, question_=asked(ROUNDED))
def test_means_and_percentiles_are_as_by_hand(worlds: Any, place: int, question_: Any) -> None:
    _check(worlds, place, *question_, exact=False)
