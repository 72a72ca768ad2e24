"""Lifecycle, stickiness, retention and paths on random histories, held against evaluators that look at every event."""

import os
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lives import Asker, Event, store
from oracle import lifecycle, paths, retention, stickiness
from oracle.calendar import Start, from_to, interval_of

from analytics_pipelines.insights.team import Team
from resources.clickhouse import ClickHouse

EXAMPLES = int(os.environ.get("ANALYTICS_EXAMPLES", "40"))
pytestmark = [pytest.mark.engines, pytest.mark.timeout(180 + 3 * EXAMPLES)]

# Clocks of the Pacific change on 10 March 2024.
NOW = datetime(2024, 3, 20, 15, 30, tzinfo=UTC)
ZONES = ["US/Pacific", "Asia/Shanghai", "UTC"]
WORLDS = 6
NAMES = ["a", "b", "c", "$pageview", "$screen"]
URLS = ["https://x.com/", "/", "/buy/", "/buy", "/product/12", "/product/7/", None]
OTHER = "$$_posthog_breakdown_other_$$"
NONE = "$$_posthog_breakdown_null_$$"


class World:
    """No dataclass, which hypothesis would print in full."""

    def __init__(
        self, team: Team, events: list[Event], births: Mapping[int | str, datetime], clickhouse: ClickHouse
    ) -> None:
        self.team, self.events, self.births, self.clickhouse = team, events, births, clickhouse

    def asker(self, kind: str) -> Asker:
        return Asker(kind, self.clickhouse, self.team, NOW)

    def actors(self, group: int | None, counts: Callable[[Event], bool] = lambda _: True) -> dict[Any, list[Event]]:
        """Events by whose they are."""
        found: dict[Any, list[Event]] = defaultdict(list)
        for event in self.events:
            actor = event.person if group is None else event.company
            if actor != "" and counts(event):
                found[actor].append(event)
        return found

    def start(self, day: date, interval: str) -> Start:
        at = datetime(day.year, day.month, day.day, 12, tzinfo=self.team.zone)
        return interval_of(at, interval, self.team.zone, self.team.week_start_day)

    def on_days(self, event: Event, first: date, last: date) -> bool:
        return first <= event.at.astimezone(self.team.zone).date() <= last


def history(seed: int) -> list[Event]:
    """Visits of a few minutes, with pauses of about half an hour; at midnights and full hours more than elsewhere."""
    random, found = Random(seed), dict[tuple[int, datetime], Event]()  # noqa: S311
    for _ in range(random.choice([10, 30, 60])):
        person, company = random.randint(1, 8), random.choice(["acme", "initech", "", "umbrella"])
        at = NOW - timedelta(seconds=random.randint(0, 86400 * random.choice([3, 12, 40])))
        if random.random() < 0.4:
            at = at.replace(minute=0, second=0)
        for _ in range(random.randint(1, 9)):
            name = random.choice(NAMES)
            properties: dict[str, Any] = {"plan": random.choice(["pro", "free", "", None])}
            if name == "$pageview":
                properties["$current_url"] = random.choice(URLS)
            if name == "$screen":
                properties["$screen_name"] = random.choice(["Home", "Help"])
            found[person, at] = Event(name, person, at, properties, company, random.random() < 0.8)
            pauses = [timedelta(minutes=30), timedelta(minutes=30) - timedelta(microseconds=1), timedelta(seconds=50)]
            at += random.choice([*pauses, timedelta(seconds=5), timedelta(minutes=40)])
    return list(found.values())


@pytest.fixture(scope="module")
def worlds(shared_clickhouse: ClickHouse) -> list[World]:
    made = []
    for seed in range(WORLDS):
        events, random = history(seed), Random(seed)  # noqa: S311
        births: dict[int | str, datetime] = {}
        for actor in [*range(1, 9), "acme", "initech", "umbrella"]:
            first = min((event.at for event in events if actor in (event.person, event.company)), default=NOW)
            births[actor] = first - timedelta(hours=random.choice([0, 0, 5, 30, 2000]))
        team = Team(seed + 1, ZONES[seed % 3], seed % 2, group_types={0: "company"})
        store(shared_clickhouse, team.id, events, births)
        made.append(World(team, events, births, shared_clickhouse))
    return made


UNHURRIED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES <= 50,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
PLACES = st.integers(0, WORLDS - 1)
GROUPS = st.sampled_from([None, None, 0])
EVENTS = st.sampled_from(["a", "b", None])
PLANS = st.sampled_from([None, None, "pro"])
LAST_DAYS = st.integers(-12, 0).map(lambda days: date(2024, 3, 20) + timedelta(days=days))
LENGTHS = st.sampled_from([0, 1, 4, 9, 15])


def plan_filter(plan: str | None) -> list[dict[str, Any]]:
    return [{"key": "plan", "value": [plan], "operator": "exact", "type": "event"}] if plan else []


def matches(event: Event, name: str | None, plan: str | None = None) -> bool:
    return name in (None, event.name) and plan in (None, event.properties["plan"])


def dates(first: date, last: date) -> dict[str, str]:
    return {"date_from": first.isoformat(), "date_to": last.isoformat()}


@UNHURRIED
@given(
    place=PLACES,
    event=EVENTS,
    plan=PLANS,
    group=GROUPS,
    last=LAST_DAYS,
    length=LENGTHS,
    interval=st.sampled_from(["day", "day", "week", "month"]),
    pick=st.integers(0, 100),
)
def test_lifecycles_are_as_by_hand(
    worlds: list[World],
    place: int,
    event: str | None,
    plan: str | None,
    group: int | None,
    last: date,
    length: int,
    interval: str,
    pick: int,
) -> None:
    world, first = worlds[place], last - timedelta(days=length)
    shown = from_to(world.start(first, interval), world.start(last, interval), interval)
    active = world.actors(group, lambda one: matches(one, event, plan) and (group == 0 or one.has_person))
    moments = {actor: [one.at for one in events] for actor, events in active.items()}
    wanted = lifecycle.statuses(moments, world.births, shown, interval, world.team.zone, world.team.week_start_day)
    asked = {
        "series": [{"kind": "EventsNode", "event": event, "properties": plan_filter(plan)}],
        "dateRange": dates(first, last),
        "interval": interval,
        "aggregation_group_type_index": group,
    }
    asker = world.asker("LifecycleQuery")
    rows = asker.ask(**asked)
    assert {row["status"]: [abs(value) for value in row["data"]] for row in rows} == {
        status: [len(actors) for actors in found] for status, found in wanted.items()
    }
    assert rows[0]["days"] == [str(start) for start in shown]
    row, column = rows[pick % 4], pick % len(shown)
    behind = asker.actors({"day": row["days"][column], "status": row["status"]}, **asked)
    assert set(behind) == wanted[row["status"]][column]


@UNHURRIED
@given(
    place=PLACES,
    event=EVENTS,
    plan=PLANS,
    group=GROUPS,
    last=LAST_DAYS,
    length=LENGTHS,
    interval=st.sampled_from(["day", "day", "week", "month"]),
    criteria=st.sampled_from([None, ("gte", 2), ("lte", 1), ("lte", 3), ("exact", 2)]),
    block=st.sampled_from([None, None, 1, 2, 3]),
    cumulative=st.booleans(),
    pick=st.integers(1, 4),
)
def test_stickiness_is_as_by_hand(
    worlds: list[World],
    place: int,
    event: str | None,
    plan: str | None,
    group: int | None,
    last: date,
    length: int,
    interval: str,
    criteria: tuple[str, int] | None,
    block: int | None,
    cumulative: bool,
    pick: int,
) -> None:
    world, first = worlds[place], last - timedelta(days=length)
    opens = world.start(first, interval)
    assert isinstance(opens, date)
    active = world.actors(group, lambda one: matches(one, event, plan) and world.on_days(one, opens, last))
    moments = {actor: [one.at for one in events] for actor, events in active.items()}
    zone, week_start = world.team.zone, world.team.week_start_day
    wanted = stickiness.intervals_of(moments, interval, zone, week_start, criteria or ("gte", 1), block, last)
    asked = {
        "series": [{"kind": "EventsNode", "event": event, "properties": plan_filter(plan)}],
        "dateRange": dates(first, last),
        "interval": interval,
        "intervalCount": block,
        "aggregation_group_type_index": group,
        "stickinessFilter": {
            "stickinessCriteria": {"operator": criteria[0], "value": criteria[1]} if criteria else None,
            "computedAs": "cumulative" if cumulative else "non_cumulative",
        },
    }
    asker = world.asker("StickinessQuery")
    (row,) = asker.ask(**asked)
    intervals = len(from_to(opens, world.start(last, interval), interval))
    assert row["days"] == list(range(1, -(-intervals // (block or 1)) + 1))
    assert row["data"] == [
        sum(found == day or (cumulative and found > day) for found in wanted.values()) for day in row["days"]
    ]
    behind = asker.actors({"day": pick}, **asked)
    assert set(behind) == {actor for actor, found in wanted.items() if found == pick or (cumulative and found > pick)}


@st.composite
def retentions(draw: Any) -> dict[str, Any]:
    rolling = draw(st.sampled_from([False, False, True]))
    return {
        "retentionType": draw(
            st.sampled_from(["retention_recurring", "retention_first_time", "retention_first_ever_occurrence"])
        ),
        "period": draw(st.sampled_from(["Day", "Day", "Week", "Month", "Hour"])),
        "totalIntervals": draw(st.integers(1, 9)),
        "minimumOccurrences": draw(st.sampled_from([1, 1, 2, 3])),
        "timeWindowMode": "24_hour_windows" if rolling else "strict_calendar_dates",
        "cumulative": not rolling and draw(st.booleans()),
        "retentionCustomBrackets": draw(st.sampled_from([[], [], [1, 2, 3], [2, 2]])),
    }


@UNHURRIED
@given(
    place=PLACES,
    target=EVENTS,
    plan=PLANS,
    returning=EVENTS,
    everywhere=PLANS,
    group=GROUPS,
    last=LAST_DAYS,
    given_=retentions(),
    length=st.sampled_from([None, None, 3, 9]),
    limit=st.sampled_from([None, None, 1, 25]),
    pick=st.integers(0, 100),
)
def test_retention_is_as_by_hand(
    worlds: list[World],
    place: int,
    target: str | None,
    plan: str | None,
    returning: str | None,
    everywhere: str | None,
    group: int | None,
    last: date,
    given_: dict[str, Any],
    length: int | None,
    limit: int | None,
    pick: int,
) -> None:
    world, interval = worlds[place], given_["period"].lower()
    end: Start = world.start(last, interval)
    range_: dict[str, Any] = {"date_to": last.isoformat()}
    if interval == "hour":
        end = NOW.replace(hour=11, minute=0)
        range_, length = {"date_to": "2024-03-20T11:20:00+00:00"}, None
    rows = _back(end, interval, given_["totalIntervals"])
    if length is not None:
        range_ = dates(last - timedelta(days=length), last)
        rows = from_to(world.start(last - timedelta(days=length), interval), end, interval)
    asked = retention.Asked(
        source=lambda event: matches(event, target),
        target=lambda event: matches(event, target, plan) and matches(event, None, everywhere),
        returning=lambda event: matches(event, returning) and matches(event, None, everywhere),
        first=rows[0],
        last=rows[-1],
        interval=interval,
        zone=world.team.zone,
        week_start=world.team.week_start_day,
        columns=given_["totalIntervals"],
        kind=given_["retentionType"],
        least=given_["minimumOccurrences"],
        cumulative=given_["cumulative"],
        brackets=tuple(given_["retentionCustomBrackets"]),
        rolling=given_["timeWindowMode"] == "24_hour_windows",
        value=(lambda event: event.properties["plan"] or NONE) if limit else (lambda event: None),
    )
    wanted = _with_other(retention.cells(world.actors(group), asked), limit)
    question = {
        "dateRange": range_,
        "properties": plan_filter(everywhere),
        "aggregation_group_type_index": group,
        "breakdownFilter": {"breakdown": "plan", "breakdown_limit": limit} if limit else {},
        "retentionFilter": {
            **given_,
            "targetEntity": {"id": target, "type": "events", "properties": plan_filter(plan)},
            "returningEntity": {"id": returning, "type": "events"},
        },
    }
    asker = world.asker("RetentionQuery")
    found, values = asker.ask(**question), {value for value, _, _ in wanted} or ({None} if not limit else set())
    assert {row["breakdown_value"] for row in found} == values
    for number, row in enumerate(found):
        key = (row["breakdown_value"], number % len(rows))
        assert [cell["count"] for cell in row["values"]] == [
            len(wanted.get((*key, column), ())) for column in range(len(row["values"]))
        ]
        assert not any(wanted.get((*key, column)) for column in range(len(row["values"]), 30))
    if found:
        value, row_number = found[pick % len(found)]["breakdown_value"], pick % len(found) % len(rows)
        behind = asker.actors({"interval": row_number, "breakdown": value}, **question)
        appearances: dict[Any, list[int]] = defaultdict(list)
        for (of, at, column), actors in sorted(wanted.items(), key=lambda entry: entry[0][2]):
            for actor in actors if (of, at) == (value, row_number) else ():
                appearances[actor].append(column)
        assert {actor: list(columns) for actor, (columns,) in behind.items()} == appearances


def _back(end: Start, interval: str, rows: int) -> list[Start]:
    found = [end]
    while len(found) < rows:
        step = {"hour": timedelta(hours=1), "week": timedelta(days=7)}.get(interval, timedelta(days=1))
        before = found[0] - step
        found.insert(0, before.replace(day=1) if interval == "month" else before)
    return found


def _with_other(cells: retention.Cells, limit: int | None) -> retention.Cells:
    """All but the values that most began with are “Other”."""
    if not limit:
        return cells
    sizes: dict[Any, int] = defaultdict(int)
    for (value, _, column), actors in cells.items():
        sizes[value] += len(actors) if column == 0 else 0
    kept = sorted(sizes, key=lambda value: (-sizes[value], value))[:limit]
    found: retention.Cells = {}
    for (value, row, column), actors in cells.items():
        found.setdefault((value if value in kept else OTHER, row, column), set()).update(actors)
    return found


def path_item(event: Event, kinds: list[str]) -> str | None:
    if kinds and event.name not in kinds and not ("custom_event" in kinds and not event.name.startswith("$")):
        return None
    if event.name == "$screen":
        return str(event.properties["$screen_name"])
    if event.name == "$pageview":
        url = event.properties["$current_url"] or ""
        return str(url[:-1] if len(url) > 1 and url.endswith("/") else url)
    return event.name


@UNHURRIED
@given(
    place=PLACES,
    kinds=st.sampled_from([[], [], ["$pageview"], ["$screen", "custom_event"], ["$pageview", "custom_event"]]),
    exclude=st.sampled_from([[], [], ["a"], ["/buy", "Home"]]),
    grouped=st.booleans(),
    start=st.sampled_from([None, None, "a", "/buy/", "Home"]),
    end=st.sampled_from([None, None, "b", "/", "/buy"]),
    steps=st.sampled_from([5, 5, 1, 2, 3, 4, 20]),
    edges=st.sampled_from([50, 50, 1, 3, 8]),
    weights=st.sampled_from([(0, 10**9), (0, 10**9), (2, 10**9), (0, 1)]),
    plan=PLANS,
    group=GROUPS,
    last=LAST_DAYS,
    length=LENGTHS,
    pick=st.integers(0, 100),
)
def test_paths_are_as_by_hand(
    worlds: list[World],
    place: int,
    kinds: list[str],
    exclude: list[str],
    grouped: bool,
    start: str | None,
    end: str | None,
    steps: int,
    edges: int,
    weights: tuple[int, int],
    plan: str | None,
    group: int | None,
    last: date,
    length: int,
    pick: int,
) -> None:
    world, first = worlds[place], last - timedelta(days=length)

    def item(event: Event) -> str | None:
        found = path_item(event, kinds)
        if grouped and found is not None and "/product/" in found:
            found = "/product/*"
        return None if found in exclude else found

    asked = paths.Asked(
        item=item,
        start=start.removesuffix("/") if start and len(start) > 1 else start,
        end=end,
        steps=steps,
        edges=edges,
        least=weights[0],
        most=weights[1],
    )
    actors = world.actors(group, lambda one: matches(one, None, plan) and world.on_days(one, first, last))
    question = {
        "dateRange": dates(first, last),
        "properties": plan_filter(plan),
        "aggregation_group_type_index": group,
        "pathsFilter": {
            "includeEventTypes": kinds,
            "excludeEvents": exclude,
            "pathGroupings": ["/product/*"] if grouped else None,
            "startPoint": start,
            "endPoint": end,
            "stepLimit": steps,
            "edgeLimit": edges,
            "minEdgeWeight": weights[0],
            "maxEdgeWeight": weights[1],
        },
    }
    asker = world.asker("PathsQuery")
    rows = asker.ask(**question)
    found = [(row["source"], row["target"], row["value"], row["average_conversion_time"]) for row in rows]
    wanted = paths.edges(actors, asked)
    assert [each[:3] for each in found] == [each[:3] for each in wanted]
    assert [each[3] for each in found] == pytest.approx([each[3] for each in wanted])
    if found:
        source, target, value, _ = found[pick % len(found)]
        behind = asker.actors({"pathStartKey": source, "pathEndKey": target}, **question)
        assert {actor: count for actor, (count,) in behind.items()} == paths.passing(actors, asked, (source, target))
        assert sum(count for (count,) in behind.values()) == value
