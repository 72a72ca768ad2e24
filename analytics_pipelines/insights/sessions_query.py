"""SessionsQuery: visits, or expressions over them, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from analytics_pipelines.insights.filters import PropertyFilter, PropertyGroup, all_of, condition
from analytics_pipelines.insights.rows import RowsQuery, Source, rows_plan
from analytics_pipelines.insights.series import ActionsNode, event_is, source_condition
from analytics_pipelines.insights.table import TablePlan
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.schema import SESSIONS

_SOURCE = Source("sessions", "$start_timestamp", tuple(column.name for column in SESSIONS.columns if not column.hidden))


class SessionsQuery(RowsQuery):
    """As RowsQuery says, of sessions by their start. With `event`, `actionId` or `eventProperties` those with at least
    one such event."""

    kind: Literal["SessionsQuery"] = "SessionsQuery"
    event_properties: list[PropertyFilter | PropertyGroup] | None = Field(default=None, alias="eventProperties")


def plan(query: SessionsQuery, context: Context) -> TablePlan:
    """QueryError for what can't be read or asked."""
    return rows_plan(query, _SOURCE, _conditions(query, context), context)


def _conditions(query: SessionsQuery, context: Context) -> Iterator[nodes.Expr | None]:
    found = all_of(
        event_is(query.event) if query.event is not None else None,
        source_condition(ActionsNode(id=query.action_id), context) if query.action_id is not None else None,
        condition(query.event_properties, context),
    )
    if found is None:
        return
    session = nodes.Name(("$session_id",))
    of_events = nodes.Select((nodes.Item(session, "$session_id"),), nodes.TableName("events"), where=found)
    yield nodes.In(nodes.Name(("session_id",)), of_events)
