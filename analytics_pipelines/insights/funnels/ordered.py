"""Paths of a plain funnel: steps in order, nothing excluded, nothing optional.

For each event, the latest start from which a path has got so far: the step before must have been reached from that
start earlier, and the window be still open. These are passes over whole arrays of all actors at once, which cost a
fraction of a fold. The path is then walked once, from the start that got furthest first: each step as soon as it can
be.
"""

from __future__ import annotations

from collections.abc import Iterator

from analytics_pipelines.insights.funnels.funnel import Funnel
from analytics_pipelines.insights.funnels.histories import Marks
from analytics_pipelines.insights.funnels.terms import (
    Expr,
    arrow,
    call,
    element,
    every,
    further,
    has,
    held,
    item,
    name,
    over,
    shifted,
    value,
)
from analytics_pipelines.sql import nodes

_T, _M, _START = name("t"), name("m"), name("start")


def paths(funnel: Funnel, histories: nodes.Select, marks: Marks, keys: tuple[str, ...]) -> nodes.Select:
    """`keys, path`: the times of the steps, as far as the actor got."""
    steps = range(1, len(funnel.steps) + 1)
    begun = further(histories, (*keys, "times", "marks"), *_starts(funnel, steps, marks))
    furthest: list[Expr] = []
    for step in reversed(steps):
        got = call("greater", name(f"start_{step}"), 0)
        furthest += (got, call("tuple", value(step), name(f"start_{step}")))
    nowhere = call("tuple", value(0), call("toInt64", 0))
    best = item("best", call("multiIf", *furthest, nowhere))
    walked = further(further(begun, (*keys, "times", "marks"), best), (*keys, "times", "best"), *_places(steps, marks))
    times = call("array", *(element(name("times"), name(f"at_{step}")) for step in steps))
    path = call("arraySlice", times, 1, call("tupleElement", name("best"), 1))
    return further(walked, keys, item("path", path))


def _starts(funnel: Funnel, steps: range, marks: Marks) -> Iterator[nodes.Item]:
    """For each step, the starts from which it was reached by event; and `start_…`, that of the first who did, or 0.

    Each is made of the one before.
    """
    reached = over("t m", call("if", has(_M, marks.step(1)), _T, 0), name("times"), name("marks"))
    for step in steps:
        if step > 1:
            advances = every(
                has(_M, marks.step(step)),
                call("greater", _START, 0),
                call("lessOrEquals", call("minus", _T, _START), funnel.filter.microseconds),
            )
            before = shifted(held(name(f"reached_{step - 1}")))
            reached = over("t m start", call("if", advances, _START, 0), name("times"), name("marks"), before)
        yield item(f"reached_{step}", reached)
        first = call("arrayFirst", arrow("x", call("greater", name("x"), 0)), name(f"reached_{step}"))
        yield item(f"start_{step}", first)


def _places(steps: range, marks: Marks) -> Iterator[nodes.Item]:
    """The place of each step's event among all, on the path of the best start; each is made of the one before."""
    begins = every(has(_M, marks.step(1)), call("equals", _T, call("tupleElement", name("best"), 2)))
    yield item("at_1", call("arrayFirstIndex", arrow("t m", begins), name("times"), name("marks")))
    for step in steps[1:]:
        follows = every(has(_M, marks.step(step)), call("greater", name("place"), name(f"at_{step - 1}")))
        places = call("arrayEnumerate", name("marks"))
        yield item(f"at_{step}", call("arrayFirstIndex", arrow("m place", follows), name("marks"), places))
