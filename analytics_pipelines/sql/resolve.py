"""Queries: tables, CTEs and select lists are resolved here; expressions in `names`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.sql.infer import Output, output
from analytics_pipelines.sql.lazy import Beside
from analytics_pipelines.sql.names import Names, close_match
from analytics_pipelines.sql.schema import INTERNAL_SCHEMA, SCHEMA, Lazy, Schema
from analytics_pipelines.sql.scope import Scope
from analytics_pipelines.sql.types import Kind

MAX_TABLES = 100


@dataclass(frozen=True, slots=True)
class _KnownCte:
    printed: str
    outputs: tuple[Output, ...]
    tables: int


_Ctes = Mapping[str, _KnownCte]


def resolve(query: nodes.Query, scope: Scope, schema: Schema = SCHEMA) -> tuple[nodes.Query, tuple[Output, ...]]:
    """The query with every name resolved, and its columns. QueryError for an unknown name."""
    return _Resolver(scope, schema).query(query, {})


class _Resolver:
    def __init__(self, scope: Scope, schema: Schema) -> None:
        self.scope = scope
        self.schema = schema
        self.count = 0
        self.tables = 0

    def _fresh(self, prefix: str) -> str:
        """A name of ours, which no physical table bears."""
        self.count += 1
        return f"_{prefix}_{self.count}"

    def _read(self, tables: int, span: nodes.Span) -> None:
        """ClickHouse runs a CTE anew wherever it is named, so a few lines can ask for millions."""
        self.tables += max(tables, 1)
        if self.tables > MAX_TABLES:
            raise QueryError(f"the query reads more than {MAX_TABLES} tables", *(span or ()))

    def query(self, query: nodes.Query, ctes: _Ctes) -> tuple[nodes.Query, tuple[Output, ...]]:
        known, resolved = dict(ctes), []
        for cte in query.ctes:
            before = self.tables
            inner, outputs = self.query(cte.query, known)
            _check_unique(outputs, cte.name)
            printed = self._fresh("cte")
            known[cte.name] = _KnownCte(printed, outputs, self.tables - before)
            resolved.append(nodes.Cte(cte.name, inner, printed))
        if isinstance(query, nodes.Union):
            found, outputs = self._union(query, known)
        else:
            found, outputs = self._select(query, known)
        return replace(found, ctes=tuple(resolved)), outputs

    def _union(self, query: nodes.Union, ctes: _Ctes) -> tuple[nodes.Query, tuple[Output, ...]]:
        left, ours = self.query(query.left, ctes)
        right, theirs = self.query(query.right, ctes)
        if len(ours) != len(theirs):
            raise QueryError(f"{query.operator} of {len(ours)} and of {len(theirs)} columns")
        outputs = tuple(
            Output(a.name, a.kind if a.kind is b.kind else Kind.OTHER, a.nullable or b.nullable)
            for a, b in zip(ours, theirs, strict=True)
        )
        columns = [nodes.AliasName(out.name, out.kind, out.nullable) for out in outputs]
        items = tuple(nodes.Item(column, column.name, column.name) for column in columns)
        names = self._names(ctes)
        names.clause = "ORDER BY"
        names.aliases = {item.name: item for item in items}
        order = tuple(_order(item, items, names) for item in query.order)
        return replace(query, left=left, right=right, order=order), outputs

    def _select(self, query: nodes.Select, ctes: _Ctes) -> tuple[nodes.Query, tuple[Output, ...]]:
        names = self._names(ctes)
        source = self._source(query.source, ctes, names) if query.source else None
        joins = tuple(self._join(join, ctes, names) for join in query.joins)
        for item in query.named:
            names.expr(item.expr)  # also where nothing uses it
            names.named[item.name] = item.expr
        items = self._items(query.items, names)
        names.clause = "WHERE"
        where = names.expr(query.where) if query.where else None
        names.clause = "GROUP BY"
        group = tuple(_order(nodes.Order(expr), items, names).expr for expr in query.group)
        names.clause = "HAVING"
        having = names.expr(query.having) if query.having else None
        names.clause = "ORDER BY"
        order = tuple(_order(item, items, names) for item in query.order)
        by = query.limit_by
        resolved = replace(
            query,
            items=items,
            named=(),
            source=self._with_lazy(source, names, where) if source else None,
            joins=tuple(
                replace(join, source=self._with_lazy(join.source, names, where))
                if isinstance(join, nodes.Join)
                else join
                for join in joins
            ),
            where=where,
            group=group,
            having=having,
            order=order,
            limit_by=nodes.LimitBy(by.count, names.all(by.by)) if by else None,
        )
        return resolved, tuple(output(item) for item in items)

    def _names(self, ctes: _Ctes) -> Names:
        return Names(
            resolve_query=lambda query: self.query(query, ctes)[0],
            resolve_own=lambda query: self.query(query, {})[0],
            scope=self.scope,
            internal=self.schema is INTERNAL_SCHEMA,
        )

    def _beside(self, lazy: Lazy, name: nodes.Name) -> Output:
        """What a name means in a table that stands beside another."""
        counts = self.count, self.tables
        table = nodes.TableName(lazy.table, catalog=lazy.catalog)
        _, outputs = self.query(nodes.Select((nodes.Item(name, ""),), table), {})
        self.count, self.tables = counts
        return outputs[0]

    def _with_lazy(self, source: nodes.Source, names: Names, where: nodes.Expr | None) -> nodes.Source:
        """The source with what the select has asked of the tables beside it; no row but those of `where` is needed."""
        if not isinstance(source, nodes.PhysicalTable):
            return source
        joins = []
        for beside in names.beside[source.alias].values():
            if beside.asked:
                query, _ = self.query(beside.query(self._fresh("beside"), where, self.scope.timezone), {})
                joins.append(beside.join(query))
        return replace(source, joins=tuple(joins))

    def _items(self, items: tuple[nodes.Item, ...], names: Names) -> tuple[nodes.Item, ...]:
        found: list[nodes.Item] = []
        for item in items:
            if isinstance(item.expr, nodes.Star):
                found += _expand(item.expr, names)
                continue
            resolved = replace(item, expr=names.expr(item.expr))
            if item.alias:
                if item.alias in names.aliases:
                    raise QueryError(f"two columns are called “{item.alias}”", *(item.span or ()))
                names.aliases[item.alias] = resolved
            found.append(resolved)
        return tuple(found)

    def _source(self, source: nodes.Source, ctes: _Ctes, names: Names) -> nodes.Source:
        if isinstance(source, nodes.Derived):
            query, outputs = self.query(source.query, ctes)
            alias = source.alias or self._fresh("query")
            _check_unique(outputs, source.alias or "the subquery")
            _add_source(names, alias, outputs)
            return nodes.Derived(query, alias)
        if not isinstance(source, nodes.TableName):
            raise QueryError("this source is resolved already")
        alias = source.alias or source.name
        if cte := ctes.get(source.name):
            self._read(cte.tables, source.span)
            _add_source(names, alias, cte.outputs, source.span)
            return nodes.CteName(cte.printed, alias, source.name)
        table = self.schema.get(source.name)
        if table is None:
            hint = close_match(source.name, [*self.schema, *ctes])
            raise QueryError(f"unknown table “{source.name}”.{hint}", *(source.span or ()))
        self._read(1, source.span)
        _add_source(names, alias, (), source.span)
        names.tables[alias] = table.name
        names.beside[alias] = {lazy.name: Beside(alias, lazy, self._beside) for lazy in table.lazy}
        names.sources[alias] = {
            column.name: nodes.Column(
                alias,
                column.name,
                column.kind,
                column.nullable,
                column.zoned,
                column.apart,
                (source.catalog or column.catalog) if column.kind is Kind.JSON else "",
                hidden=column.hidden,
            )
            for column in table.columns
        }
        return nodes.PhysicalTable(table, alias)

    def _array_join(self, join: nodes.ArrayJoin, names: Names) -> nodes.ArrayJoin:
        names.clause = "ARRAY JOIN"
        items = tuple(replace(item, expr=names.expr(item.expr)) for item in join.items)
        names.clause = "SELECT"
        for item in items:
            names.aliases[item.name] = replace(item, expr=nodes.AliasName(item.name, Kind.OTHER, nullable=True))
        return replace(join, items=items)

    def _join(self, join: nodes.Join | nodes.ArrayJoin, ctes: _Ctes, names: Names) -> nodes.Join | nodes.ArrayJoin:
        if isinstance(join, nodes.ArrayJoin):
            return self._array_join(join, names)
        before = list(names.sources)
        source = self._source(join.source, ctes, names)
        added = [alias for alias in names.sources if alias not in before]
        for name in join.using:
            if not all(any(name in names.sources[alias] for alias in side) for side in (before, added)):
                raise QueryError(f"USING: “{name}” is not a column of both sides")
        names.using.update(join.using)
        names.clause = "ON"
        on = names.expr(join.on) if join.on else None
        names.clause = "SELECT"
        # Rows without a partner: whether they show NULLs or defaults is the server's setting.
        loose = {"LEFT": added, "RIGHT": before, "FULL": before + added}.get(join.kind.split()[0], [])
        for alias in loose:
            names.sources[alias] = {
                name: replace(column, nullable=True) for name, column in names.sources[alias].items()
            }
        return replace(join, source=source, on=on)


def _add_source(names: Names, alias: str, outputs: tuple[Output, ...], span: nodes.Span = None) -> None:
    if alias in names.sources:
        message = f"two tables are called “{alias}”; give one of them an alias"
        raise QueryError(message, *(span or ()))
    names.sources[alias] = {
        out.name: nodes.Column(alias, out.name, out.kind, out.nullable, catalog=out.catalog, loose=out.loose)
        for out in outputs
    }


def _expand(star: nodes.Star, names: Names) -> list[nodes.Item]:
    if star.table is not None and star.table not in names.sources:
        hint = close_match(star.table, names.sources)
        raise QueryError(f"unknown table “{star.table}”.{hint}", *(star.span or ()))
    if not names.sources:
        raise QueryError("“*” needs a table", *(star.span or ()))
    tables = [star.table] if star.table else list(names.sources)
    columns = (column for alias in tables for column in names.sources[alias].values())
    return [nodes.Item(column, column.name) for column in columns if not column.hidden]


def _order(order: nodes.Order, items: tuple[nodes.Item, ...], names: Names) -> nodes.Order:
    """`ORDER BY 2` means the second column."""
    if not isinstance(order.expr, nodes.Constant) or type(order.expr.value) is not int:
        return names.order(order)
    position = order.expr.value
    if not 1 <= position <= len(items):
        raise QueryError(f"there is no column number {position}", *(order.span or ()))
    item = items[position - 1]
    alias = names.expr(nodes.Name((item.alias,))) if item.alias else item.expr
    return replace(order, expr=alias)


def _check_unique(outputs: tuple[Output, ...], where: str) -> None:
    names = [output.name for output in outputs]
    for name in names:
        if names.count(name) > 1:
            raise QueryError(f"two columns of {where} are called “{name}”; give one an alias")
