"""The best path of each actor, however the funnel is walked."""

from __future__ import annotations

from analytics_pipelines.insights.funnels import folded, ordered, unordered
from analytics_pipelines.insights.funnels.funnel import Funnel
from analytics_pipelines.insights.funnels.histories import histories, keys_of, marks_of
from analytics_pipelines.insights.funnels.terms import Expr, call, element, every, further, name
from analytics_pipelines.sql import nodes

_MOST_IN_PASSES = 8
"""Of more steps, ClickHouse takes longer to read the passes over arrays than to run a fold."""


def paths(funnel: Funnel) -> nodes.Select:
    """`actor[, value][, bucket], path`: each of what is named by `keys_of` once.

    `path` holds the time of each step up to the furthest that was reached, in microseconds from the funnel's origin; 0
    for an optional step that was left out. Nobody is there who did not take the first step.
    """
    marks, keys = marks_of(funnel), keys_of(funnel)
    folds = funnel.filter.order == "strict" or marks.excluding or funnel.optional or len(funnel.steps) > _MOST_IN_PASSES
    way = (folded if folds else ordered) if funnel.ordered else unordered
    found = way.paths(funnel, histories(funnel), marks, keys)
    chosen = funnel.filter.attribution_step + 1
    by_step = "value" in keys and funnel.filter.attribution == "step" and not funnel.query.breakdown_filter.cohorts()
    least = chosen if by_step and funnel.ordered else 1
    return _those(further(found, keys, nodes.Item(name("path"), "path", "path")), reached(least))


def _those(select: nodes.Select, where: Expr) -> nodes.Select:
    return nodes.Select(select.items, select.source, where=where)


def reached(step: int) -> Expr:
    """Whether a path got as far as a step, counted from 1, and took it."""
    far = call("greaterOrEquals", call("length", name("path")), step)
    return every(far, call("greater", element(name("path"), step), 0)) if step > 1 else far


def seconds_between(earlier: int, later: int) -> Expr:
    """How long a path took from a step to another."""
    return call("divide", call("minus", element(name("path"), later), element(name("path"), earlier)), 1_000_000)
