"""Accepted lines → durable raw objects; requests that arrive together share one."""

import asyncio
import re
import socket
import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import PREFIX, raw_key
from analytics_pipelines.faults import hit
from capture_app import metrics
from capture_app.room import Room
from resources.object_store import ObjectStore, StoreUnavailable

_LEVEL = 1

# More would delay the first request of a group for the sake of the last; a single larger request is a group alone.
GROUP_BYTES = 8 << 20

# The senders of a group come again when they are answered; so long is waited for them, to share the next object too.
_GATHER_SECONDS = 0.003

# What one process holds for a store that is slow; beyond it senders are told to come back.
WAITING_BYTES = 128 << 20


@dataclass
class _Part:
    """What one request waits for."""

    lines: bytes
    received_at: datetime
    project: int
    events: int
    stored: asyncio.Future[str]


class RawObjects:
    """Writes raw objects on behalf of one host. Belongs to one event loop.

    Group commit: while one group is written, by a thread of its own, requests that arrive meanwhile gather, and are
    written together next. A group waits a moment to become as large as the one before; so a lone request waits for
    nobody, and many share a put and its fsync. A group takes from each project in turn, so that one that floods a slow
    store does not stand before the others.
    """

    def __init__(
        self,
        store: ObjectStore,
        host: str | None = None,
        *,
        prefix: str = PREFIX,
        group_bytes: int = GROUP_BYTES,
        waiting_bytes: int = WAITING_BYTES,
    ) -> None:
        self._store = store
        self._node = re.sub(r"[^a-z0-9]", "", (host or socket.gethostname()).lower())[:20] or "node"
        self._prefix = prefix
        self._group_bytes = group_bytes
        self._room = Room(waiting_bytes)
        self._queues: dict[int, deque[_Part]] = {}
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="raw-objects")
        self._writing: asyncio.Task[None] | None = None
        self._gathered = asyncio.Event()
        self._waiting = 0
        self._expected = 1

    async def commit(self, lines: bytes, received_at: datetime, *, project: int, events: int = 0) -> str:
        """Store the lines and return the key of the object that they are in, once it is durable.

        Raises StoreUnavailable: then none of the group may be acknowledged. Raises NoRoom: too much waits already.
        """
        self._room.enter(project, len(lines))
        metrics.WAITING_BYTES.set(self._room.held)
        try:
            stored: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            queue = self._queues.get(project)
            if queue is None:
                queue = self._queues[project] = deque()
            queue.append(_Part(lines, received_at, project, events, stored))
            self._waiting += 1
            if self._waiting >= self._expected:
                self._gathered.set()
            if self._writing is None:
                self._writing = asyncio.create_task(self._write_groups())
            return await stored
        finally:
            self._room.leave(project, len(lines))
            metrics.WAITING_BYTES.set(self._room.held)

    async def finished(self) -> None:
        """Return when nothing is being written."""
        while self._writing is not None:
            await asyncio.wait([self._writing])

    async def _write_groups(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._queues:
                await self._gather()
                group = self._next_group()
                if not group:
                    continue  # all were given up
                self._expected = len(group)
                key, error = "", None
                oldest = min(part.received_at for part in group)
                metrics.WAITING_SECONDS.set((datetime.now(UTC) - oldest).total_seconds())
                try:
                    key = await loop.run_in_executor(self._writer, self._write, group)
                except StoreUnavailable as unavailable:
                    metrics.FAILED_COMMITS.inc()
                    error = unavailable
                except Exception as bug:
                    error = StoreUnavailable(f"the group was not stored: {bug!r}")
                for part in group:
                    if part.stored.done():
                        continue  # its request was given up; what is stored stays
                    if error is None:
                        part.stored.set_result(key)
                    else:
                        part.stored.set_exception(error)
        finally:
            metrics.WAITING_SECONDS.set(0)
            self._writing = None

    async def _gather(self) -> None:
        """Wait for as many requests as the group before had, since their senders come again, but only for a moment."""
        if self._waiting >= self._expected:
            return
        self._gathered.clear()
        timer = asyncio.get_running_loop().call_later(_GATHER_SECONDS, self._gathered.set)
        await self._gathered.wait()
        timer.cancel()

    def _next_group(self) -> list[_Part]:
        """One part of each project in turn, until the group is full or nothing waits."""
        group: list[_Part] = []
        size = 0
        while self._queues:
            for project in list(self._queues):
                queue = self._queues[project]
                if group and size + len(queue[0].lines) > self._group_bytes:
                    # who had to stay behind comes first in the next group
                    self._queues = {project: self._queues.pop(project), **self._queues}
                    return group
                part = queue.popleft()
                self._waiting -= 1
                if not queue:
                    del self._queues[project]
                if part.stored.done():
                    continue  # given up while it waited
                group.append(part)
                size += len(part.lines)
        return group

    def _write(self, group: Iterable[_Part]) -> str:
        begun = time.perf_counter()
        parts = list(group)
        payload = zstd.compress(b"".join([part.lines for part in parts]), level=_LEVEL)
        key = raw_key(max(part.received_at for part in parts), self._node, payload, prefix=self._prefix)
        hit("capture.before_put")
        self._store.put(key, payload)
        hit("capture.after_put")
        metrics.COMMIT_SECONDS.observe(time.perf_counter() - begun)
        metrics.COMMIT_REQUESTS.observe(len(parts))
        metrics.COMMIT_BYTES.observe(len(payload))
        metrics.EVENTS.inc(sum(part.events for part in parts))
        return key
