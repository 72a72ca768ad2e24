"""The view of times to convert: a histogram of how long it took from one step to another."""

from __future__ import annotations

from typing import Any

from analytics_pipelines.insights.funnels.funnel import Funnel
from analytics_pipelines.insights.funnels.paths import paths, reached, seconds_between
from analytics_pipelines.insights.funnels.terms import Expr, call, every, further, item, name
from analytics_pipelines.insights.plan import Rows
from analytics_pipelines.sql import nodes

MOST_BINS = 90
_MOST_OWN_BINS = 60
_MINUTE = 60


def select(funnel: Funnel) -> nodes.Select:
    """Rows `bin, low, width, bins, average, actors`: bins count from 0, those without an actor are not there.

    Their width is a whole number of seconds, and the first starts at one.
    """
    found = paths(funnel)
    took = nodes.Select(
        (item("seconds", seconds_between(funnel.first, funnel.last)),),
        nodes.Derived(found, None),
        where=every(reached(funnel.first), reached(funnel.last)),
    )
    all_of_them = nodes.Over()
    spread = further(
        took,
        ("seconds",),
        *(
            item(alias, nodes.Call(function, arguments, over=all_of_them))
            for alias, function, arguments in (
                ("least", "min", (name("seconds"),)),
                ("most", "max", (name("seconds"),)),
                ("average", "avg", (name("seconds"),)),
                ("actors_of_all", "count", ()),
            )
        ),
    )
    low = call("toInt64", call("floor", name("least")))
    sized = further(
        spread,
        ("seconds", "average"),
        item("low", low),
        item("bins", _bins(funnel.filter.bin_count)),
        item("span", call("minus", call("toInt64", call("ceil", name("most"))), low)),
    )
    width = call("toInt64", call("ceil", call("divide", name("span"), name("bins"))))
    kept = ("average", "low", "bins")
    wide = further(
        sized, ("seconds", *kept), item("width", call("if", call("equals", name("span"), 0), _MINUTE, width))
    )
    place = call("toInt64", call("floor", call("divide", call("minus", name("seconds"), name("low")), name("width"))))
    binned = further(wide, (*kept, "width"), item("bin", place))
    keys = ("bin", "low", "width", "bins", "average")
    counted = further(binned, keys, item("actors", call("count")))
    return nodes.Select(counted.items, counted.source, group=tuple(name(key) for key in keys))


def _bins(asked: int | None) -> Expr:
    if asked is not None:
        return call("toInt64", min(max(asked, 1), MOST_BINS))
    # rounded, since the cube root of 27 is not quite 3
    root = call("ceil", call("round", call("cbrt", name("actors_of_all")), 9))
    return call("toInt64", call("least", call("greatest", root, 1), _MOST_OWN_BINS))


def answer(funnel: Funnel, rows: Rows) -> dict[str, Any]:
    """`{"bins": [[from_seconds, actors], …], "average_conversion_time": …}`: one bin more than were asked for, since
    the last holds who took longest."""
    if not rows:
        return {"bins": [], "average_conversion_time": None}
    _, low, width, bins, average, _ = rows[0]
    counts = {int(place): int(actors) for place, *_, actors in rows}
    starts = [int(low) + place * int(width) for place in range(int(bins) + 1)]
    return {
        "bins": [[start, counts.get(place, 0)] for place, start in enumerate(starts)],
        "average_conversion_time": float(average),
    }
