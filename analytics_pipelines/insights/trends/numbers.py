"""A line of a trend as SQL: `value_0 …, bucket, number`, each value and bucket once.

`bucket` is the start of a bucket in Unix seconds, and absent from totals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analytics_pipelines.insights.breakdowns import OTHER_LABEL
from analytics_pipelines.insights.dates import MAX_BUCKETS, DateRange
from analytics_pipelines.insights.filters import all_of
from analytics_pipelines.insights.maths import (
    PERSON,
    SESSION,
    TIMESTAMP,
    Active,
    Aggregate,
    Direct,
    First,
    PerActor,
    PerSession,
    Unique,
    Written,
)
from analytics_pipelines.insights.trends.lines import Line
from analytics_pipelines.sql import nodes

EVENTS = nodes.TableName("events")
BUCKET, NUMBER, ACTOR, MOMENTS = "bucket", "number", "actor", "moments"
_COUNT, _UNIQUE = Aggregate("count"), Aggregate("uniqExact")
_LONG_AGO = -(2**62)
Values = tuple[nodes.Expr, ...]


def name(text: str) -> nodes.Expr:
    return nodes.Name((text,))


def item(text: str, expr: nodes.Expr) -> nodes.Item:
    return nodes.Item(expr, text, text)


def value_names(values: Sequence[object]) -> tuple[str, ...]:
    return tuple(f"value_{place}" for place in range(len(values)))


def seconds_of(moment: nodes.Expr) -> nodes.Expr:
    return nodes.Call("toUnixTimestamp64Second", (moment,))


def bucket_of(moment: nodes.Expr, dates: DateRange) -> nodes.Expr:
    return nodes.Call("roundDown", (seconds_of(moment), nodes.Constant(edges(dates))))


def edges(dates: DateRange) -> tuple[int, ...]:
    return tuple(int(bucket.timestamp()) for bucket in dates.buckets)


def grouped(
    keys: Sequence[nodes.Item], found: Sequence[nodes.Item], source: nodes.Source, where: nodes.Expr | None = None
) -> nodes.Select:
    """`found` for each combination of keys."""
    return nodes.Select((*keys, *found), source, where=where, group=tuple(name(key.name) for key in keys))


def numbers(line: Line, values: Values) -> nodes.Select:
    """The line's numbers for each of the `values`."""
    keys = [item(key, value) for key, value in zip(value_names(values), values, strict=True)]
    buckets = [] if line.total else [item(BUCKET, bucket_of(TIMESTAMP, line.dates))]
    match line.math:
        case First():
            return _first(line, line.math, values)
        case Active() if not line.total:
            return _active(line, line.math, keys)
        case Unique(thing) if line.cumulative:
            return _appearances(line, thing, keys)
        case PerActor(aggregate, actor):
            times = grouped(
                [*keys, *buckets, item(ACTOR, actor)], [item("times", _COUNT.of())], EVENTS, who_did(line, actor)
            )
            return _around(times, keys, buckets, aggregate.of(name("times")))
        case PerSession(aggregate, value):
            held = item("held", Aggregate("any").of(value))
            sessions = grouped([*keys, *buckets, item("session_id", SESSION)], [held], EVENTS, line.where)
            return _around(sessions, keys, buckets, aggregate.of(name("held")))
        case Unique(thing) | Active(thing):
            return grouped([*keys, *buckets], [item(NUMBER, _UNIQUE.of(thing))], EVENTS, who_did(line, thing))
    return grouped([*keys, *buckets], [item(NUMBER, direct(line))], EVENTS, line.where)


def direct(line: Line, where: nodes.Expr | None = None) -> nodes.Expr:
    """The number as an aggregate of events, of those that match `where`."""
    match line.math:
        case Direct(aggregate, values):
            return aggregate.of(*values, where=where)
        case Unique(thing):
            return _UNIQUE.of(thing, where=where)
        case Written(expression) if where is None:
            return expression
    raise AssertionError("this math needs more than one step")


def _around(
    inner: nodes.Select, keys: Sequence[nodes.Item], buckets: Sequence[nodes.Item], number: nodes.Expr
) -> nodes.Select:
    """The same keys once more, around a query that has them and something else."""
    outer = [item(key.name, name(key.name)) for key in (*keys, *buckets)]
    return grouped(outer, [item(NUMBER, number)], nodes.Derived(inner, "counted"))


def who_did(line: Line, thing: nodes.Expr) -> nodes.Expr | None:
    """The events that count and have the thing: each has a person, but not a session or a group."""
    return all_of(line.where, _present(thing))


def _present(thing: nodes.Expr) -> nodes.Expr | None:
    return None if thing == PERSON else nodes.Call("isNotNull", (thing,))


def _appearances(line: Line, thing: nodes.Expr, keys: Sequence[nodes.Item]) -> nodes.Select:
    """Who, or what, appears for the first time in each bucket."""
    first = item(BUCKET, bucket_of(Aggregate("min").of(TIMESTAMP), line.dates))
    things = grouped([*keys, item(ACTOR, thing)], [first], EVENTS, who_did(line, thing))
    return _around(things, keys, [first], _COUNT.of())


def _active(line: Line, math: Active, keys: Sequence[nodes.Item]) -> nodes.Select:
    seen = item(MOMENTS, moments(line, seconds_of(TIMESTAMP)))
    active = grouped([*keys, item(ACTOR, math.actor)], [seen], EVENTS, who_did(line, math.actor))
    return spread(line, active, keys)


def moments(line: Line, seconds: nodes.Expr) -> nodes.Expr:
    """When an actor was there, as exactly as the line's windows need it."""
    steps = {int(edge.timestamp()) for window in line.windows for edge in window}
    if len(steps) < MAX_BUCKETS:  # ClickHouse takes no longer list as a parameter; without it there is more to hold
        seconds = nodes.Call("roundDown", (seconds, nodes.Constant((_LONG_AGO, *sorted(steps)))))
    return Aggregate("groupUniqArray").of(seconds)


def spread(line: Line, active: nodes.Select, keys: Sequence[nodes.Item]) -> nodes.Select:
    """Each actor's `moments` → the buckets whose windows hold them, each once."""
    starts, ends = (tuple(int(each[side].timestamp()) for each in line.windows) for side in (0, 1))
    holding = nodes.Lambda(
        ("moment",), nodes.Call("range", (_count_up_to(name("moment"), ends), _count_up_to(name("moment"), starts)))
    )
    places = nodes.Call("arrayFlatten", (nodes.Call("arrayMap", (holding, name(MOMENTS))),))
    place = nodes.Call("arrayJoin", (nodes.Call("arrayDistinct", (places,)),))
    start = nodes.Call(
        "arrayElement", (nodes.Constant(edges(line.dates)), nodes.Call("plus", (place, nodes.Constant(1))))
    )
    spread_out = nodes.Select(
        (*(item(key.name, name(key.name)) for key in keys), item(BUCKET, start)), nodes.Derived(active, "active")
    )
    return _around(spread_out, keys, [item(BUCKET, start)], _COUNT.of())


def _count_up_to(moment: nodes.Expr, ascending: tuple[int, ...]) -> nodes.Expr:
    """How many of these lie at the moment or before it."""
    below = nodes.Constant((_LONG_AGO, *ascending))
    return nodes.Call(
        "transform",
        (
            nodes.Call("roundDown", (moment, below)),
            below,
            nodes.Constant(tuple(range(len(ascending) + 1))),
            nodes.Constant(0),
        ),
    )


def _first(line: Line, math: First, values: Values) -> nodes.Select:
    firsts = first_times(line, math, values)
    keys = [item(key, name(key)) for key in value_names(values)]
    buckets = [] if line.total else [item(BUCKET, bucket_of(name("first_time"), line.dates))]
    return grouped([*keys, *buckets], [item(NUMBER, _COUNT.of())], nodes.Derived(firsts, "firsts"))


def first_times(line: Line, math: First, values: Values) -> nodes.Select:
    """`actor, first_time, value_0 …` of those whose first time lies in the range, and matches the filters.

    Of several events at that very moment one that matches will do.
    """
    which = None if math.matching else line.filters
    of_first = nodes.Call("tuple", (TIMESTAMP, name("uuid")))
    found = [item("first_time", Aggregate("min").of(TIMESTAMP))]
    having = nodes.Compare(">=", name("first_time"), nodes.Constant(line.dates.filter_start))
    conditions: list[nodes.Expr] = [having]
    if which is not None:
        found.append(item("matching_time", Aggregate("minOrNull").of(TIMESTAMP, where=which)))
        conditions.append(nodes.Compare("=", name("matching_time"), name("first_time")))
    found += [
        item(key, Aggregate("argMin").of(value, of_first, where=which))
        for key, value in zip(value_names(values), values, strict=True)
    ]
    until = nodes.Compare("<=", TIMESTAMP, nodes.Constant(line.dates.end))
    where = all_of(until, line.matches if math.matching else line.source, _present(math.actor))
    return replace(grouped([item(ACTOR, math.actor)], found, EVENTS, where), having=all_of(*conditions))


def kept_values(line: Line, limit: int) -> nodes.Select:
    """The values that are shown on their own: those with the most, over the range."""
    names = value_names(line.values)
    total = nodes.Call("ifNull", (Aggregate("sum").of(name(NUMBER)), nodes.Constant(0)))
    found = grouped([item(each, name(each)) for each in names], [], nodes.Derived(numbers(line, line.values), "each"))
    order = (nodes.Order(total, descending=True), *(nodes.Order(name(each)) for each in names))
    return replace(found, order=order, limit=limit)


def is_kept(line: Line, values: Sequence[nodes.Expr], limit: int) -> nodes.Expr:
    """Whether these are values that are shown on their own."""
    value = values[0] if len(values) == 1 else nodes.Call("tuple", tuple(values))
    return nodes.In(value, kept_values(line, limit))


def labels(line: Line, limit: int | None) -> Values:
    """The line's values, or “Other” for those that are not kept."""
    if limit is None:
        return line.values
    kept = is_kept(line, line.values, limit)
    return tuple(nodes.Call("if", (kept, value, nodes.Constant(OTHER_LABEL))) for value in line.values)
