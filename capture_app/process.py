"""One capture process: everything in it, on one event loop, and what it does beside serving requests."""

import asyncio
import logging
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from analytics_pipelines.events.keys import REPLAY_PREFIX
from analytics_pipelines.events.limits import Limits
from analytics_pipelines.problems import Fault
from analytics_pipelines.settings import Settings
from capture_app import metrics
from capture_app.intake import Intake
from capture_app.objects import RawObjects
from capture_app.projects import Projects
from capture_app.usage import Usage
from resources.object_store import ObjectStore

if TYPE_CHECKING:
    from resources.postgres import Postgres

log = logging.getLogger("capture")

# How often projects are looked after, and usage is exchanged with the other processes.
_KEEP_SECONDS = 2.0
_POOL_SIZE = 2  # connections: the keeper's, and one to look up new keys

T = TypeVar("T")


class Process:
    """Made before there is a loop; `start` binds it to one. Raises Problem when the settings can't be right."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.limits = Limits(
            body_bytes=settings.capture_max_body_bytes,
            text_bytes=settings.capture_max_decompressed_bytes,
            events=settings.capture_max_events,
            event_bytes=settings.capture_max_event_bytes,
            levels=settings.capture_max_levels,
            keys=settings.capture_max_keys,
            distinct_id_bytes=settings.capture_max_distinct_id_bytes,
        )
        self._postgres_url = settings.need_postgres()
        self.store = ObjectStore(settings.bucket_url, put_seconds=settings.capture_commit_seconds)
        self.projects = Projects(
            lambda: self.postgres,
            fresh=settings.token_cache_seconds,
            stale=settings.token_cache_max_age_seconds,
        )
        self.usage = Usage(lambda: self.postgres)
        waiting = settings.capture_max_waiting_bytes
        self.events = RawObjects(self.store, waiting_bytes=waiting)
        self.snapshots = RawObjects(self.store, prefix=REPLAY_PREFIX, waiting_bytes=waiting)
        self.intake = Intake(self.projects, self.usage, self.events, self.snapshots, self.limits)
        self.knows_projects = threading.Event()
        self._stopped = threading.Event()
        self._keeper: threading.Thread | None = None
        self.loop: asyncio.AbstractEventLoop | None = None

    @cached_property
    def postgres(self) -> "Postgres":
        """Imported when it is first needed, on the keeper's thread: a process serves before psycopg is there."""
        from resources.postgres import Postgres

        return Postgres(self._postgres_url, pool_size=_POOL_SIZE)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Serve on this loop from now on."""
        self.loop = loop
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self._keeper.start()

    def stop(self) -> None:
        """End what runs beside the requests; what was counted is added up."""
        self._stopped.set()
        if self._keeper is not None:
            self._keeper.join(self.settings.capture_commit_seconds)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something on the loop, from another thread, and return what it returns."""
        assert self.loop is not None  # noqa: S101  it was started
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def _keep(self) -> None:
        while True:
            last = self._stopped.is_set()
            try:
                self.projects.refresh_if_due()
                self.knows_projects.set()
                metrics.PROJECTS_AGE.set(self.projects.age())
                self.usage.exchange(datetime.now(UTC).date())
            except Fault as error:
                log.warning("usage can't be exchanged: %s", error)
            except Exception:
                log.exception("the keeper stumbled")  # and goes on: without it projects would grow old
            if last:
                return
            self._stopped.wait(_KEEP_SECONDS)


@contextmanager
def running(settings: Settings) -> Iterator[Process]:
    """A process with an event loop on a thread of its own, for servers that bring none."""
    process = Process(settings)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="capture-loop", daemon=True)
    thread.start()
    process.start(loop)
    try:
        yield process
    finally:
        process.run(process.events.finished())
        process.run(process.snapshots.finished())
        process.stop()
        process.postgres.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()
