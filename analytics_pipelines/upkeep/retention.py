"""Retention: what projects, and the installation, do not keep any more goes; once a day, or as a dry run."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from analytics_pipelines.exports.opening import Opener
from analytics_pipelines.ingest.locks import REPLAY, held
from analytics_pipelines.ingest.replacements import Replacements
from analytics_pipelines.ingest.swap import clear_up
from analytics_pipelines.settings import Settings
from analytics_pipelines.upkeep.expired_exports import ExpiredExports, ExportExpiry
from analytics_pipelines.upkeep.expired_objects import ExpiredObjects, ObjectExpiry
from analytics_pipelines.upkeep.expired_rows import ExpiredRows, RowExpiry
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres


@dataclass(frozen=True)
class Expired:
    """What went, or would go."""

    rows: list[ExpiredRows]
    recordings: ExpiredObjects
    raw: ExpiredObjects
    exports: ExpiredExports

    def public(self) -> dict[str, Any]:
        """As JSON."""
        return {
            **{each.table: each.public() for each in self.rows},
            "recordings": self.recordings.public(),
            "raw_events": self.raw.public(),
            "exports": self.exports.public(),
        }


@dataclass
class Retention:
    """Applies the rules in one installation."""

    store: ObjectStore
    postgres: Postgres
    clickhouse: ClickHouse
    opener: Opener
    raw_days: int | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    progress: Callable[[str, int, int], None] = lambda *_: None

    @classmethod
    def of(cls, settings: Settings, postgres: Postgres, clickhouse: ClickHouse) -> "Retention":
        """The retention of these settings."""
        store, opener = ObjectStore(settings.bucket_url), Opener.of(settings)
        return cls(store, postgres, clickhouse, opener, settings.raw_retention_days)

    def run(self, *, dry_run: bool = False) -> Expired:
        """Remove everything that is not kept. Broken off anywhere, the next run ends where this one would have."""
        rows = self.rows(dry_run=dry_run)
        return Expired(rows, self.recordings(dry_run=dry_run), self.raw(dry_run=dry_run), self.exports(dry_run=dry_run))

    def rows(self, *, dry_run: bool = False) -> list[ExpiredRows]:
        """Events and dead letters, by the rules of their projects. Waits for a replay to end."""
        expiry = RowExpiry(self.postgres, self.clickhouse, self.now, self.progress)
        with self.postgres.session() as session:
            if dry_run:
                return expiry.run(session, dry_run=True)
            with held(session, REPLAY):
                clear_up(session, self.store, self.clickhouse, self.postgres, self.now())
                return expiry.run(session)

    def recordings(self, *, dry_run: bool = False) -> ExpiredObjects:
        """Parts of session recordings, by the rules of their projects."""
        return self._objects(lambda expiry: expiry.recordings(dry_run=dry_run), dry_run=dry_run)

    def raw(self, *, dry_run: bool = False) -> ExpiredObjects:
        """Raw objects that are loaded, by the rule of the installation."""
        return self._objects(lambda expiry: expiry.raw(self.raw_days, dry_run=dry_run), dry_run=dry_run)

    def exports(self, *, dry_run: bool = False) -> ExpiredExports:
        """Files in the exports folder, by the rules of their projects."""
        return ExportExpiry(self.postgres, self.opener, self.now).run(dry_run=dry_run)

    def _objects(self, work: Callable[[ObjectExpiry], ExpiredObjects], *, dry_run: bool) -> ExpiredObjects:
        replacements = Replacements(self.store, self.postgres, self.now)
        expiry = ObjectExpiry(self.store, self.postgres, replacements, self.now)
        if dry_run:
            return work(expiry)
        with replacements.alone():
            return work(expiry)
