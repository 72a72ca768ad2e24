"""JSON objects as the models of questions."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from analytics_pipelines.insights.model import Model
from analytics_pipelines.sql.errors import QueryError


def parse_as(model: type[Model], data: Any) -> Any:
    """A JSON object → its model. QueryError says which field is wrong, and why."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise QueryError(f"{where}: {first['msg']}") from error
