"""SQL as a question."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from analytics_pipelines.insights.filters import PropertyFilter, PropertyGroup
from analytics_pipelines.insights.model import ON_EVERY_QUERY, DateRangeModel, Model


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
