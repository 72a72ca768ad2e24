"""What a sender is told."""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from analytics_pipelines.events.rejection import Rejected

Headers = list[tuple[str, str]]
JSON: Headers = [("content-type", "application/json")]
TEXT: Headers = [("content-type", "text/plain; charset=utf-8")]

# How long a sender should wait before it comes again, when the store or Postgres is away or there is no room.
_RETRY_AFTER: Headers = [("retry-after", "5")]


class Answer(NamedTuple):
    """`reason`: one word for metrics and logs, of what was not taken."""

    status: int
    body: bytes
    headers: Headers
    reason: str = ""


OK = Answer(200, b'{"status":"Ok"}', JSON)
BROKEN = Answer(500, b"something went wrong here; try again", TEXT, "bug")
ALIVE = Answer(200, b"ok\n", TEXT)
NO_CONTENT = Answer(204, b"", [])


def as_json(value: object, status: int = 200) -> Answer:
    """An answer for programs."""
    return Answer(status, msgspec.json.encode(value), JSON)


def refusal(error: Rejected) -> Answer:
    """The first protocol's: plain text, since its SDKs show it to people."""
    return Answer(error.status, error.message.encode("utf-8", "replace"), TEXT, error.tag)


def again(reason: str) -> Answer:
    """Nothing is stored, and it is not the sender's fault."""
    return Answer(503, b"not stored; try again", TEXT + _RETRY_AFTER, reason)


def refusal_v1(error: Rejected) -> Answer:
    """The second protocol's."""
    return Answer(error.status, _error(error.tag, error.message), JSON, error.tag)


def again_v1(reason: str) -> Answer:
    """The second protocol's way to say that nothing is stored."""
    return Answer(503, _error("service_unavailable", "not stored; try again"), JSON + _RETRY_AFTER, reason)


def _error(tag: str, description: str) -> bytes:
    said = {"error": tag, "error_description": description, "error_uri": "https://posthog.com/docs/api"}
    return msgspec.json.encode(said)


def cors(header: Callable[[str], str]) -> Headers:
    """Tokens are public and cookies ignored, so any site may send; mirrored, since `*` excludes credentials."""
    origin = header("origin")
    if not origin:
        return []
    asked = header("access-control-request-headers")
    return [
        ("access-control-allow-origin", origin),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-methods", "GET, POST, OPTIONS"),
        *([("access-control-allow-headers", asked)] if asked else []),
        ("vary", "Origin"),
    ]
