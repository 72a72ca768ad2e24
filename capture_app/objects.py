"""Accepted lines → durable raw objects; requests that arrive together share one."""

import re
import socket
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime

from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import raw_key
from analytics_pipelines.faults import hit
from capture_app import metrics
from resources.object_store import ObjectStore, StoreUnavailable

_LEVEL = 1

# More would delay the first request of a group for the sake of the last; a single larger request is a group alone.
GROUP_BYTES = 8 * 1024 * 1024

# What one process holds for a store that is slow; beyond it senders are told to come back.
WAITING_BYTES = 64 * 1024 * 1024


@dataclass
class _Group:
    """Requests that are stored together. `finished` comes last: then either `key` or `error` is set."""

    parts: list[bytes] = field(default_factory=list)
    size: int = 0
    received_at: datetime | None = None
    key: str = ""
    error: StoreUnavailable | None = None
    finished: bool = False


class RawObjects:
    """Writes raw objects on behalf of one host; safe to share between threads.

    Group commit without a thread of its own: while one request writes, those that arrive meanwhile gather, and one of
    them writes for all when it is done. So a lone request waits for nobody, and many share a put and its fsync.
    """

    def __init__(
        self,
        store: ObjectStore,
        host: str | None = None,
        *,
        group_bytes: int = GROUP_BYTES,
        waiting_bytes: int = WAITING_BYTES,
    ) -> None:
        self._store = store
        self._node = re.sub(r"[^a-z0-9]", "", (host or socket.gethostname()).lower())[:20] or "node"
        self._group_bytes = group_bytes
        self._waiting_bytes = waiting_bytes
        self._changed = threading.Condition()
        self._open = _Group()
        self._writing = False
        self._waiting = 0

    def commit(self, lines: bytes, received_at: datetime) -> str:
        """Store the lines and return the key of the object that they are in, once it is durable.

        Raises StoreUnavailable: then none of the group may be acknowledged, or too much waits already.
        """
        with self._changed:
            if self._waiting and self._waiting + len(lines) > self._waiting_bytes:
                raise StoreUnavailable(f"{self._waiting} bytes wait for the store already")
            self._waiting += len(lines)
            metrics.WAITING_BYTES.set(self._waiting)
        try:
            group, leads = self._join(lines, received_at)
            if leads:
                self._write(group)
        finally:
            with self._changed:
                self._waiting -= len(lines)
                metrics.WAITING_BYTES.set(self._waiting)
        if group.error is not None:
            raise group.error
        return group.key

    def _join(self, lines: bytes, received_at: datetime) -> tuple[_Group, bool]:
        """Gather with the others; returns when the group is stored, or when it is ours to store."""
        with self._changed:
            while self._open.parts and self._open.size + len(lines) > self._group_bytes:
                self._changed.wait()
            group = self._open
            group.parts.append(lines)
            group.size += len(lines)
            group.received_at = max(received_at, group.received_at or received_at)
            while self._writing and not group.finished:
                self._changed.wait()
            if group.finished:
                return group, False
            # Nobody writes and ours is not written: it is the open one, and we are the first of it to wake.
            self._writing = True
            self._open = _Group()
            self._changed.notify_all()  # there is room again
            return group, True

    def _write(self, group: _Group) -> None:
        begun = time.perf_counter()
        try:
            assert group.received_at is not None  # noqa: S101  it has a part
            payload = zstd.compress(b"".join(group.parts), level=_LEVEL)
            key = raw_key(group.received_at, self._node, payload)
            hit("capture.before_put")
            self._store.put(key, payload)
            hit("capture.after_put")
            group.key = key
            metrics.COMMIT_SECONDS.observe(time.perf_counter() - begun)
            metrics.COMMIT_REQUESTS.observe(len(group.parts))
            metrics.COMMIT_BYTES.observe(len(payload))
            metrics.EVENTS.inc(sum(part.count(b"\n") for part in group.parts))
        except StoreUnavailable as error:
            metrics.FAILED_COMMITS.inc()
            group.error = error
        except BaseException as error:
            group.error = StoreUnavailable(f"the group was not stored: {error!r}")
            raise
        finally:
            with self._changed:
                group.finished = True
                self._writing = False
                self._changed.notify_all()
