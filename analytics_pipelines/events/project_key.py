"""The project API key that a request names. Pure."""

from typing import Any

from analytics_pipelines.events.rejection import Rejected

_PERSONAL_KEY = "phx_"
_LENGTH = 64


def checked_key(key: Any) -> str:
    """The key without the spaces around it. Raises Rejected (401) when no project can have it."""
    if not isinstance(key, str) or not key.strip():
        raise Rejected(401, "the request names no project API key (api_key)")
    key = str(key).strip()
    if key.startswith(_PERSONAL_KEY):
        raise Rejected(401, "this is a personal API key; events are sent with the project's (phc_…)")
    if len(key) > _LENGTH or not key.isascii() or "\0" in key:
        raise Rejected(401, "the project API key is malformed")
    return str(key)
