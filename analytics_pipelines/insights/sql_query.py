"""HogQLQuery: SQL as a question, with what its placeholders stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import Field

from analytics_pipelines.insights import dates
from analytics_pipelines.insights.filters import (
    PropertyFilter,
    PropertyGroup,
    Subject,
    accounts_condition,
    all_of,
    condition,
)
from analytics_pipelines.insights.model import ON_EVERY_QUERY, DateRangeModel, Model
from analytics_pipelines.insights.plan import Rows
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import Compiled, compile_select
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.sql.scope import Filters, Scope

_SUBJECTS: Mapping[str, Subject] = {"events": "events", "sessions": "sessions", "groups": "groups"}


class SqlFilters(Model):
    """What `{filters}` stands for in a query; dates from `date_from` on, and before `date_to`."""

    properties: list[PropertyFilter | PropertyGroup] | PropertyGroup | None = None
    dates: DateRangeModel = Field(default_factory=DateRangeModel, alias="dateRange")
    filter_test_accounts: bool | None = Field(default=None, alias="filterTestAccounts")


class SqlVariable(Model):
    """What `{variables.<code_name>}` stands for."""

    code_name: str
    value: Any = None
    harmless: ClassVar[frozenset[str]] = frozenset({"variableId", "isNull", "id", "name", "type", "default_value"})


class HogQLQuery(Model):
    """SQL in `query`; see `sql.compiler.compile_select`. `values` are what `{name}` stands for."""

    kind: Literal["HogQLQuery"] = "HogQLQuery"
    query: str
    filters: SqlFilters | None = None
    variables: dict[str, SqlVariable] | None = None
    values: dict[str, Any] | None = None
    harmless: ClassVar[frozenset[str]] = ON_EVERY_QUERY | {"name", "explain"}


@dataclass(frozen=True, slots=True)
class SqlPlan:
    """One statement; its rows are the answer."""

    statements: tuple[Compiled]
    query: str

    def answer(self, results: Sequence[Rows]) -> dict[str, Any]:
        """`limit_applied`: the limit was ours, and it may have cut rows off."""
        (compiled,), (rows,) = self.statements, results
        cut = compiled.limit_applied and len(rows) >= compiled.limit
        return {
            "results": rows,
            "columns": compiled.columns,
            "clickhouse": compiled.sql,
            "limit": compiled.limit,
            "limit_applied": cut,
            "hasMore": cut,
            "query": self.query,
        }


def plan(query: HogQLQuery, context: Context, max_rows: int) -> SqlPlan:
    """QueryError, with its place in the text, for what can't be asked."""
    return SqlPlan((compile_select(query.query, scope_of(query, context, max_rows)),), query.query)


def scope_of(query: HogQLQuery, context: Context, max_rows: int) -> Scope:
    """What the query may know: the project, its limits, and what its placeholders stand for."""
    return replace(
        context.scope(),
        max_limit=max_rows,
        default_limit=min(context.scope().default_limit, max_rows),
        filters=filters_of(query.filters, context),
        variables={each.code_name: value_of(each.value, each.code_name) for each in (query.variables or {}).values()},
        values={name: value_of(value, name) for name, value in (query.values or {}).items()},
    )


def filters_of(given: SqlFilters | None, context: Context) -> Filters | None:
    """What `{filters}` stands for; None: nothing was given, and anything goes."""
    if given is None:
        return None

    def on(table: str) -> nodes.Expr | None:
        subject = _SUBJECTS[table]
        accounts = accounts_condition(context, subject) if given.filter_test_accounts else None
        return all_of(condition(given.properties, context, subject), accounts)

    bounds = given.dates
    first = None if bounds.date_from in (None, "", "all") else bounds.date_from
    return Filters(on, _moment(first, context), _moment(bounds.date_to, context))


def value_of(value: Any, name: str) -> nodes.Value:
    """A value of JSON as a constant. QueryError for an object, and for a list of more than one type."""
    if isinstance(value, list):
        kinds = {type(each) for each in value}
        if len(kinds) > 1 or not kinds <= {str, int, float}:
            raise QueryError(f"the list “{name}” must hold texts, or numbers, and nothing else")
        return tuple(value)
    if isinstance(value, dict):
        raise QueryError(f"“{name}” must be a text, a number, true, false, null, or a list of these")
    return value  # type: ignore[no-any-return]


def _moment(text: str | None, context: Context) -> datetime | None:
    return dates.moment(text, context.now, context.team.zone, context.team.week_start_day) if text else None
