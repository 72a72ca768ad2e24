"""Readmission: dead letters are tried again by today's rules, and those that are events by now are stored."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from analytics_pipelines.events import zstd
from analytics_pipelines.faults import hit
from analytics_pipelines.ingest.ledger import Batch, Ledger
from analytics_pipelines.ingest.loader import admit, recounted
from analytics_pipelines.ingest.locks import LOAD, REPLAY, held
from analytics_pipelines.ingest.moved import MovedObjects
from analytics_pipelines.ingest.swap import finish_swaps
from analytics_pipelines.migrations.cluster import refuse_a_cluster
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

# An object that could not be read is no line; when its day is replayed, it is read again.
NOT_TRIED = "unreadable_object"

# Hashes of lines that one statement names.
_AT_ONCE = 500


@dataclass(frozen=True)
class Wanted:
    """Which dead letters are tried: of these days of arrival, of one project, of one reason; None: of all."""

    first: date | None = None
    last: date | None = None
    team_id: int | None = None
    reason: str | None = None

    def where(self) -> tuple[str, dict[str, Any]]:
        """A condition, and its parameters."""
        given = {
            "arrival_day >= {first:Date}": ("first", self.first),
            "arrival_day <= {last:Date}": ("last", self.last),
            "team_id = {team:Int64}": ("team", self.team_id),
            "reason = {reason:String}": ("reason", self.reason),
        }
        asked = {text: pair for text, pair in given.items() if pair[1] is not None}
        conditions = ["reason != {not_tried:String}", *asked]
        return " AND ".join(conditions), {"not_tried": NOT_TRIED, **dict(asked.values())}


@dataclass
class Readmitted:
    """What became of dead letters: `events` are stored by now, `duplicates` were stored already, `left` by reason are
    dead still; the objects of `gone` are no more in the bucket."""

    tried: int = 0
    events: int = 0
    duplicates: int = 0
    gone: int = 0
    left: Counter[str] = field(default_factory=Counter)

    def public(self) -> dict[str, Any]:
        """As JSON."""
        return {**vars(self), "left": dict(self.left)}


@dataclass
class Readmission:
    """Tries dead letters again, a batch at a time, while others load what arrives."""

    store: ObjectStore
    postgres: Postgres
    clickhouse: ClickHouse
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    progress: Callable[[int, int], None] = lambda *_: None
    """Told how many batches are done, of how many."""

    def run(self, wanted: Wanted) -> Readmitted:
        """Try them. What is broken off is done by the next run: an event is stored once however often it is tried.

        Raises StoreUnavailable, ClickHouseUnavailable, ClickHouseRefused, PostgresUnavailable; Problem on a cluster.
        """
        refuse_a_cluster(
            self.clickhouse,
            "dead_letters",
            "they can't be tried again yet",
            "Drop the database on all servers and run `analytics migrate`: everything is loaded from the bucket.",
        )
        where, parameters = wanted.where()
        found = self.clickhouse.query(
            f"SELECT DISTINCT arrival_day, batch_id FROM dead_letters WHERE {where} ORDER BY arrival_day, batch_id",
            parameters,
        ).rows
        done, ledger = Readmitted(), Ledger(self.postgres)
        with self.postgres.session() as session, held(session, REPLAY):
            for number, (day, batch_id) in enumerate(found):
                self.progress(number, len(found))
                with held(session, LOAD):
                    finish_swaps(self.clickhouse, self.postgres, self.now())
                    for batch in ledger.loaded([batch_id]):
                        self._try(batch, day, f"{where} AND batch_id = {{batch:UUID}}", parameters, done)
                        ledger.recount(batch, recounted(batch, self.clickhouse))
                        hit("readmit.after_batch")
        self.progress(len(found), len(found))
        return done

    def _try(self, batch: Batch, day: date, where: str, parameters: dict[str, Any], done: Readmitted) -> None:
        rows = self.clickhouse.query(
            f"SELECT line, object_key, reason FROM dead_letters WHERE {where} AND arrival_day = {{day:Date}}",
            {**parameters, "batch": str(batch.id), "day": day},
        ).rows
        done.tried += len(rows)
        objects, gone = self._lines(batch, rows)
        done.gone += gone
        if not objects:
            done.left.update(reason for _, _, reason in rows)
            return
        wanted = Counter(line for _, lines in objects for line in lines)
        token = hashlib.sha256(b"\0".join(sorted(wanted.elements()))).hexdigest()
        events, dead = admit(
            batch,
            [(key, zstd.compress(b"".join(line + b"\n" for line in lines))) for key, lines in objects],
            self.clickhouse,
            self.postgres,
            self.now(),
            token=f"{batch.id} {token}",
            is_news=True,
        )
        still = {letter.line.text for letter in dead}
        alive = {_text(line) for line in wanted if line not in still}
        self._forget(batch, day, alive)
        hit("readmit.after_forget")
        done.events += events
        done.duplicates += sum(times for line, times in wanted.items() if line not in still) - events
        done.left.update(reason for line, _, reason in rows if line not in alive)

    def _lines(self, batch: Batch, rows: Sequence[tuple[str, str, str]]) -> tuple[list[tuple[str, list[bytes]]], int]:
        """The lines of the batch's objects that these dead letters were, by key; and how many are not there."""
        by_key: dict[str, set[str]] = defaultdict(set)
        for line, key, _ in rows:
            for each in [key] if key else batch.keys:
                by_key[each].add(line)
        found, seen = [], set()
        source = MovedObjects(self.store, self.postgres)
        for key, texts in sorted(by_key.items()):
            try:
                lines = [line for line in zstd.decompress(source.get(key)).split(b"\n") if _text(line) in texts]
            except (FileNotFoundError, zstd.ZstdError):
                continue
            seen |= {(key, _text(line)) for line in lines}
            lines = [line for line in lines if not _is_drop(line)]
            if lines:
                found.append((key, lines))
        everywhere = {text for _, text in seen}
        missing = sum((line not in everywhere) if not key else ((key, line) not in seen) for line, key, _ in rows)
        return found, missing

    def _forget(self, batch: Batch, day: date, lines: Iterable[str]) -> None:
        """These lines are dead letters no more."""
        hashes = sorted(hashlib.md5(line.encode(), usedforsecurity=False).hexdigest() for line in lines)
        for start in range(0, len(hashes), _AT_ONCE):
            self.clickhouse.command(
                "DELETE FROM dead_letters WHERE arrival_day = {day:Date} AND batch_id = {batch:UUID}"
                " AND lower(hex(MD5(line))) IN {hashes:Array(String)}",
                {"day": day, "batch": str(batch.id), "hashes": hashes[start : start + _AT_ONCE]},
            )


def _is_drop(line: bytes) -> bool:
    """Whether the line was to say what a rule dropped: it never becomes an event."""
    try:
        read = json.loads(line)
    except ValueError:
        return False
    return isinstance(read, dict) and bool(read.get("dropped"))


def _text(line: bytes) -> str:
    """The line as `dead_letters` holds it."""
    return line.decode("utf-8", "replace")
