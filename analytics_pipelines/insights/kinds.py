"""The kinds of questions that are insights, by name; and reading one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from analytics_pipelines.insights import trends
from analytics_pipelines.insights.model import Model
from analytics_pipelines.insights.models import TrendsQuery
from analytics_pipelines.insights.plan import Kind
from analytics_pipelines.sql.errors import QueryError

KINDS: Mapping[str, Kind] = {
    "TrendsQuery": Kind(TrendsQuery, trends.plan),
}


def parse_as(model: type[Model], data: Any) -> Any:
    """A JSON object → its model. QueryError says which field is wrong, and why."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise QueryError(f"{where}: {first['msg']}") from error


def parse_insight(data: Any) -> tuple[Kind, Any]:
    """A JSON object with a `kind` of KINDS → the kind, and the question."""
    kind = data.get("kind") if isinstance(data, dict) else None
    found = KINDS.get(kind) if isinstance(kind, str) else None
    if found is None:
        raise QueryError(f"kind must be one of {', '.join(KINDS)}")
    return found, parse_as(found.model, data)
