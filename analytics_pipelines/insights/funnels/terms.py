"""Short forms for the trees that funnels are built of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce

from analytics_pipelines.sql import nodes

Expr = nodes.Expr


def name(text: str) -> Expr:
    return nodes.Name((text,))


def value(constant: nodes.Value) -> Expr:
    return nodes.Constant(constant)


def call(function: str, *args: Expr | int) -> Expr:
    return nodes.Call(function, tuple(value(arg) if isinstance(arg, int) else arg for arg in args))


def item(alias: str, expr: Expr) -> nodes.Item:
    return nodes.Item(expr, alias, alias)


def arrow(arguments: str, body: Expr) -> Expr:
    """`arrow("t m", …)` is the function of `t` and `m`."""
    return nodes.Lambda(tuple(arguments.split()), body)


def over(arguments: str, body: Expr, *arrays: Expr) -> Expr:
    """The array of what a function makes of the elements of arrays."""
    return call("arrayMap", arrow(arguments, body), *arrays)


def every(*conditions: Expr) -> Expr:
    return nodes.Logic("AND", conditions) if len(conditions) > 1 else conditions[0]


def either(conditions: Sequence[Expr]) -> Expr:
    return nodes.Logic("OR", tuple(conditions)) if len(conditions) > 1 else conditions[0]


def total(terms: Iterable[Expr]) -> Expr:
    return reduce(lambda left, right: call("plus", left, right), terms)


def has(mark: Expr, bit: int) -> Expr:
    """Whether a bit of a mark is set."""
    return call("notEquals", call("bitAnd", mark, bit), 0)


def element(array: Expr, place: Expr | int) -> Expr:
    """Counted from 1, or backwards from -1; 0 or nothing where there is none."""
    return call("arrayElement", array, place)


def shifted(array: Expr) -> Expr:
    """Each element in the place of the next, 0 in the first."""
    return call("arrayPopBack", call("arrayPushFront", array, 0))


def held(array: Expr) -> Expr:
    """0 stands for what stood there last."""
    return call("arrayFill", arrow("x", call("greater", name("x"), 0)), array)


def awaited(array: Expr) -> Expr:
    """0 stands for what comes next."""
    return call("arrayReverseFill", arrow("x", call("greater", name("x"), 0)), array)


def further(query: nodes.Query, kept: Iterable[str], *items: nodes.Item) -> nodes.Select:
    """More columns, computed from those of a query; of its own only some are kept."""
    return nodes.Select((*(item(each, name(each)) for each in kept), *items), nodes.Derived(query, None))


NONE = call("arrayPopBack", call("array", call("toInt64", 0)))
"""An empty array of times."""
