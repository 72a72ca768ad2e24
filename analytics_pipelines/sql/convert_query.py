"""SELECT and UNION: sqlglot's tree → ours. Clauses that are not read here are refused."""

from __future__ import annotations

import re

from sqlglot import exp

from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.convert import convert, convert_all, orders
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.sql.parse import Question
from analytics_pipelines.sql.reading import fields, given_name, refuse, span, whole_number

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


MAX_NUMBERS = 1_000_000

_PLACEHOLDER = re.compile(r'"(\{[a-zA-Z0-9_.]+\})"')


def convert_query(node: exp.Expr) -> nodes.Query:
    """A SELECT, a UNION, or either in brackets. QueryError for any other statement."""
    if isinstance(node, exp.Subquery):
        return _bracketed(node)
    if isinstance(node, exp.Select):
        return _select(node)
    if isinstance(node, exp.SetOperation):
        return _union(node)
    raise QueryError("only SELECT is allowed", 0, None)


def _bracketed(node: exp.Subquery) -> nodes.Query:
    fields(node, "this", "limit", "offset", "order")
    if any(node.args.get(key) for key in ("limit", "offset", "order")):
        raise refuse("clauses after a bracketed query; put them inside the brackets", node)
    return convert_query(node.this)


def _select(node: exp.Select) -> nodes.Select:
    fields(
        node,
        *("expressions", "distinct", "from_", "joins", "prewhere", "where", "group", "having", "order"),
        *("limit", "limit_by", "offset", "with_"),
    )
    if node.args.get("distinct"):
        fields(node.args["distinct"])
    if not node.expressions:
        raise QueryError("SELECT needs something to select", *(span(node) or ()))
    source = node.args.get("from_")
    joins = node.args.get("joins") or []
    if joins and not source:
        raise refuse("JOIN without FROM", node)
    return nodes.Select(
        items=tuple(_item(item) for item in node.expressions),
        source=_source(source.this) if source else None,
        joins=tuple(_join(join) for join in joins),
        where=_where(node),
        group=_group(node.args.get("group")),
        having=_condition(node.args.get("having")),
        order=orders(node.args.get("order")),
        limit_by=_limit_by(node),
        limit=_limit(node),
        offset=_offset(node),
        distinct=bool(node.args.get("distinct")),
        ctes=_ctes(node),
        ties=_ties(node),
        named=_named(node),
    )


def _where(node: exp.Select) -> nodes.Expr | None:
    """PREWHERE says the same as WHERE: what is read first, ClickHouse decides."""
    found = [each for key in ("prewhere", "where") if (each := _condition(node.args.get(key))) is not None]
    return nodes.Logic("AND", tuple(found)) if len(found) > 1 else next(iter(found), None)


_OPERATORS: dict[type[exp.Expr], str] = {exp.Union: "UNION", exp.Intersect: "INTERSECT", exp.Except: "EXCEPT"}


def _union(node: exp.SetOperation) -> nodes.Union:
    for side in (node.this, node.args["expression"]):
        if isinstance(side, exp.SetOperation) and type(side) is not type(node):
            raise refuse("UNION, INTERSECT and EXCEPT beside each other without brackets", node)
    fields(node, "this", "expression", "distinct", "order", "limit", "offset", "with_")
    return nodes.Union(
        convert_query(node.this),
        convert_query(node.args["expression"]),
        bool(node.args.get("distinct")),
        orders(node.args.get("order")),
        _limit(node),
        _offset(node),
        _ctes(node),
        _OPERATORS[type(node)],
    )


def _item(node: exp.Expr) -> nodes.Item:
    """The name of a column without an alias is its text, or the last part of its dotted name."""
    if isinstance(node, exp.Alias):
        fields(node, "this", "alias")
        alias = given_name(node.args["alias"])
        return nodes.Item(convert(node.this), alias, alias, span(node))
    expr = convert(node)
    name = str(expr.parts[-1]) if isinstance(expr, nodes.Name) else _PLACEHOLDER.sub(r"\1", node.sql(Question))
    return nodes.Item(expr, name, span=span(node))


def _condition(node: exp.Expr | None) -> nodes.Expr | None:
    if node is None:
        return None
    fields(node, "this")
    return convert(node.this)


def _group(node: exp.Expr | None) -> tuple[nodes.Expr, ...]:
    if node is None:
        return ()
    fields(node, "expressions")
    return convert_all(node.expressions)


def _limit(node: exp.Expr) -> int | None:
    limit = node.args.get("limit")
    if limit is None:
        return None
    if not isinstance(limit, exp.Limit):
        raise refuse("FETCH", node)
    fields(limit, "this", "expression", "limit_options")
    if (options := limit.args.get("limit_options")) is not None:
        fields(options, "with_ties")
    return whole_number(limit.args.get("expression"), "LIMIT")


def _ties(node: exp.Expr) -> bool:
    limit = node.args.get("limit")
    options = limit.args.get("limit_options") if limit is not None else None
    ties = options is not None and bool(options.args.get("with_ties"))
    if ties and not node.args.get("order"):
        raise QueryError("WITH TIES needs ORDER BY", *(span(node) or ()))
    return ties


def _limit_by(node: exp.Expr) -> nodes.LimitBy | None:
    limit = node.args.get("limit_by")
    if limit is None:
        return None
    fields(limit, "this", "expression", "expressions")
    count = whole_number(limit.args.get("expression"), "LIMIT")
    return nodes.LimitBy(count, convert_all(limit.expressions))


def _offset(node: exp.Expr) -> int | None:
    offset = node.args.get("offset")
    if offset is None:
        return None
    fields(offset, "this", "expression")
    return whole_number(offset.args.get("expression"), "OFFSET")


def _alias(node: exp.Expr) -> str | None:
    alias = node.args.get("alias")
    if alias is None:
        return None
    fields(alias, "this")
    return given_name(alias.this) if alias.args.get("this") else None


def _source(node: exp.Expr) -> nodes.Source:
    if isinstance(node, exp.Subquery):
        fields(node, "this", "alias")
        return nodes.Derived(convert_query(node.this), _alias(node))
    if not isinstance(node, exp.Table):
        raise refuse(f"{type(node).__name__.upper()} after FROM", node)
    if node.args.get("db") or node.args.get("catalog"):
        raise refuse("a table of another database", node)
    fields(node, "this", "alias")
    if isinstance(node.this, exp.Anonymous) and node.this.name.lower() == "numbers":
        return _numbers(node.this, _alias(node))
    if not isinstance(node.this, exp.Identifier):
        raise refuse("a function as a table", node)
    return nodes.TableName(node.name, _alias(node), span(node))


def _numbers(node: exp.Anonymous, alias: str | None) -> nodes.Derived:
    """`numbers(n)`: the column `number` from 0 on, without reading any table."""
    fields(node, "this", "expressions")
    if len(node.expressions) != 1:
        raise QueryError("“numbers” takes how many there are", *(span(node) or ()))
    count = whole_number(node.expressions[0], "numbers")
    if count > MAX_NUMBERS:
        raise QueryError(f"“numbers” gives {MAX_NUMBERS} at most", *(span(node) or ()))
    every = nodes.Call("arrayJoin", (nodes.Call("range", (nodes.Constant(count),)),))
    return nodes.Derived(nodes.Select((nodes.Item(every, "number", "number"),)), alias or "numbers")


def _array_join(node: exp.Join) -> nodes.ArrayJoin:
    fields(node, "this", "expressions", "side", "kind")
    items = tuple(_item(item) for item in (node.this, *node.expressions))
    if any(item.alias is None for item in items):
        raise refuse("ARRAY JOIN of something without a name; write … AS name", node)
    return nodes.ArrayJoin(items, str(node.args.get("side") or "").upper() == "LEFT")


def _join(node: exp.Expr) -> nodes.Join | nodes.ArrayJoin:
    if not isinstance(node, exp.Join):
        raise refuse(type(node).__name__.upper(), node)
    if str(node.args.get("kind")).upper() == "ARRAY":
        return _array_join(node)
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


def _ctes(node: exp.Expr) -> tuple[nodes.Cte, ...]:
    clause = node.args.get("with_")
    if clause is None:
        return ()
    fields(clause, "expressions")
    found = []
    for cte in clause.expressions:
        if cte.args.get("scalar") and isinstance(node, exp.Select):
            continue
        fields(cte, "this", "alias")
        name = _alias(cte)
        if name is None or not isinstance(cte.this, exp.Query):
            raise refuse("this form of WITH", cte)
        found.append(nodes.Cte(name, convert_query(cte.this), span=span(cte.args["alias"])))
    return tuple(found)


def _named(node: exp.Select) -> tuple[nodes.Item, ...]:
    """`WITH toDate('2024-01-01') AS start`: an expression, not a query."""
    clause = node.args.get("with_")
    found = []
    for cte in clause.expressions if clause is not None else ():
        if cte.args.get("scalar"):
            fields(cte, "this", "alias", "scalar")
            name = _alias(cte)
            if name is None:
                raise refuse("this form of WITH", cte)
            found.append(nodes.Item(convert(cte.this), name, name, span(cte)))
    return tuple(found)
