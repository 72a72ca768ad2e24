"""Series: which events a line of an insight, or a step of a funnel, is about."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag

from analytics_pipelines.insights.actions import action_condition
from analytics_pipelines.insights.filters import PropertyFilter, PropertyGroup, all_of, condition
from analytics_pipelines.insights.model import Model
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.errors import QueryError


class _Node(Model):
    """What both kinds of series have. `math` and its companions are read by the insights that know them."""

    name: str | None = None
    custom_name: str | None = None
    properties: list[PropertyFilter | PropertyGroup] | PropertyGroup | None = None
    fixed_properties: list[PropertyFilter | PropertyGroup] | PropertyGroup | None = Field(
        default=None, alias="fixedProperties"
    )
    math: str | None = None
    math_property: str | None = None
    math_property_type: str | None = None
    math_group_type_index: int | None = None
    math_hogql: str | None = None
    math_multiplier: float | None = None
    optional_in_funnel: bool | None = Field(default=None, alias="optionalInFunnel")
    harmless = frozenset({"version", "response", "orderBy", "limit", "math_property_revenue_currency"})


class EventsNode(_Node):
    """The events of a name, or all events when `event` is null."""

    kind: Literal["EventsNode"] = "EventsNode"
    event: str | None = None

    @property
    def label(self) -> str:
        return self.event or "All events"


class ActionsNode(_Node):
    """The events that match a saved action."""

    kind: Literal["ActionsNode"] = "ActionsNode"
    id: int

    @property
    def label(self) -> str:
        return self.name or f"Action {self.id}"


def _kind(data: Any) -> str:
    found = data.get("kind", "EventsNode") if isinstance(data, dict) else getattr(data, "kind", None)
    return str(found)


Series: TypeAlias = Annotated[
    Annotated[EventsNode, Tag("EventsNode")] | Annotated[ActionsNode, Tag("ActionsNode")], Discriminator(_kind)
]


def series_condition(series: Series, context: Context) -> nodes.Expr | None:
    """What is true of the events of a series; None for all events. QueryError for an action that doesn't exist."""
    return all_of(
        source_condition(series, context),
        condition(series.properties, context),
        condition(series.fixed_properties, context),
    )


def source_condition(series: Series, context: Context) -> nodes.Expr | None:
    """The same without the series' property filters: the event or the action alone."""
    if isinstance(series, EventsNode):
        return None if series.event is None else event_is(series.event)
    action = context.team.actions.get(series.id)
    if action is None:
        raise QueryError(f"there is no action {series.id}")
    return action_condition(action, context)


def event_is(name: str) -> nodes.Expr:
    return nodes.Compare("=", nodes.Name(("event",)), nodes.Constant(name))
