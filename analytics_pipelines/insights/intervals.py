"""Whole intervals: for questions about whether somebody was active in one, half an interval would be misleading."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from analytics_pipelines.insights.dates import (
    MAX_BUCKETS,
    DateRange,
    Interval,
    bucket_start,
    earlier,
    next_bucket,
    range_end,
)
from analytics_pipelines.insights.maths import TIMESTAMP
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.errors import QueryError

_LAST = timedelta(microseconds=1)


def last_intervals(count: int, date_to: str | None, interval: Interval, context: Context) -> DateRange:
    """So many whole intervals, the last of which holds `date_to`."""
    team = context.team
    end = range_end(date_to, interval, team.zone, context.now, team.week_start_day, False)
    try:
        found = [bucket_start(end, interval, team.zone, team.week_start_day)]
        while len(found) < count:
            found.append(bucket_start(found[-1] - _LAST, interval, team.zone, team.week_start_day))
    except (ValueError, OverflowError):
        raise QueryError("the date range starts before there were dates") from None
    return whole(DateRange(found[-1], end, interval, team.zone, tuple(reversed(found))), team.week_start_day)


def whole(dates: DateRange, week_start_day: int, *, before: int = 0) -> DateRange:
    """The same buckets from start to end, and so many more before them."""
    buckets = list(dates.buckets)
    for _ in range(before):
        buckets.insert(0, bucket_start(buckets[0] - _LAST, dates.interval, dates.zone, week_start_day))
    end = next_bucket(buckets[-1], dates.interval, dates.zone, week_start_day) - _LAST
    return replace(dates, start=buckets[0], end=end, buckets=tuple(buckets))


def blocks(dates: DateRange, intervals: int) -> DateRange:
    """In place of buckets blocks of so many intervals, counted back from the end; the first may begin earlier than
    the events that count."""
    after, found = dates.end + _LAST, list[datetime]()
    while not found or found[0] > dates.filter_start:
        if len(found) == MAX_BUCKETS:
            raise QueryError(f"more than {MAX_BUCKETS} points; choose a longer interval")
        back = intervals * (len(found) + 1)
        found.insert(0, earlier(after, back, dates.interval.value, dates.zone))
    return replace(dates, buckets=tuple(found), start=dates.filter_start)


def place_of(dates: DateRange, moment: nodes.Expr = TIMESTAMP) -> nodes.Expr:
    """The number of the bucket, from 0, that a moment within the range lies in."""
    edges = tuple(int(bucket.timestamp()) for bucket in dates.buckets)
    if len(edges) == 1:
        return nodes.Constant(0)
    edge = nodes.Call("roundDown", (nodes.Call("toUnixTimestamp64Second", (moment,)), nodes.Constant(edges)))
    places = nodes.Constant(tuple(range(len(edges))))
    return nodes.Call("transform", (edge, nodes.Constant(edges), places, nodes.Constant(0)))


def within(dates: DateRange, moment: nodes.Expr = TIMESTAMP) -> nodes.Expr:
    """That a moment lies in the range."""
    start, end = nodes.Constant(dates.filter_start), nodes.Constant(dates.end)
    return nodes.Logic("AND", (nodes.Compare(">=", moment, start), nodes.Compare("<=", moment, end)))


def place_named(day: str, dates: DateRange) -> int:
    """Which bucket holds a moment that is written as in an answer's `days`. QueryError for one out of the range."""
    try:
        moment = datetime.fromisoformat(day)
    except ValueError:
        raise QueryError(f"“{day[:50]}” is none of the answer's days") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dates.zone)
    moment = moment.astimezone(UTC)
    if not dates.buckets[0] <= moment <= dates.end:
        raise QueryError(f"“{day[:50]}” lies outside of the question's dates")
    return bisect_right(dates.buckets, moment) - 1
