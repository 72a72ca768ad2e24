"""The drain: what waits in the bucket goes into ClickHouse, once or as it arrives."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from analytics_pipelines.events.keys import arrival_hour, hour_of
from analytics_pipelines.faults import hit
from analytics_pipelines.ingest.ahead import Ahead
from analytics_pipelines.ingest.backlog import LOOK_BACK, STRAGGLING, batches, open_hours, waiting
from analytics_pipelines.ingest.ledger import Batch, Ledger, Outcome
from analytics_pipelines.ingest.loader import publish, recounted
from analytics_pipelines.ingest.locks import LOAD, LOCK_CLASS, RELAY, held
from analytics_pipelines.ingest.staging import BatchTooLarge, Prepared, prepared
from analytics_pipelines.ingest.swap import finish_replays, finish_swaps
from analytics_pipelines.settings import Settings
from resources.clickhouse import ClickHouse, ClickHouseUnavailable
from resources.object_store import ObjectStore, StoredObject, StoreUnavailable
from resources.postgres import Connection, Postgres, count_locks

# How often a look takes in all open hours, beside the cheap looks at what has just arrived.
FULL_LOOK_SECONDS = 30.0

# A load of a few events costs nearly what one of thousands does. So after each it rests for twice as long as that took,
# and events that trickle in take a third of a core and not a whole one; at most for so long, so that they stay fresh.
_REST, _LONGEST_REST_SECONDS = 2.0, 2.0


@dataclass
class Tally:
    """What a drain did, by arrival hour. Milliseconds are of loading, not of waiting."""

    objects: int = 0
    bytes: int = 0
    lines: int = 0
    events: int = 0
    duplicates: int = 0
    dead_letters: int = 0
    dropped: int = 0
    lost_objects: int = 0
    milliseconds: int = 0
    batches: int = 0

    def include(self, other: "Tally") -> None:
        """Add another hour's numbers to these."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def add(self, batch: Batch, outcome: Outcome, milliseconds: int) -> None:
        self.batches += 1
        self.objects += len(batch.objects)
        self.bytes += batch.bytes
        self.lines += outcome.lines
        self.events += outcome.events
        self.duplicates += outcome.duplicates
        self.dead_letters += outcome.dead_letters
        self.dropped += outcome.dropped
        self.lost_objects += len(outcome.lost_keys)
        self.milliseconds += milliseconds


@dataclass
class Drain:
    """Drains the bucket on behalf of one run. `tallies` grows as batches are loaded."""

    store: ObjectStore
    postgres: Postgres
    clickhouse: ClickHouse
    batch_objects: int
    batch_bytes: int
    run_id: str | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    tallies: dict[datetime, Tally] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings, comment: Mapping[str, Any], run_id: str | None = None) -> "Drain":
        """The drain of these settings; `comment` goes with its statements as `log_comment`."""
        return cls(
            store=ObjectStore(settings.bucket_url),
            postgres=Postgres(settings.need_postgres()),
            clickhouse=ClickHouse(settings.need_clickhouse(), comment),
            batch_objects=settings.ingest_batch_objects,
            batch_bytes=settings.ingest_batch_bytes,
            run_id=run_id,
        )

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.postgres)
        self._last_full_look = -FULL_LOOK_SECONDS

    def hours(self, hours: Sequence[datetime]) -> None:
        """Load what waits in these arrival hours, then return."""
        with self.postgres.session() as session:
            self._finish_broken_loads(session)
            while self._load_all(waiting(self.store, self.ledger, hours), session):
                pass

    def everything(self) -> None:
        """Load what waits in any hour, then return."""
        with self.postgres.session() as session:
            self._finish_broken_loads(session)
            look_back = LOOK_BACK
            while self._look(session, full=True, look_back=look_back):
                look_back = timedelta(0)

    def linger(
        self,
        seconds: float,
        poll: float,
        between: Callable[[], None] = lambda: None,
        trouble: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        """Load what waits and what arrives until `seconds` are over or a successor waits.

        Waits first for a predecessor to end. `between` is called after each look. When ClickHouse or the bucket is
        away `trouble` is told and the drain goes on as soon as it is back; it raises only when time is over.
        """
        with self.postgres.session() as session:
            session.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_CLASS, RELAY])
            end = time.monotonic() + seconds

            def enough() -> bool:
                return time.monotonic() >= end or someone_waits(session)

            broken = True  # a predecessor may have left a load half done
            while True:
                try:
                    if broken:
                        self._finish_broken_loads(session)
                    look_back = LOOK_BACK if broken else timedelta(0)
                    full = broken or self._full_look_is_due()
                    began = time.monotonic()
                    loaded = self._look(session, full=full, look_back=look_back, enough=enough)
                    rest = min((time.monotonic() - began) * _REST, _LONGEST_REST_SECONDS) if loaded else poll
                    between()
                    broken = False
                except (ClickHouseUnavailable, StoreUnavailable) as error:
                    if time.monotonic() >= end:
                        raise
                    trouble(error)
                    broken, rest = True, poll
                if enough():
                    return
                time.sleep(rest)

    def take_tallies(self) -> list[tuple[datetime, Tally]]:
        """What was loaded since the last call, by arrival hour, oldest first."""
        taken, self.tallies = sorted(self.tallies.items()), {}
        return taken

    def _look(
        self,
        session: Connection,
        *,
        full: bool,
        look_back: timedelta,
        enough: Callable[[], bool] = lambda: False,
    ) -> bool:
        now = self.now()
        hours = open_hours(self.store, self.ledger, look_back)
        found = waiting(self.store, self.ledger, hours, received_after=None if full else now - STRAGGLING)
        if full and hours:
            # Objects of the hour before may still be on their way from a host whose clock lags. Never past what was
            # received: a clock of ours that is wrong must not decide what is skipped.
            before = min(hour_of(now), hours[-1]) - timedelta(hours=1)
            self.ledger.move_watermark(min([before, *(arrival_hour(item.key) for item in found)]))
        return self._load_all(found, session, enough)

    def _load_all(
        self, objects: Sequence[StoredObject], session: Connection, enough: Callable[[], bool] = lambda: False
    ) -> bool:
        rest = deque(batches(objects, most_objects=self.batch_objects, most_bytes=self.batch_bytes))
        while rest:
            with self._alone(session), Ahead(self._prepare) as ahead:
                self._load_in_a_row(rest, ahead, lambda: enough() or someone_waits(session, LOAD))
            if enough():
                break
        return bool(objects)

    def _load_in_a_row(self, rest: deque[Batch], ahead: Ahead, enough: Callable[[], bool]) -> None:
        """Load from the left of `rest` until it is empty or there is enough; nobody else loads meanwhile."""
        following: Batch | None = rest[0]
        while following:
            batch = rest.popleft()
            following = rest[0] if rest and not enough() else None
            # Another drain may have claimed some since we listed them; the rest is found by the next look.
            if not self.ledger.claimed_keys(batch.keys):
                self._load(batch, ahead, following)

    def _full_look_is_due(self) -> bool:
        now = time.monotonic()
        due = now - self._last_full_look >= FULL_LOOK_SECONDS
        if due:
            self._last_full_look = now
        return due

    def _finish_broken_loads(self, session: Connection) -> None:
        """Batches that someone claimed and did not close are loaded again with the same objects and token.

        Days that someone began to load again, and did not finish, are brought to an end.
        """
        finish_replays(session, self.store, self.clickhouse, self.postgres, self.now())
        for batch in self.ledger.open_batches():
            with self._alone(session):
                if self.ledger.is_open(batch):
                    self._load(batch)
        if self.ledger.to_recount():
            with self._alone(session):
                self._recount()

    @contextmanager
    def _alone(self, session: Connection) -> Iterator[None]:
        """Nobody else loads; and a day that someone left on its way into its place is there."""
        with held(session, LOAD):
            finish_swaps(self.clickhouse, self.postgres, self.now())
            yield

    def _prepare(self, batch: Batch) -> AbstractContextManager[Prepared]:
        return prepared(batch, self.store, self.clickhouse, self.postgres)

    def _load(self, batch: Batch, ahead: Ahead | None = None, following: Batch | None = None) -> None:
        """Load a batch; `following` is made ready meanwhile."""
        started = time.monotonic()
        self.ledger.claim(batch, self.run_id, self.now())
        hit("drain.after_claim")
        try:
            with ahead.take(batch) if ahead else self._prepare(batch) as ready:
                if ahead and following:
                    ahead.begin(following)
                outcome = publish(ready, self.clickhouse, self.postgres)
        except BatchTooLarge as error:
            self.ledger.release(batch)
            for objects in (batch.objects[: error.fits], batch.objects[error.fits :]):
                self._load(Batch(objects))
            return
        hit("drain.before_close")
        self.ledger.close(batch, outcome, self.now())
        hit("drain.after_close")
        tally = self.tallies.setdefault(batch.hour, Tally())
        tally.add(batch, outcome, int((time.monotonic() - started) * 1000))
        self._recount()

    def _recount(self) -> None:
        for other in self.ledger.to_recount():
            self.ledger.recount(other, recounted(other, self.clickhouse))


def someone_waits(session: Connection, lock: int = RELAY) -> bool:
    """Whether another run waits for the relay, or for another lock."""
    return count_locks(session, LOCK_CLASS, lock, granted=False) > 0


def someone_lingers(session: Connection) -> bool:
    """Whether a run holds the relay now."""
    return count_locks(session, LOCK_CLASS, RELAY, granted=True) > 0
