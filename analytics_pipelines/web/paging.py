"""Lists by the page: what the query string asks for, and how the answer says where it goes on."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import request

from analytics_pipelines.web.errors import ApiError

_MOST_CHARACTERS = 1000


def text_in_query(name: str, most: int = _MOST_CHARACTERS) -> str:
    """A text of the query string; empty when left out. Raises ApiError."""
    text = request.args.get(name, "")
    if len(text) > most:
        raise ApiError(400, "invalid_input", f"At most {most} characters.", attr=name)
    if "\0" in text:
        raise ApiError(400, "invalid_input", "A text holds the character NUL.", attr=name)
    return text


def choice_in_query(name: str, choices: Sequence[str], default: str) -> str:
    """One of some words. Raises ApiError."""
    found = request.args.get(name, default)
    if found not in choices:
        raise ApiError(400, "invalid_input", f"One of {', '.join(choices)}.", attr=name)
    return found


def number_in_query(name: str, default: int, *, least: int = 0, most: int) -> int:
    """A whole number; `default` when left out. Raises ApiError."""
    text = request.args.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):
        raise ApiError(400, "invalid_input", f"A whole number from {least} to {most}.", attr=name)
    return int(text)


def paged(results: list[dict[str, Any]], count: int, limit: int, offset: int) -> dict[str, Any]:
    """A page in the API's shape; `next` and `previous` are addresses, or null."""
    return {
        "count": count,
        "next": _address(limit, offset + limit) if offset + limit < count else None,
        "previous": _address(limit, max(0, offset - limit)) if offset > 0 else None,
        "results": results,
    }


def _address(limit: int, offset: int) -> str:
    others = [(name, value) for name, value in request.args.items(multi=True) if name not in {"limit", "offset"}]
    return f"{request.base_url}?{urlencode([*others, ('limit', limit), ('offset', offset)])}"
