"""What questions about how actors behave over time (retention, lifecycle, stickiness, paths) ask alike."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, field_validator, model_validator

from analytics_pipelines.insights.filters import PropertyFilter, PropertyGroup, accounts_condition, all_of, condition
from analytics_pipelines.insights.maths import TIMESTAMP, actor
from analytics_pipelines.insights.model import ON_EVERY_QUERY, DateRangeModel, Model
from analytics_pipelines.insights.series import EventsNode, Series
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.errors import QueryError

EVENTS = nodes.TableName("events")
ACTOR = "actor_id"


class Asked(Model):
    """The fields that these questions share; null means absent. With a group's index actors are groups of that kind."""

    dates: DateRangeModel = Field(default_factory=DateRangeModel, alias="dateRange")
    properties: PropertyGroup | list[PropertyFilter | PropertyGroup] | None = None
    test_accounts: bool = Field(default=False, alias="filterTestAccounts")
    aggregation_group_type_index: int | None = Field(default=None, ge=0, le=4)
    sampling: float | None = Field(default=None, alias="samplingFactor")
    harmless: ClassVar[frozenset[str]] = ON_EVERY_QUERY

    @model_validator(mode="before")
    @classmethod
    def _absent_means_default(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if value is not None}

    @field_validator("sampling")
    @classmethod
    def _no_sampling(cls, value: float | None) -> float | None:
        if value not in (None, 1):
            raise QueryError("samplingFactor: events are not sampled here; leave it out, or write 1")
        return value

    @property
    def who(self) -> nodes.Expr:
        """The actor of an event; of groups NULL, where the event has none."""
        return actor(self.aggregation_group_type_index)

    def filters(self, context: Context) -> nodes.Expr | None:
        """The filters of the whole question, those on test accounts among them."""
        return all_of(condition(self.properties, context), accounts_condition(context) if self.test_accounts else None)

    def has_actor(self) -> nodes.Expr | None:
        """That there is an actor; None where there always is."""
        return None if self.aggregation_group_type_index is None else nodes.Call("isNotNull", (self.who,))


def event_name(series: Series, context: Context) -> str:
    """What people call a series: the event's name, or the action's."""
    if isinstance(series, EventsNode):
        return series.label
    action = context.team.actions.get(series.id)
    return action.name if action else series.label


def described(series: Series, order: int, context: Context) -> dict[str, Any]:
    """The `action` of an answer: which series a row is of."""
    return {
        "id": series.event if isinstance(series, EventsNode) else series.id,
        "type": "events" if isinstance(series, EventsNode) else "actions",
        "order": order,
        "name": event_name(series, context),
        "custom_name": series.custom_name,
        "math": series.math or "total",
    }


def name(*parts: str) -> nodes.Expr:
    return nodes.Name(parts)


def item(alias: str, expr: nodes.Expr) -> nodes.Item:
    return nodes.Item(expr, alias, alias)


def call(function: str, *args: nodes.Expr | int | str) -> nodes.Expr:
    """A call whose numbers and texts are constants."""
    return nodes.Call(function, tuple(nodes.Constant(each) if isinstance(each, int | str) else each for each in args))


def compared(left: nodes.Expr, operator: str, right: nodes.Expr | int | str) -> nodes.Expr:
    return nodes.Compare(operator, left, nodes.Constant(right) if isinstance(right, int | str) else right)


def mapped(function: str, variables: str, body: nodes.Expr, *arrays: nodes.Expr) -> nodes.Expr:
    """`arrayMap` and its like; `variables` are words."""
    return nodes.Call(function, (nodes.Lambda(tuple(variables.split()), body), *arrays))


def both(*parts: nodes.Expr | None) -> nodes.Expr:
    """All that are given, together; true where nothing is."""
    return all_of(*parts) or nodes.Constant(1)


__all__ = [
    "ACTOR",
    "EVENTS",
    "TIMESTAMP",
    "Asked",
    "both",
    "call",
    "compared",
    "described",
    "event_name",
    "item",
    "mapped",
    "name",
]
