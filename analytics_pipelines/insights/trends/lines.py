"""Lines of a trend: each series, for each cohort that it is broken down by, over each of the ranges compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from analytics_pipelines.insights.breakdowns import EVERYBODY, cohort_name, value_of
from analytics_pipelines.insights.compare import earlier_range
from analytics_pipelines.insights.dates import DateRange, Interval, date_range, earlier, start_of_day
from analytics_pipelines.insights.filters import all_of, condition, in_cohort
from analytics_pipelines.insights.maths import PERSON, TIMESTAMP, Active, Math, Unique, math_of
from analytics_pipelines.insights.series import Series, source_condition
from analytics_pipelines.insights.team import Context
from analytics_pipelines.insights.trends.model import TrendsQuery
from analytics_pipelines.sql import nodes

_WINDOW_OF = {7: (Interval.WEEK, Interval.MONTH), 30: (Interval.MONTH,)}
Window = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Line:
    """`source`: the event or action; `filters`: whatever else must be true of an event. `values` are the texts that
    the line is broken down by. `cohort`: only its members, or “all”. `group_index`: what kind of group actors are."""

    order: int
    series: Series
    math: Math
    dates: DateRange
    source: nodes.Expr | None
    filters: nodes.Expr | None
    values: tuple[nodes.Expr, ...]
    group_index: int | None
    cohort: int | str | None = None
    previous: bool = False
    total: bool = False
    cumulative: bool = False

    @property
    def matches(self) -> nodes.Expr | None:
        """What is true of the line's events, whenever they happened."""
        return all_of(self.source, self.filters)

    @property
    def where(self) -> nodes.Expr:
        """What is true of the events that count."""
        in_time = between(*self.reach)
        return in_time if self.matches is None else nodes.Logic("AND", (in_time, self.matches))

    @property
    def reach(self) -> Window:
        """The first and the last moment of events that count."""
        if isinstance(self.math, Active):
            return (self.windows[0][0], self.dates.end)
        return (self.dates.filter_start, self.dates.end)

    @property
    def windows(self) -> tuple[Window, ...]:
        """For each bucket, from when to when (excluded) one must have been active: the days that end with the
        bucket's first, or, for hours and less, as many times 24 hours before it starts. For a total the last days."""
        days, zone = self.math.days if isinstance(self.math, Active) else 1, self.dates.zone
        if self.total:
            after = self.dates.end + timedelta(microseconds=1)
            return ((earlier(after, days, "day", zone), after),)
        if self.dates.interval.within_a_day:
            return tuple((start - timedelta(days=days), start) for start in self.dates.buckets)
        firsts = (start.astimezone(zone).date() for start in self.dates.buckets)
        return tuple(
            (start_of_day(day - timedelta(days=days - 1), zone), start_of_day(day + timedelta(days=1), zone))
            for day in firsts
        )


def between(start: datetime, end: datetime) -> nodes.Expr:
    return nodes.Logic(
        "AND",
        (
            nodes.Compare(">=", TIMESTAMP, nodes.Constant(start)),
            nodes.Compare("<=", TIMESTAMP, nodes.Constant(end)),
        ),
    )


def ranges(query: TrendsQuery, context: Context) -> tuple[DateRange, ...]:
    """The range asked for, and the one that it is compared with. QueryError for dates that can't be read."""
    team = context.team
    dates = date_range(
        query.dates.date_from,
        query.dates.date_to,
        Interval.DAY if query.total_value else query.interval,
        team.zone,
        context.now,
        week_start_day=team.week_start_day,
        explicit=bool(query.dates.explicit),
        earliest=context.earliest,
    )
    if not query.compare_filter.compare:
        return (dates,)
    return dates, earlier_range(dates, query.dates, query.compare_filter.compare_to, team.week_start_day)


def lines(query: TrendsQuery, context: Context) -> tuple[Line, ...]:
    """In the order of the answer: what is compared with comes last. QueryError for what can't be asked."""
    found = [list(_lines(query, dates, context)) for dates in ranges(query, context)]
    current, previous = found[0], [replace(line, previous=True) for each in found[1:] for line in each]
    return (*current, *previous)


def _lines(query: TrendsQuery, dates: DateRange, context: Context) -> Iterator[Line]:
    common = query.filters(context)
    for cohort in query.breakdown_filter.cohorts() or (None,):
        if cohort is not None:
            cohort_name(cohort, context)
        members = None if cohort is None or cohort == EVERYBODY else in_cohort(PERSON, int(cohort))
        for order, series in enumerate(query.series):
            line = Line(
                order=order,
                series=series,
                math=_math(series, query, dates),
                dates=dates,
                source=source_condition(series, context),
                filters=all_of(
                    condition(series.properties, context), condition(series.fixed_properties, context), common, members
                ),
                values=(),
                group_index=query.aggregation_group_type_index,
                cohort=cohort,
                total=query.total_value,
                cumulative=query.cumulative,
            )
            yield replace(line, values=tuple(value_of(each, line.where) for each in query.breakdown_filter.all()))


def _math(series: Series, query: TrendsQuery, dates: DateRange) -> Math:
    """Where a bucket is as long as the window, or each actor counts once in all, the active are the unique."""
    math = math_of(series, query.aggregation_group_type_index)
    if not isinstance(math, Active) or query.total_value:
        return math
    return Unique(math.actor) if query.cumulative or dates.interval in _WINDOW_OF[math.days] else math
