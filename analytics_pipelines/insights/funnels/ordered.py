"""Paths of a plain funnel: steps in order, nothing excluded, nothing optional.

For each event, the latest start from which a path has got so far: the step before must have been reached from that
start earlier, and the window be still open. These are passes over whole arrays of all actors at once, which cost a
fraction of a fold. The path is then walked once, from the start that got furthest first: each step as soon as it can
be.
"""

from __future__ import annotations

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
    total,
)
from analytics_pipelines.sql import nodes

_T, _M, _START = name("t"), name("m"), name("start")


def paths(funnel: Funnel, histories: nodes.Select, marks: Marks, keys: tuple[str, ...]) -> nodes.Select:
    """`keys, path`: the times of the steps, as far as the actor got."""
    steps = range(1, len(funnel.steps) + 1)
    arrays = (*keys, "times", "marks")
    first = call("if", has(_M, marks.step(1)), _T, 0)
    found = further(histories, arrays, item("reached_1", over("t m", first, name("times"), name("marks"))))
    for step in steps[1:]:
        before = tuple(f"reached_{each}" for each in range(1, step))
        advances = every(
            has(_M, marks.step(step)),
            call("greater", _START, 0),
            call("lessOrEquals", call("minus", _T, _START), funnel.filter.microseconds),
        )
        started = shifted(held(name(f"reached_{step - 1}")))
        reached = over("t m start", call("if", advances, _START, 0), name("times"), name("marks"), started)
        found = further(found, (*arrays, *before), item(f"reached_{step}", reached))
    reached_all = tuple(f"reached_{step}" for step in steps)
    ends = [item(f"end_{step}", _first("x", call("greater", name("x"), 0), name(f"reached_{step}"))) for step in steps]
    found = further(found, (*arrays, *reached_all), *ends)
    length = total(call("greater", name(f"end_{step}"), 0) for step in steps)
    begun: list[Expr] = []
    for step in reversed(steps):
        begun += (call("greater", name(f"end_{step}"), 0), element(name(f"reached_{step}"), name(f"end_{step}")))
    found = further(found, arrays, item("length", length), item("begun", call("multiIf", *begun, 0)))
    return _walked(found, steps, marks, keys)


def _walked(found: nodes.Select, steps: range, marks: Marks, keys: tuple[str, ...]) -> nodes.Select:
    kept = (*keys, "times", "marks", "length")
    begins = every(has(_M, marks.step(1)), call("equals", _T, name("begun")))
    at = [item("at_1", _first("t m", begins, name("times"), name("marks")))]
    found = further(found, kept, *at)
    for step in steps[1:]:
        before = tuple(f"at_{each}" for each in range(1, step))
        follows = every(has(_M, marks.step(step)), call("greater", name("place"), name(f"at_{step - 1}")))
        places = call("arrayEnumerate", name("marks"))
        found = further(found, (*kept, *before), item(f"at_{step}", _first("m place", follows, name("marks"), places)))
    times = call("array", *(element(name("times"), name(f"at_{step}")) for step in steps))
    return further(found, keys, item("path", call("arraySlice", times, 1, name("length"))))


def _first(arguments: str, condition: Expr, *arrays: Expr) -> Expr:
    """The place of the first element of which the condition is true; 0 when there is none."""
    return call("arrayFirstIndex", arrow(arguments, condition), *arrays)
