"""Reading one node of sqlglot's tree: where it stood, which fields it has, which names it gives."""

from __future__ import annotations

import re
from typing import Any

from sqlglot import exp

from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.sql.schema import RESERVED_NAMES

_NAME = re.compile(r"[^\x00-\x1f\x7f`\\\"'{}]{1,128}")


def span(node: exp.Expr) -> nodes.Span:
    """From the first to the last place that sqlglot remembers within the node."""
    found = [part.meta for part in node.walk() if "start" in part.meta]
    if not found:
        return None
    return min(meta["start"] for meta in found), max(meta["end"] for meta in found) + 1


def refuse(what: str, node: exp.Expr) -> QueryError:
    return QueryError(f"not supported: {what}", *(span(node) or (None, None)))


def fields(node: exp.Expr, *allowed: str) -> None:
    """Refuse a node that says more than its reader reads."""
    for key, value in node.args.items():
        if value not in (None, False, []) and key not in allowed and not key.startswith("_"):
            raise refuse(key.strip("_").replace("_", " ").upper(), node)


def given_name(node: exp.Expr) -> str:
    """A name that the query gives to something of its own."""
    if not isinstance(node, exp.Identifier):
        raise refuse("this as a name", node)
    name = str(node.this)
    if name.lower() in RESERVED_NAMES:
        raise QueryError(f"“{name}” is reserved, choose another name", *(span(node) or ()))
    if not _NAME.fullmatch(name):
        raise refuse("quotes, brackets or control characters in a name", node)
    return name


def whole_number(node: Any, where: str) -> int:
    """A literal count, as LIMIT needs it."""
    if isinstance(node, exp.Literal) and not node.is_string and str(node.this).isdigit():
        value = int(node.this)
        if value < 2**63:
            return value
    raise QueryError(f"{where} takes a whole number", *((span(node) or ()) if node is not None else ()))
