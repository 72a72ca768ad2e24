"""The work of an erasure, step by step. Each step may be broken off and repeated, by whoever comes next.

What waits is loaded first, so that nothing is met that comes later. Then raw objects lose their lines, so that no
replay brings back what the tables lose after them; then all that is derived is made anew, and every place is asked
again whether it holds anything.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from analytics_pipelines.cohorts.due import ask_for_all
from analytics_pipelines.erasures.bucket import Bucket, Scanned
from analytics_pipelines.erasures.component import component
from analytics_pipelines.erasures.lines import LineFilter, Wanted
from analytics_pipelines.erasures.requests import Erasure, Erasures
from analytics_pipelines.erasures.rows import purge
from analytics_pipelines.erasures.store_rows import compact, erase_answers, erase_stored
from analytics_pipelines.erasures.survivors import Survivors
from analytics_pipelines.erasures.tables import Tables
from analytics_pipelines.erasures.victims import Victims
from analytics_pipelines.exports.places import places as export_places
from analytics_pipelines.exports.places import write_again
from analytics_pipelines.exports.run import Exporter
from analytics_pipelines.faults import hit
from analytics_pipelines.ingest.cookieless_secret import cookieless_secret
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.ingest.locks import REPLAY, held
from analytics_pipelines.ingest.replacements import Replacements
from analytics_pipelines.ingest.swap import clear_up
from analytics_pipelines.migrations.cluster import refuse_a_cluster
from analytics_pipelines.persons.lock import ERASE, SQUASH, alone, loading_stopped
from analytics_pipelines.problems import Fault, Problem
from analytics_pipelines.queries.cache import open_cache
from analytics_pipelines.rollups.build import Builder
from analytics_pipelines.rollups.days import in_a_row
from analytics_pipelines.rollups.tables import ROLLUPS
from analytics_pipelines.settings import Settings
from analytics_pipelines.sql.errors import QueryError
from resources.clickhouse import ClickHouse, ClickHouseRefused
from resources.object_store import ObjectStore
from resources.postgres import Postgres

log = logging.getLogger("erasures")

_DAYS_AT_ONCE = 31
_SAY_SECONDS = 1.0
_HOUR = timedelta(hours=1)


@dataclass
class Eraser:
    """Does what was asked for, on behalf of a run or a command."""

    store: ObjectStore
    postgres: Postgres
    clickhouse: ClickHouse
    settings: Settings
    run_id: str | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    progress: Callable[[Erasure, str, int, int], None] = lambda *_: None

    @classmethod
    def of(cls, settings: Settings, comment: Mapping[str, Any], run_id: str | None = None) -> "Eraser":
        """The eraser of these settings; `comment` goes with its statements as `log_comment`."""
        return cls(
            store=ObjectStore(settings.bucket_url),
            postgres=Postgres(settings.need_postgres()),
            clickhouse=ClickHouse(settings.need_clickhouse(), comment),
            settings=settings,
            run_id=run_id,
        )

    def __post_init__(self) -> None:
        self.requests = Erasures(self.postgres)

    def run(self, *only: int) -> list[Erasure]:
        """Do what waits, or only these: one at a time, oldest first. Returns them as they are then.

        Waits for another run at it. An erasure that can't be done now is noted as such, and does not stop the others.
        """
        with alone(self.postgres, ERASE):
            for erasure in self.requests.not_compacted():
                self._compact(erasure)
            waiting = self.requests.to_do(only)
            for erasure in waiting:
                self._attempt(erasure)
        found = map(self.requests.find, only or [erasure.id for erasure in waiting])
        return [erasure for erasure in found if erasure]

    def _attempt(self, erasure: Erasure) -> None:
        self.requests.begin(erasure.id, self.run_id, self.now())
        try:
            self._do(erasure)
        except (Fault, Problem, QueryError) as error:
            log.warning("Erasure %s was broken off: %s", erasure.id, type(error).__name__)
            self.requests.fail(erasure.id, _said(error), self.now())

    def _do(self, erasure: Erasure) -> None:
        started = time.monotonic()
        refuse_a_cluster(
            self.clickhouse,
            "events",
            "nothing can be erased with proof yet",
            "Delete the rows on every shard by hand; the request stays as a record.",
        )
        self._say(erasure, "loading what waits")
        self._load_what_waits()
        hit("erasures.after_load")
        erasure = self._as_known_by_now(erasure)
        victims = Victims(erasure, self.clickhouse)
        tables = Tables(victims, self.postgres, self._lines(erasure), self._teller(erasure, "tables"))
        self.requests.move(erasure.id, "erasing")
        self._say(erasure, "choosing")
        with self._replays_stopped():
            tables.choose()
        rewritten = self._rewrite(erasure, victims, [])
        with self._replays_stopped(), alone(self.postgres, SQUASH), loading_stopped(self.postgres):
            tables.erase(lambda found: self.requests.add_found(erasure.id, found), self.now())
        rewritten = self._rewrite(erasure, victims, rewritten)
        self._make_again(erasure, victims)
        self._export_again(erasure, victims)
        if erasure.kind == "project":
            erase_stored(self.postgres, victims)
        self._drop_answers(erasure)
        hit("erasures.before_verification")
        self._verify(erasure, Survivors(victims, self.postgres, tables.touch), rewritten, started)

    def _load_what_waits(self) -> None:
        settings = self.settings
        drain = Drain(
            self.store, self.postgres, self.clickhouse, settings.ingest_batch_objects, settings.ingest_batch_bytes
        )
        drain.everything()

    def _as_known_by_now(self, erasure: Erasure) -> Erasure:
        """Merges that were received in time, and were not loaded when it was asked for, count too."""
        subject = erasure.subject
        if subject is None or subject.kind != "person":
            return erasure
        ids = component(self.postgres, erasure.team_id, subject.distinct_ids, erasure.requested_at)
        if ids != subject.distinct_ids:
            subject = replace(subject, distinct_ids=ids)
            self.requests.narrow(erasure, subject)
        return replace(erasure, subject=subject)

    def _lines(self, erasure: Erasure, victims: Victims | None = None) -> LineFilter:
        """What tells the lines that are meant: a person's by what they say, others by the uuids of their events."""
        subject = erasure.subject
        by_uuid = erasure.kind in ("group", "events")
        wanted = Wanted(
            erasure.team_id,
            erasure.requested_at,
            ids=subject.distinct_ids if subject else frozenset(),
            words=subject.words if subject else frozenset(),
            uuids=victims.uuids() if victims and by_uuid else frozenset(),
            everything=erasure.kind == "project",
        )
        return LineFilter(wanted, cookieless_secret(self.postgres))

    @contextmanager
    def _replays_stopped(self) -> Iterator[None]:
        """No day is being loaded again beside the tables; what somebody left of that is finished."""
        with self.postgres.session() as session, held(session, REPLAY):
            clear_up(session, self.store, self.clickhouse, self.postgres, self.now())
            yield

    def _rewrite(self, erasure: Erasure, victims: Victims, done: list[str]) -> list[str]:
        """Take the lines out of the bucket's folders that may hold some, but for those that are done; all of them."""
        bucket = Bucket(self.store, self.postgres, erasure)
        prefixes = bucket.prefixes(victims.batches())
        lines = self._lines(erasure, victims)
        left = [prefix for prefix in prefixes if prefix not in set(done)]
        replacements = Replacements(self.store, self.postgres, self.now)

        def replace_by(key: str, payload: bytes | None) -> None:
            replacements.replace([key], payload, why=f"erasure {erasure.id}")

        found = bucket.scan(left, lines, self._teller(erasure, "objects"), replace_by)
        self.requests.add_found(erasure.id, _counts(found))
        hit("erasures.after_objects")
        return prefixes

    def _make_again(self, erasure: Erasure, victims: Victims) -> None:
        """Days are summed up anew of what is left, and members of cohorts are found anew."""
        builder = Builder(self.postgres, self.clickhouse, self.settings.session_bounce_seconds, self.now)
        spans = in_a_row((day for _, day in victims.days()), _DAYS_AT_ONCE)
        for rollup in ROLLUPS:
            tell = self._teller(erasure, f"days of {rollup.name}")
            for done, span in enumerate(spans):
                tell(done, len(spans))
                builder.refresh(rollup, span)
            purge(self.clickhouse, rollup.name)
            hit("erasures.after_rollup")
        ask_for_all(self.postgres)

    def _export_again(self, erasure: Erasure, victims: Victims) -> None:
        """What was exported is written again without what went. Raises Problem where that can't be."""
        self._say(erasure, "exporting again")
        hours = Bucket(self.store, self.postgres, erasure).hours(victims.batches(), sent_again=False)
        held = export_places(self.postgres, erasure.team_id, [(hour, hour + _HOUR) for hour in hours])
        if held:
            self.requests.add_found(erasure.id, {"exports.intervals": sum(len(each.runs) for each in held)})
            exporter = Exporter.of(self.settings, {"asset": "erasures", "erasure": str(erasure.id)}, self.run_id)
            with closing(exporter.postgres):
                write_again(exporter, held)
        hit("erasures.after_exports")

    def _drop_answers(self, erasure: Erasure) -> None:
        """What was answered from the old data is not kept, and rows that went leave no bytes."""
        self._say(erasure, "dropping answers")
        open_cache(self.settings, self.postgres).clear()
        self.requests.add_found(erasure.id, erase_answers(self.postgres, erasure))
        hit("erasures.after_answers")

    def _verify(self, erasure: Erasure, survivors: Survivors, prefixes: list[str], started: float) -> None:
        self.requests.move(erasure.id, "verifying")
        self._say(erasure, "verifying")
        victims, left = survivors.victims, survivors.count()
        lines = self._lines(erasure, victims)
        scanned = Bucket(self.store, self.postgres, erasure).scan(
            prefixes, lines, self._teller(erasure, "verifying objects"), None
        )
        left |= {"bucket.lines": scanned.lines}
        if any(left.values()):
            where = ", ".join(sorted(name for name in left if left[name]))
            raise Problem(f"{sum(left.values())} rows or lines are left in {where}.", "The next attempt takes them.")
        self._finish(erasure, victims, left, scanned, started)

    def _finish(
        self, erasure: Erasure, victims: Victims, left: dict[str, int], scanned: Scanned, started: float
    ) -> None:
        known = self.requests.find(erasure.id)
        found = known.found if known else {}
        self._say(erasure, "removing bytes")
        victims.drop()
        hit("erasures.after_drop")
        self.requests.verify(
            erasure.id,
            {
                "places": [
                    {"place": place, "found": found.get(place, 0), "left": left.get(place, 0)}
                    for place in sorted({*found, *left})
                ],
                "objects_scanned": scanned.scanned,
                "objects_unreadable": len(scanned.unreadable),
                "milliseconds": int((time.monotonic() - started) * 1000),
                "compacted": False,
            },
            self.now(),
        )
        hit("erasures.after_proof")
        self._compact(erasure)

    def _compact(self, erasure: Erasure) -> None:
        """The last: bytes of rows that went, also of who was meant, leave Postgres' files."""
        everywhere = compact(self.postgres, erasure)
        self.requests.note_compacted(erasure.id, everywhere=everywhere)

    def _say(self, erasure: Erasure, step: str) -> None:
        self._teller(erasure, step)(0, 0)

    def _teller(self, erasure: Erasure, step: str) -> Callable[[int, int], None]:
        """What writes down how far a step is, not too often."""
        last = 0.0

        def tell(done: int, total: int) -> None:
            nonlocal last
            if done in (0, total) or time.monotonic() - last >= _SAY_SECONDS:
                last = time.monotonic()
                self.requests.note(erasure.id, step, done, total)
                self.progress(erasure, step, done, total)

        return tell


def _counts(found: Scanned) -> dict[str, int]:
    return {"bucket.objects": found.objects, "bucket.lines": found.lines}


def _said(error: Exception) -> str:
    """Why it was broken off, without a word of whom it is about: what engines say may quote what they were given."""
    if isinstance(error, Problem):
        return str(error)
    if isinstance(error, ClickHouseRefused):
        return f"ClickHouse refused, with the code {error.code}."
    return f"{type(error).__name__}: a store did not do what it was asked."
