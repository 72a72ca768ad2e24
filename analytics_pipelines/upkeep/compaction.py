"""Compaction: the many small objects that an hour arrived in become few large ones, and no line is lost or moved."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from analytics_pipelines.demo.traces import NODE as DEMO
from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import hour_prefix, is_raw_key
from analytics_pipelines.faults import hit
from analytics_pipelines.ingest.ledger import Ledger
from analytics_pipelines.ingest.moved import lines_of, packed
from analytics_pipelines.ingest.replacements import Replacements
from analytics_pipelines.settings import Settings
from resources.object_store import ObjectStore, StoredObject
from resources.postgres import Postgres

NODE = "compact"  # stands in the keys of the objects that take the place of others


@dataclass
class Compacted:
    """What became of `hours`: `bytes` are those of the bucket, `lines` those that were moved."""

    hours: int = 0
    objects_before: int = 0
    objects_after: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    lines: int = 0

    def public(self) -> dict[str, Any]:
        """As JSON."""
        return dict(vars(self))


@dataclass
class Compaction:
    """Compacts hours that closed `after` ago, into objects of about `line_bytes` bytes of lines each."""

    store: ObjectStore
    postgres: Postgres
    after: timedelta
    line_bytes: int
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    progress: Callable[[int, int], None] = lambda *_: None
    """Told how many hours are done, of how many."""

    @classmethod
    def of(cls, settings: Settings, postgres: Postgres) -> "Compaction":
        """The compaction of these settings."""
        after = timedelta(hours=settings.compaction_after_hours)
        return cls(ObjectStore(settings.bucket_url), postgres, after, settings.compaction_line_bytes)

    def __post_init__(self) -> None:
        self._ledger = Ledger(self.postgres)
        self._replacements = Replacements(self.store, self.postgres, self.now)

    def due(self) -> list[datetime]:
        """Hours that are loaded whole, oldest first, and were not looked at since the last of it was loaded."""
        rows = self.postgres.rows(
            "SELECT b.arrival_hour FROM ingest_batches b LEFT JOIN compacted_hours c USING (arrival_hour)"
            " WHERE b.arrival_hour < %(closed)s"
            " AND b.arrival_hour < (SELECT loaded_until FROM ingest_watermark)"
            " GROUP BY b.arrival_hour, c.looked_at"
            " HAVING bool_and(b.state = 'loaded') AND (c.looked_at IS NULL OR max(b.loaded_at) > c.looked_at)"
            " ORDER BY b.arrival_hour",
            {"closed": self.now() - self.after - timedelta(hours=1)},
        )
        return [row["arrival_hour"] for row in rows]

    def run(self) -> Compacted:
        """Compact what is due. What is broken off is healed by the next run; an hour is never half an hour.

        Raises StoreUnavailable, PostgresUnavailable.
        """
        self._replacements.heal()
        hours, done = self.due(), Compacted()
        for number, hour in enumerate(hours):
            self.progress(number, len(hours))
            # A day that is loaded again gets its turn between two hours.
            with self._replacements.alone():
                self._compact(hour, done)
            hit("compaction.after_hour")
        self.progress(len(hours), len(hours))
        return done

    def _compact(self, hour: datetime, done: Compacted) -> None:
        began = self.now()
        found = self._replaceable(hour)
        done.hours += 1
        done.objects_before += len(found)
        done.bytes_before += sum(item.size for item in found)
        done.objects_after += len(found)
        done.bytes_after += sum(item.size for item in found)
        for group, lines in self._groups(found):
            payload = packed(lines)
            self._replacements.replace([item.key for item in group], payload, why="compaction", node=NODE)
            done.objects_after += 1 - len(group)
            done.bytes_after += len(payload) - sum(item.size for item in group)
            done.lines += len(lines)
        self.postgres.execute(
            "INSERT INTO compacted_hours (arrival_hour, looked_at) VALUES (%s, %s)"
            " ON CONFLICT (arrival_hour) DO UPDATE SET looked_at = EXCLUDED.looked_at",
            [hour, began],
        )

    def _replaceable(self, hour: datetime) -> list[StoredObject]:
        """The hour's loaded objects, by key. The demo's stay as they are: it is cleared by their names."""
        listed = [item for item in self.store.objects(hour_prefix(hour)) if is_raw_key(item.key)]
        loaded = self._ledger.claimed_keys([item.key for item in listed], only_loaded=True)
        return [item for item in listed if item.key in loaded and f"-{DEMO}-" not in item.key]

    def _groups(self, found: Sequence[StoredObject]) -> Iterator[tuple[list[StoredObject], list[bytes]]]:
        """Objects that lie side by side and become one, with their lines. What is large enough stays."""
        group: list[StoredObject] = []
        lines: list[bytes] = []
        size = 0
        for item in found:
            more = self._lines(item)
            length = sum(map(len, more or [])) + len(more or [])
            if more is None or length > self.line_bytes // 2 or size + length > self.line_bytes:
                if len(group) > 1:
                    yield group, lines
                group, lines, size = [], [], 0
            if more is not None and length <= self.line_bytes // 2:
                group.append(item)
                lines += more
                size += length
        if len(group) > 1:
            yield group, lines

    def _lines(self, item: StoredObject) -> list[bytes] | None:
        """None for what can't be read: it is a dead letter, and stays what it is."""
        try:
            return lines_of(self.store.get(item.key))
        except zstd.ZstdError:
            return None
