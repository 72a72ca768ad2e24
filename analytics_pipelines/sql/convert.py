"""sqlglot's tree → our own, by an allow-list of classes and of the fields of each.

A class that is not named here, or a field that the reader of its class did not ask for, is
refused: a new syntax of ClickHouse or of sqlglot stays closed until somebody opens it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlglot import exp

from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.sql.parse import COHORT, PLACEHOLDER
from analytics_pipelines.sql.reading import fields, given_name, refuse, span, whole_number
from analytics_pipelines.sql.types import cast_type

_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "!=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_ARITHMETIC: dict[type[exp.Expr], str] = {
    exp.Add: "plus",
    exp.Sub: "minus",
    exp.Mul: "multiply",
    exp.Div: "divide",
    exp.Mod: "modulo",
    exp.IntDiv: "intDiv",
    exp.DPipe: "concat",
}
_INTERVALS = ("SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR")
_MAX_INTEGER = 2**255


def convert(node: exp.Expr) -> nodes.Expr:
    """One expression. QueryError for anything outside the allow-list."""
    reader = _READERS.get(type(node))
    if reader is None:
        raise refuse(_words(node), node)
    return reader(node)


def convert_all(found: list[exp.Expr] | None) -> tuple[nodes.Expr, ...]:
    return tuple(convert(node) for node in found or ())


def _words(node: exp.Expr) -> str:
    if isinstance(node, (exp.Placeholder, exp.VarMap, exp.Parameter)):
        return "placeholders in braces"
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__).upper()


def _literal(node: exp.Expr) -> nodes.Expr:
    if node.args.get("is_string"):
        return nodes.Constant(str(node.this))
    text = str(node.this)
    try:
        number: int | float = int(text) if text.isdigit() else float(text)
    except ValueError as error:
        raise refuse(f"the number {text}", node) from error
    if number == float("inf") or (isinstance(number, int) and number >= _MAX_INTEGER):
        raise QueryError("this number is too large", *(span(node) or ()))
    return nodes.Constant(number)


def _name(node: exp.Expr) -> nodes.Expr:
    """`a`, `a.b`, `a.b.c.d`; `a.*`; `t.1` is an element of a tuple."""
    fields(node, "this", "table", "db", "catalog")
    if isinstance(node.this, exp.Star):
        fields(node, "this", "table")
        fields(node.this)
        return nodes.Star(node.args["table"].name if node.args.get("table") else None, span(node))
    qualifiers = [node.args[key] for key in ("catalog", "db", "table") if node.args.get(key)]
    if not qualifiers and node.name.startswith(PLACEHOLDER):
        return nodes.Placeholder(tuple(node.name.strip("{}").split(".")), span(node))
    if isinstance(node.this, exp.Literal):
        base = nodes.Name(tuple(part.name for part in qualifiers), span(node))
        return nodes.Call("tupleElement", (base, convert(node.this)), span=span(node))
    return nodes.Name((*(part.name for part in qualifiers), node.name), span(node))


def _dot(node: exp.Expr) -> nodes.Expr:
    fields(node, "this", "expression")
    base, member = convert(node.this), node.args["expression"]
    if isinstance(member, exp.Literal):
        return nodes.Call("tupleElement", (base, convert(member)), span=span(node))
    if not isinstance(member, exp.Identifier):
        raise refuse("a function of a database", node)
    if isinstance(base, nodes.Name):
        return nodes.Name((*base.parts, member.name), span(node))
    return nodes.Subscript(base, nodes.Constant(member.name), span(node))


def _bracket(node: exp.Expr) -> nodes.Expr:
    fields(node, "this", "expressions")
    base = convert(node.this)
    for key in convert_all(node.expressions):
        base = nodes.Subscript(base, key, span(node))
    return base


def _call(node: exp.Expr) -> nodes.Expr:
    fields(node, "this", "expressions", "params")
    name = node.this if isinstance(node.this, str) else node.this.name
    params, arguments = None, node.expressions
    if isinstance(node, exp.ParameterizedAgg):
        params, arguments = convert_all(arguments), node.args["params"]
    place = span(node)
    if "start" in node.meta:
        place = node.meta["start"], node.meta["end"] + 1
    if len(arguments) == 1 and params is None and name.lower() == "count":
        if isinstance(arguments[0], exp.Star):
            fields(arguments[0])
            arguments = []
        elif isinstance(arguments[0], exp.Distinct):
            fields(arguments[0], "expressions")
            name, arguments = "uniqExact", arguments[0].expressions
    return nodes.Call(name, convert_all(arguments), params, span=place)


def _window(node: exp.Expr) -> nodes.Expr:
    fields(node, "this", "partition_by", "order", "spec", "over")
    call = convert(node.this)
    if not isinstance(call, nodes.Call) or node.args.get("over") != "OVER":
        raise refuse("OVER here", node)
    over = nodes.Over(
        convert_all(node.args.get("partition_by")),
        orders(node.args.get("order")),
        _frame(node.args.get("spec")),
    )
    return nodes.Call(call.name, call.args, call.params, over, call.span)


def _frame(spec: exp.Expr | None) -> str:
    if spec is None:
        return ""
    fields(spec, "kind", "start", "start_side", "end", "end_side")
    kind = str(spec.args.get("kind")).upper()
    start = _frame_edge(spec, "start")
    end = _frame_edge(spec, "end") if spec.args.get("end") else "CURRENT ROW"
    if kind not in ("ROWS", "RANGE"):
        raise refuse("this window frame", spec)
    return f"{kind} BETWEEN {start} AND {end}"


def _frame_edge(spec: exp.Expr, key: str) -> str:
    edge, side = spec.args.get(key), str(spec.args.get(f"{key}_side") or "").upper()
    if edge == "CURRENT ROW":
        return "CURRENT ROW"
    count = edge if edge == "UNBOUNDED" else whole_number(edge, "a window frame")
    if side not in ("PRECEDING", "FOLLOWING"):
        raise refuse("this window frame", spec)
    return f"{count} {side}"


def _compare(node: exp.Expr) -> nodes.Expr:
    fields(node, "this", "expression")
    left, right = convert(node.this), convert(node.args["expression"])
    return nodes.Compare(_COMPARISONS[type(node)], left, right)


def _like(node: exp.Expr) -> nodes.Expr:
    fields(node, "this", "expression", "negate")
    word = "LIKE" if isinstance(node, exp.Like) else "ILIKE"
    operator = f"NOT {word}" if node.args.get("negate") else word
    return nodes.Compare(operator, convert(node.this), convert(node.args["expression"]))


def _is(node: exp.Expr) -> nodes.Expr:
    fields(node, "this", "expression")
    if not isinstance(node.args["expression"], exp.Null):
        raise refuse("IS with anything but NULL", node)
    return nodes.Call("isNull", (convert(node.this),))


def _between(node: exp.Expr) -> nodes.Expr:
    fields(node, "this", "low", "high")
    low, high = convert(node.args["low"]), convert(node.args["high"])
    return nodes.Between(convert(node.this), low, high)


def _in(node: exp.Expr) -> nodes.Expr:
    fields(node, "this", "expressions", "query")
    left = convert(node.this)
    if len(node.expressions) == 2 and node.expressions[0].name == COHORT:
        return _cohort(left, node.expressions[1], span(node))
    if (subquery := node.args.get("query")) is not None:
        return nodes.In(left, _subquery(subquery))
    return nodes.In(left, convert_all(node.expressions))


def _cohort(left: nodes.Expr, node: exp.Expr, place: nodes.Span) -> nodes.Expr:
    cohort = convert(node)
    value = cohort.value if isinstance(cohort, nodes.Constant) else None
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise QueryError("IN COHORT takes the id or the name of a cohort", *(place or ()))
    return nodes.InCohort(left, value, span=place)


def _not(node: exp.Expr) -> nodes.Expr:
    fields(node, "this")
    inner = convert(node.this)
    if isinstance(inner, (nodes.In, nodes.InCohort)):
        return replace(inner, negated=not inner.negated)
    if isinstance(inner, nodes.Call) and inner.name == "isNull":
        return nodes.Call("isNotNull", inner.args)
    return nodes.Not(inner)


def _logic(node: exp.Expr) -> nodes.Expr:
    """A chain of a hundred ANDs is a hundred levels deep in sqlglot's tree, and one in ours."""
    kind, parts, rest = type(node), [], [node]
    while rest:
        part = rest.pop()
        if type(part) is kind:
            fields(part, "this", "expression")
            rest += [part.args["expression"], part.this]
        else:
            parts.append(convert(part))
    return nodes.Logic("AND" if kind is exp.And else "OR", tuple(parts))


def _case(node: exp.Expr) -> nodes.Expr:
    fields(node, "this", "ifs", "default")
    for branch in node.args["ifs"]:
        fields(branch, "this", "true")
    operand, default = node.args.get("this"), node.args.get("default")
    return nodes.Case(
        convert(operand) if operand else None,
        tuple((convert(item.this), convert(item.args["true"])) for item in node.args["ifs"]),
        convert(default) if default else None,
    )


def _ternary(node: exp.Expr) -> nodes.Expr:
    fields(node, "this", "true", "false")
    if not isinstance(node.args.get("false"), exp.Expr):
        raise refuse("“?” without “:”", node)
    parts = (node.this, node.args["true"], node.args["false"])
    return nodes.Call("if", convert_all(list(parts)), span=span(node))


def _cast(node: exp.Expr) -> nodes.Expr:
    fields(node, "this", "to")
    operand = convert(node.this)
    try:
        printed, kind = cast_type(node.args["to"])
    except QueryError as error:
        raise QueryError(error.message, *(span(node) or ())) from error
    return nodes.Cast(operand, printed, kind)


def _interval(node: exp.Expr) -> nodes.Expr:
    fields(node, "this", "unit")
    unit = str(node.args["unit"].name).upper().removesuffix("S") if node.args.get("unit") else ""
    if unit not in _INTERVALS or node.this is None:
        raise refuse("this interval", node)
    amount = convert(node.this)
    if isinstance(amount, nodes.Constant) and isinstance(amount.value, str):
        if not re.fullmatch(r"-?\d{1,9}", amount.value):
            raise refuse("this interval", node)
        amount = nodes.Constant(int(amount.value))
    return nodes.Call(f"toInterval{unit.capitalize()}", (amount,))


def _negate(node: exp.Expr) -> nodes.Expr:
    fields(node, "this")
    inner = convert(node.this)
    if isinstance(inner, nodes.Constant) and type(inner.value) in (int, float):
        return nodes.Constant(-inner.value)  # type: ignore[operator]
    return nodes.Call("negate", (inner,))


def _lambda(node: exp.Expr) -> nodes.Expr:
    fields(node, "this", "expressions")
    names = tuple(given_name(argument) for argument in node.expressions)
    return nodes.Lambda(names, convert(node.this))


def _arithmetic(node: exp.Expr) -> nodes.Expr:
    fields(node, "this", "expression", "safe", "typed")
    left, right = convert(node.this), convert(node.args["expression"])
    return nodes.Call(_ARITHMETIC[type(node)], (left, right), span=span(node))


def _collection(name: str) -> Callable[[exp.Expr], nodes.Expr]:
    def read(node: exp.Expr) -> nodes.Expr:
        fields(node, "expressions")
        return nodes.Call(name, convert_all(node.expressions), span=span(node))

    return read


def _coalesce(node: exp.Expr) -> nodes.Expr:
    fields(node, "this", "expressions")
    return nodes.Call("coalesce", convert_all([node.this, *node.expressions]), span=span(node))


def _paren(node: exp.Expr) -> nodes.Expr:
    fields(node, "this")
    return convert(node.this)


def _star(node: exp.Expr) -> nodes.Expr:
    fields(node)
    return nodes.Star(None, span(node))


def _subquery(node: exp.Expr) -> nodes.Query:
    from analytics_pipelines.sql.convert_query import convert_query

    return convert_query(node)


def orders(node: exp.Expr | None) -> tuple[nodes.Order, ...]:
    """ORDER BY's list."""
    if node is None:
        return ()
    fields(node, "expressions")
    found = []
    for item in node.expressions:
        fields(item, "this", "desc", "nulls_first", "explicit_nulls")
        nulls = None
        if item.args.get("nulls_first"):
            nulls = "FIRST"
        found.append(nodes.Order(convert(item.this), bool(item.args.get("desc")), nulls, span(item)))
    return tuple(found)


_READERS: dict[type[exp.Expr], Callable[[Any], nodes.Expr]] = {
    exp.Literal: _literal,
    exp.Null: lambda node: nodes.Constant(None),
    exp.Boolean: lambda node: nodes.Constant(bool(node.this)),
    exp.Column: _name,
    exp.Identifier: lambda node: nodes.Name((node.name,), span(node)),
    exp.Dot: _dot,
    exp.Bracket: _bracket,
    exp.Anonymous: _call,
    exp.ParameterizedAgg: _call,
    exp.Window: _window,
    exp.Like: _like,
    exp.ILike: _like,
    exp.Is: _is,
    exp.Between: _between,
    exp.In: _in,
    exp.Not: _not,
    exp.And: _logic,
    exp.Or: _logic,
    exp.Case: _case,
    exp.If: _ternary,
    exp.Cast: _cast,
    exp.Interval: _interval,
    exp.Neg: _negate,
    exp.Lambda: _lambda,
    exp.Coalesce: _coalesce,
    exp.Paren: _paren,
    exp.Star: _star,
    exp.Array: _collection("array"),
    exp.Tuple: _collection("tuple"),
    exp.Subquery: lambda node: nodes.Scalar(_subquery(node)),
    **dict.fromkeys(_COMPARISONS, _compare),
    **dict.fromkeys(_ARITHMETIC, _arithmetic),
}
