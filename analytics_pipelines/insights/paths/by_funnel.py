"""Paths around a step of a funnel: only of those who got there, and only what they did before, between or after."""

from __future__ import annotations

from analytics_pipelines.insights.asked import ACTOR, both, call, compared, item, name
from analytics_pipelines.insights.breakdowns import BreakdownFilter
from analytics_pipelines.insights.funnels.funnel import Funnel, funnel
from analytics_pipelines.insights.funnels.paths import paths, reached
from analytics_pipelines.insights.paths.items import AT, ITEM
from analytics_pipelines.insights.paths.model import FunnelPaths, PathsQuery
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.errors import QueryError

_SINCE, _UNTIL = "since", "until"
_ALWAYS, _NEVER = -(2**62), 2**62


def around_step(events: nodes.Select, query: PathsQuery, asked: FunnelPaths, context: Context) -> nodes.Select:
    """Of `actor_id, at, item` those that lie where the funnel says, both ends included."""
    bounds = nodes.Derived(_bounds(query, asked, context), "bounds")
    at = name("named", AT)
    return nodes.Select(
        tuple(item(each, name("named", each)) for each in (ACTOR, AT, ITEM)),
        nodes.Derived(events, "named"),
        (nodes.Join("INNER", bounds, compared(name("named", ACTOR), "=", name("bounds", ACTOR))),),
        where=both(compared(at, ">=", name("bounds", _SINCE)), compared(at, "<=", name("bounds", _UNTIL))),
    )


def _bounds(query: PathsQuery, asked: FunnelPaths, context: Context) -> nodes.Select:
    """`actor_id, since, until`, in microseconds, of those whom the step is about."""
    walked, step = _funnel(query, asked, context), abs(asked.step)
    if step > len(walked.steps) or asked.step in (0, -1):
        raise QueryError("“funnelStep” must be a step of the funnel, or, negative, one that people left before")
    if asked.step < 0:
        before = walked.mandatory_before(step)
        who: nodes.Expr = nodes.Logic("AND", (reached(before), nodes.Not(reached(step))))
        then = call("arrayMax", name("path"))
    else:
        who, then = reached(step), call("arrayElement", name("path"), step)
    since, until = _span(walked, asked, then)
    origin = nodes.Constant(walked.origin)
    return nodes.Select(
        (
            item(ACTOR, name("actor")),
            item(_SINCE, call("plus", since, origin) if since else nodes.Constant(_ALWAYS)),
            item(_UNTIL, call("plus", until, origin) if until else nodes.Constant(_NEVER)),
        ),
        nodes.Derived(paths(walked), "walked"),
        where=who,
    )


def _span(walked: Funnel, asked: FunnelPaths, then: nodes.Expr) -> tuple[nodes.Expr | None, nodes.Expr | None]:
    """From when and to when, from the funnel's origin; None for no bound."""
    if asked.kind == "funnel_path_before_step":
        return None, then
    if asked.kind == "funnel_path_after_step":
        # Of those who left: what they did once it was too late to go on.
        return (then if asked.step > 0 else call("plus", then, walked.filter.microseconds)), None
    if asked.step < 2:
        raise QueryError("paths between steps need the later one as “funnelStep”, from 2 on")
    return call("arrayElement", name("path"), walked.mandatory_before(asked.step)), then


def _funnel(query: PathsQuery, asked: FunnelPaths, context: Context) -> Funnel:
    source = asked.source
    steps = source.funnels_filter.model_copy(update={"viz": "steps"})
    plain = source.model_copy(update={"funnels_filter": steps, "breakdown_filter": BreakdownFilter()})
    walked = funnel(plain, context)
    if walked.actor != query.who:
        raise QueryError("the paths and their funnel must be about the same actors: persons, or groups of one kind")
    return walked
