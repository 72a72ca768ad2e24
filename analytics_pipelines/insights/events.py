"""EventsQuery: events themselves, or expressions over them, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from analytics_pipelines.insights import dates
from analytics_pipelines.insights.columns import (
    MOST_COLUMNS,
    MOST_ROWS,
    MOST_SKIPPED,
    aggregates,
    expression,
    grouping,
    order,
)
from analytics_pipelines.insights.filters import (
    PropertyFilter,
    PropertyGroup,
    accounts_condition,
    all_of,
    condition,
    joined,
)
from analytics_pipelines.insights.model import ON_EVERY_QUERY, Model
from analytics_pipelines.insights.series import ActionsNode, event_is, source_condition
from analytics_pipelines.insights.table import TableColumn, TablePlan, limits, properties_of
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import compile_query
from analytics_pipelines.sql.errors import QueryError

_WHOLE = ("uuid", "event", "properties", "timestamp", "distinct_id", "elements_chain", "created_at", "person_id")
_AHEAD = timedelta(seconds=5)


class EventsQuery(Model):
    """`select` holds expressions; `*` is the event as an object, `person` the person behind it. With an aggregate
    in it, rows are grouped by the rest, and conditions on aggregates hold for groups.

    `after` (a day ago, if left out; `all` has no bound) and `before` are read as other dates of questions. What lies
    in the future is left out unless `before` says otherwise.
    """

    kind: Literal["EventsQuery"] = "EventsQuery"
    select: list[str] = Field(default_factory=lambda: ["*"], min_length=1, max_length=MOST_COLUMNS)
    where: list[str] | None = Field(default=None, max_length=MOST_COLUMNS)
    properties: list[PropertyFilter | PropertyGroup] | PropertyGroup | None = None
    fixed_properties: list[PropertyFilter | PropertyGroup] | None = Field(default=None, alias="fixedProperties")
    event: str | None = None
    events: list[str] | None = Field(default=None, max_length=1000)
    action_id: int | None = Field(default=None, alias="actionId")
    person_id: str | None = Field(default=None, alias="personId")
    after: str | None = None
    before: str | None = None
    order_by: list[str] | None = Field(default=None, alias="orderBy", max_length=MOST_COLUMNS)
    limit: int | None = Field(default=None, ge=1)
    offset: int | None = Field(default=None, ge=0, le=MOST_SKIPPED)
    filter_test_accounts: bool | None = Field(default=None, alias="filterTestAccounts")
    harmless: ClassVar[frozenset[str]] = ON_EVERY_QUERY


def plan(query: EventsQuery, context: Context) -> TablePlan:
    """QueryError for what can't be read or asked."""
    columns = [_column(text) for text in query.select]
    exprs = [expr for _, expr in columns]
    limit, offset = limits(query.limit, query.offset)
    tests = [expression(text) for text in query.where or []]
    on_groups = [test for test in tests if aggregates(test)]
    on_rows = [test for test in tests if not aggregates(test)]
    group = grouping([*exprs, *on_groups[:1]]) if on_groups else grouping(exprs)
    select = nodes.Select(
        tuple(nodes.Item(expr, f"column_{place}", f"column_{place}") for place, expr in enumerate(exprs)),
        nodes.TableName("events"),
        where=all_of(*_conditions(query, context), *on_rows),
        group=group,
        having=joined("AND", on_groups),
        order=_order(query, exprs),
        limit=limit + 1,
        offset=offset or None,
    )
    compiled = compile_query(select, context.scope())
    cut = query.limit is None or query.limit > MOST_ROWS
    return TablePlan((compiled,), tuple(column for column, _ in columns), limit, offset, cut, context.scope(), {})


def _column(text: str) -> tuple[TableColumn, nodes.Expr]:
    expr = expression(text)
    if isinstance(expr, nodes.Star):
        return TableColumn(text, _event), nodes.Call("tuple", tuple(nodes.Name((name,)) for name in _WHOLE))
    if isinstance(expr, nodes.Name) and expr.parts == ("person",):
        names = (nodes.Name(("person_id",)), nodes.Name(("distinct_id",)))
        return TableColumn(text, _person, refers="person"), nodes.Call("tuple", names)
    return TableColumn(text, properties_of if _is_object(expr) else lambda value: value), expr


def _is_object(expr: nodes.Expr) -> bool:
    return isinstance(expr, nodes.Name) and expr.parts[-1] == "properties"


def _event(value: Any) -> dict[str, Any]:
    event = dict(zip(_WHOLE, value, strict=True))
    return {**event, "properties": properties_of(event["properties"])}


def _person(value: Any) -> dict[str, Any]:
    person_id, distinct_id = value
    return {"id": person_id, "distinct_id": distinct_id}


def _order(query: EventsQuery, exprs: list[nodes.Expr]) -> tuple[nodes.Order, ...]:
    """As asked; else the largest of the first aggregate, the newest events, or the first column upwards."""
    if query.order_by:
        return tuple(order(text) for text in query.order_by)
    timestamp = nodes.Name(("timestamp",))
    counted = next((expr for expr in exprs if aggregates(expr)), None)
    if counted is not None:
        return (nodes.Order(counted, descending=True),)
    names = {expr.parts for expr in exprs if isinstance(expr, nodes.Name)}
    if any(isinstance(each, nodes.Call) and each.name == "tuple" for each in exprs) or timestamp.parts in names:
        return (nodes.Order(timestamp, descending=True),)
    return (nodes.Order(exprs[0]),)


def _conditions(query: EventsQuery, context: Context) -> Iterator[nodes.Expr | None]:
    timestamp = nodes.Name(("timestamp",))
    if query.after != "all":
        yield nodes.Compare(">=", timestamp, nodes.Constant(_moment(query.after or "-24h", context)))
    before = _moment(query.before, context) if query.before else context.now + _AHEAD
    yield nodes.Compare("<", timestamp, nodes.Constant(before))
    if query.event is not None:
        yield event_is(query.event)
    if query.events:
        yield nodes.In(nodes.Name(("event",)), tuple(nodes.Constant(each) for each in query.events))
    if query.action_id is not None:
        yield source_condition(ActionsNode(id=query.action_id), context)
    if query.person_id is not None:
        yield nodes.Compare("=", nodes.Name(("person_id",)), nodes.Constant(_uuid(query.person_id)))
    yield condition(query.properties, context)
    yield condition(query.fixed_properties, context)
    if query.filter_test_accounts:
        yield accounts_condition(context)


def _moment(text: str, context: Context) -> datetime:
    return dates.moment(text, context.now, context.team.zone, context.team.week_start_day)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise QueryError("personId must be the id of a person") from None
