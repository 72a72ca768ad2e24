"""The body of a request."""

import math
from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError

from analytics_pipelines.web.errors import ApiError

Body = TypeVar("Body", bound=BaseModel)


def object_in_body() -> dict[str, Any]:
    """The JSON object that was sent. Raises ApiError."""
    try:
        body = request.get_json(force=True, silent=True)
    except RecursionError:
        raise ApiError(400, "parse_error", "The body is nested too deep.") from None
    if not isinstance(body, dict):
        raise ApiError(400, "parse_error", "The body is not a JSON object.")
    return body


def body_as(model: type[Body]) -> Body:
    """The JSON object that was sent, checked. Raises ApiError, which names the first field that is wrong."""
    return checked(model, object_in_body())


def checked(model: type[Body], body: dict[str, Any]) -> Body:
    """What was sent, as the model has it. Raises ApiError, which names the first field that is wrong."""
    try:
        wrong = _unstorable(body)
    except RecursionError:
        wrong = "The body is nested too deep."
    if wrong:
        raise ApiError(400, "invalid_input", wrong, attr=None)
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        code = "required" if first["type"] == "missing" else "invalid_input"
        raise ApiError(400, code, first["msg"], attr=where or None) from None


def _unstorable(value: Any) -> str | None:
    """What Postgres has no place for, in words."""
    if isinstance(value, str):
        if "\0" in value:
            return "A text holds the character NUL."
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            return "A text holds half a character (a lone surrogate)."
    elif isinstance(value, float):
        return None if math.isfinite(value) else "A number is not finite."
    elif isinstance(value, dict):
        return next((wrong for item in value.items() for wrong in map(_unstorable, item) if wrong), None)
    elif isinstance(value, list):
        return next(filter(None, map(_unstorable, value)), None)
    return None
