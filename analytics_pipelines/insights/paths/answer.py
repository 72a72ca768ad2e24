"""Paths: the statement of a question, its answer, and the people behind an edge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from analytics_pipelines.insights.asked import ACTOR, both, call, compared, item, mapped, name
from analytics_pipelines.insights.dates import DateRange
from analytics_pipelines.insights.filters import joined
from analytics_pipelines.insights.paths.items import ITEM, named_events
from analytics_pipelines.insights.paths.model import PathsFilter, PathsQuery, key_parts
from analytics_pipelines.insights.paths.walks import BETWEEN, WALK, hash_of, item_of, time_of, walks
from analytics_pipelines.insights.plan import Rows
from analytics_pipelines.insights.point import Point
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import Compiled, compile_query

_MICROSECONDS_PER_MILLISECOND = 1000


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows are (source, target, paths, microseconds from one to the other on average), the most travelled first."""

    statements: tuple[Compiled]
    dates: DateRange

    def answer(self, results: Sequence[Rows]) -> dict[str, Any]:
        """Edges that can be reached from a beginning; times in milliseconds."""
        reached = _reached(results[0])
        rows = [
            {
                "source": source,
                "target": target,
                "value": int(paths),
                "average_conversion_time": float(microseconds) / _MICROSECONDS_PER_MILLISECOND,
            }
            for source, target, paths, microseconds in results[0]
            if source in reached
        ]
        return {"results": rows, "resolved_date_range": self.dates.resolved()}


def _reached(edges: Iterable[Sequence[Any]]) -> set[str]:
    """The nodes that lie on a way from a first one; limits may have taken away what led to others."""
    targets = defaultdict(list)
    for source, target, *_ in edges:
        targets[source].append(target)
    reached, waiting = set[str](), [source for source in targets if key_parts(source)[0] == 1]
    while waiting:
        node = waiting.pop()
        if node not in reached:
            reached.add(node)
            waiting += targets.get(node, [])
    return reached


def plan(query: PathsQuery, context: Context) -> Plan:
    """One pass over the events for the walks, and one for the names of what is on them."""
    return Plan((compile_query(_edges(query, context), context.scope()),), query.range(context))


def _edges(query: PathsQuery, context: Context) -> nodes.Select:
    counted = _counted(query, context)
    keys = tuple(name(key) for key in ("place", "source", "target"))
    edges = nodes.Select(
        (
            item("source_key", _key(call("minus", name("place"), 1), "source")),
            item("target_key", _key(name("place"), "target")),
            item("paths", call("any", name("paths"))),
            item("duration", call("any", name("duration"))),
        ),
        nodes.Derived(_ends(counted, query, context), "ends"),
        group=keys,
    )
    shown = ("source_key", "target_key", "paths", "duration")
    return nodes.Select(
        tuple(item(each, name(each)) for each in shown),
        nodes.Derived(edges, "edges"),
        order=(nodes.Order(name("paths"), True), nodes.Order(name("source_key")), nodes.Order(name("target_key"))),
        limit=query.paths_filter.edge_limit,
    )


def _ends(counted: nodes.Select, query: PathsQuery, context: Context) -> nodes.Select:
    """Each edge twice, with the name of its source and with that of its target: so names are looked up in one join."""
    columns = ("place", "source", "target", "paths", "duration")
    both_ends = call("arrayJoin", call("array", name("source"), name("target")))
    ends = nodes.Select(
        (*(item(each, name(each)) for each in columns), item("end_hash", both_ends)),
        nodes.Derived(counted, "counted"),
        where=_heavy_enough(query.paths_filter),
    )
    return nodes.Select(
        (
            *(item(each, name("one_end", each)) for each in (*columns, "end_hash")),
            item(ITEM, call("ifNull", name("names", ITEM), BETWEEN)),  # nothing else has no name
        ),
        nodes.Derived(ends, "one_end"),
        (
            nodes.Join(
                "LEFT",
                nodes.Derived(_names(query, context), "names"),
                compared(name("one_end", "end_hash"), "=", name("names", "hash")),
            ),
        ),
    )


def _heavy_enough(asked: PathsFilter) -> nodes.Expr | None:
    paths = name("paths")
    least = compared(paths, ">=", asked.min_weight) if asked.min_weight else None
    most = compared(paths, "<=", asked.max_weight) if asked.max_weight else None
    return joined("AND", [each for each in (least, most) if each is not None])


def _key(place: nodes.Expr, end: str) -> nodes.Expr:
    """`2_/home`"""
    named = call("anyIf", name(ITEM), compared(name("end_hash"), "=", name(end)))
    return call("concat", call("toString", place), "_", named)


def _names(query: PathsQuery, context: Context) -> nodes.Select:
    hashed = call("cityHash64", name(ITEM))
    return nodes.Select(
        (item("hash", hashed), item(ITEM, call("any", name(ITEM)))),
        nodes.Derived(named_events(query, context, of_anybody=True), "named_events"),
        group=(name("hash"),),
    )


def _counted(query: PathsQuery, context: Context) -> nodes.Select:
    """`place` (of the target), `source, target` (hashes), `paths, duration` (microseconds on average)."""
    walk = name(WALK)
    edge = call(
        "tuple",
        name("place"),
        item_of(name("before")),
        item_of(name("node")),
        call("minus", time_of(name("node")), time_of(name("before"))),
    )
    places = call("range", 2, call("plus", call("length", walk), 1))
    walked = mapped(
        "arrayMap", "place before node", edge, places, call("arrayPopBack", walk), call("arrayPopFront", walk)
    )
    edges = nodes.Select((item("edge", call("arrayJoin", walked)),), nodes.Derived(walks(query, context), "walks"))
    parts = [call("tupleElement", name("edge"), at) for at in range(1, 5)]
    keys = [item(key, part) for key, part in zip(("place", "source", "target"), parts, strict=False)]
    return nodes.Select(
        (*keys, item("paths", call("count")), item("duration", call("avg", parts[3]))),
        nodes.Derived(edges, "edges"),
        group=tuple(name(key.name) for key in keys),
    )


def actors(query: PathsQuery, point: Point, context: Context) -> nodes.Select:
    """`actor_id, event_count`: who went over the edge, and how often; `event_count` adds up to the edge's value.

    Named by the keys of its ends; by one of them it is all who left from there (`pathStartKey`), or who were there
    (`pathEndKey`). By `pathDropoffKey` it is those whose path ended there.
    """
    asked = query.paths_filter
    start, end, last = (
        key_parts(key) if key else None
        for key in (
            point.path_start_key or asked.start_key,
            point.path_end_key or asked.end_key,
            point.path_dropoff_key or asked.dropoff_key,
        )
    )
    if last:
        where = both(_passes(*last), compared(call("length", name(WALK)), "=", last[0]))
    else:
        where = both(
            _passes(*start) if start else None,
            compared(call("length", name(WALK)), ">", start[0]) if start else None,
            _passes(*end) if end else None,
            nodes.Constant(False) if start and end and start[0] + 1 != end[0] else None,
        )
    return nodes.Select(
        (item(ACTOR, name(ACTOR)), item("event_count", call("count"))),
        nodes.Derived(walks(query, context), "walks"),
        where=where,
        group=(name(ACTOR),),
    )


def _passes(place: int, text: str) -> nodes.Expr:
    here = call("arrayElement", name(WALK), place)
    there = compared(call("length", name(WALK)), ">=", place)
    return nodes.Logic("AND", (there, compared(item_of(here), "=", hash_of(text))))
