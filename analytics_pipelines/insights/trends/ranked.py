"""Counts of events by value in a single pass, where each value keeps all of its points at once."""

from __future__ import annotations

from analytics_pipelines.insights.breakdowns import OTHER_LABEL
from analytics_pipelines.insights.maths import TIMESTAMP, Aggregate, Direct
from analytics_pipelines.insights.trends.lines import Line
from analytics_pipelines.insights.trends.numbers import (
    EVENTS,
    NUMBER,
    edges,
    grouped,
    item,
    name,
    seconds_of,
    value_names,
)
from analytics_pipelines.sql import nodes

MAX_POINTS = 100
"""A value costs eight bytes a point, however rare it is; beyond this, looking at the events twice costs less."""


def is_countable(line: Line) -> bool:
    """Whether the line counts events, over few enough points."""
    counts = isinstance(line.math, Direct) and not line.math.values
    return bool(line.values) and counts and (line.total or len(line.dates.buckets) <= MAX_POINTS)


def ranked_counts(line: Line, limit: int) -> nodes.Select:
    """`shown_value_0 …, number`: the values with the most events, and “Other” for the rest.

    `number` is an array with a count for each bucket, or of a total the count.
    """
    names = value_names(line.values)
    keys = [item(each, value) for each, value in zip(names, line.values, strict=True)]
    counted = grouped(keys, [item(NUMBER, _count(line))], EVENTS, line.where)
    total = name(NUMBER) if line.total else nodes.Call("arraySum", (name(NUMBER),))
    order = (nodes.Order(total, descending=True), *(nodes.Order(name(each)) for each in names))
    rank = nodes.Call("row_number", over=nodes.Over(order=order))
    is_kept = nodes.Compare("<=", rank, nodes.Constant(limit))
    labels = [
        item(f"shown_{each}", nodes.Call("if", (is_kept, name(each), nodes.Constant(OTHER_LABEL)))) for each in names
    ]
    ranked = nodes.Select((*labels, item(NUMBER, name(NUMBER))), nodes.Derived(counted, "counted"))
    shown = [item(label.name, name(label.name)) for label in labels]
    summed = Aggregate("sum" if line.total else "sumForEach").of(name(NUMBER))
    return grouped(shown, [item(NUMBER, summed)], nodes.Derived(ranked, "ranked"))


def _count(line: Line) -> nodes.Expr:
    if line.total:
        return Aggregate("count").of()
    starts = nodes.Constant(edges(line.dates))
    places = nodes.Constant(tuple(range(len(line.dates.buckets))))
    start = nodes.Call("roundDown", (seconds_of(TIMESTAMP), starts))
    place = nodes.Call("transform", (start, starts, places, nodes.Constant(0)))
    bounds = (nodes.Constant(0), nodes.Constant(len(line.dates.buckets)), nodes.Constant(1))
    return nodes.Call("countResample", (place,), bounds)
