"""The view of trends: of those who entered in each bucket of time, how many got through."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from analytics_pipelines.insights.funnels import values
from analytics_pipelines.insights.funnels.funnel import Funnel
from analytics_pipelines.insights.funnels.histories import broken_down
from analytics_pipelines.insights.funnels.paths import paths
from analytics_pipelines.insights.funnels.terms import Expr, call, further, item, name
from analytics_pipelines.insights.labels import days, labels
from analytics_pipelines.insights.plan import Rows
from analytics_pipelines.sql import nodes


def entered(funnel: Funnel) -> Expr:
    return call("greaterOrEquals", call("length", name("path")), funnel.first)


def converted(funnel: Funnel) -> Expr:
    return call("greaterOrEquals", call("length", name("path")), funnel.last)


def select(funnel: Funnel) -> nodes.Select:
    """Rows `[value, ]bucket, entered, converted`; `bucket` as the start of it, in microseconds from the origin."""
    if not broken_down(funnel) or not values.limited(funnel):
        return _counted(funnel)
    labelled = nodes.Select(
        (
            item("label", values.label(funnel)),
            *(item(each, name(each)) for each in ("place", "bucket")),
            *(item(f"{each}_of_value", name(each)) for each in ("entered", "converted")),
        ),
        nodes.Derived(ranked(funnel), None),
    )
    sums = [item(each, call("sum", name(f"{each}_of_value"))) for each in ("entered", "converted")]
    merged = further(labelled, ("label", "bucket"), *sums)
    first = nodes.Order(call("min", name("place")))
    return nodes.Select(merged.items, merged.source, group=(name("label"), name("bucket")), order=(first,))


def ranked(funnel: Funnel) -> nodes.Select:
    """`value, bucket, entered, converted, place`: the places of values go by how many entered."""
    names = ("value", "bucket", "entered", "converted")
    by_value = nodes.Over(partition=(name("value"),))
    summed = further(_counted(funnel), names, item("total", nodes.Call("sum", (name("entered"),), over=by_value)))
    by_total = nodes.Over(order=(nodes.Order(name("total"), descending=True), nodes.Order(name("value"))))
    return further(summed, names, item("place", nodes.Call("dense_rank", over=by_total)))


def _counted(funnel: Funnel) -> nodes.Select:
    keys = ("value", "bucket") if broken_down(funnel) else ("bucket",)
    counts = (item("entered", call("countIf", entered(funnel))), item("converted", call("countIf", converted(funnel))))
    counted = further(paths(funnel), keys, *counts)
    return nodes.Select(counted.items, counted.source, group=tuple(name(key) for key in keys))


def answer(funnel: Funnel, rows: Rows) -> list[dict[str, Any]]:
    """A row, or one for each value: rates in percent, and the counts behind each point. Empty when nobody entered."""
    if not broken_down(funnel):
        return [_row(funnel, [row for row in rows if row[1]])]
    by_value: dict[Any, list[Any]] = {}
    for row in rows:
        if row[2]:
            key = tuple(row[0]) if isinstance(row[0], list | tuple) else row[0]
            by_value.setdefault(key, []).append(row[1:])
    found = values.order(list(by_value.items()))
    if funnel.query.breakdown_filter.hide_other:
        found = [row for row in found if not values.is_other(row[0])]
    return [{**_row(funnel, points), **values.shown(funnel, key)} for key, points in found]


def _row(funnel: Funnel, points: Iterable[Any]) -> dict[str, Any]:
    dates = funnel.dates
    found = {funnel.origin + int(bucket): (int(come), int(gone)) for bucket, come, gone in points}
    counts = [found.get(round(start.timestamp() * 1_000_000), (0, 0)) for start in dates.buckets]
    return {
        "count": len(counts),
        "data": [round(100 * gone / come, 2) if come else 0.0 for come, gone in counts],
        "days": days(dates),
        "labels": labels(dates),
        "reached_from_step_count": [come for come, _ in counts],
        "reached_to_step_count": [gone for _, gone in counts],
    }
