"""SELECT and UNION: sqlglot's tree → ours. Clauses that are not read here are refused."""

from __future__ import annotations

from sqlglot import exp

from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.convert import (
    convert,
    convert_all,
    fields,
    given_name,
    orders,
    refuse,
    span,
    whole_number,
)
from analytics_pipelines.sql.errors import QueryError

_JOINS = {
    ("", ""): "INNER",
    ("", "INNER"): "INNER",
    ("", "CROSS"): "CROSS",
    ("LEFT", ""): "LEFT",
    ("LEFT", "OUTER"): "LEFT",
    ("RIGHT", ""): "RIGHT",
    ("RIGHT", "OUTER"): "RIGHT",
    ("FULL", ""): "FULL",
    ("FULL", "OUTER"): "FULL",
    ("LEFT", "ANY"): "LEFT ANY",
    ("LEFT", "SEMI"): "LEFT SEMI",
    ("LEFT", "ANTI"): "LEFT ANTI",
    ("", "ANY"): "ANY",
}


def convert_query(node: exp.Expression) -> nodes.Query:
    """A SELECT, a UNION, or either in brackets. QueryError for any other statement."""
    if isinstance(node, exp.Subquery):
        return _bracketed(node)
    if isinstance(node, exp.Select):
        return _select(node)
    if type(node) is exp.Union:
        return _union(node)
    if isinstance(node, exp.Query):
        raise refuse(type(node).__name__.upper(), node)
    raise QueryError("only SELECT is allowed", 0, None)


def _bracketed(node: exp.Subquery) -> nodes.Query:
    fields(node, "this", "limit", "offset", "order")
    if any(node.args.get(key) for key in ("limit", "offset", "order")):
        raise refuse("clauses after a bracketed query; put them inside the brackets", node)
    return convert_query(node.this)


def _select(node: exp.Select) -> nodes.Select:
    fields(
        node,
        *("expressions", "distinct", "from_", "joins", "where", "group", "having", "order"),
        *("limit", "offset", "with_"),
    )
    if node.args.get("distinct"):
        fields(node.args["distinct"])
    limit, limit_by, offset = _limits(node)
    source = node.args.get("from_")
    joins = node.args.get("joins") or []
    if joins and not source:
        raise refuse("JOIN without FROM", node)
    return nodes.Select(
        items=tuple(_item(item) for item in node.expressions),
        source=_source(source.this) if source else None,
        joins=tuple(_join(join) for join in joins),
        where=_condition(node.args.get("where")),
        group=_group(node.args.get("group")),
        having=_condition(node.args.get("having")),
        order=orders(node.args.get("order")),
        limit_by=limit_by,
        limit=limit,
        offset=offset,
        distinct=bool(node.args.get("distinct")),
        ctes=_ctes(node),
    )


def _union(node: exp.Union) -> nodes.Union:
    fields(node, "this", "expression", "distinct", "order", "limit", "offset", "with_")
    limit, limit_by, offset = _limits(node)
    if limit_by:
        raise refuse("LIMIT BY after UNION", node)
    return nodes.Union(
        convert_query(node.this),
        convert_query(node.args["expression"]),
        bool(node.args.get("distinct")),
        orders(node.args.get("order")),
        limit,
        offset,
        _ctes(node),
    )


def _item(node: exp.Expression) -> nodes.Item:
    """The name of a column without an alias is its text, or the last part of its dotted name."""
    if isinstance(node, exp.Alias):
        fields(node, "this", "alias")
        alias = given_name(node.args["alias"])
        return nodes.Item(convert(node.this), alias, alias)
    expr = convert(node)
    name = expr.parts[-1] if isinstance(expr, nodes.Name) else node.sql("clickhouse")
    return nodes.Item(expr, name)


def _condition(node: exp.Expression | None) -> nodes.Expr | None:
    if node is None:
        return None
    fields(node, "this")
    return convert(node.this)


def _group(node: exp.Expression | None) -> tuple[nodes.Expr, ...]:
    if node is None:
        return ()
    fields(node, "expressions")
    return convert_all(node.expressions)


def _limits(
    node: exp.Expression,
) -> tuple[int | None, nodes.LimitBy | None, int | None]:
    limit, offset = node.args.get("limit"), node.args.get("offset")
    count, limit_by, skip = None, None, None
    if offset is not None:
        fields(offset, "this", "expression", "expressions")
        skip = whole_number(offset.args.get("expression"), "OFFSET")
    if limit is not None:
        if not isinstance(limit, exp.Limit):
            raise refuse("FETCH", node)
        fields(limit, "this", "expression", "expressions")
        count = whole_number(limit.args.get("expression"), "LIMIT")
        if limit.expressions:
            if skip is not None:
                raise refuse("OFFSET in LIMIT BY", node)
            limit_by, count = nodes.LimitBy(count, convert_all(limit.expressions)), None
    return count, limit_by, skip


def _alias(node: exp.Expression) -> str | None:
    alias = node.args.get("alias")
    if alias is None:
        return None
    fields(alias, "this")
    return given_name(alias.this) if alias.args.get("this") else None


def _source(node: exp.Expression) -> nodes.Source:
    if isinstance(node, exp.Subquery):
        fields(node, "this", "alias")
        return nodes.Derived(convert_query(node.this), _alias(node))
    if not isinstance(node, exp.Table):
        raise refuse(f"{type(node).__name__.upper()} after FROM", node)
    if node.args.get("db") or node.args.get("catalog"):
        raise refuse("a table of another database", node)
    fields(node, "this", "alias")
    if not isinstance(node.this, exp.Identifier):
        raise refuse("a function as a table", node)
    return nodes.TableName(node.name, _alias(node), span(node))


def _join(node: exp.Expression) -> nodes.Join:
    if not isinstance(node, exp.Join):
        raise refuse(type(node).__name__.upper(), node)
    fields(node, "this", "side", "kind", "on", "using")
    words = (str(node.args.get("side") or ""), str(node.args.get("kind") or ""))
    kind = _JOINS.get((words[0].upper(), words[1].upper()))
    if kind is None:
        raise refuse(f"{' '.join(words).strip()} JOIN", node)
    on, using = node.args.get("on"), node.args.get("using") or []
    if (kind == "CROSS") == bool(on or using):
        raise refuse("a JOIN without ON or USING, or a CROSS JOIN with one", node)
    return nodes.Join(
        kind,
        _source(node.this),
        convert(on) if on else None,
        tuple(part.name for part in using),
    )


def _ctes(node: exp.Expression) -> tuple[nodes.Cte, ...]:
    clause = node.args.get("with_")
    if clause is None:
        return ()
    fields(clause, "expressions")
    found = []
    for cte in clause.expressions:
        fields(cte, "this", "alias")
        name = _alias(cte)
        if name is None or not isinstance(cte.this, exp.Query):
            raise refuse("this form of WITH", cte)
        found.append(nodes.Cte(name, convert_query(cte.this), span=span(cte.args["alias"])))
    return tuple(found)
