"""The SQL of paths: from events to the walk of each visit.

A node of a walk is one number of 128 bits: the time in microseconds above, and below the hash of the item. So an array
of nodes sorts by time, in one order also where times are equal, and no text moves until edges are counted.
"""

from __future__ import annotations

from analytics_pipelines.insights.asked import ACTOR, call, compared, item, mapped, name
from analytics_pipelines.insights.paths.by_funnel import around_step
from analytics_pipelines.insights.paths.items import AT, ITEM, named_events
from analytics_pipelines.insights.paths.model import PathsFilter, PathsQuery
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.types import Kind

WALK, BETWEEN = "walk", "..."
PAUSE_MICROSECONDS = 30 * 60 * 1_000_000
"""A visit ends where so much time passes without an event; around a funnel's step it is the funnel's window."""
_AFTER_ALL_TIME_BEFORE_1970 = 2**62
_NODE = name("node")


def walks(query: PathsQuery, context: Context) -> nodes.Select:
    """`actor_id, walk`: the nodes of each visit, as far as they are asked for. One pass over the events."""
    asked = query.paths_filter
    named, pause_length = named_events(query, context), PAUSE_MICROSECONDS
    if around := query.funnel_paths:
        named = around_step(named, query, around, context)
        pause_length = around.source.funnels_filter.microseconds
    events = nodes.Derived(named, "events_of_paths")
    moment = nodes.Cast(call("plus", name(AT), _AFTER_ALL_TIME_BEFORE_1970), "UInt128", Kind.NUMBER)
    node = call("bitOr", call("bitShiftLeft", moment, 64), call("cityHash64", name(ITEM)))
    sorted_ = call("arraySort", call("groupArray", node))
    people = _select(events, {"seen": sorted_}, group=True)
    times = mapped("arrayMap", "node", time_of(_NODE), name("seen"))
    pause = compared(name("gap"), ">=", pause_length)
    visits = mapped("arraySplit", "node gap", pause, name("seen"), call("arrayDifference", times))
    visited = _select(nodes.Derived(people, "people"), {"visit": call("arrayJoin", visits)})
    compact = _select(nodes.Derived(visited, "visited"), {"nodes": _without_repeats(name("visit"))})
    return _cut(compact, asked)


def item_of(node: nodes.Expr) -> nodes.Expr:
    return call("toUInt64", node)


def time_of(node: nodes.Expr) -> nodes.Expr:
    """In microseconds, from a start of our own."""
    return call("toInt64", call("bitShiftRight", node, 64))


def hash_of(text: str) -> nodes.Expr:
    return call("cityHash64", text)


def _select(source: nodes.Source, found: dict[str, nodes.Expr], *, group: bool = False) -> nodes.Select:
    items = tuple(item(alias, expr) for alias, expr in found.items())
    return nodes.Select((item(ACTOR, name(ACTOR)), *items), source, group=(name(ACTOR),) if group else ())


def _without_repeats(visit: nodes.Expr) -> nodes.Expr:
    """Of the same item several times in a row the last."""
    after_the_last = call("bitXor", call("arrayElement", visit, -1), 1)  # is another item
    following = call("arrayPushBack", call("arrayPopFront", visit), after_the_last)
    differs = compared(item_of(_NODE), "!=", item_of(name("following")))
    return mapped("arrayFilter", "node following", differs, visit, following)


def _cut(compact: nodes.Select, asked: PathsFilter) -> nodes.Select:
    """From the first start point, up to the first end point after it, and no longer than allowed."""
    current, limit = compact, asked.step_limit
    start, end = asked.start, asked.end
    if start:
        current = _from_point(current, start, call("arraySlice", name("nodes"), name("found")))
    if end:
        current = _from_point(current, end, call("arraySlice", name("nodes"), 1, name("found")))
    if start and end:
        shown = _middle_left_out(name("nodes"), limit)
    elif end:
        shown = call("arraySlice", name("nodes"), -limit)
    else:
        shown = call("arraySlice", name("nodes"), 1, limit)
    return _select(nodes.Derived(current, "cut"), {WALK: shown})


def _from_point(current: nodes.Select, point: str, kept: nodes.Expr) -> nodes.Select:
    """`kept` of those walks in which the point is; it may use `found`, where it is first."""
    items = mapped("arrayMap", "node", item_of(_NODE), name("nodes"))
    looked = _select(
        nodes.Derived(current, "looked_through"),
        {"nodes": name("nodes"), "found": call("indexOf", items, hash_of(point))},
    )
    return nodes.Select(
        (item(ACTOR, name(ACTOR)), item("nodes", kept)),
        nodes.Derived(looked, "looked"),
        where=compared(name("found"), ">", 0),
    )


def _middle_left_out(walk: nodes.Expr, limit: int) -> nodes.Expr:
    """Of one that is too long both halves, and between them a node that stands for the others, at the first one's
    time."""
    half = limit // 2
    moment = call("bitShiftLeft", call("bitShiftRight", call("arrayElement", walk, half + 1), 64), 64)
    between = call("array", call("bitOr", moment, hash_of(BETWEEN)))
    ends = (call("arraySlice", walk, 1, half), call("arraySlice", walk, -half)) if half else None
    cut = call("arrayConcat", ends[0], between, ends[1]) if ends else between
    return call("if", compared(call("length", walk), ">", limit), cut, walk)
