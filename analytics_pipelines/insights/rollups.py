"""Answers from rollups: sums and sets of whole hours or days instead of events, where they give the same number.

Days whose events changed since the rollup was made are read from events, in the same statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from analytics_pipelines.insights.dates import DateRange
from analytics_pipelines.insights.filters import all_of, joined
from analytics_pipelines.insights.maths import PERSON, TIMESTAMP
from analytics_pipelines.insights.rollup_state import RollupState
from analytics_pipelines.sql import nodes

EVENT_COUNTS_HOURLY = "event_counts_hourly"
ACTIVE_PEOPLE_DAILY = "active_people_daily"
MAX_SPANS = 40
"""Of days that change: for more of them a statement gets long, and events are read instead."""
_HOUR, _DAY, _LAST = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)
_EVENT, _HOUR_COLUMN, _DAY_COLUMN, _EVENTS, _PEOPLE = (
    nodes.Name((each,)) for each in ("event", "hour", "day", "events", "people")
)


@dataclass(frozen=True, slots=True)
class Share:
    """What of a range a rollup answers: all but the `live` spans, each from its first to its last moment."""

    rollup: str
    dates: DateRange
    live: tuple[tuple[datetime, datetime], ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """The tables that are read."""
        return (self.rollup, "events") if self.live else (self.rollup,)

    @property
    def per_person(self) -> bool:
        return self.rollup == ACTIVE_PEOPLE_DAILY


def share(dates: DateRange, state: RollupState, *, people: bool) -> Share | None:
    """The rollup to answer from, or None where none can: people are counted from days where buckets are days of UTC."""
    start, after = dates.filter_start, dates.end + _LAST
    moments = (start, after, *(bucket for bucket in dates.buckets if bucket > start))
    if people and all(_is_whole(moment, _DAY) for moment in moments):
        rollup = ACTIVE_PEOPLE_DAILY
    elif all(_is_whole(moment, _HOUR) for moment in moments):
        rollup = EVENT_COUNTS_HOURLY
    else:
        return None
    stale = state.stale.get(rollup)
    if stale is None:
        return None
    first, last = start.date(), dates.end.date()
    days = sorted(day for day in stale if first <= day <= last)
    spans = _spans(days)
    if len(days) > (last - first).days or len(spans) > MAX_SPANS:
        return None
    live = tuple((max(_midnight(a), start), min(_midnight(b + _DAY) - _LAST, dates.end)) for a, b in spans)
    return Share(rollup, dates, live)


def _is_whole(moment: datetime, unit: timedelta) -> bool:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) % unit == timedelta()


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _spans(days: Iterable[date]) -> list[tuple[date, date]]:
    """Days in a row as one."""
    spans: list[list[date]] = []
    for day in days:
        if spans and spans[-1][1] + _DAY == day:
            spans[-1][1] = day
        else:
            spans.append([day, day])
    return [(first, last) for first, last in spans]


def rows(part: Share, names: Sequence[str] | None, *, people: bool) -> nodes.Query:
    """`event, bucket, events, people` of the range, of events with these names; any number of rows a bucket.

    `people` is a state of uniqExact, or from days a person's id; absent where nobody asks for it.
    """
    held = _held(part, names, people=people)
    return nodes.Union(held, _live(part, names, people=people)) if part.live else held


def _held(part: Share, names: Sequence[str] | None, *, people: bool) -> nodes.Select:
    start, end = part.dates.filter_start, part.dates.end
    moment: nodes.Expr = _HOUR_COLUMN
    if part.per_person:
        moment = nodes.Call("toDateTime64", (_DAY_COLUMN, nodes.Constant(0), nodes.Constant("UTC")))
    items = [("event", _EVENT), ("bucket", _bucket(moment, part.dates)), ("events", _EVENTS)]
    if people:
        items.append(("people", PERSON if part.per_person else _PEOPLE))
    days = (
        nodes.Compare(">=", _DAY_COLUMN, nodes.Call("toDate32", (nodes.Constant(start),))),
        nodes.Compare("<=", _DAY_COLUMN, nodes.Call("toDate32", (nodes.Constant(end),))),
    )
    hours = None if part.per_person else nodes.Between(_HOUR_COLUMN, nodes.Constant(start), nodes.Constant(end))
    live = _within(moment, part.live)
    where = all_of(*days, hours, live and nodes.Not(live), _named(names))
    return nodes.Select(_items(items), nodes.TableName(part.rollup), where=where)


def _live(part: Share, names: Sequence[str] | None, *, people: bool) -> nodes.Select:
    items = [("event", _EVENT), ("bucket", _bucket(TIMESTAMP, part.dates)), ("events", nodes.Call("count"))]
    group = [_EVENT, nodes.Name(("bucket",))]
    if people and part.per_person:
        items.append(("people", PERSON))
        group.append(PERSON)
    elif people:
        items.append(("people", nodes.Call("uniqExactState", (PERSON,))))
    where = all_of(_within(TIMESTAMP, part.live), _named(names))
    return nodes.Select(_items(items), nodes.TableName("events"), where=where, group=tuple(group))


def _items(named: Iterable[tuple[str, nodes.Expr]]) -> tuple[nodes.Item, ...]:
    return tuple(nodes.Item(expr, name, name) for name, expr in named)


def _bucket(moment: nodes.Expr, dates: DateRange) -> nodes.Expr:
    edges = tuple(int(bucket.timestamp()) for bucket in dates.buckets)
    return nodes.Call("roundDown", (nodes.Call("toUnixTimestamp64Second", (moment,)), nodes.Constant(edges)))


def _within(moment: nodes.Expr, spans: Sequence[tuple[datetime, datetime]]) -> nodes.Expr | None:
    return joined("OR", [nodes.Between(moment, nodes.Constant(start), nodes.Constant(end)) for start, end in spans])


def _named(names: Sequence[str] | None) -> nodes.Expr | None:
    return None if names is None else nodes.In(_EVENT, tuple(nodes.Constant(name) for name in names))


def number(part: Share, name: str | None, *, people: bool) -> nodes.Expr:
    """Over `rows`: how often an event happened, or how many people did it."""
    function = "sum" if not people else "uniqExact" if part.per_person else "uniqExactMerge"
    values: tuple[nodes.Expr, ...] = (_PEOPLE if people else _EVENTS,)
    if name is None:
        return nodes.Call(function, values)
    is_it = nodes.Compare("=", _EVENT, nodes.Constant(name))
    return nodes.Call(f"{function}If", (*values, is_it))
