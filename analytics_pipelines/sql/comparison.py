"""Comparisons that are never NULL, and that read dates in the project's zone.

`x != 'a'` is true where x is missing, `x = NULL` asks for missing values, and every other
comparison with a missing value is false.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.infer import can_be_null, is_loose, kind_of
from analytics_pipelines.sql.types import Kind

if TYPE_CHECKING:
    from analytics_pipelines.sql.printer import Printer

_FUNCTIONS = {
    "LIKE": "like",
    "ILIKE": "ilike",
    "NOT LIKE": "notLike",
    "NOT ILIKE": "notILike",
}
_TRUE_WHEN_MISSING = {"!=", "NOT LIKE", "NOT ILIKE"}


def compare(printer: Printer, node: nodes.Compare) -> str:
    left, right, operator = node.left, node.right, node.operator
    if _is_null(left) or _is_null(right):
        return _with_null(printer, right if _is_null(left) else left, operator)
    if operator in _FUNCTIONS:
        left, right = as_text(left), as_text(right)
    left_text, right_text = aligned(printer, left, right), aligned(printer, right, left)
    if operator in _FUNCTIONS:
        text = f"{_FUNCTIONS[operator]}({left_text}, {right_text})"
    else:
        text = f"({left_text} {operator} {right_text})"
    if can_be_null(left) and can_be_null(right) and operator in ("=", "!="):
        name = "isNotDistinctFrom" if operator == "=" else "isDistinctFrom"
        return f"{name}({left_text}, {right_text})"
    if can_be_null(left) or can_be_null(right):
        return _never_null(text, operator in _TRUE_WHEN_MISSING)
    return text


def between(printer: Printer, node: nodes.Between) -> str:
    value = aligned(printer, node.value, node.low)
    low, high = aligned(printer, node.low, node.value), aligned(printer, node.high, node.value)
    text = f"({value} BETWEEN {low} AND {high})"
    parts = (node.value, node.low, node.high)
    return _never_null(text, False) if any(can_be_null(part) for part in parts) else text


def contained(printer: Printer, node: nodes.In) -> str:
    right = node.right
    if not isinstance(right, tuple):
        text = f"({printer.expr(node.left)} {_in_word(node)} ({printer.query(right)}))"
        return _never_null(text, node.negated) if can_be_null(node.left) else text
    values = [value for value in right if not _is_null(value)]
    if not values:
        return printer.constant(node.negated)
    left = aligned(printer, node.left, values[0])
    inner = ", ".join(aligned(printer, value, node.left) for value in values)
    if all(isinstance(value, nodes.Constant) for value in values):
        text = f"({left} {_in_word(node)} ({inner}))"
    else:
        # Not IN: a lone name in its brackets could be read as the name of a table.
        text = f"(has(array({inner}), {left}) = {printer.constant(not node.negated)})"
    nullable = can_be_null(node.left) or any(can_be_null(value) for value in values)
    return _never_null(text, node.negated) if nullable else text


def _in_word(node: nodes.In) -> str:
    return "NOT IN" if node.negated else "IN"


def aligned(printer: Printer, expr: nodes.Expr, other: nodes.Expr) -> str:
    """`expr` as it must be written to be compared with `other`."""
    theirs = kind_of(other)
    if isinstance(expr, nodes.Column) and expr.zoned and _becomes_instant(other):
        # Instants compare the same in any zone, and a bare column lets ClickHouse skip data.
        return printer.bare_column(expr)
    if theirs is Kind.INSTANT:
        return as_instant(printer, expr)
    ours = kind_of(expr)
    if theirs is Kind.DATE and ours is Kind.STRING and (is_loose(expr) or isinstance(expr, nodes.Constant)):
        return printer.call(nodes.Call("toDate", (expr,)))
    if theirs is Kind.NUMBER and is_loose(expr):
        return f"toFloat64OrNull({printer.expr(expr)})"
    if isinstance(expr, nodes.Constant):
        if theirs is Kind.NUMBER and isinstance(expr.value, str):
            return printer.constant(_number(expr.value))
        if is_loose(other) and isinstance(expr.value, bool):
            return printer.constant("true" if expr.value else "false")
        if theirs is Kind.BOOL and isinstance(expr.value, str) and expr.value.lower() in ("true", "false"):
            return printer.constant(expr.value.lower() == "true")
    return printer.expr(expr)


def as_instant(printer: Printer, expr: nodes.Expr) -> str:
    """Text and dates as a moment in the project's zone; other kinds as they are."""
    kind = kind_of(expr)
    if kind is Kind.STRING:
        return printer.call(nodes.Call("toDateTime64", (expr, nodes.Constant(6))))
    if kind is Kind.DATE:
        return f"toDateTime64({printer.expr(expr)}, 6, {printer.zone()})"
    return printer.expr(expr)


def _number(text: str) -> int | float:
    """`'12.5'` beside a number means the number; what is none equals nothing."""
    if re.fullmatch(r"[+-]?\d{1,18}", text, re.ASCII):
        return int(text)
    try:
        number = float(text)
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def as_text(expr: nodes.Expr) -> nodes.Expr:
    """A property without its type, a number as it is written: patterns look at text."""
    if isinstance(expr, nodes.Typed):
        return expr.operand
    return nodes.Call("toString", (expr,)) if kind_of(expr) in (Kind.NUMBER, Kind.BOOL, Kind.UUID) else expr


def _becomes_instant(expr: nodes.Expr) -> bool:
    return kind_of(expr) in (Kind.INSTANT, Kind.STRING, Kind.DATE)


def _is_null(expr: nodes.Expr) -> bool:
    return isinstance(expr, nodes.Constant) and expr.value is None


def _with_null(printer: Printer, expr: nodes.Expr, operator: str) -> str:
    if operator == "=":
        return f"isNull({printer.expr(expr)})"
    if operator == "!=":
        return f"isNotNull({printer.expr(expr)})"
    return printer.constant(operator in _TRUE_WHEN_MISSING)


def _never_null(text: str, when_missing: bool) -> str:
    return f"ifNull({text}, {int(when_missing)})"
