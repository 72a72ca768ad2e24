"""Accepted lines → durable raw objects."""

import re
import socket
from datetime import datetime

from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import raw_key
from resources.object_store import ObjectStore

_LEVEL = 1


class RawObjects:
    """Writes raw objects on behalf of one host. Each request is an object of its own."""

    def __init__(self, store: ObjectStore, host: str | None = None) -> None:
        self._store = store
        self._node = re.sub(r"[^a-z0-9]", "", (host or socket.gethostname()).lower())[:20] or "node"

    def commit(self, lines: bytes, received_at: datetime) -> str:
        """Store the lines and return the object's key once it is durable. Raises StoreUnavailable."""
        payload = zstd.compress(lines, level=_LEVEL)
        key = raw_key(received_at, self._node, payload)
        self._store.put(key, payload)
        return key
