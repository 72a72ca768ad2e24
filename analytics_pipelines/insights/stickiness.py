"""Stickiness: how many actors were active in so many of the range's intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, ClassVar, Literal

from pydantic import Field

from analytics_pipelines.insights.asked import (
    ACTOR,
    EVENTS,
    Asked,
    both,
    call,
    compared,
    described,
    event_name,
    item,
    mapped,
    name,
)
from analytics_pipelines.insights.compare import earlier_range
from analytics_pipelines.insights.dates import DateRange, Interval, date_range
from analytics_pipelines.insights.intervals import blocks, place_of, within
from analytics_pipelines.insights.maths import actor, counted_group
from analytics_pipelines.insights.model import Model
from analytics_pipelines.insights.plan import Rows
from analytics_pipelines.insights.point import Point
from analytics_pipelines.insights.series import Series, series_condition
from analytics_pipelines.insights.team import Context
from analytics_pipelines.insights.trends.model import CompareFilter
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import Compiled, compile_query, parse_expression
from analytics_pipelines.sql.errors import QueryError

Operator = Literal["exact", "gte", "lte"]
_SIGNS: dict[str, str] = {"exact": "=", "gte": ">=", "lte": "<="}
_KNOWN_MATHS = (None, "total", "dau", "unique_group", "hogql")


class Criteria(Model):
    """How many events make an interval count. One without events never counts, also not for `lte`."""

    operator: Operator
    value: int = Field(ge=1)


class StickinessFilter(Model):
    """`computedAs: cumulative`: in so many intervals or more."""

    criteria: Criteria | None = Field(default=None, alias="stickinessCriteria")
    computed_as: Literal["non_cumulative", "cumulative"] | None = Field(default=None, alias="computedAs")
    harmless: ClassVar[frozenset[str]] = frozenset(
        {
            *("display", "showLegend", "showValuesOnSeries", "showMultipleYAxes", "hiddenLegendIndexes"),
            *("resultCustomizationBy", "resultCustomizations"),
        }
    )


class StickinessQuery(Asked):
    """`intervalCount` intervals count as one; such blocks are counted back from the end of the range. A series' math
    says who is counted: persons (`dau` or nothing), groups (`unique_group`), or the values of an expression (`hogql`).
    """

    kind: Literal["StickinessQuery"] = "StickinessQuery"
    series: list[Series] = Field(min_length=1, max_length=26)
    interval: Interval = Interval.DAY
    interval_count: int | None = Field(default=None, alias="intervalCount", ge=1, le=10_000)
    stickiness_filter: StickinessFilter = Field(default_factory=StickinessFilter, alias="stickinessFilter")
    compare_filter: CompareFilter = Field(default_factory=CompareFilter, alias="compareFilter")

    @property
    def cumulative(self) -> bool:
        return self.stickiness_filter.computed_as == "cumulative"


@dataclass(frozen=True, slots=True)
class _Line:
    """A series over one of the ranges. `places` has the buckets that are counted."""

    order: int
    series: Series
    dates: DateRange
    places: DateRange
    previous: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement a line; rows are (number of active intervals, actors)."""

    statements: tuple[Compiled, ...]
    query: StickinessQuery
    lines: tuple[_Line, ...]
    context: Context

    def answer(self, results: Sequence[Rows]) -> dict[str, Any]:
        """`count` is the number of all actors, cumulated or not."""
        rows = [self._row(line, found) for line, found in zip(self.lines, results, strict=True)]
        return {"results": rows, "resolved_date_range": self.lines[0].dates.resolved()}

    def _row(self, line: _Line, found: Rows) -> dict[str, Any]:
        data = [0] * len(line.places.buckets)
        for intervals, actors in found:
            data[int(intervals) - 1] = int(actors)
        unit, more = self.query.interval.value, " or more" if self.query.cumulative else ""
        days = range(1, len(data) + 1)
        row = {
            "action": described(line.series, line.order, self.context),
            "label": event_name(line.series, self.context),
            "count": sum(data),
            "data": list(accumulate(reversed(data)))[::-1] if self.query.cumulative else data,
            "days": list(days),
            "labels": [f"{day} {unit}{'' if day == 1 else 's'}{more}" for day in days],
        }
        if self.query.compare_filter.compare:
            row |= {"compare": True, "compare_label": "previous" if line.previous else "current"}
        return row


def plan(query: StickinessQuery, context: Context) -> Plan:
    """One pass over the events of each series, and one more over those of the range that it is compared with."""
    lines = tuple(_lines(query, context))
    return Plan(
        tuple(compile_query(_histogram(line, query, context), context.scope()) for line in lines),
        query,
        lines,
        context,
    )


def actors(query: StickinessQuery, point: Point, context: Context) -> nodes.Select:
    """`actor_id`: who was active in as many intervals as the point's `day` (or `interval`) says: exactly, or as its
    `operator` says; in so many or more where the question cumulates. QueryError for a series that isn't there."""
    wanted = point.interval if point.day is None else point.day
    line = next(
        (
            line
            for line in _lines(query, context)
            if line.order == point.series and line.previous == (point.compare == "previous")
        ),
        None,
    )
    if line is None:
        raise QueryError("there is no such series in the question, or it compares with nothing")
    where = None
    if wanted is not None:
        try:
            number = int(wanted)
        except ValueError:
            raise QueryError("a point of stickiness is a number of intervals") from None
        sign = ">=" if query.cumulative else _SIGNS[point.operator or "exact"]
        where = compared(name("intervals"), sign, number)
    return nodes.Select(
        (item(ACTOR, name(ACTOR)),), nodes.Derived(_active(line, query, context), "active"), where=where
    )


def _lines(query: StickinessQuery, context: Context) -> Iterator[_Line]:
    team = context.team
    dates = date_range(
        query.dates.date_from,
        query.dates.date_to,
        query.interval,
        team.zone,
        context.now,
        week_start_day=team.week_start_day,
        explicit=bool(query.dates.explicit),
        earliest=context.earliest,
    )
    ranges = [dates]
    if query.compare_filter.compare:
        ranges.append(earlier_range(dates, query.dates, query.compare_filter.compare_to, team.week_start_day))
    for previous, one in enumerate(ranges):
        places = blocks(one, query.interval_count) if query.interval_count else one
        for order, series in enumerate(query.series):
            yield _Line(order, series, one, places, bool(previous))


def _histogram(line: _Line, query: StickinessQuery, context: Context) -> nodes.Select:
    intervals = name("intervals")
    return nodes.Select(
        (item("intervals", intervals), item("actors", call("count"))),
        nodes.Derived(_active(line, query, context), "active"),
        group=(intervals,),
        order=(nodes.Order(intervals),),
    )


def _active(line: _Line, query: StickinessQuery, context: Context) -> nodes.Select:
    """`actor_id, intervals`: in how many intervals each actor was active, at least one."""
    who = _who(line.series, query)
    found = nodes.Select(
        (item(ACTOR, who), item("intervals", _intervals(place_of(line.places), query.stickiness_filter.criteria))),
        EVENTS,
        where=both(
            within(line.dates),
            series_condition(line.series, context),
            query.filters(context),
            None if who == query.who and query.has_actor() is None else call("isNotNull", who),
        ),
        group=(name(ACTOR),),
    )
    return nodes.Select(
        (item(ACTOR, name(ACTOR)), item("intervals", name("intervals"))),
        nodes.Derived(found, "found"),
        where=compared(name("intervals"), ">", 0),
    )


def _who(series: Series, query: StickinessQuery) -> nodes.Expr:
    if series.math not in _KNOWN_MATHS:
        raise QueryError(f"stickiness counts actors; the math “{str(series.math)[:50]}” is none of them")
    if series.math == "hogql":
        return parse_expression(series.math_hogql or "")
    index = counted_group(series, query.aggregation_group_type_index)
    if series.math == "unique_group" and (index is None or not 0 <= index <= 4):
        raise QueryError("unique_group needs a math_group_type_index of 0 to 4")
    return actor(index)


def _intervals(place: nodes.Expr, criteria: Criteria | None) -> nodes.Expr:
    if criteria is None or (criteria.operator, criteria.value) == ("gte", 1):
        return call("uniqExact", place)
    places = call("groupArray", place)
    events = call("countEqual", places, name("place"))
    enough = compared(events, _SIGNS[criteria.operator], criteria.value)
    return mapped("arrayCount", "place", enough, call("arrayDistinct", places))
