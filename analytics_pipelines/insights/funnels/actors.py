"""Who is behind a step or a point of a funnel."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC

from analytics_pipelines.insights import dates
from analytics_pipelines.insights.filters import all_of, joined
from analytics_pipelines.insights.funnels import conversions, rates, values
from analytics_pipelines.insights.funnels.funnel import Funnel, funnel
from analytics_pipelines.insights.funnels.histories import broken_down
from analytics_pipelines.insights.funnels.model import FunnelsQuery
from analytics_pipelines.insights.funnels.paths import paths, reached
from analytics_pipelines.insights.funnels.terms import Expr, call, item, name, over, value
from analytics_pipelines.insights.point import Point
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.errors import QueryError


def actors(query: FunnelsQuery, point: Point, context: Context) -> nodes.Select:
    """`actor_id, matched_timestamps`: each actor once, with the times of the steps that they took.

    `funnelStep` n are those who got to step n (from 1), -n those who got to the step before it and no further;
    `funnelCustomSteps` those who got to exactly one of these. In trends, those who entered in the bucket of
    `funnelTrendsEntrancePeriodStart` and got through, or with `funnelTrendsDropOff` did not. QueryError for a point
    that isn't there.
    """
    asked = funnel(query, context)
    found = paths(asked)
    where = all_of(_bucket(asked, point) if asked.trends else _step(asked, point), _value(asked, point))
    moment = call("fromUnixTimestamp64Micro", call("plus", name("t"), asked.origin))
    taken = call("arrayFilter", nodes.Lambda(("t",), call("greater", name("t"), 0)), name("path"))
    matched = call("any", over("t", moment, taken))
    return nodes.Select(
        (item("actor_id", name("actor")), item("matched_timestamps", matched)),
        nodes.Derived(found, None),
        where=where,
        group=(name("actor"),),
    )


def _step(asked: Funnel, point: Point) -> Expr:
    count = len(asked.steps)
    if point.funnel_custom_steps:
        exactly = tuple(value(step) for step in point.funnel_custom_steps)
        return nodes.In(call("length", name("path")), exactly)
    step = point.funnel_step
    if step is None:
        raise QueryError("say which step in “funnelStep”")
    if step == -1:
        raise QueryError("nobody left before the first step; -2 are those who did not get to the second")
    if not 1 <= abs(step) <= count:
        raise QueryError(f"“funnelStep” must lie between 1 and {count}, or between -2 and -{count}")
    if step > 0:
        return reached(step)
    return nodes.Logic("AND", (reached(asked.mandatory_before(-step)), nodes.Not(reached(-step))))


def _bucket(asked: Funnel, point: Point) -> Expr:
    text = point.funnel_trends_entrance
    if text is None:
        raise QueryError("say when they entered in “funnelTrendsEntrancePeriodStart”")
    team = asked.context.team
    moment = dates.moment(text, asked.context.now, team.zone, team.week_start_day).astimezone(UTC)
    place = bisect_right(asked.dates.buckets, moment) - 1
    if place < 0 or moment > asked.dates.end:
        raise QueryError(f"“{text[:50]}” lies outside of the question's dates")
    start = round(asked.dates.buckets[place].timestamp() * 1_000_000) - asked.origin
    through = rates.converted(asked)
    if point.funnel_trends_drop_off:
        through = nodes.Logic("AND", (rates.entered(asked), nodes.Not(through)))
    return nodes.Logic("AND", (call("equals", name("bucket"), start), through))


def _value(asked: Funnel, point: Point) -> Expr | None:
    given = point.funnel_step_breakdown
    if given is None or not broken_down(asked):
        return None
    if values.limited(asked) and given in (values.OTHER, [values.OTHER]):
        return nodes.Not(nodes.In(name("value"), _kept(asked)))
    ways = values.stored(asked, given)
    alone = len(ways[0]) == 1
    return joined(
        "OR",
        [
            nodes.Compare("=", name("value"), value(way[0]))
            if alone
            else call("equals", name("value"), call("array", *map(value, way)))
            for way in ways
        ],
    )


def _kept(asked: Funnel) -> nodes.Select:
    """The values that are shown on their own."""
    ranked = rates.ranked(asked) if asked.trends else conversions.ranked(asked)
    kept = call("lessOrEquals", name("place"), asked.query.breakdown_filter.limit)
    return nodes.Select((item("value", name("value")),), nodes.Derived(ranked, None), where=kept)
