"""EventsQuery: events themselves, or expressions over them, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

from analytics_pipelines.insights.rows import RowsQuery, Source, rows_plan
from analytics_pipelines.insights.series import ActionsNode, event_is, source_condition
from analytics_pipelines.insights.table import TablePlan, properties_of
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes

_WHOLE = ("uuid", "event", "properties", "timestamp", "distinct_id", "elements_chain", "created_at", "person_id")


class EventsQuery(RowsQuery):
    """As RowsQuery says, of events: of one name, of some, or those of an action."""

    kind: Literal["EventsQuery"] = "EventsQuery"
    events: list[str] | None = Field(default=None, max_length=1000)


def plan(query: EventsQuery, context: Context) -> TablePlan:
    """QueryError for what can't be read or asked."""
    return rows_plan(query, _SOURCE, _conditions(query, context), context)


def _shape(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "properties": properties_of(event["properties"])}


_SOURCE = Source("events", "timestamp", _WHOLE, _shape)


def _conditions(query: EventsQuery, context: Context) -> Iterator[nodes.Expr | None]:
    if query.event is not None:
        yield event_is(query.event)
    if query.events:
        yield nodes.In(nodes.Name(("event",)), tuple(nodes.Constant(each) for each in query.events))
    if query.action_id is not None:
        yield source_condition(ActionsNode(id=query.action_id), context)
