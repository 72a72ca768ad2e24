"""A funnel as it will be walked: the question, checked against itself, with its dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from analytics_pipelines.insights.dates import DateRange, Interval, date_range
from analytics_pipelines.insights.filters import all_of
from analytics_pipelines.insights.funnels.model import Exclusion, FunnelsFilter, FunnelsQuery
from analytics_pipelines.insights.funnels.terms import Expr, call, item, name, value
from analytics_pipelines.insights.series import ActionsNode, EventsNode, Series, series_condition, source_condition
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import parse_expression
from analytics_pipelines.sql.errors import QueryError

_MICROSECOND = timedelta(microseconds=1)
_FIRST_EVER = "first_time_for_user"
_FIRST_MATCHING = ("first_time_for_user_with_filters", "first_matching_event_for_user")
_HARMLESS_MATHS = (None, "total", "dau", "unique_session")


@dataclass(frozen=True, slots=True)
class Funnel:
    """`steps` end with the last one that the view looks at; `since` and `until` bound the events, both included.

    `first` and `last` are the steps, counted from 1, between which trends and times to convert look.
    """

    query: FunnelsQuery
    context: Context
    dates: DateRange
    steps: tuple[Series, ...]
    first: int
    last: int

    @property
    def filter(self) -> FunnelsFilter:
        return self.query.funnels_filter

    @property
    def trends(self) -> bool:
        return self.filter.viz == "trends"

    @property
    def ordered(self) -> bool:
        return self.filter.order != "unordered"

    @property
    def exclusions(self) -> tuple[Exclusion, ...]:
        """Those that can matter before the last step."""
        return tuple(each for each in self.filter.exclusions if each.from_step + 1 < len(self.steps))

    @property
    def origin(self) -> int:
        """Times are counted from here, in microseconds of Unix, so that none is 0."""
        start = self.dates.filter_start if self.trends else self.dates.start
        return round((start - _MICROSECOND).timestamp() * 1_000_000)

    @property
    def optional(self) -> frozenset[int]:
        """Steps that may be left out, counted from 1."""
        return frozenset(place for place, step in enumerate(self.steps, 1) if step.optional_in_funnel)

    def mandatory_before(self, step: int) -> int:
        """The step from which the way to another is measured."""
        return max(place for place in range(1, step) if place not in self.optional)

    @property
    def actor(self) -> Expr:
        """Who goes through the funnel; NULL for nobody."""
        written = self.query.counted_expression
        if written is None:
            return self.query.who
        return call("nullIf", call("toString", parse_expression(written)), value(""))

    def condition(self, step: Series) -> Expr | None:
        """What is true of the events of a step."""
        matches = series_condition(step, self.context)
        if step.math in _HARMLESS_MATHS:
            return matches
        among = source_condition(step, self.context) if step.math == _FIRST_EVER else matches
        return all_of(matches, nodes.In(name("uuid"), self._firsts(among)))

    def _firsts(self, among: Expr | None) -> nodes.Select:
        """Each actor's first event ever, up to the end of the dates."""
        first = call("argMin", name("uuid"), call("tuple", name("timestamp"), name("uuid")))
        ended = nodes.Compare("<=", name("timestamp"), value(self.dates.end))
        known = call("isNotNull", self.actor)
        return nodes.Select(
            (item("first", first),),
            nodes.TableName("events"),
            where=all_of(ended, known, among),
            group=(self.actor,),
        )


def funnel(query: FunnelsQuery, context: Context) -> Funnel:
    """QueryError for steps, exclusions or dates that make no sense."""
    asked, count = query.funnels_filter, len(query.series)
    ranged = asked.viz != "steps"
    first = (asked.from_step or 0) + 1 if ranged else 1
    last = count if asked.to_step is None or not ranged else asked.to_step + 1
    if ranged and not first < last <= count:
        raise QueryError("funnelFromStep must come before funnelToStep, and both must be steps of the funnel")
    _check_steps(query)
    _check_exclusions(query)
    # Only trends have points; others need no more than where the dates start and end.
    interval = query.interval if asked.viz == "trends" or query.interval.within_a_day else Interval.MONTH
    dates = date_range(
        query.dates.date_from,
        query.dates.date_to,
        interval,
        context.team.zone,
        context.now,
        week_start_day=context.team.week_start_day,
        explicit=bool(query.dates.explicit),
        earliest=context.earliest,
    )
    return Funnel(query, context, dates, tuple(query.series[: last if asked.viz == "trends" else count]), first, last)


def _check_steps(query: FunnelsQuery) -> None:
    asked = query.funnels_filter
    for step in query.series:
        if step.math not in (*_HARMLESS_MATHS, _FIRST_EVER, *_FIRST_MATCHING):
            raise QueryError(f"the math “{step.math}” can't be used in a funnel")
    if query.series[0].optional_in_funnel:
        raise QueryError("the first step of a funnel can't be optional")
    if asked.order == "unordered" and any(step.optional_in_funnel for step in query.series):
        raise QueryError("steps can be optional only where they have an order")
    if asked.attribution == "step" and query.breakdown_filter.all():
        if asked.order == "unordered" and asked.attribution_step != 0:
            raise QueryError("without an order, a breakdown can go only by the event that comes first: step 0")
        if asked.attribution_step >= len(query.series):
            raise QueryError("breakdownAttributionValue must be a step of the funnel")


def _check_exclusions(query: FunnelsQuery) -> None:
    last = len(query.series) - 1
    for each in query.funnels_filter.exclusions:
        if not each.from_step < each.to_step <= last:
            raise QueryError("an exclusion must lie between two steps of the funnel, the earlier first")
        if query.funnels_filter.order == "unordered" and (each.from_step, each.to_step) != (0, last):
            raise QueryError("without an order, an exclusion must reach over all steps")
        if any(_covers(each, step) for step in query.series[each.from_step : each.to_step + 1]):
            raise QueryError("an exclusion can't be a step of the funnel")


def _covers(excluded: Exclusion, step: Series) -> bool:
    """Whether all events of a step would be excluded."""
    same = _subject(excluded) == _subject(step)
    return same and (not excluded.properties or excluded.properties == step.properties)


def _subject(node: EventsNode | ActionsNode) -> str | int | None:
    return node.event if isinstance(node, EventsNode) else node.id


def distinct_events(steps: Sequence[Series]) -> bool:
    """Whether no event can be of two steps, as far as their names tell."""
    names = [step.event for step in steps if isinstance(step, EventsNode) and step.event is not None]
    return len(set(names)) == len(steps)
