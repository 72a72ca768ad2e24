"""Lines of a trend from rollups: those that count the events of a name, or who did them, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from analytics_pipelines.insights import rollups
from analytics_pipelines.insights.dates import MAX_BUCKETS, Interval, span
from analytics_pipelines.insights.maths import PERSON, Active, Direct, Unique
from analytics_pipelines.insights.rollup_state import RollupState
from analytics_pipelines.insights.rollups import Share
from analytics_pipelines.insights.series import EventsNode
from analytics_pipelines.insights.trends.lines import Line
from analytics_pipelines.insights.trends.numbers import (
    ACTOR,
    BUCKET,
    MOMENTS,
    NUMBER,
    grouped,
    item,
    moments,
    name,
    spread,
)
from analytics_pipelines.sql import nodes


def is_held(line: Line) -> bool:
    """Whether a rollup knows the line's number for each bucket."""
    return _is_bare(line) and (_counts_people(line) or (isinstance(line.math, Direct) and not line.math.values))


def _is_bare(line: Line) -> bool:
    return isinstance(line.series, EventsNode) and line.filters is None and not line.values


def _counts_people(line: Line) -> bool:
    return isinstance(line.math, Unique) and line.math.thing == PERSON


def share(lines: Sequence[Line], state: RollupState | None) -> Share | None:
    """The rollup that answers these lines of one range; None without lines, or where none can."""
    if not lines or state is None:
        return None
    return rollups.share(lines[0].dates, state, people=any(_counts_people(line) for line in lines))


def from_rollup(lines: Sequence[Line], part: Share) -> nodes.Select:
    """Rows as of a pass over events."""
    names = [line.series.event for line in lines if isinstance(line.series, EventsNode)]
    known = [each for each in dict.fromkeys(names) if each is not None]
    people = any(_counts_people(line) for line in lines)
    source = rollups.rows(part, None if None in names else known, people=people)
    found = [
        item(f"number_{place}", rollups.number(part, event, people=_counts_people(line)))
        for place, (line, event) in enumerate(zip(lines, names, strict=True))
    ]
    buckets = [] if lines[0].total else [item(BUCKET, name(BUCKET))]
    return grouped(buckets, found, nodes.Derived(source, "rolled"))


def share_of_active(line: Line, state: RollupState | None) -> Share | None:
    """The same for one that counts the persons of the last days, which only days can tell."""
    if state is None or not (_is_bare(line) and isinstance(line.math, Active) and line.math.actor == PERSON):
        return None
    start, end = line.reach
    if (end - start).days >= MAX_BUCKETS or line.dates.interval.within_a_day:
        return None
    part = rollups.share(span(start, end, Interval.DAY, line.dates.zone, 0), state, people=True)
    return part if part and part.per_person else None


def active_from_rollup(line: Line, part: Share) -> nodes.Select:
    """`bucket, number`, or of a total the number."""
    event = line.series.event if isinstance(line.series, EventsNode) else None
    rows = nodes.Derived(rollups.rows(part, None if event is None else [event], people=True), "rolled")
    if line.total:
        return grouped([], [item(NUMBER, rollups.number(part, None, people=True))], rows)
    seen = item(MOMENTS, moments(line, name(BUCKET)))
    return spread(line, grouped([item(ACTOR, name("people"))], [seen], rows), [])
