"""The body of a request."""

from typing import Any

from flask import request

from analytics_pipelines.web.errors import ApiError


def object_in_body() -> dict[str, Any]:
    """The JSON object that was sent. Raises ApiError."""
    try:
        body = request.get_json(force=True, silent=True)
    except RecursionError:
        raise ApiError(400, "parse_error", "The body is nested too deep.") from None
    if not isinstance(body, dict):
        raise ApiError(400, "parse_error", "The body is not a JSON object.")
    return body
