"""Paths of a funnel without an order: as many of the steps as were done within the window, each by an event of its own.

A path starts with an event of any step and takes of each step the first event from then on. An event that is of
several steps counts for the one whose last event lies longest ago, one that had none before all others, and of equals
for the first. What is excluded ends the paths that started before its moment. The best path is the one of most steps;
of such, the one that was done first; of such, the one that started first.
"""

from __future__ import annotations

from analytics_pipelines.insights.funnels.funnel import Funnel, distinct_events
from analytics_pipelines.insights.funnels.histories import Marks
from analytics_pipelines.insights.funnels.terms import (
    NONE,
    Expr,
    arrow,
    awaited,
    call,
    element,
    every,
    further,
    has,
    item,
    name,
    over,
    value,
)
from analytics_pipelines.sql import nodes

_T, _M = name("t"), name("m")
_FOREVER = call("toInt64", 2**62)


def paths(funnel: Funnel, histories: nodes.Select, marks: Marks, keys: tuple[str, ...]) -> nodes.Select:
    """`keys, path`: the times of the events, in order; as many as steps were done."""
    steps = range(1, len(funnel.steps) + 1)
    arrays = (*keys, "times", "marks")
    if not distinct_events(funnel.steps):
        histories = further(histories, (*keys, "times"), item("marks", _assigned(marks)))
    following = [
        item(f"next_{step}", awaited(over("t m", call("if", has(_M, marks.step(step)), _T, 0), *_ARRAYS)))
        for step in steps
    ]
    found = further(histories, arrays, *following, item("limit", _limits(funnel, marks)))
    nexts = tuple(f"next_{step}" for step in steps)
    inside = every(call("greater", name("x"), 0), call("lessOrEquals", name("x"), name("end")))
    taken = call("arraySort", call("arrayFilter", arrow("x", inside), call("array", *map(name, nexts))))
    attempt = call("if", has(_M, marks.start), taken, NONE)
    attempts = over(f"m end {' '.join(nexts)}", attempt, name("marks"), name("limit"), *map(name, nexts))
    found = further(found, keys, item("attempts", attempts))
    path = name("path")
    rank = call("tuple", call("negate", call("length", path)), element(path, -1), element(path, 1))
    ranked = call("arraySort", arrow("path", rank), name("attempts"))
    return further(found, keys, item("path", element(ranked, 1)))


_ARRAYS = (name("times"), name("marks"))


def _limits(funnel: Funnel, marks: Marks) -> Expr:
    """Until when the path that starts with an event goes on: to the end of its window, or to what is excluded."""
    window = funnel.filter.microseconds
    if not marks.excluding:
        return over("t", call("plus", _T, window), name("times"))
    excluded = awaited(over("t m", call("if", has(_M, marks.exclusion(1)), _T, 0), *_ARRAYS))
    # Only what comes after the event's own moment: the last event of a moment knows that, and tells the others.
    last = call("notEquals", name("after"), _T)
    told = over(
        "t after found", call("if", last, name("found"), -1), name("times"), _next(name("times")), _next(excluded)
    )
    ends = call("arrayReverseFill", arrow("x", call("greaterOrEquals", name("x"), 0)), told)
    end = call("if", call("greater", name("end"), 0), name("end"), _FOREVER)
    return over("t end", call("least", call("plus", _T, window), end), name("times"), ends)


def _next(array: Expr) -> Expr:
    """Each element in the place of the one before, 0 in the last."""
    return call("arrayPushBack", call("arrayPopFront", array), 0)


def _assigned(marks: Marks) -> Expr:
    """The marks with one step each."""
    steps = tuple(range(1, marks.steps + 1))
    bits, step = value(tuple(marks.step(each) for each in steps)), name("step")
    last, kept = (call("tupleElement", name("state"), place) for place in (1, 2))
    of = call("arrayFilter", arrow("step", call("notEquals", call("bitAnd", _M, element(bits, step)), 0)), value(steps))
    longest_ago = arrow("step", call("tuple", element(last, step), step))
    chosen = element(call("arraySort", longest_ago, of), 1)
    seen = over("step before", call("if", call("equals", step, chosen), _T, name("before")), value(steps), last)
    others = call("bitAnd", _M, ((1 << marks.width) - 1) ^ marks.all_steps)
    mark = call("bitOr", others, element(bits, chosen))
    initial = call("tuple", over("step", call("toInt64", 0), value(steps)), NONE)
    folded = call(
        "arrayFold", arrow("state t m", call("tuple", seen, call("arrayPushBack", kept, mark))), *_ARRAYS, initial
    )
    return call("tupleElement", folded, 2)
