"""The one way from a person's SQL, or from a tree that an insight built, to SQL that may run."""

from __future__ import annotations

from dataclasses import dataclass, replace

from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.convert_query import convert_query
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.sql.parse import parse
from analytics_pipelines.sql.printer import Printer
from analytics_pipelines.sql.recheck import recheck
from analytics_pipelines.sql.resolve import resolve
from analytics_pipelines.sql.schema import SCHEMA, Schema
from analytics_pipelines.sql.scope import Scope
from analytics_pipelines.sql.text import TextPrinter
from analytics_pipelines.sql.usage import read_tables

__all__ = ["Compiled", "Scope", "compile_query", "compile_select", "parse_expression", "parse_select"]


@dataclass(frozen=True, slots=True)
class Compiled:
    """`sql` with server-side `{name:Type}` placeholders, and a value for each in `parameters`.

    `columns` are the names to show, in order. `limit_applied` says that the person asked for no
    LIMIT, or for a larger one than is allowed, so that more rows than `limit` may exist.
    `tables` are those that it reads, also beside others. It counts on the setting `join_use_nulls = 1`: what has no
    partner in a join is NULL.
    """

    sql: str
    parameters: dict[str, object]
    hogql: str
    columns: list[str]
    limit: int
    limit_applied: bool
    tables: tuple[str, ...] = ()


def compile_select(text: str, scope: Scope) -> Compiled:
    """SQL of a person → SQL for ClickHouse, over the data of the scope's team only.

    >>> compiled = compile_select("SELECT count() FROM events", Scope(team_id=7))
    >>> compiled.columns, compiled.limit, compiled.limit_applied
    (['count()'], 100, True)

    QueryError, and nothing else, for whatever can't be asked; its place is the whole text where it has no other.
    """
    try:
        return _compiled(text, scope)
    except QueryError as error:
        if error.start is not None:
            raise
        raise QueryError(error.message, 0, len(text)) from None


def _compiled(text: str, scope: Scope) -> Compiled:
    query = parse_select(text)
    limit = scope.default_limit if query.limit is None else min(query.limit, scope.max_limit)
    applied = query.limit is None or query.limit > scope.max_limit
    if isinstance(query, nodes.Select) and query.ties:  # as many rows as there are ties
        query = nodes.Select((nodes.Item(nodes.Star(), "*"),), nodes.Derived(query, None))
        limit, applied = scope.max_limit, True
    compiled = compile_query(replace(query, limit=limit), scope)
    return replace(compiled, limit_applied=applied)


def parse_select(text: str) -> nodes.Query:
    """A query of a person's, unresolved. QueryError for what is none."""
    try:
        return convert_query(parse(text))
    except RecursionError:
        raise QueryError("the query is nested too deep") from None


def parse_expression(text: str) -> nodes.Expr:
    """One expression of a person's, unresolved. QueryError for what is none."""
    try:
        query = convert_query(parse(f"SELECT {text}"))
    except RecursionError:
        raise QueryError("the expression is nested too deep") from None
    if not isinstance(query, nodes.Select) or query != nodes.Select(query.items) or len(query.items) != 1:
        raise QueryError("this must be one expression")
    return query.items[0].expr


def compile_query(query: nodes.Query, scope: Scope, schema: Schema = SCHEMA) -> Compiled:
    """A tree → SQL, guarded and checked. Without a limit of its own it gets the highest.

    An insight may give the INTERNAL_SCHEMA, a person's SQL never: what rollups hold is easily summed up wrongly.
    """
    if query.limit is None:
        query = replace(query, limit=scope.max_limit)
    try:
        resolved, outputs = resolve(query, scope, schema)
        printer = Printer(scope)
        sql = printer.whole(resolved)
        text = TextPrinter().query(resolved)
    except RecursionError:
        raise QueryError("the query is nested too deep") from None
    recheck(sql, printer.parameters, schema)
    return Compiled(
        sql=sql,
        parameters=printer.parameters,
        hogql=text,
        columns=[output.name for output in outputs],
        limit=query.limit or 0,
        limit_applied=False,
        tables=read_tables(resolved),
    )
