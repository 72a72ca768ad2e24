"""The lines of the bucket that an erasure means: looked for in raw objects and recordings, and taken out of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from analytics_pipelines.erasures.lines import LineFilter, packed
from analytics_pipelines.erasures.requests import Erasure
from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import REPLAY_PREFIX, hour_prefix
from resources.object_store import ObjectStore
from resources.postgres import Postgres

Replace = Callable[[str, bytes | None], None]
"""Puts an object of these bytes, or none, in the place of that key's."""


@dataclass
class Scanned:
    """What was looked through: `lines` in `objects` are meant; `unreadable` are no objects of ours."""

    scanned: int = 0
    objects: int = 0
    lines: int = 0
    unreadable: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Bucket:
    """The bucket's objects that may hold lines of an erasure."""

    store: ObjectStore
    postgres: Postgres
    erasure: Erasure

    def prefixes(self, batches: Sequence[UUID]) -> list[str]:
        """Folders of the hours in which something of it may have arrived; `batches` brought its rows.

        A line may also have been sent again, and then it is counted as a duplicate of some batch and nothing else.
        """
        return [*(hour_prefix(hour) for hour in self.hours(batches)), *self._recordings()]

    def scan(
        self, prefixes: Sequence[str], lines: LineFilter, progress: Callable[[int, int], None], replace: Replace | None
    ) -> Scanned:
        """Look through the objects of these folders; with `replace`, take the lines out that are meant."""
        found = Scanned()
        for done, prefix in enumerate(prefixes):
            progress(done, len(prefixes))
            for key, kept, removed in self._objects(prefix, lines, found):
                found.objects += 1
                found.lines += removed
                if replace:
                    replace(key, packed(kept) if kept else None)
        progress(len(prefixes), len(prefixes))
        return found

    def _objects(self, prefix: str, lines: LineFilter, found: Scanned) -> Iterator[tuple[str, list[bytes], int]]:
        """Objects with lines that are meant: the lines that stay, and how many do not."""
        for item in self.store.objects(prefix):
            if not item.key.endswith(".jsonl.zst"):
                continue
            try:
                kept, removed = lines.without(self.store.get(item.key), item.key)
            except FileNotFoundError:
                continue  # compacted or expired since it was listed; the verification lists once more
            except zstd.ZstdError:
                found.unreadable.append(item.key)
                continue
            found.scanned += 1
            if removed:
                yield item.key, kept, removed

    def hours(self, batches: Sequence[UUID], *, sent_again: bool = True) -> list[datetime]:
        """The hours of arrival that have lines of it, and those that may have lines which were sent again."""
        of_project = self.erasure.kind == "project"
        rows = self.postgres.rows(
            "SELECT DISTINCT arrival_hour FROM ingest_batches WHERE (%(all)s OR arrival_hour <= %(until)s)"
            " AND (%(all)s OR id = ANY(%(batches)s) OR %(sent_again)s AND duplicates > 0) ORDER BY arrival_hour",
            {"sent_again": sent_again, "until": self.erasure.requested_at, "batches": list(batches), "all": of_project},
        )
        return [row["arrival_hour"] for row in rows]

    def _recordings(self) -> list[str]:
        """All folders of recordings until the request: no table knows yet whose are where."""
        if self.erasure.kind not in ("person", "project"):
            return []
        last = f"dt={self.erasure.requested_at:%Y-%m-%d}"
        days = [day for day in self.store.folders(REPLAY_PREFIX) if self.erasure.kind == "project" or day <= last]
        return [
            f"{REPLAY_PREFIX}/{day}/{hour}" for day in days for hour in self.store.folders(f"{REPLAY_PREFIX}/{day}")
        ]
