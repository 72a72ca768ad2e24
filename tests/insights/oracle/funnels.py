"""Funnels by search: every path that an actor's events allow, judged by the definitions, one actor at a time.

Nothing here folds over events or holds a state; an event is asked for all paths that end with it, which are built from
all paths that end before it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import ceil
from statistics import fmean, median
from typing import Any

Second = float


@dataclass(frozen=True)
class Done:
    """An event; `actor` who did it. `time` is in seconds."""

    name: str
    time: Second
    actor: int
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """Events of a name (any, without one), perhaps with a value of the property `colour`."""

    name: str | None
    colour: str | None = None
    optional: bool = False

    def takes(self, event: Done) -> bool:
        return self.name in (None, event.name) and self.colour in (None, event.properties.get("colour"))


@dataclass(frozen=True)
class Excluded:
    """What must not happen between two steps, counted from 0."""

    step: Step
    after: int
    before: int


@dataclass(frozen=True)
class Asked:
    steps: tuple[Step, ...]
    window: Second
    order: str = "ordered"
    exclusions: tuple[Excluded, ...] = ()
    attribution: str | None = None  # of the property `shade`; None for no breakdown
    attribution_step: int = 0
    limit: int = 25


@dataclass(frozen=True)
class Path:
    """`times` of the steps, None for one that was left out; `spoiled` before its last step."""

    times: tuple[Second | None, ...]
    spoiled: bool = False

    @property
    def start(self) -> Second:
        assert self.times[0] is not None
        return self.times[0]

    @property
    def end(self) -> Second:
        assert self.times[-1] is not None
        return self.times[-1]


@dataclass(frozen=True)
class Seen:
    """An event as a funnel sees it: the steps that it is of, counted from 1, and whether a path may start with it."""

    time: Second
    steps: frozenset[int]
    excluded: frozenset[int]  # which exclusions
    value: str | None
    starts: bool = True

    def order(self, count: int) -> tuple[Second, bool, int, int]:
        first = min(self.steps, default=count + 1)
        return self.time, not self.starts, first, sum(1 << (count - step) for step in self.steps)


def seen(asked: Asked, events: Sequence[Done]) -> list[Seen]:
    found = [
        Seen(
            each.time,
            frozenset(place for place, step in enumerate(asked.steps, 1) if step.takes(each)),
            frozenset(place for place, one in enumerate(asked.exclusions) if one.step.takes(each)),
            each.properties.get("shade") or None,
        )
        for each in events
    ]
    if asked.order != "strict":
        found = [each for each in found if each.steps or each.excluded]
    return sorted(found, key=lambda each: each.order(len(asked.steps)))


def best_path(asked: Asked, events: Sequence[Seen]) -> Path | None:
    """None for who did not take the first step, or whose best path was spoiled."""
    return _unordered(asked, events) if asked.order == "unordered" else _in_order(asked, events)


# Ordered and strict


def _in_order(asked: Asked, events: Sequence[Seen]) -> Path | None:
    count = len(asked.steps)
    arrivals: dict[int, list[tuple[int, Path]]] = {step: [] for step in range(1, count + 1)}
    for place, event in enumerate(events):
        found = {step: _arrival(asked, events, arrivals, place, step) for step in event.steps}
        for step, path in found.items():
            if path is not None and not _there_already(asked, events, arrivals[step], path, event, step):
                arrivals[step].append((place, path))
    furthest = max((step for step, paths in arrivals.items() if paths), default=0)
    if not furthest:
        return None
    clean = (path for _, path in arrivals[furthest] if not path.spoiled)
    return next((path for path in clean if not _spoiled_at_rest(asked, events, path, furthest)), None)


def _arrival(
    asked: Asked, events: Sequence[Seen], arrivals: Mapping[int, list[tuple[int, Path]]], place: int, step: int
) -> Path | None:
    """The path that an event brings to a step: from the nearest step before, with the latest start."""
    event = events[place]
    if step == 1:
        return Path((event.time,)) if event.starts else None
    for before in range(step - 1, 0, -1):
        ready = [
            path
            for _, path in arrivals[before]
            if not path.spoiled
            and event.time - path.start <= asked.window
            and _unbroken(asked, events, path.end, event.time, before)
        ]
        if ready:
            path = max(ready, key=lambda each: each.start)  # of equals the first
            skipped: tuple[None, ...] = (None,) * (step - 1 - before)
            return Path((*path.times, *skipped, event.time), _spoiled(asked, events, path, before, event.time))
        if not asked.steps[before - 1].optional:
            return None
    return None


def _there_already(
    asked: Asked, events: Sequence[Seen], paths: list[tuple[int, Path]], path: Path, event: Seen, step: int
) -> bool:
    """A start that waits at a step does not come to it again."""
    return any(
        not other.spoiled and other.start == path.start and _unbroken(asked, events, other.end, event.time, step)
        for _, other in paths
    )


def _unbroken(asked: Asked, events: Sequence[Seen], since: Second, until: Second, step: int) -> bool:
    """Whether at each moment between something of the step happened, where that matters."""
    if asked.order != "strict":
        return True
    between = {each.time for each in events if since < each.time < until}
    return between <= {each.time for each in events if step in each.steps}


def _spoiled(asked: Asked, events: Sequence[Seen], path: Path, step: int, until: Second) -> bool:
    """Whether something excluded fell into the wait of a path at a step."""
    return any(
        asked.exclusions[one].after < step <= asked.exclusions[one].before
        and path.end < each.time < until
        and each.time - path.start <= asked.window
        and _unbroken(asked, events, path.end, each.time, step)
        for each in events
        for one in each.excluded
    )


def _spoiled_at_rest(asked: Asked, events: Sequence[Seen], path: Path, step: int) -> bool:
    return step < len(asked.steps) and _spoiled(asked, events, path, step, float("inf"))


# Unordered


def _unordered(asked: Asked, events: Sequence[Seen]) -> Path | None:
    steps = _assigned(events)
    attempts: list[Path] = []
    for place, event in enumerate(events):
        if not event.steps or not event.starts:
            continue
        stop = min((each.time for each in events if each.excluded and each.time > event.time), default=float("inf"))
        until = min(event.time + asked.window, stop)
        firsts: dict[int, Second] = {}
        for later, step in zip(events[place:], steps[place:], strict=True):
            if step and later.time <= until:
                firsts.setdefault(step, later.time)
        attempts.append(Path(tuple(sorted(firsts.values()))))
    return min(attempts, key=lambda path: (-len(path.times), path.end, path.start), default=None)


def _assigned(events: Sequence[Seen]) -> list[int]:
    """The one step that each event counts for; 0 for none."""
    last: dict[int, Second] = {}
    found = []
    for event in events:
        step = min(event.steps, key=lambda each: (last.get(each, 0), each), default=0)
        if step:
            last[step] = event.time
        found.append(step)
    return found


# Actors and values


def paths(asked: Asked, events: Sequence[Done]) -> dict[tuple[int, str], Path]:
    """The best path of each actor, for each value of the breakdown (one, without a breakdown)."""
    found = {}
    for actor in {event.actor for event in events}:
        own = seen(asked, [event for event in events if event.actor == actor])
        for value, theirs in _by_value(asked, own).items():
            path = best_path(asked, theirs)
            if path is not None and _has_value(asked, path):
                found[actor, value] = path
    return found


def _by_value(asked: Asked, own: list[Seen]) -> dict[str, list[Seen]]:
    ordered = asked.order != "unordered"
    with_value = sorted((each.time, each.value) for each in own if each.value and each.steps)
    match asked.attribution:
        case None:
            return {"": own}
        case "first_touch":
            return {with_value[0][1] if with_value else "": own}
        case "last_touch":
            return {with_value[-1][1] if with_value else "": own}
        case "all_events":
            return {
                value: [each for each in own if (each.value or "") == value]
                for value in {each.value or "" for each in own}
            }
    step = asked.attribution_step + 1

    def decides(each: Seen) -> bool:
        return step in each.steps if ordered else bool(each.steps)

    def other(each: Seen) -> Seen:
        return replace(each, steps=each.steps - {step}) if ordered else replace(each, starts=False)

    def of(value: str) -> list[Seen]:
        found = [other(each) if decides(each) and (each.value or "") != value else each for each in own]
        return sorted(found, key=lambda each: each.order(len(asked.steps)))

    return {value: of(value) for value in {each.value or "" for each in own if decides(each)}}


def _has_value(asked: Asked, path: Path) -> bool:
    """Who did not get to the step that decides has no value."""
    if asked.attribution != "step" or asked.order == "unordered":
        return True
    return len(path.times) > asked.attribution_step and path.times[asked.attribution_step] is not None


# Views


@dataclass(frozen=True)
class Row:
    """How many got to each step, and how long it took them from the mandatory step before."""

    counts: list[int]
    averages: list[Second | None]
    medians: list[Second | None]


def conversions(asked: Asked, events: Sequence[Done]) -> dict[str, Row]:
    found = paths(asked, events)
    by_value: dict[str, list[Path]] = {}
    for (_, value), path in found.items():
        by_value.setdefault(value, []).append(path)
    if asked.attribution is not None:
        by_value = _with_other(asked, by_value)
    return {value: _row(asked, theirs) for value, theirs in by_value.items()}


def _with_other(asked: Asked, by_value: dict[str, list[Path]]) -> dict[str, list[Path]]:
    def rank(value: str) -> Any:
        counts = _row(asked, by_value[value]).counts
        return [-count for count in reversed(counts)], value or "$$_posthog_breakdown_null_$$" * (
            asked.attribution in ("all_events", "step")
        )

    ranked = sorted(by_value, key=rank)
    kept = {value: by_value[value] for value in ranked[: asked.limit]}
    rest = [path for value in ranked[asked.limit :] for path in by_value[value]]
    return {**kept, **({"Other": rest} if rest else {})}


def _row(asked: Asked, found: list[Path]) -> Row:
    counts, averages, medians = [], [], []
    for place in range(len(asked.steps)):
        there = [path for path in found if len(path.times) > place and path.times[place] is not None]
        counts.append(len(there))
        if place:
            before = max(each for each in range(place) if not asked.steps[each].optional)
            took = [path.times[place] - path.times[before] for path in there]  # type: ignore[operator]
            averages.append(fmean(took) if took else None)
            medians.append(median(took) if took else None)
    return Row(counts, averages, medians)


def rates(
    asked: Asked, events: Sequence[Done], edges: Sequence[Second], first: int, last: int
) -> dict[str, list[tuple[int, int]]]:
    """(who entered, who got through) for each bucket; each is judged as if paths could start only in it."""
    asked = replace(asked, steps=asked.steps[: last + 1])
    found: dict[str, list[list[int]]] = {}
    for actor in {event.actor for event in events}:
        own = seen(asked, [event for event in events if event.actor == actor])
        for value, theirs in _by_value(asked, own).items():
            for place in range(len(edges)):
                path = best_path(asked, _of_bucket(asked, theirs, edges, place))
                if path is None or not _has_value(asked, path):
                    continue
                counts = found.setdefault(value, [[0, 0] for _ in edges])
                counts[place][0] += len(path.times) > first
                counts[place][1] += len(path.times) > last
    return {value: [(come, gone) for come, gone in counts] for value, counts in found.items()}


def _of_bucket(asked: Asked, events: list[Seen], edges: Sequence[Second], place: int) -> list[Seen]:
    def starts(each: Seen) -> bool:
        could = each.starts and bool(each.steps) and (asked.order == "unordered" or 1 in each.steps)
        return could and max(bisect_right(edges, each.time) - 1, 0) == place

    opened = min((each.time for each in events if starts(each)), default=None)
    if opened is None:
        return []
    return [
        each if starts(each) else replace(each, starts=False, steps=_without_first(asked, each))
        for each in events
        if each.time >= opened
    ]


def _without_first(asked: Asked, each: Seen) -> frozenset[int]:
    return each.steps if asked.order == "unordered" else each.steps - {1}


def durations(asked: Asked, events: Sequence[Done], first: int, last: int, bins: int | None) -> dict[str, Any]:
    took = [
        path.times[last] - path.times[first]  # type: ignore[operator]
        for path in paths(asked, events).values()
        if len(path.times) > last and path.times[last] is not None and path.times[first] is not None
    ]
    if not took:
        return {"bins": [], "average_conversion_time": None}
    own = next(each for each in range(1, 100) if each**3 >= len(took))
    count = max(1, min(bins, 90)) if bins is not None else min(own, 60)
    low = int(min(took))
    width = ceil((ceil(max(took)) - low) / count) or 60
    edges = [low + width * place for place in range(count + 2)]
    counted = [[low, sum(low <= each < high for each in took)] for low, high in pairwise(edges)]
    return {"bins": counted, "average_conversion_time": fmean(took)}
