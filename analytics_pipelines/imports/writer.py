"""Events → raw objects in the bucket, a thread ahead of the reading."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from types import TracebackType
from uuid import UUID

from analytics_pipelines.accounts.projects import Project
from analytics_pipelines.events import zstd
from analytics_pipelines.events.envelope import Arrival, to_lines
from analytics_pipelines.events.keys import raw_key
from analytics_pipelines.events.parse import Incoming, Request
from analytics_pipelines.events.rules import Rules, kept
from analytics_pipelines.faults import hit
from resources.object_store import ObjectStore

NODE = "import"  # stands in the keys of the objects
_PATH = "import"  # where other lines name the path of the request

# An object is what a break costs, and what ingestion reads at once.
MOST_EVENTS = 20_000
MOST_BYTES = 8 << 20

_LEVEL = 3


def rules_of(project: Project) -> Rules:
    """What the project wants kept. Its quota is of what is sent, and not of what its owner imports."""
    return Rules(
        anonymize_ips=project.anonymize_ips,
        denied_properties=frozenset(project.denied_properties),
        denied_events=frozenset(project.denied_events),
        allowed_events=frozenset(project.allowed_events),
        denied_distinct_ids=frozenset(project.denied_distinct_ids),
    )


class Writer:
    """Gathers events, and stores them when they are enough for an object; `stored` is told after each.

    While one object is compressed and stored the next one is gathered. Errors of the store are raised by the call that
    comes next.
    """

    def __init__(
        self,
        store: ObjectStore,
        project: Project,
        now: Callable[[], datetime],
        stored: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._project = project
        self._rules = rules_of(project)
        self._now = now
        self._stored = stored
        self._events: list[Incoming] = []
        self._bytes = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="import")
        self._pending: Future[None] | None = None
        self.objects = 0

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._thread.shutdown(wait=True)

    def add(self, uuid: UUID, raw: bytes, row: int) -> None:
        """One more event, of that row; rows come in order. Raises StoreUnavailable, PostgresUnavailable."""
        self._events.append(Incoming(uuid, raw))
        self._bytes += len(raw)
        if len(self._events) >= MOST_EVENTS or self._bytes >= MOST_BYTES:
            self._send(row)

    def finish(self, row: int) -> None:
        """Store the rest, and return when everything is durable."""
        if self._events:
            self._send(row)
        self._wait()

    def _send(self, row: int) -> None:
        self._wait()
        events, self._events, self._bytes = self._events, [], 0
        self._pending = self._thread.submit(self._write, events, row)

    def _wait(self) -> None:
        if self._pending is not None:
            pending, self._pending = self._pending, None
            pending.result()

    def _write(self, events: list[Incoming], row: int) -> None:
        request = Request(
            token=self._project.api_token,
            sent_at=None,  # times are as they are given
            events=events,
            historical=True,
            performance=True,
        )
        inside, drops = kept(request, self._rules, None)
        # Of now, and not of when the import began: ingestion does not look back for long.
        now = self._now()
        lines = to_lines(inside, Arrival(now, "", "", _PATH, self._project.id), drops)
        payload = zstd.compress(lines, level=_LEVEL)
        hit("import.before_put")
        self._store.put(raw_key(now, NODE, payload), payload)
        self.objects += 1
        hit("import.after_put")
        self._stored(row)
        hit("import.after_record")
