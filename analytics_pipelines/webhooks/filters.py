"""Which events a destination is told of, as a condition that ClickHouse decides. Pure."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from analytics_pipelines.insights.filters import (
    PropertyFilter,
    PropertyGroup,
    accounts_condition,
    all_of,
    condition,
    joined,
)
from analytics_pipelines.insights.model import Model
from analytics_pipelines.insights.series import ActionsNode, EventsNode, series_condition
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes

_Properties = list[PropertyFilter | PropertyGroup]
_OF_CLIENTS = frozenset({"order", "uuid", "name", "source", "bytecode", "math", "custom_name"})


class EventFilter(Model):
    """Events of a name (null: of any) with these properties."""

    id: str | None = None
    type: Literal["events"] = "events"
    properties: _Properties | None = Field(default=None, max_length=50)
    harmless = _OF_CLIENTS


class ActionFilter(Model):
    """Events that match a saved action, with these properties."""

    id: int
    type: Literal["actions"] = "actions"
    properties: _Properties | None = Field(default=None, max_length=50)
    harmless = _OF_CLIENTS


class Filters(Model):
    """Any of the events and actions (all events when there are none), and all of the property filters."""

    events: list[EventFilter] = Field(default_factory=list, max_length=100)
    actions: list[ActionFilter] = Field(default_factory=list, max_length=100)
    properties: _Properties = Field(default_factory=list, max_length=50)
    filter_test_accounts: bool = False
    harmless = frozenset({"source", "bytecode"})


def matching(filters: Filters, context: Context) -> nodes.Expr | None:
    """What is true of the events; None for all of them. QueryError for what can't be understood."""
    series: list[Any] = [EventsNode(event=each.id, properties=each.properties) for each in filters.events]
    series += [ActionsNode(id=each.id, properties=each.properties) for each in filters.actions]
    found = [series_condition(each, context) for each in series]
    known = [each for each in found if each is not None]
    return all_of(
        joined("OR", known) if len(known) == len(found) else None,
        condition(list(filters.properties), context),
        accounts_condition(context) if filters.filter_test_accounts else None,
    )
