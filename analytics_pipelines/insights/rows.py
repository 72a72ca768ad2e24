"""Rows of a table of things that happen, or expressions over them, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
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
    Subject,
    accounts_condition,
    all_of,
    condition,
    joined,
)
from analytics_pipelines.insights.model import ON_EVERY_QUERY, Model
from analytics_pipelines.insights.table import TableColumn, TablePlan, limits, properties_of
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import compile_query
from analytics_pipelines.sql.errors import QueryError

_AHEAD = timedelta(seconds=5)


class RowsQuery(Model):
    """`select` holds expressions; `*` is the row as an object, `person` the person behind it. With an aggregate in
    it, rows are grouped by the rest, and conditions on aggregates hold for groups.

    `after` (a day ago, if left out; `all` has no bound) and `before` are read as other dates of questions. What lies
    in the future is left out unless `before` says otherwise.
    """

    select: list[str] = Field(default_factory=lambda: ["*"], min_length=1, max_length=MOST_COLUMNS)
    where: list[str] | None = Field(default=None, max_length=MOST_COLUMNS)
    properties: list[PropertyFilter | PropertyGroup] | PropertyGroup | None = None
    fixed_properties: list[PropertyFilter | PropertyGroup] | None = Field(default=None, alias="fixedProperties")
    event: str | None = None
    action_id: int | None = Field(default=None, alias="actionId")
    person_id: str | None = Field(default=None, alias="personId")
    after: str | None = None
    before: str | None = None
    order_by: list[str] | None = Field(default=None, alias="orderBy", max_length=MOST_COLUMNS)
    limit: int | None = Field(default=None, ge=1)
    offset: int | None = Field(default=None, ge=0, le=MOST_SKIPPED)
    filter_test_accounts: bool | None = Field(default=None, alias="filterTestAccounts")
    harmless: ClassVar[frozenset[str]] = ON_EVERY_QUERY


@dataclass(frozen=True, slots=True)
class Source:
    """A table, the column of when its rows happened, and the columns of a row as an object."""

    table: Subject
    moment: str
    whole: tuple[str, ...]
    shape: Callable[[dict[str, Any]], dict[str, Any]] = lambda row: row


def rows_plan(query: RowsQuery, source: Source, conditions: Iterable[nodes.Expr | None], context: Context) -> TablePlan:
    """`conditions` are the kind's own. QueryError for what can't be read or asked."""
    columns = [_column(text, source) for text in query.select]
    exprs = [expr for _, expr in columns]
    limit, offset = limits(query.limit, query.offset)
    tests = [expression(text) for text in query.where or []]
    on_groups = [test for test in tests if aggregates(test)]
    on_rows = [test for test in tests if not aggregates(test)]
    select = nodes.Select(
        tuple(nodes.Item(expr, f"column_{place}", f"column_{place}") for place, expr in enumerate(exprs)),
        nodes.TableName(source.table),
        where=all_of(*conditions, *_conditions(query, source, context), *on_rows),
        group=grouping([*exprs, *on_groups]),
        having=joined("AND", on_groups),
        order=_order(query, source, exprs),
        limit=limit + 1,
        offset=offset or None,
    )
    compiled = compile_query(select, context.scope())
    cut = query.limit is None or query.limit > MOST_ROWS
    return TablePlan((compiled,), tuple(column for column, _ in columns), limit, offset, cut, context.scope(), {})


def _column(text: str, source: Source) -> tuple[TableColumn, nodes.Expr]:
    expr = expression(text)
    if isinstance(expr, nodes.Star):

        def whole(value: Any) -> dict[str, Any]:
            return source.shape(dict(zip(source.whole, value, strict=True)))

        return TableColumn(text, whole), nodes.Call("tuple", tuple(nodes.Name((name,)) for name in source.whole))
    if isinstance(expr, nodes.Name) and expr.parts == ("person",):
        names = (nodes.Name(("person_id",)), nodes.Name(("distinct_id",)))
        return TableColumn(text, _person, refers="person"), nodes.Call("tuple", names)
    if isinstance(expr, nodes.Name) and expr.parts[-1] == "properties":
        return TableColumn(text, properties_of), expr
    return TableColumn(text), expr


def _person(value: Any) -> dict[str, Any]:
    person_id, distinct_id = value
    return {"id": person_id, "distinct_id": distinct_id}


def _order(query: RowsQuery, source: Source, exprs: list[nodes.Expr]) -> tuple[nodes.Order, ...]:
    """As asked; else the largest of the first aggregate, the newest rows, or the first column upwards."""
    if query.order_by:
        return tuple(order(text) for text in query.order_by)
    counted = next((expr for expr in exprs if aggregates(expr)), None)
    if counted is not None:
        return (nodes.Order(counted, descending=True),)
    names = {expr.parts for expr in exprs if isinstance(expr, nodes.Name)}
    if "*" in query.select or (source.moment,) in names:
        return (nodes.Order(nodes.Name((source.moment,)), descending=True),)
    return (nodes.Order(exprs[0]),)


def _conditions(query: RowsQuery, source: Source, context: Context) -> Iterator[nodes.Expr | None]:
    moment = nodes.Name((source.moment,))
    if query.after != "all":
        yield nodes.Compare(">=", moment, nodes.Constant(_moment(query.after or "-24h", context)))
    before = _moment(query.before, context) if query.before else context.now + _AHEAD
    yield nodes.Compare("<", moment, nodes.Constant(before))
    if query.person_id is not None:
        yield nodes.Compare("=", nodes.Name(("person_id",)), nodes.Constant(_uuid(query.person_id)))
    yield condition(query.properties, context, source.table)
    yield condition(query.fixed_properties, context, source.table)
    if query.filter_test_accounts:
        yield accounts_condition(context, source.table)


def _moment(text: str, context: Context) -> datetime:
    return dates.moment(text, context.now, context.team.zone, context.team.week_start_day)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise QueryError("personId must be the id of a person") from None
