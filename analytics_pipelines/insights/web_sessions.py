"""Visits as web analytics counts them: those that begin in a range and have at least one view in it.

A view is a `$pageview` or `$screen` with a session id (a UUIDv7) that passes the question's filters. What is said of a
visit besides its views (who, how long, from where, whether it bounced) is said of all of its events. They are read from
the events, so that what was loaded a moment ago counts.
"""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from analytics_pipelines.insights.columns import expression
from analytics_pipelines.insights.compare import earlier_range
from analytics_pipelines.insights.dates import DateRange, Interval, date_range
from analytics_pipelines.insights.filters import PropertyFilter, PropertyGroup, accounts_condition, all_of, condition
from analytics_pipelines.insights.model import ON_EVERY_QUERY, DateRangeModel, Model
from analytics_pipelines.insights.series import ActionsNode, event_is, source_condition
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.errors import QueryError

# An event lies at most a day from the moment in its session's id, so two of a session at most two days apart.
_REACH = timedelta(hours=48)

_VIEW = expression("event IN ('$pageview', '$screen')")
_NAMED = "assumeNotNull(toUUIDOrNull($session_id))"
_HAS_SESSION = expression(
    "isNotNull(toUUIDOrNull($session_id)) AND substring($session_id, 15, 1) = '7'"
    f" AND abs(dateDiff('millisecond', UUIDv7ToDateTime({_NAMED}), timestamp)) <= 86400000"
)
_DURATION = expression(
    "intDiv(toUnixTimestamp64Micro(max(timestamp)) - toUnixTimestamp64Micro(min(timestamp)), 1000000)"
)
_PERSON = expression("argMax(person_id, tuple(timestamp, uuid))")
BOUNCED = "if(pageviews = 0, NULL, if(pageviews = 1 AND autocaptures = 0 AND duration < 10, 1, 0))"
"""SQL over visits: whether one of a page left at once; NULL without a page."""


class CompareFilter(Model):
    compare: bool | None = None
    compare_to: str | None = None


class ConversionGoal(Model):
    """An event by its name, or those of an action."""

    event: str | None = Field(default=None, alias="customEventName")
    action_id: int | None = Field(default=None, alias="actionId")

    def condition(self, context: Context) -> nodes.Expr:
        """What is true of a conversion. QueryError for a goal that names nothing, or an action that is not there."""
        if self.action_id is not None:
            found = source_condition(ActionsNode(id=self.action_id), context)
            return nodes.Constant(True) if found is None else found
        if not self.event:
            raise QueryError("a conversion goal needs customEventName or actionId")
        return event_is(self.event)


class WebQuery(Model):
    """What the questions of web analytics have in common."""

    dates: DateRangeModel = Field(default_factory=DateRangeModel, alias="dateRange")
    properties: list[PropertyFilter | PropertyGroup] | PropertyGroup = Field(default_factory=list)
    compare: CompareFilter | None = Field(default=None, alias="compareFilter")
    conversion_goal: ConversionGoal | None = Field(default=None, alias="conversionGoal")
    filter_test_accounts: bool | None = Field(default=None, alias="filterTestAccounts")
    harmless = ON_EVERY_QUERY | {"useSessionsTable", "includeRevenue", "interval", "orderBy"}

    def ranges(self, context: Context) -> list[DateRange]:
        """The range asked for, and the one it is compared with, if any."""
        team = context.team
        dates = date_range(
            self.dates.date_from,
            self.dates.date_to,
            Interval.DAY,
            team.zone,
            context.now,
            week_start_day=team.week_start_day,
            explicit=bool(self.dates.explicit),
            earliest=context.earliest,
        )
        if self.compare is None or not self.compare.compare:
            return [dates]
        return [dates, earlier_range(dates, self.dates, self.compare.compare_to, team.week_start_day)]

    def views(self, context: Context) -> nodes.Expr:
        """What is true of the views that count, wherever in time they lie."""
        accounts = accounts_condition(context) if self.filter_test_accounts else None
        found = all_of(_VIEW, condition(self.properties, context), accounts)
        assert found is not None  # noqa: S101  a view is a condition
        return found

    def conversions(self, context: Context) -> nodes.Expr | None:
        """The same of the goal's events; None without a goal."""
        if self.conversion_goal is None:
            return None
        accounts = accounts_condition(context) if self.filter_test_accounts else None
        return all_of(self.conversion_goal.condition(context), condition(self.properties, context), accounts)


def visits(query: WebQuery, dates: DateRange, context: Context, *values: nodes.Item) -> nodes.Derived:
    """One row a visit, called `visits`: `start`, `person`, `views`, `pageviews`, `autocaptures`, `conversions` if there
    is a goal, `duration` in seconds, and `values`, which are aggregates over its events."""
    timestamp, start = nodes.Name(("timestamp",)), nodes.Name(("start",))
    inside = nodes.Between(timestamp, nodes.Constant(dates.start), nodes.Constant(dates.end))
    counted = all_of(inside, query.views(context))
    goal = query.conversions(context)
    around = nodes.Between(timestamp, nodes.Constant(dates.start - _REACH), nodes.Constant(dates.end + _REACH))
    items = [
        nodes.Item(nodes.Call("min", (timestamp,)), "start", "start"),
        nodes.Item(_PERSON, "person", "person"),
        nodes.Item(nodes.Call("countIf", (counted,)), "views", "views"),  # type: ignore[arg-type]
        nodes.Item(nodes.Call("countIf", (event_is("$pageview"),)), "pageviews", "pageviews"),
        nodes.Item(nodes.Call("countIf", (event_is("$autocapture"),)), "autocaptures", "autocaptures"),
        nodes.Item(_DURATION, "duration", "duration"),
        *values,
    ]
    seen = nodes.Compare(">", nodes.Name(("views",)), nodes.Constant(0))
    if goal is not None:
        items.append(nodes.Item(nodes.Call("countIf", (all_of(inside, goal),)), "conversions", "conversions"))  # type: ignore[arg-type]
        seen = nodes.Logic("OR", (seen, nodes.Compare(">", nodes.Name(("conversions",)), nodes.Constant(0))))  # type: ignore[assignment]
    select = nodes.Select(
        tuple(items),
        nodes.TableName("events"),
        where=all_of(around, _HAS_SESSION),
        group=(nodes.Name(("$session_id",)),),
        having=all_of(nodes.Between(start, nodes.Constant(dates.start), nodes.Constant(dates.end)), seen),
    )
    return nodes.Derived(select, "visits")
