"""Replay: days of arrival are loaded again from the bucket by today's transformation, and history is what it says."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from analytics_pipelines.catalog.rebuild import Catalog
from analytics_pipelines.events.keys import PREFIX, arrival_hour, is_raw_key
from analytics_pipelines.faults import hit
from analytics_pipelines.ingest.backlog import batches
from analytics_pipelines.ingest.differences import Differences, compare
from analytics_pipelines.ingest.drain import Tally
from analytics_pipelines.ingest.expiry import expired_rows
from analytics_pipelines.ingest.ledger import Batch, Outcome
from analytics_pipelines.ingest.loader import load
from analytics_pipelines.ingest.locks import LOAD, REPLAY, held, held_if_free
from analytics_pipelines.ingest.moved import MovedObjects
from analytics_pipelines.ingest.replay_log import ReplayLog
from analytics_pipelines.ingest.replayed_ids import rebuild_persons
from analytics_pipelines.ingest.shadow import TABLES, Shadow
from analytics_pipelines.ingest.staging import BatchTooLarge
from analytics_pipelines.ingest.swap import clear_up, finish_swaps, settle, swap
from analytics_pipelines.migrations.cluster import refuse_a_cluster
from analytics_pipelines.settings import Settings
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore, StoredObject
from resources.postgres import Connection, Postgres

# Looks at what arrived meanwhile before everyone else has to wait for the rest.
_ROUNDS = 5
_FEW_OBJECTS = 50


@dataclass(frozen=True)
class Progress:
    """How far a day is. `objects` of it are there, `done` are loaded, with `bytes` and `lines` in them."""

    day: date
    objects: int
    done: int
    bytes: int
    lines: int


@dataclass
class DayReplayed:
    """What became of a day. `kept_batches` stayed as they were, since their objects are gone from the bucket.

    `differences` is None when the whole day stayed, or ClickHouse was lost meanwhile.
    """

    day: date
    tallies: dict[datetime, Tally] = field(default_factory=dict)
    kept_batches: int = 0
    differences: Differences | None = None
    seconds: float = 0

    @property
    def tally(self) -> Tally:
        """All hours together."""
        found = Tally()
        for each in self.tallies.values():
            found.include(each)
        return found

    def public(self) -> dict[str, Any]:
        """As JSON."""
        tally = self.tally
        return {
            "day": f"{self.day}",
            "objects": tally.objects,
            "bytes": tally.bytes,
            "lines": tally.lines,
            "dead_letters": tally.dead_letters,
            "dropped": tally.dropped,
            "lost_objects": tally.lost_objects,
            "kept_batches": self.kept_batches,
            "seconds": round(self.seconds, 3),
            "differences": self.differences.public() if self.differences else None,
        }


@dataclass
class Replay:
    """Loads days again on behalf of a command or a run, while others load what arrives."""

    store: ObjectStore
    postgres: Postgres
    clickhouse: ClickHouse
    batch_objects: int
    batch_bytes: int
    run_id: str | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    progress: Callable[[Progress], None] = lambda _: None
    waiting: Callable[[], None] = lambda: None
    """Called once when another replay is at it, before that is waited for."""

    @classmethod
    def of(cls, settings: Settings, comment: Mapping[str, Any], run_id: str | None = None) -> "Replay":
        """The replay of these settings; `comment` goes with its statements as `log_comment`."""
        return cls(
            store=ObjectStore(settings.bucket_url),
            postgres=Postgres(settings.need_postgres()),
            clickhouse=ClickHouse(settings.need_clickhouse(), comment),
            batch_objects=settings.ingest_batch_objects,
            batch_bytes=settings.ingest_batch_bytes,
            run_id=run_id,
        )

    def __post_init__(self) -> None:
        self._log = ReplayLog(self.postgres)

    def days(self, first: date, last: date, *, dry_run: bool = False) -> list[DayReplayed]:
        """Load the days from `first` to `last`, both included, again; with `dry_run` only say what would differ.

        A day takes the old one's place when it is complete: no reader sees it empty or doubled. What is broken off
        leaves each day as it was or as it should be. Raises StoreUnavailable, ClickHouseUnavailable,
        ClickHouseRefused, PostgresUnavailable; Problem on a cluster.
        """
        refuse_a_cluster(
            self.clickhouse,
            "events",
            "a day can't be loaded again yet",
            "Drop the database on all servers and run `analytics migrate`: everything is loaded from the bucket.",
        )
        with self.postgres.session() as session:
            with held_if_free(session, REPLAY) as free:
                if not free:
                    self.waiting()
            with held(session, REPLAY):
                clear_up(session, self.store, self.clickhouse, self.postgres, self.now())
                found = [self._day(day, session, dry_run=dry_run) for day in self._days_with_something(first, last)]
                if not dry_run:
                    rebuild_persons(self.clickhouse, self.postgres, self.now())
                    Catalog(self.postgres, self.clickhouse, self.now).mend_in(session)
                return found

    def _days_with_something(self, first: date, last: date) -> list[date]:
        """In order, so that of events sent on several days the first is there before the others."""
        stored = self.clickhouse.query(
            "SELECT DISTINCT arrival_day FROM events WHERE arrival_day BETWEEN {first:Date} AND {last:Date}",
            {"first": first, "last": last},
        ).rows
        named = [date.fromisoformat(name.removeprefix("dt=")) for name in self.store.folders(PREFIX) if _is_day(name)]
        found = {day for (day,) in stored} | set(named) | self._log.ledger_days()
        return sorted(day for day in found if first <= day <= last)

    def _day(self, day: date, session: Connection, *, dry_run: bool) -> DayReplayed:
        started = time.monotonic()
        found = DayReplayed(day)
        kept = self.kept(day)
        found.kept_batches = len(kept)
        if not self._pending(day, kept, set()):
            return found
        shadow = Shadow(day, self.clickhouse)
        entry = self._log.begin(day, self.run_id, self.now())
        shadow.make()
        hit("replay.after_make")
        self._keep(day, kept, shadow)
        known = self._log.keys(day)
        for _ in range(_ROUNDS):
            pending = self._pending(day, kept, known)
            if len(pending) <= _FEW_OBJECTS and known:
                break
            self._load_all(pending, known, found, session, dry_run=dry_run)
        with held(session, LOAD):
            finish_swaps(self.clickhouse, self.postgres, self.now())
            self._load_all(self._pending(day, kept, known), known, found, session, dry_run=dry_run)
            shadow.carry_squashed_persons()
            shadow.drop_expired(expired_rows(self.postgres, self.now().date()))
            shadow.remember()
            hit("replay.before_swap")
            if not dry_run:
                self._log.swap_begins(day)
                hit("replay.after_swap_begins")
                swap(entry, self.clickhouse, self.postgres, self.now())
        if dry_run:
            found.differences = compare(shadow)
            shadow.drop()
            self._log.forget(day)
        else:
            found.differences = settle(entry, session, self.store, self.clickhouse, self.postgres, self.now())
        found.seconds = time.monotonic() - started
        return found

    def days_of_ledger(self) -> list[date]:
        """Days of arrival that anything was loaded of, in order."""
        return sorted(self._log.ledger_days())

    def kept(self, day: date) -> dict[str, list[tuple[StoredObject, bool]]]:
        """Loaded batches some of whose objects are gone by now: their rows can't be made again."""
        present = {item.key for item in self._listed(day)}
        moved = MovedObjects(self.store, self.postgres).places_of_day(day)

        def is_gone(key: str) -> bool:
            stands = moved.get(key)
            return key not in present and (stands is None or stands.key not in {None, *present})

        return {
            batch: [(item, is_lost) for item, is_lost, _ in objects]
            for batch, objects in self._log.ledger_objects(day).items()
            if any(is_loaded and not is_lost and is_gone(item.key) for item, is_lost, is_loaded in objects)
        }

    def _keep(self, day: date, kept: Mapping[str, list[tuple[StoredObject, bool]]], shadow: Shadow) -> None:
        for batch, objects in kept.items():
            for table in TABLES:
                shadow.keep(batch, table)
            lost = tuple(item.key for item, is_lost in objects if is_lost)
            outcome = Outcome(lines=self._log.lines_of(batch), events=0, dead_letters=0, lost_keys=lost)
            self._log.add(day, Batch(tuple(item for item, _ in objects)), outcome)

    def _listed(self, day: date) -> list[StoredObject]:
        found = self.store.objects(f"{PREFIX}/dt={day:%Y-%m-%d}")
        passed_over = MovedObjects(self.store, self.postgres).to_pass_over(day)
        return [item for item in found if is_raw_key(item.key) and item.key not in passed_over]

    def _pending(
        self, day: date, kept: Mapping[str, list[tuple[StoredObject, bool]]], known: set[str]
    ) -> list[StoredObject]:
        """Objects of the day that are not loaded beside the tables: those in the bucket, and what the ledger knows."""
        found = {item.key: item for item in self._listed(day)}
        moved = MovedObjects(self.store, self.postgres).places_of_day(day)
        for batch, objects in self._log.ledger_objects(day).items():
            for item, _, _ in objects:
                if batch in kept:
                    found.pop(item.key, None)
                elif item.key not in moved:
                    found.setdefault(item.key, item)
        return [found[key] for key in sorted(found.keys() - known)]

    def _load_all(
        self,
        objects: Sequence[StoredObject],
        known: set[str],
        found: DayReplayed,
        session: Connection,
        *,
        dry_run: bool,
    ) -> None:
        total = len(known) + len(objects)
        waiting = batches(objects, most_objects=self.batch_objects, most_bytes=self.batch_bytes)
        while waiting:
            batch = waiting.pop(0)
            started = time.monotonic()
            try:
                with held(session, LOAD):
                    finish_swaps(self.clickhouse, self.postgres, self.now())
                    target = Shadow(found.day, self.clickhouse).target
                    outcome = load(batch, self.store, self.clickhouse, self.postgres, target, with_takers=not dry_run)
            except BatchTooLarge as error:
                waiting[:0] = [Batch(batch.objects[: error.fits]), Batch(batch.objects[error.fits :])]
                continue
            hit("replay.after_load")
            self._log.add(found.day, batch, outcome)
            hit("replay.after_batch")
            known.update(batch.keys)
            milliseconds = int((time.monotonic() - started) * 1000)
            found.tallies.setdefault(batch.hour, Tally()).add(batch, outcome, milliseconds)
            tally = found.tally
            self.progress(Progress(found.day, total, len(known), tally.bytes, tally.lines))


def _is_day(name: str) -> bool:
    try:
        arrival_hour(f"{PREFIX}/{name}/hour=00")
    except ValueError:
        return False
    return True
