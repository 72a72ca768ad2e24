"""Select lists and orders that people give as lists of expressions, as in EventsQuery and ActorsQuery."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import parse_expression
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.sql.functions import find

MOST_COLUMNS = 100
MOST_ROWS = 50_000
DEFAULT_ROWS = 100
MOST_SKIPPED = 10_000_000

_WAY = re.compile(r"\s+(ASC|DESC)\s*$", re.IGNORECASE)


def expression(text: str) -> nodes.Expr:
    """One expression; what stands behind ` -- ` is a title for people. QueryError names the expression."""
    try:
        return parse_expression(text)
    except QueryError as error:
        raise QueryError(f"“{text[:100]}”: {error.message}") from None


def order(text: str, read: Callable[[str], nodes.Expr] = expression) -> nodes.Order:
    """`expression`, `expression ASC` or `expression DESC`."""
    way = _WAY.search(text)
    return nodes.Order(read(_WAY.sub("", text)), descending=bool(way) and way[1].upper() == "DESC")  # type: ignore[index]


def aggregates(expr: Any) -> bool:
    """Whether an expression is over many rows. Queries inside it are not looked into."""
    if isinstance(expr, nodes.Call) and expr.over is None:
        found = find(expr.name)
        if found is not None and found.aggregate:
            return True
    return any(aggregates(part) for part in _parts(expr))


def renamed(expr: nodes.Expr, change: Callable[[nodes.Name], nodes.Expr]) -> nodes.Expr:
    """The expression with each name in it changed. Queries inside it stay as they are."""
    if isinstance(expr, nodes.Name):
        return change(expr)
    return _rebuilt(expr, change)  # type: ignore[no-any-return]


def _rebuilt(value: Any, change: Callable[[nodes.Name], nodes.Expr]) -> Any:
    if isinstance(value, nodes.Name):
        return change(value)
    if isinstance(value, tuple):
        return tuple(_rebuilt(each, change) for each in value)
    if isinstance(value, nodes.Select | nodes.Union) or not is_dataclass(value) or isinstance(value, type):
        return value
    changed = {field.name: _rebuilt(getattr(value, field.name), change) for field in fields(value)}
    return replace(value, **changed)


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple):
        yield from value
    elif is_dataclass(value) and not isinstance(value, nodes.Select | nodes.Union):
        for field in fields(value):
            yield getattr(value, field.name)


def grouping(exprs: Sequence[nodes.Expr]) -> tuple[nodes.Expr, ...]:
    """What rows are grouped by: all that is no aggregate, where there is one; else nothing.

    >>> count, event = expression("count()"), expression("event")
    >>> [name.parts for name in grouping([event, count])], grouping([event])
    ([('event',)], ())
    """
    if not any(aggregates(expr) for expr in exprs):
        return ()
    return tuple(expr for expr in exprs if not aggregates(expr) and not isinstance(expr, nodes.Constant))
