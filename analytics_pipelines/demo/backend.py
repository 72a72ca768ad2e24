"""posthog-python in the demo shop's own server: what happens while nobody looks at a page. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from analytics_pipelines.demo.sending import Event

USER_AGENT = "posthog-python/7.91.1"
ADDRESS = "192.0.2.10"

_FIXED = {
    "$python_runtime": "CPython",
    "$python_version": "3.11.7",
    "$os": "Linux",
    "$os_version": "12",
    "$lib": "posthog-python",
    "$lib_version": "7.91.1",
    "$geoip_disable": True,
    "$is_server": True,
}


def capture(
    uuid: UUID, at: datetime, name: str, distinct_id: str, properties: Mapping[str, Any], **beside: Any
) -> Event:
    """The event as the server sends it; `beside` (`$set`) stands next to `properties`."""
    return {
        "event": name,
        "distinct_id": distinct_id,
        "uuid": str(uuid),
        "timestamp": at.isoformat(timespec="microseconds"),
        "properties": {**_FIXED, **properties},
        **beside,
    }
