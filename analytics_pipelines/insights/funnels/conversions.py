"""The view of steps: how many got to each, and how long it took them from the one before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from analytics_pipelines.insights.asked import event_name
from analytics_pipelines.insights.funnels import values
from analytics_pipelines.insights.funnels.funnel import Funnel
from analytics_pipelines.insights.funnels.histories import broken_down
from analytics_pipelines.insights.funnels.paths import paths, reached, seconds_between
from analytics_pipelines.insights.funnels.terms import Expr, call, further, item, name, value
from analytics_pipelines.insights.plan import Rows
from analytics_pipelines.insights.series import EventsNode, Series
from analytics_pipelines.sql import nodes

_HALF = (value(0.5),)


def select(funnel: Funnel) -> nodes.Select:
    """One row `step_1 …, average_2 …, median_2 …`; with a breakdown one for each value, `value` first."""
    found = paths(funnel)
    if not broken_down(funnel):
        return further(found, (), *_counts(funnel), *_times(funnel, "If", _arguments))
    by_value = (name("value"),)
    if not values.limited(funnel):
        numbers = further(found, ("value",), *_counts(funnel), *_times(funnel, "If", _arguments))
        return nodes.Select(numbers.items, numbers.source, group=by_value, order=_most(funnel))
    sums = [item(f"step_{step}", call("sum", name(f"counted_{step}"))) for step in _steps(funnel)]
    renamed = nodes.Select(
        (
            item("label", values.label(funnel)),
            item("place", name("place")),
            *(item(f"counted_{step}", name(f"step_{step}")) for step in _steps(funnel)),
            *(item(f"times_{step}", name(f"times_{step}")) for step in _steps(funnel)[1:]),
        ),
        nodes.Derived(ranked(funnel), None),
    )
    merged = further(renamed, ("label",), *sums, *_times(funnel, "Array", lambda step: (name(f"times_{step}"),)))
    first = nodes.Order(call("min", name("place")))
    return nodes.Select(merged.items, merged.source, group=(name("label"),), order=(first,))


def ranked(funnel: Funnel) -> nodes.Select:
    """`value, step_1 …, times_2 …, place` of all values: their places go by how many got to the last step."""
    counted = further(paths(funnel), ("value",), *_counts(funnel), *_gathered(funnel))
    counted = nodes.Select(counted.items, counted.source, group=(name("value"),))
    place = nodes.Call("row_number", over=nodes.Over(order=_most(funnel)))
    return further(counted, tuple(each.name for each in counted.items), item("place", place))


def _steps(funnel: Funnel) -> range:
    return range(1, len(funnel.steps) + 1)


def _counts(funnel: Funnel) -> list[nodes.Item]:
    return [item(f"step_{step}", call("countIf", reached(step))) for step in _steps(funnel)]


def _seconds(funnel: Funnel, step: int) -> Expr:
    return seconds_between(funnel.mandatory_before(step), step)


def _gathered(funnel: Funnel) -> list[nodes.Item]:
    return [
        item(f"times_{step}", call("groupArrayIf", _seconds(funnel, step), reached(step)))
        for step in _steps(funnel)[1:]
    ]


def _times(funnel: Funnel, combinator: str, arguments: Any) -> list[nodes.Item]:
    averages, medians = [], []
    for step in _steps(funnel)[1:]:
        given = arguments(step) if combinator == "Array" else arguments(funnel, step)
        averages.append(item(f"average_{step}", nodes.Call(f"avg{combinator}", given)))
        medians.append(item(f"median_{step}", nodes.Call(f"quantileExactInclusive{combinator}", given, _HALF)))
    return [*averages, *medians]


def _arguments(funnel: Funnel, step: int) -> tuple[Expr, ...]:
    return (_seconds(funnel, step), reached(step))


def _most(funnel: Funnel) -> tuple[nodes.Order, ...]:
    """By how many got to the last step, then to the one before, and so on."""
    counts = [nodes.Order(name(f"step_{step}"), descending=True) for step in reversed(_steps(funnel))]
    return (*counts, nodes.Order(name("value")))


def answer(funnel: Funnel, rows: Rows) -> list[Any]:
    """A list of steps, or with a breakdown a list of such lists. Empty when nobody entered."""
    if not broken_down(funnel):
        return _row(funnel, rows[0], {}) if rows and rows[0][0] else []
    found = values.order([row for row in rows if row[1]])
    if funnel.query.breakdown_filter.hide_other:
        found = [row for row in found if not values.is_other(row[0])]
    return [_row(funnel, row[1:], values.shown(funnel, row[0])) for row in found]


def _row(funnel: Funnel, numbers: Sequence[Any], breakdown: dict[str, Any]) -> list[dict[str, Any]]:
    count = len(funnel.steps)
    return [
        {
            **_named(funnel, step, place),
            "order": place,
            "people": [],
            "count": int(numbers[place]),
            "average_conversion_time": _seconds_of(numbers[count + place - 1]) if place else None,
            "median_conversion_time": _seconds_of(numbers[2 * count + place - 2]) if place else None,
            "converted_people_url": None,
            "dropped_people_url": None,
            **breakdown,
        }
        for place, step in enumerate(funnel.steps)
    ]


def _named(funnel: Funnel, step: Series, place: int) -> dict[str, Any]:
    """Without an order, a row is no step, but so many of them."""
    by_event = isinstance(step, EventsNode)
    done = f"Completed {place + 1} step{'s' if place else ''}"
    identity = step.event if isinstance(step, EventsNode) else step.id
    return {
        "action_id": identity if funnel.ordered else None,
        "name": event_name(step, funnel.context) if funnel.ordered else done,
        "custom_name": step.custom_name if funnel.ordered else None,
        "type": "events" if by_event else "actions",
    }


def _seconds_of(found: Any) -> float | None:
    return None if found is None or math.isnan(found) else float(found)
