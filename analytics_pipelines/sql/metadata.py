"""What can be said of a query without running it: whether it is valid, and what in it looks like a slip."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Literal

from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import compile_query, compile_select, parse_expression, parse_select
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.sql.scope import Scope

Language = Literal["hogQL", "hogQLExpr"]
Known = Mapping[str, Collection[str]]
"""The properties that were seen: kind (`event`, `person`, `group_0` …) → names, those used most first."""

_EXPRESSION_STARTS = len("SELECT ")


@dataclass(frozen=True, slots=True)
class Remark:
    """`start` and `end` as in a QueryError; `fix` is what to write instead."""

    message: str
    start: int | None = None
    end: int | None = None
    fix: str | None = None

    def answer(self) -> dict[str, Any]:
        return {"message": self.message, "start": self.start, "end": self.end, "fix": self.fix}


@dataclass(frozen=True, slots=True)
class Metadata:
    query: str
    errors: tuple[Remark, ...] = ()
    warnings: tuple[Remark, ...] = ()
    notices: tuple[Remark, ...] = ()
    tables: tuple[str, ...] = ()
    every_column_is_named: bool = False

    def answer(self) -> dict[str, Any]:
        """In the shape that PostHog gives it."""
        valid = not self.errors
        return {
            "query": self.query,
            "isValid": valid,
            "isValidView": valid and self.every_column_is_named,
            "errors": [each.answer() for each in self.errors],
            "warnings": [each.answer() for each in self.warnings],
            "notices": [each.answer() for each in self.notices],
            "table_names": list(self.tables),
        }


def metadata(
    text: str, scope: Scope, *, language: Language = "hogQL", source: str | None = None, known: Known | None = None
) -> Metadata:
    """Of a whole query, or of an expression over the rows of `source` (a query; all events without one)."""
    shift = _EXPRESSION_STARTS if language == "hogQLExpr" else 0
    try:
        query = parse_select(text) if language == "hogQL" else _around(parse_expression(text), source)
        compiled = compile_select(text, scope) if language == "hogQL" else compile_query(query, scope)
    except QueryError as error:
        return Metadata(text, errors=(_shifted(Remark(error.message, error.start, error.end), shift, text),))
    notices = list(_typed(query, scope))
    if compiled.limit_applied:
        notices.append(Remark(f"at most {compiled.limit} rows are shown; set a LIMIT of up to {scope.max_limit}"))
    warnings = list(_unseen(query, known)) if known is not None else []
    return Metadata(
        text,
        warnings=tuple(_shifted(each, shift, text) for each in warnings),
        notices=tuple(_shifted(each, shift, text) for each in notices),
        tables=compiled.tables,
        every_column_is_named=all(item.alias or isinstance(item.expr, nodes.Name) for item in _items(query)),
    )


def _around(expr: nodes.Expr, source: str | None) -> nodes.Query:
    item = nodes.Item(expr, "expression")
    query = parse_select(source) if source else nodes.Select((), nodes.TableName("events"))
    if not isinstance(query, nodes.Select):
        return nodes.Select((item,), nodes.Derived(query, None))
    return replace(query, items=(item,), group=(), order=(), having=None, limit_by=None, ties=False, distinct=False)


def _items(query: nodes.Query) -> tuple[nodes.Item, ...]:
    return query.items if isinstance(query, nodes.Select) else _items(query.left) + _items(query.right)


def _shifted(remark: Remark, shift: int, text: str) -> Remark:
    """A place in `SELECT <expression>` as a place in the expression."""
    if remark.start is None:
        return remark
    end = len(text) + shift if remark.end is None else remark.end
    return replace(remark, start=max(remark.start - shift, 0), end=min(max(end - shift, 0), len(text)))


@dataclass(frozen=True, slots=True)
class _Used:
    """A property that a query names: `kinds` are those that it may be one of."""

    name: str
    kinds: tuple[str, ...]
    span: nodes.Span


_KINDS = ("event", "person", *(f"group_{index}" for index in range(5)))


def _used(query: nodes.Query) -> Iterator[_Used]:
    for node in _walk(query):
        match node:
            case nodes.Name(parts, span) if "properties" in parts[:-1]:
                place = parts.index("properties")
                yield _Used(str(parts[place + 1]), _kinds(parts[:place]), span)
            case nodes.Subscript(nodes.Name(parts), nodes.Constant(str() as key), span) if parts[-1] == "properties":
                yield _Used(key, _kinds(parts[:-1]), span)


def _kinds(before: nodes.Path) -> tuple[str, ...]:
    """`person.properties` are a person's; what an alias in front of them means isn't looked up."""
    if before and before[-1] in ("person", "poe"):
        return ("person",)
    return (str(before[-1]),) if before and before[-1] in _KINDS else _KINDS


def _walk(node: object) -> Iterator[object]:
    if isinstance(node, tuple):
        for each in node:
            yield from _walk(each)
    elif is_dataclass(node):
        yield node
        for field in fields(node):
            yield from _walk(getattr(node, field.name))


def _unseen(query: nodes.Query, known: Known) -> Iterator[Remark]:
    for used in _used(query):
        seen = [name for kind in used.kinds for name in known.get(kind, ())]
        if used.name in seen or used.name.startswith("$group_"):
            continue
        close = difflib.get_close_matches(used.name, seen, n=1, cutoff=0.6)
        hint = f" Did you mean “{close[0]}”?" if close else ""
        start, end = used.span or (None, None)
        yield Remark(f"the property “{used.name}” was never seen.{hint}", start, end, close[0] if close else None)


def _typed(query: nodes.Query, scope: Scope) -> Iterator[Remark]:
    for used in _used(query):
        types = {scope.property_types.get((kind, used.name)) for kind in used.kinds} - {None, "String"}
        if len(types) == 1 and used.span:
            yield Remark(f"“{used.name}” is read as {types.pop()}", *used.span)
