"""What one client sends in one request, before it is anything to us. Pure."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

Event = dict[str, Any]


@dataclass(frozen=True)
class Sending:
    """Events of one client, oldest first, each with its uuid; `path` is the endpoint it speaks to."""

    path: str
    user_agent: str
    ip: str
    events: list[tuple[UUID, Event]] = field(default_factory=list)
