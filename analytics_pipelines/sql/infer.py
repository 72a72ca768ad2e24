"""What is known of an expression before it runs: its kind, and whether it can be NULL.

Both are cautious: `OTHER` and True are always right, and only cost a longer query.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from analytics_pipelines.sql import functions, nodes
from analytics_pipelines.sql.types import Kind

_CONSTANTS: tuple[tuple[type, Kind], ...] = (
    (bool, Kind.BOOL),  # before int, which it is a kind of
    (str, Kind.STRING),
    (int, Kind.NUMBER),
    (float, Kind.NUMBER),
    (datetime, Kind.INSTANT),  # before date, which it is a kind of
    (date, Kind.DATE),
    (UUID, Kind.UUID),
    (tuple, Kind.ARRAY),
)
_READS_TEXT = {"toDateTime", "toDateTime64", "toDate"}


@dataclass(frozen=True, slots=True)
class Output:
    """A column that a query gives to the query around it."""

    name: str
    kind: Kind
    nullable: bool
    catalog: str = ""
    loose: bool = False


def output(item: nodes.Item) -> Output:
    expr = item.expr
    return Output(item.name, kind_of(expr), can_be_null(expr), catalog_of(expr), is_loose(expr))


def kind_of(expr: nodes.Expr) -> Kind:
    match expr:
        case nodes.Constant(value):
            return next((kind for cls, kind in _CONSTANTS if isinstance(value, cls)), Kind.OTHER)
        case nodes.Column() | nodes.AliasName() | nodes.Cast() | nodes.Typed():
            return expr.kind
        case nodes.Property():
            return Kind.STRING
        case nodes.Compare() | nodes.Between() | nodes.In() | nodes.Logic() | nodes.Not():
            return Kind.BOOL
        case nodes.Call("if" | "multiIf", args) if len(args) > 1:
            return _common([*args[1::2], args[-1]])
        case nodes.Case(_, branches, default):
            return _common([value for _, value in branches] + ([default] if default else []))
        case nodes.Call("minus", (left, right)) if kind_of(left) is kind_of(right):
            return Kind.NUMBER
        case nodes.Call(name, args):
            function = functions.find(name)
            if function is None:
                return Kind.OTHER
            return function.result or (kind_of(args[0]) if args else Kind.OTHER)
        case _:
            return Kind.OTHER


def is_loose(expr: nodes.Expr) -> bool:
    """Whether it is text out of an object, which is read as what it meets: as a number beside a number."""
    return isinstance(expr, nodes.Property) or (isinstance(expr, (nodes.Column, nodes.AliasName)) and expr.loose)


def catalog_of(expr: nodes.Expr) -> str:
    """Of what the values of an object are properties; nothing where that is not known."""
    return expr.catalog if isinstance(expr, (nodes.Column, nodes.AliasName)) else ""


def _common(exprs: list[nodes.Expr]) -> Kind:
    kinds = {kind_of(expr) for expr in exprs}
    return kinds.pop() if len(kinds) == 1 else Kind.OTHER


def can_be_null(expr: nodes.Expr) -> bool:
    match expr:
        case nodes.Constant(value):
            return value is None
        case nodes.Column() | nodes.AliasName():
            return expr.nullable
        case nodes.Compare() | nodes.Between() | nodes.In():
            return False
        case nodes.Logic(_, args):
            return any(can_be_null(arg) for arg in args)
        case nodes.Not(operand):
            return can_be_null(operand)
        case nodes.Cast(operand, type_):
            return type_.startswith("Nullable") or can_be_null(operand)
        case nodes.Call("coalesce" | "ifNull", args):
            return all(can_be_null(arg) for arg in args)
        case nodes.Call(name, args):
            if name in functions.NEVER_NULL:
                return False
            if name in functions.MAKES_NULL or name.endswith("OrNull"):
                return True
            if name in _READS_TEXT and args and kind_of(args[0]) is Kind.STRING:
                return not isinstance(args[0], nodes.Constant)
            return any(can_be_null(arg) for arg in args)
        case nodes.Lambda():
            return False
        case _:
            return True
