"""SQL as a question."""

from __future__ import annotations

from typing import ClassVar, Literal

from analytics_pipelines.insights.model import ON_EVERY_QUERY, Model


class HogQLQuery(Model):
    """SQL in `query`; see `sql.compiler.compile_select`."""

    kind: Literal["HogQLQuery"] = "HogQLQuery"
    query: str
    harmless: ClassVar[frozenset[str]] = ON_EVERY_QUERY | {"name", "explain"}
