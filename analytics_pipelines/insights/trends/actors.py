"""Who is behind a point of a trend."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from analytics_pipelines.insights.breakdowns import EVERYBODY, OTHER_LABEL
from analytics_pipelines.insights.dates import DateRange
from analytics_pipelines.insights.filters import all_of, joined
from analytics_pipelines.insights.maths import Active, Aggregate, First, actor, counted_group
from analytics_pipelines.insights.point import Point
from analytics_pipelines.insights.team import Context
from analytics_pipelines.insights.trends.lines import Line, Window, between, lines
from analytics_pipelines.insights.trends.model import TrendsQuery
from analytics_pipelines.insights.trends.numbers import (
    EVENTS,
    first_times,
    grouped,
    is_kept,
    item,
    name,
    value_names,
)
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.errors import QueryError

_LAST = timedelta(microseconds=1)


def actors(query: TrendsQuery, point: Point, context: Context) -> nodes.Select:
    """`actor_id, event_count`: each actor once, with how many events.

    As many as the number at the point, where it counts different actors; otherwise those whose events made it. Without
    a `day`, or for a total, those of the whole range. QueryError for a point that isn't there.
    """
    if query.trends_filter.all_formulas:
        raise QueryError("a formula has no people of its own; ask for those of one of its series, without the formula")
    line = _line(query, point, context)
    value = _value(line, point, query)
    place = None if line.total or point.day is None else _place(str(point.day), line.dates)
    limit = query.kept_values
    if isinstance(line.math, First):
        return _first_timers(line, line.math, value, place, limit)
    who = actor(counted_group(line.series, line.group_index))
    where = all_of(
        between(*_window(line, place)),
        line.matches,
        _has(line, line.values, value, limit),
        None if line.group_index is None and line.series.math != "unique_group" else nodes.Call("isNotNull", (who,)),
    )
    return grouped([item("actor_id", who)], [item("event_count", Aggregate("count").of())], EVENTS, where)


def _line(query: TrendsQuery, point: Point, context: Context) -> Line:
    previous = point.compare == "previous"
    if previous and not query.compare_filter.compare:
        raise QueryError("the question compares with nothing, so there is no “previous”")
    cohorts = query.breakdown_filter.cohorts()
    cohort = point.breakdown[0] if isinstance(point.breakdown, list) and len(point.breakdown) == 1 else point.breakdown
    if cohorts and cohort is None:
        raise QueryError("the question is broken down by cohorts: say which in “breakdown”")
    wanted = EVERYBODY if str(cohort) == "0" else str(cohort)
    for line in lines(query, context):
        of_cohort = line.cohort is None or str(line.cohort) == wanted
        if line.order == point.series and line.previous == previous and of_cohort:
            return line
    raise QueryError("there is no such series, or no such cohort, in the question")


def _value(line: Line, point: Point, query: TrendsQuery) -> tuple[str, ...] | None:
    """The texts of the breakdown that the point is about; None for all."""
    if not line.values or point.breakdown is None:
        return None
    given = point.breakdown if isinstance(point.breakdown, list) else [point.breakdown]
    if len(given) != len(line.values) or not all(isinstance(each, str | int | float) for each in given):
        raise QueryError(f"“breakdown” must have {len(line.values)} value(s), as the question has properties")
    return tuple(str(each).lower() if isinstance(each, bool) else str(each) for each in given)


def _has(
    line: Line, found: Sequence[nodes.Expr], value: tuple[str, ...] | None, limit: int | None
) -> nodes.Expr | None:
    if value is None:
        return None
    if OTHER_LABEL in value and limit is not None:
        return nodes.Not(is_kept(line, found, limit))
    return joined(
        "AND", [nodes.Compare("=", each, nodes.Constant(text)) for each, text in zip(found, value, strict=True)]
    )


def _place(day: str, dates: DateRange) -> int:
    """Which bucket holds a moment that is written as in `days`."""
    try:
        moment = datetime.fromisoformat(day)
    except ValueError:
        raise QueryError(f"“{day[:50]}” is none of the answer's days") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dates.zone)
    place = bisect_right(dates.buckets, moment.astimezone(UTC)) - 1
    if place < 0 or moment > dates.end:
        raise QueryError(f"“{day[:50]}” lies outside of the question's dates")
    return place


def _window(line: Line, place: int | None) -> Window:
    """From the first to the last moment of the events behind a point."""
    start, end = line.reach
    if place is None:
        return start, end
    if isinstance(line.math, Active):
        opened, closed = line.windows[place]
        return opened, min(end, closed - _LAST)
    opened, closed = _bucket(line.dates, place)
    return start if line.cumulative else max(start, opened), min(end, closed)


def _bucket(dates: DateRange, place: int) -> Window:
    following = dates.buckets[place + 1 : place + 2]
    return dates.buckets[place], following[0] - _LAST if following else dates.end


def _first_timers(
    line: Line, math: First, value: tuple[str, ...] | None, place: int | None, limit: int | None
) -> nodes.Select:
    firsts = first_times(line, math, line.values)
    start, end = _window(line, place)
    within = nodes.Between(name("first_time"), nodes.Constant(start), nodes.Constant(end))
    values = tuple(name(each) for each in value_names(line.values))
    where = all_of(within, _has(line, values, value, limit))
    items = (item("actor_id", name("actor")), item("event_count", nodes.Constant(1)))
    return nodes.Select(items, nodes.Derived(firsts, "firsts"), where=where)
