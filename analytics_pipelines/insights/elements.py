"""Conditions on the elements that an event of autocapture came through, the innermost first."""

from __future__ import annotations

from typing import Any

from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.errors import QueryError


def element_condition(key: str, operator: str, value: Any) -> nodes.Expr:
    """`key`: `selector`, `tag_name`, `href` or `text`. QueryError for another, or a selector that can't be read."""
    raise QueryError(f"filters on the {key} of elements are not supported yet")
