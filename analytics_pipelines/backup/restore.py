"""Restoring: Postgres as it was, then everything else from the bucket. Broken off anywhere, the same call goes on."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from analytics_pipelines.backup.archive import Archive
from analytics_pipelines.backup.kept_rows import put_back
from analytics_pipelines.backup.make import PREFIXES
from analytics_pipelines.backup.passphrase import unsealed
from analytics_pipelines.backup.postgres_tables import SECRETS, load, load_all
from analytics_pipelines.cohorts.calculate import Calculator, CohortFailed
from analytics_pipelines.cohorts.due import ask_for_all, live_cohorts
from analytics_pipelines.exports.opening import Opener
from analytics_pipelines.faults import hit
from analytics_pipelines.ingest.backlog import hours_in_bucket
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.ingest.ledger import Ledger
from analytics_pipelines.migrations.apply import migrate
from analytics_pipelines.migrations.files import read_migrations
from analytics_pipelines.persons.lock import loading_stopped
from analytics_pipelines.persons.publish import publish
from analytics_pipelines.problems import Problem
from analytics_pipelines.rollups.build import EARLIEST, Builder
from analytics_pipelines.rollups.days import Days
from analytics_pipelines.rollups.tables import ROLLUPS
from analytics_pipelines.settings import Settings
from analytics_pipelines.upkeep.retention import Retention
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres


@dataclass(frozen=True)
class Restored:
    """What is there by now. `missing_objects` were in the bucket when the backup was made and are not any more: they
    were compacted, erased or not kept since, or the bucket is not the same."""

    tables: int
    objects: int
    missing_objects: int
    events: int
    cohorts: int

    def public(self) -> dict[str, Any]:
        """As JSON."""
        return dict(vars(self))


@dataclass
class Restore:
    """Fills an empty installation."""

    store: ObjectStore
    postgres: Postgres
    clickhouse: ClickHouse
    settings: Settings
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    progress: Callable[[str, int, int], None] = lambda *_: None

    def run(self, archive: Archive, passphrase: str | None = None) -> Restored:
        """Restore a backup. Raises Problem when something is there already, or the passphrase is another."""
        self._refuse_other_release(archive)
        payload = archive.plain(SECRETS) or b""
        secrets = unsealed(payload, passphrase) if archive.manifest["sealed"] else payload
        migrate(self.postgres, self.clickhouse, self.settings.clickhouse_cluster)
        self._refuse_what_is_filled(archive)
        self._put_objects(archive)
        hit("restore.after_objects")
        self._fill_postgres(archive, secrets)
        hit("restore.after_postgres")
        self._put_kept_rows(archive)
        hit("restore.after_kept_rows")
        self._load_everything()
        hit("restore.after_load")
        cohorts = self._make_what_follows()
        hit("restore.before_end")
        self._end(archive)
        present = [item.key for prefix in PREFIXES for item in self.store.objects(prefix)]
        then = {json.loads(line)["key"] for line in b"".join(archive.chunks("objects.jsonl")).splitlines()}
        return Restored(
            tables=len(archive.manifest["postgres"]["tables"]),
            objects=len(present),
            missing_objects=len(then.difference(present)),
            events=int(self.clickhouse.query("SELECT count() FROM events").one()[0]),
            cohorts=cohorts,
        )

    def _refuse_other_release(self, archive: Archive) -> None:
        theirs, ours = archive.manifest["postgres"]["version"], read_migrations("postgres")[-1].version
        if theirs != ours:
            raise Problem(
                f"The backup is of release {archive.manifest['release']}, whose Postgres is at {theirs};"
                f" this one's is at {ours}.",
                f"Restore it with release {archive.manifest['release']}, and upgrade then.",
            )

    def _refuse_what_is_filled(self, archive: Archive) -> None:
        begun = self.postgres.row("SELECT finished_at FROM restored_backups WHERE id = %s", [archive.id])
        if begun and begun["finished_at"] is None:
            return
        is_used = self.postgres.row("SELECT 1 FROM organizations LIMIT 1")
        if begun or is_used or self.clickhouse.query("SELECT count() FROM events").one()[0]:
            raise Problem(
                "There is something in this installation already; a restore would mix the two.",
                "Restore into an empty data folder, and empty databases.",
            )

    def _put_objects(self, archive: Archive) -> None:
        names = archive.plain_names("objects/")
        for number, name in enumerate(names):
            self.progress("objects", number, len(names))
            self.store.put(name.removeprefix("objects/"), archive.plain(name) or b"")
            hit("restore.after_object")

    def _fill_postgres(self, archive: Archive, secrets: bytes) -> None:
        """All tables at once, or none."""
        if self.postgres.row("SELECT 1 FROM restored_backups WHERE id = %s", [archive.id]):
            return
        with self.postgres.transaction() as connection:
            load_all(connection, archive, secrets)
            for name in archive.names("ledger/"):
                if not name.endswith(".json"):
                    columns = json.loads(archive.plain(f"{name}.json") or b"[]")
                    load(connection, name.removeprefix("ledger/"), columns, archive.chunks(name))
            connection.execute(
                "WITH silenced AS (UPDATE webhook_destinations SET enabled = false WHERE enabled RETURNING id)"
                " INSERT INTO restored_backups (id, started_at, enabled_webhooks)"
                " SELECT %s, %s, coalesce(array_agg(id), '{}') FROM silenced",
                [archive.id, self.now()],
            )

    def _put_kept_rows(self, archive: Archive) -> None:
        row = self.postgres.row("SELECT kept_rows_loaded FROM restored_backups WHERE id = %s", [archive.id])
        if row and not row["kept_rows_loaded"]:
            put_back(self.clickhouse, archive)
            days = self.clickhouse.query("SELECT DISTINCT team_id, toDate32(timestamp) FROM events").rows
            Ledger(self.postgres).touch_days(days, self.now())  # to be summed up
            hit("restore.within_kept_rows")
            self.postgres.execute("UPDATE restored_backups SET kept_rows_loaded = true WHERE id = %s", [archive.id])

    def _load_everything(self) -> None:
        settings = self.settings
        drain = Drain(
            self.store, self.postgres, self.clickhouse, settings.ingest_batch_objects, settings.ingest_batch_bytes
        )
        hours = hours_in_bucket(self.store)
        for number, hour in enumerate(hours):
            self.progress("hours of arrival", number, len(hours))
            drain.hours([hour])
            hit("restore.after_hour")
        self.progress("hours of arrival", len(hours), len(hours))
        drain.everything()
        with loading_stopped(self.postgres):
            publish(self.postgres, self.clickhouse, self.now())

    def _make_what_follows(self) -> int:
        """Nothing that is not kept any more; then rollups, and members of cohorts. How many cohorts there are."""
        Retention(self.store, self.postgres, self.clickhouse, Opener.of(self.settings), now=self.now).rows()
        builder = Builder(self.postgres, self.clickhouse, self.settings.session_bounce_seconds)
        every = Days(EARLIEST, self.now().date())
        for number, rollup in enumerate(ROLLUPS):
            self.progress("rollups", number, len(ROLLUPS))
            builder.refresh(rollup, every)
        builder.watermark.clear(every)
        hit("restore.after_rollups")
        ask_for_all(self.postgres)
        calculator, cohorts = Calculator(self.postgres, self.clickhouse), live_cohorts(self.postgres)
        for number, cohort in enumerate(cohorts):
            self.progress("cohorts", number, len(cohorts))
            with suppress(CohortFailed):  # it says so itself
                calculator.calculate(cohort, only_if_asked=True)
        return len(cohorts)

    def _end(self, archive: Archive) -> None:
        with self.postgres.transaction() as connection:
            connection.execute(
                "UPDATE webhook_destinations SET enabled = true WHERE id ="
                " ANY((SELECT enabled_webhooks FROM restored_backups WHERE id = %s)::bigint[])",
                [archive.id],
            )
            connection.execute("UPDATE restored_backups SET finished_at = %s WHERE id = %s", [self.now(), archive.id])
