"""What a person did, as one aggregate over its events: nearly all criteria are counts of matching events in windows, so
that one pass over the events decides any number of them."""

from __future__ import annotations

from analytics_pipelines.cohorts import windows
from analytics_pipelines.cohorts.criteria import Behavioral
from analytics_pipelines.cohorts.windows import Window
from analytics_pipelines.insights.actions import action_condition
from analytics_pipelines.insights.filters import all_of, condition
from analytics_pipelines.insights.series import event_is
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.errors import QueryError

_TIMESTAMP = nodes.Name(("timestamp",))
_COMPARISONS = {"gte": ">=", "lte": "<=", "gt": ">", "lt": "<", "eq": "=", "exact": "="}
_NEVER = -(10**18)
"""A time in microseconds from which everything is too far."""


class Behaviour:
    """A criterion in its context. `span` is all that has to be read of the past; `matching` is what is true of the
    events that it is about. QueryError for what can't be understood."""

    def __init__(self, one: Behavioral, context: Context) -> None:
        self._one, self._context = one, context
        self._window = windows.window(one, context)
        self._first = _event(one.key, one.event_type, context, one)
        self.matching: nodes.Expr = self._first
        self.span = self._window
        self.aggregate = self._aggregate()

    def _aggregate(self) -> nodes.Expr:
        """True of those who did it, negated or not. Who has no matching event never did."""
        one, within = self._one, self._window
        match one.value:
            case "performed_event":
                return self._at_least_once(within)
            case "performed_event_multiple":
                return self._often(within)
            case "performed_event_first_time":
                self.span = Window(None, within.end)
                return _all(self._at_least_once(within), self._never(self._before(within)))
            case "performed_event_sequence":
                return self._sequence()
            case "performed_event_regularly":
                return self._regularly()
            case _:
                return self._stopped_or_restarted()

    def _often(self, within: Window) -> nodes.Expr:
        """Nobody is a member for what they never did: “at most 1” is exactly 1."""
        comparison = _COMPARISONS[self._one.operator or "gte"]
        wanted = nodes.Compare(comparison, self._count(within), nodes.Constant(self._one.operator_value))
        return _all(wanted, self._at_least_once(within))

    def _stopped_or_restarted(self) -> nodes.Expr:
        """Stopped: before the recent past, not in it. Restarted: in it, not in the rest of the window, but before."""
        within = self._window
        start = windows.recent(self._one, within, self._context)
        earlier, lately = within.up_to(start), Window(start, within.end)
        if self._one.value == "stopped_performing_event":
            return _all(self._at_least_once(earlier), self._never(lately))
        self.span = Window(None, within.end)
        return _all(self._at_least_once(lately), self._never(earlier), self._at_least_once(self._before(within)))

    def _regularly(self) -> nodes.Expr:
        """In how many of the periods there were as many as wanted; periods without any don't count."""
        one = self._one
        bounds = windows.periods(one, self._context)
        self.span = Window(bounds[0], bounds[-1]).up_to(bounds[-1])
        edges = nodes.Constant(tuple(int(bound.timestamp()) for bound in bounds[:-1]))
        period = nodes.Call("roundDown", (nodes.Call("toUnixTimestamp64Second", (_TIMESTAMP,)), edges))
        found = nodes.Call("groupArrayIf", (period, self._within(self._first, self.span)))
        often = nodes.Call("countEqual", (found, nodes.Name(("period",))))
        wanted = nodes.Compare(_COMPARISONS[one.operator or "gte"], often, nodes.Constant(one.operator_value or 1))
        test = nodes.Lambda(("period",), wanted)
        periods = nodes.Call("arrayCount", (test, nodes.Call("arrayDistinct", (found,))))
        return nodes.Compare(">=", periods, nodes.Constant(one.min_periods))

    def _sequence(self) -> nodes.Expr:
        """An event of the second kind after another one of the first kind, at most so long after it.

        The events in order of time, of equal times those of the first kind first, so that two of the same moment
        count; beside each the time of the latest of the first kind before it.
        """
        one = self._one
        second = _event(one.seq_event or "", one.seq_event_type or "events", self._context, None)
        self.matching = nodes.Logic("OR", (self._first, second))
        time = nodes.Call("toUnixTimestamp64Micro", (_TIMESTAMP,))
        row = nodes.Call("tuple", (time, _flag(second), nodes.Call("not", (_flag(self._first),))))
        rows = nodes.Call("arraySort", (nodes.Call("groupArrayIf", (row, self._within(self.matching, self._window))),))
        is_other = nodes.Call("arrayPushFront", (_parts(rows, 3), nodes.Constant(1)))
        times = nodes.Call("arrayPushFront", (_parts(rows, 1), nodes.Constant(_NEVER)))
        keep = nodes.Lambda(("at", "other"), nodes.Compare("=", nodes.Name(("other",)), nodes.Constant(0)))
        before = nodes.Call("arrayPopBack", (nodes.Call("arrayFill", (keep, times, is_other)),))
        limit = windows.seconds(one.seq_time_value or 0, one.seq_time_interval or "day") * 1_000_000
        part = nodes.Name(("row",))
        gap = nodes.Call("minus", (nodes.Call("tupleElement", (part, nodes.Constant(1))), nodes.Name(("before",))))
        is_second = nodes.Compare("=", nodes.Call("tupleElement", (part, nodes.Constant(2))), nodes.Constant(1))
        close = nodes.Logic("AND", (is_second, nodes.Compare("<=", gap, nodes.Constant(limit))))
        found = nodes.Call("arrayExists", (nodes.Lambda(("row", "before"), close), rows, before))
        return nodes.Compare("=", found, nodes.Constant(1))

    def _before(self, within: Window) -> Window | None:
        return None if within.start is None else Window(None, within.up_to(within.start).end)

    def _count(self, within: Window) -> nodes.Expr:
        return nodes.Call("countIf", (self._within(self._first, within),))

    def _at_least_once(self, within: Window | None) -> nodes.Expr:
        return nodes.Constant(False) if within is None else nodes.Compare(">", self._count(within), nodes.Constant(0))

    def _never(self, within: Window | None) -> nodes.Expr:
        return nodes.Constant(True) if within is None else nodes.Compare("=", self._count(within), nodes.Constant(0))

    def _within(self, matching: nodes.Expr, within: Window) -> nodes.Expr:
        return _all(matching, time_condition(within))


def time_condition(within: Window) -> nodes.Expr:
    """Whether an event is in a window."""
    end = nodes.Compare("<=", _TIMESTAMP, nodes.Constant(within.end))
    if within.start is None:
        return end
    return _all(nodes.Compare(">=", _TIMESTAMP, nodes.Constant(within.start)), end)


def _event(key: str | int, event_type: str, context: Context, filtered: Behavioral | None) -> nodes.Expr:
    """What is true of the events that a criterion names. QueryError for an action that doesn't exist."""
    if event_type == "events":
        named: nodes.Expr | None = event_is(str(key))
    else:
        action = context.team.actions.get(int(key)) if str(key).isdecimal() else None
        if action is None:
            raise QueryError(f"there is no action {str(key)[:50]}")
        named = action_condition(action, context)
    filters = condition(filtered.event_filters, context) if filtered else None
    return all_of(named, filters) or nodes.Constant(True)


def _all(*parts: nodes.Expr) -> nodes.Expr:
    return nodes.Logic("AND", parts)


def _flag(test: nodes.Expr) -> nodes.Expr:
    return nodes.Call("if", (test, nodes.Constant(1), nodes.Constant(0)))


def _parts(rows: nodes.Expr, place: int) -> nodes.Expr:
    body = nodes.Call("tupleElement", (nodes.Name(("row",)), nodes.Constant(place)))
    return nodes.Call("arrayMap", (nodes.Lambda(("row",), body), rows))
