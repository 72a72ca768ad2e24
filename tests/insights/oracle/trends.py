"""Trends by brute force, from their definitions: every event is looked at for every point.

It knows a part of what can be asked (`Asked`), and nothing of the code that answers.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

NONE, OTHER = "$$_posthog_breakdown_null_$$", "$$_posthog_breakdown_other_$$"
UNIQUE = {"dau", "weekly_active", "monthly_active", "unique_group", "unique_session"}
FIRST = {"first_time_for_user", "first_matching_event_for_user"}
LEVELS = {"median": Fraction(1, 2), "p75": Fraction(3, 4), "p90": Fraction(9, 10), "p95": Fraction(19, 20)}


@dataclass(frozen=True)
class Happened:
    """An event; `at` is aware."""

    name: str
    person: int
    at: datetime
    properties: dict[str, Any]
    groups: dict[int, str]


@dataclass(frozen=True)
class AskedSeries:
    event: str | None
    math: str = "total"
    browser: str | None = None
    """Only events with this `$browser`."""


@dataclass(frozen=True)
class Asked:
    """`first` and `last` are local days; with hours the range ends with the hour of `now`."""

    series: tuple[AskedSeries, ...]
    interval: str
    first: date
    last: date
    total: bool = False
    cumulative: bool = False
    smoothing: int = 1
    by: tuple[str, ...] = ()
    limit: int = 25
    plan: str | None = None
    """Only events with this property `plan`."""
    group: int | None = None
    shift: int | None = None
    """Compared with the range so many days before."""


@dataclass
class World:
    """A history as one project sees it; the week starts on Sunday (0) or Monday (1)."""

    events: Sequence[Happened] = field(repr=False)
    zone: ZoneInfo
    now: datetime
    week_start: int = 0


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def buckets(asked: Asked, world: World, back: int) -> list[tuple[datetime, datetime]]:
    """From when to when (excluded) each bucket lasts."""
    zone = world.zone
    first, last = asked.first - timedelta(days=back), asked.last - timedelta(days=back)
    if asked.total or asked.interval == "day":
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return [(midnight(day, zone), midnight(day + timedelta(days=1), zone)) for day in days]
    if asked.interval == "hour":
        start, found = midnight(first, zone), []
        end = world.now.astimezone(zone).replace(tzinfo=None) - timedelta(days=back)
        stop = end.replace(tzinfo=zone).astimezone(UTC)
        while start <= stop:
            found.append((start, start + timedelta(hours=1)))
            start += timedelta(hours=1)
        return found
    found = []
    day = first
    if asked.interval == "week":
        day -= timedelta(days=(day.isoweekday() - world.week_start) % 7)
    else:
        day = day.replace(day=1)
    while day <= last:
        following = day + timedelta(days=7)
        if asked.interval == "month":
            following = (day + timedelta(days=32)).replace(day=1)
        found.append((midnight(day, zone), midnight(following, zone)))
        day = following
    return found


def values_of(event: Happened, by: Iterable[str]) -> tuple[str, ...]:
    found = []
    for name in by:
        value = event.properties.get(name)
        text = "" if value is None else value if isinstance(value, str) else str(value).lower()
        found.append(text or NONE)
    return tuple(found)


def actor(event: Happened, group: int | None) -> Any:
    return event.person if group is None else event.groups.get(group) or None


def matches(event: Happened, one: AskedSeries, asked: Asked) -> bool:
    if one.event is not None and event.name != one.event:
        return False
    return passes(event, one, asked)


def passes(event: Happened, one: AskedSeries, asked: Asked) -> bool:
    if one.browser is not None and event.properties.get("$browser") != one.browser:
        return False
    return asked.plan is None or event.properties.get("plan") == asked.plan


def number(price: Any) -> float | None:
    try:
        return float(price)
    except (TypeError, ValueError):
        return None


def quantile(found: list[float], level: Fraction) -> float:
    found = sorted(found)
    place = level * (len(found) - 1)
    below = floor(place)
    above = min(below + 1, len(found) - 1)
    return found[below] + float(place - below) * (found[above] - found[below])


def aggregate(name: str, found: list[float]) -> float:
    if not found:
        return 0
    plain: dict[str, Callable[[list[float]], float]] = {
        "sum": sum,
        "min": min,
        "max": max,
        "avg": lambda each: sum(each) / len(each),
    }
    return plain[name](found) if name in plain else quantile(found, LEVELS[name])


def things(events: Iterable[Happened], math: str, group: int | None) -> set[Any]:
    if math == "unique_session":
        return {event.properties.get("$session_id") or None for event in events} - {None}
    return {actor(event, 0 if math == "unique_group" else group) for event in events} - {None}


def first_events(world: World, one: AskedSeries, asked: Asked, start: datetime, end: datetime) -> list[Happened]:
    """The event with which each actor did it for the first time."""
    found: dict[Any, list[Happened]] = {}
    for event in world.events:
        done = (
            matches(event, one, asked)
            if one.math == "first_matching_event_for_user"
            else one.event in (None, event.name)
        )
        who = actor(event, asked.group)
        if done and event.at < end and who is not None:
            found.setdefault(who, []).append(event)
    firsts = []
    for events in found.values():
        first = min(event.at for event in events)
        able = [event for event in events if event.at == first and passes(event, one, asked)]
        if first >= start and able:
            firsts.append(able[0])
    return firsts


def value_at(
    world: World, one: AskedSeries, asked: Asked, mine: list[Happened], span: tuple[datetime, datetime]
) -> float:
    """The number of one bucket, or of the whole range, of the events that are in question."""
    start, end = span
    within = [event for event in mine if start <= event.at < end]
    math = one.math
    if math == "total":
        return len(within)
    if math in UNIQUE:
        return len(things(within, math, asked.group))
    if math.endswith("_count_per_actor"):
        counts: dict[Any, int] = {}
        for event in within:
            who = actor(event, asked.group)
            if who is not None:
                counts[who] = counts.get(who, 0) + 1
        return aggregate(math.removesuffix("_count_per_actor"), list(counts.values()))
    prices = [found for event in within if (found := number(event.properties.get("price"))) is not None]
    return aggregate(math, prices)


def window(
    one: AskedSeries, asked: Asked, world: World, bucket: tuple[datetime, datetime]
) -> tuple[datetime, datetime]:
    """What a point looks at."""
    days = {"weekly_active": 7, "monthly_active": 30}.get(one.math)
    long = {7: ("week", "month"), 30: ("month",)}
    if days is None or asked.cumulative or asked.interval in long[days]:
        return bucket
    if asked.interval == "hour":
        return bucket[0] - timedelta(days=days), bucket[0]
    day = bucket[0].astimezone(world.zone).date()
    return midnight(day - timedelta(days=days - 1), world.zone), midnight(day + timedelta(days=1), world.zone)


def line(world: World, one: AskedSeries, asked: Asked, back: int) -> dict[tuple[str, ...], list[float]]:
    """Value → its points; of a total one."""
    all_buckets = buckets(asked, world, back)
    start, end = all_buckets[0][0], all_buckets[-1][1]
    last_day = asked.last - timedelta(days=back)
    if asked.interval in ("week", "month") and not asked.total:
        end = min(end, midnight(last_day + timedelta(days=1), world.zone))
    if one.math in FIRST:
        mine = first_events(world, one, asked, start, end)
        world_math = AskedSeries(None)
    else:
        mine = [event for event in world.events if matches(event, one, asked) and event.at < end]
        if one.math in UNIQUE or one.math.endswith("_count_per_actor"):
            mine = [event for event in mine if things([event], one.math, asked.group)]
        world_math = one
    days = {"weekly_active": 7, "monthly_active": 30}.get(one.math)
    whole = (start, end)
    if asked.total and days:
        whole = (midnight(last_day - timedelta(days=days - 1), world.zone), end)
    spans = [whole] if asked.total else [window(one, asked, world, bucket) for bucket in all_buckets]
    if asked.cumulative and (one.math in UNIQUE):
        spans = [(start, bucket[1]) for bucket in all_buckets]

    def points(chosen: list[Happened]) -> list[float]:
        return [value_at(world, world_math, asked, chosen, span) for span in spans]

    if not asked.by:
        return {(): points(mine)}
    each: dict[tuple[str, ...], list[Happened]] = {}
    for event in mine:
        if any(span[0] <= event.at < span[1] for span in spans):
            each.setdefault(values_of(event, asked.by), []).append(event)
    totals = {value: sum(points(events)) for value, events in each.items()}
    if asked.cumulative and one.math in UNIQUE:
        totals = {value: points(events)[-1] for value, events in each.items()}
    kept = sorted(totals, key=lambda value: (-totals[value], value))[: asked.limit]
    found = {value: points(each[value]) for value in kept}
    rest = [event for value, events in each.items() if value not in kept for event in events]
    if rest:
        found[(OTHER,) * len(asked.by)] = points(rest)
    return found


def answer(world: World, asked: Asked) -> list[tuple[int, bool, tuple[str, ...], list[float]]]:
    """(series, whether it is the range before, value, points) in the order of the rows."""
    rows = []
    for back in [0] if asked.shift is None else [0, asked.shift]:
        for order, one in enumerate(asked.series):
            found = []
            for value, points in line(world, one, asked, back).items():
                if not asked.total:
                    if asked.cumulative and one.math not in UNIQUE:
                        points = [sum(points[: place + 1]) for place in range(len(points))]
                    points = smoothed(points, asked.smoothing, one.math in ("total", *UNIQUE, *FIRST))
                found.append((order, back > 0, value, points))
            found.sort(key=lambda row: (OTHER in row[2], NONE in row[2], -rank(row[3], asked), row[2]))
            rows += found
    return rows


def rank(points: list[float], asked: Asked) -> float:
    return points[-1] if asked.cumulative or asked.total else sum(points)


def smoothed(points: list[float], length: int, counts: bool) -> list[float]:
    found = []
    for place in range(len(points)):
        span = points[max(0, place - length + 1) : place + 1]
        mean = sum(span) / len(span)
        found.append(floor(mean) if counts and length > 1 else mean)
    return found
