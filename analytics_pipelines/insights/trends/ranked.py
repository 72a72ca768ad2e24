"""Counts of events by value in a single pass: the values with the most are known once all are counted."""

from __future__ import annotations

from collections.abc import Sequence

from analytics_pipelines.insights.breakdowns import OTHER_LABEL
from analytics_pipelines.insights.maths import TIMESTAMP, Aggregate, Direct
from analytics_pipelines.insights.trends.lines import Line
from analytics_pipelines.insights.trends.numbers import (
    BUCKET,
    EVENTS,
    NUMBER,
    bucket_of,
    edges,
    grouped,
    item,
    name,
    seconds_of,
    value_names,
)
from analytics_pipelines.sql import nodes

_MAX_POINTS = 100
"""A value with all of its points costs eight bytes a point, however rare it is."""

_POINTS = "points"


def is_countable(line: Line) -> bool:
    """Whether the line counts events."""
    return bool(line.values) and isinstance(line.math, Direct) and not line.math.values


def is_whole(line: Line) -> bool:
    """Whether each value comes in one row, `number` being an array with a count for each bucket."""
    return not line.total and len(line.dates.buckets) <= _MAX_POINTS


def ranked_counts(line: Line, limit: int) -> nodes.Select:
    """`shown_value_0 …, [bucket,] number`: the values with the most events, and “Other” for the rest."""
    names = value_names(line.values)
    if not line.total and not is_whole(line):
        return _ranked_points(line, limit)
    keys = [item(each, value) for each, value in zip(names, line.values, strict=True)]
    counted = grouped(keys, [item(NUMBER, _count(line))], EVENTS, line.where)
    total = name(NUMBER) if line.total else nodes.Call("arraySum", (name(NUMBER),))
    labels = _labels(names, total, limit)
    ranked = nodes.Select((*labels, item(NUMBER, name(NUMBER))), nodes.Derived(counted, "counted"))
    shown = [item(label.name, name(label.name)) for label in labels]
    summed = Aggregate("sum" if line.total else "sumForEach").of(name(NUMBER))
    return grouped(shown, [item(NUMBER, summed)], nodes.Derived(ranked, "ranked"))


def _ranked_points(line: Line, limit: int) -> nodes.Select:
    """Each value with the points that it has: most values are rare."""
    names = value_names(line.values)
    keys = [item(each, value) for each, value in zip(names, line.values, strict=True)]
    found = [item(NUMBER, Aggregate("count").of())]
    counted = grouped([*keys, item(BUCKET, bucket_of(TIMESTAMP, line.dates))], found, EVENTS, line.where)
    point = nodes.Call("tuple", (name(BUCKET), name(NUMBER)))
    gathered = grouped(
        [item(each, name(each)) for each in names],
        [item(_POINTS, Aggregate("groupArray").of(point)), item("total", Aggregate("sum").of(name(NUMBER)))],
        nodes.Derived(counted, "counted"),
    )
    labels = _labels(names, name("total"), limit)
    ranked = nodes.Select((*labels, item(_POINTS, name(_POINTS))), nodes.Derived(gathered, "gathered"))
    shown = [item(label.name, name(label.name)) for label in labels]
    each_point = item("point", nodes.Call("arrayJoin", (name(_POINTS),)))
    spread = nodes.Select((*shown, each_point), nodes.Derived(ranked, "ranked"))
    bucket, number = (nodes.Call("tupleElement", (name("point"), nodes.Constant(place))) for place in (1, 2))
    return grouped(
        [*shown, item(BUCKET, bucket)], [item(NUMBER, Aggregate("sum").of(number))], nodes.Derived(spread, "spread")
    )


def _labels(names: Sequence[str], total: nodes.Expr, limit: int) -> list[nodes.Item]:
    """Each value's own text while it is among those with the most, or “Other”."""
    order = (nodes.Order(total, descending=True), *(nodes.Order(name(each)) for each in names))
    rank = nodes.Call("row_number", over=nodes.Over(order=order))
    is_kept = nodes.Compare("<=", rank, nodes.Constant(limit))
    other = nodes.Constant(OTHER_LABEL)
    return [item(f"shown_{each}", nodes.Call("if", (is_kept, name(each), other))) for each in names]


def _count(line: Line) -> nodes.Expr:
    if line.total:
        return Aggregate("count").of()
    starts = nodes.Constant(edges(line.dates))
    places = nodes.Constant(tuple(range(len(line.dates.buckets))))
    start = nodes.Call("roundDown", (seconds_of(TIMESTAMP), starts))
    place = nodes.Call("transform", (start, starts, places, nodes.Constant(0)))
    bounds = (nodes.Constant(0), nodes.Constant(len(line.dates.buckets)), nodes.Constant(1))
    return nodes.Call("countResample", (place,), bounds)
