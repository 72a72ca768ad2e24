"""A delivery as a request: body, headers, signature. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from analytics_pipelines.webhooks.found import sql_url
from analytics_pipelines.webhooks.presets import default_body, writer
from analytics_pipelines.webhooks.signature import message_id, signed_headers
from analytics_pipelines.webhooks.store import Destination
from analytics_pipelines.webhooks.template import rendered

MOST_BODY_BYTES = 8 * 1024 * 1024
MOST_HEADERS = 50
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALUE = re.compile(r"[\x20-\x7e\t]{0,4000}")
# What the client or the signature says, and what would change how the request is read.
_OURS = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
    }
)


class WrongHeaders(ValueError):
    """Headers that can't be sent; it says which."""


class TooLarge(Exception):
    """The body would be larger than any receiver takes."""


@dataclass(frozen=True)
class Message:
    """What is sent."""

    headers: dict[str, str]
    body: bytes


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers that may be sent beside ours. Raises WrongHeaders."""
    if len(headers) > MOST_HEADERS:
        raise WrongHeaders(f"At most {MOST_HEADERS} headers.")
    for name, value in headers.items():
        if not _NAME.fullmatch(name):
            raise WrongHeaders(f"“{name[:50]}” is no name of a header.")
        if name.lower() in _OURS:
            raise WrongHeaders(f"The header {name} is set by us.")
        if not _VALUE.fullmatch(value):
            raise WrongHeaders(f"The value of {name} holds what a header can't.")
    return dict(headers)


def message(
    destination: Destination,
    project_name: str,
    event_uuid: UUID,
    told: Mapping[str, Any],
    base_url: str,
    signing_secrets: Sequence[str],
    now: datetime,
) -> Message:
    """The request for one event, `told` as `{event, person, groups}`. Raises TooLarge."""
    values = {
        **told,
        "project": {
            "id": destination.team_id,
            "name": project_name,
            "url": f"{base_url}/project/{destination.team_id}",
        },
        "source": {"name": destination.name, "url": f"{base_url}/project/{destination.team_id}/destinations"},
    }
    template = default_body(destination.preset) if destination.body is None else destination.body
    tree = rendered(template, values, writer(destination.preset))
    body = json.dumps(tree, separators=(",", ":")).encode()  # escaped to ASCII: half a character breaks nothing
    if len(body) > MOST_BODY_BYTES:
        raise TooLarge
    return Message(
        headers={
            "Content-Type": "application/json",
            **destination.headers,
            **signed_headers(message_id(destination.id, event_uuid), now, body, signing_secrets),
        },
        body=body,
    )


def sample(team_id: int, base_url: str, now: datetime) -> tuple[UUID, dict[str, Any]]:
    """An event that nobody sent, for a test."""
    uuid = UUID(int=0)
    return uuid, {
        "event": {
            "uuid": str(uuid),
            "event": "$test",
            "distinct_id": "somebody",
            "properties": {"$current_url": "https://example.com/", "plan": "pro", "amount": 12.5},
            "timestamp": now.isoformat(),
            "elements_chain": "",
            "url": sql_url(base_url, team_id, "events", "uuid", str(uuid)),
        },
        "person": {
            "id": str(uuid),
            "name": "somebody@example.com",
            "url": sql_url(base_url, team_id, "events", "person_id", str(uuid)),
            "properties": {"email": "somebody@example.com"},
        },
        "groups": {},
    }
