"""A day of arrival beside the tables: filled while questions read the old one, then put in its place at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from analytics_pipelines.faults import hit
from analytics_pipelines.ingest.replay_statements import replay_statement
from analytics_pipelines.ingest.staged import Target
from resources.clickhouse import ClickHouse

# Tables of what became of lines, each partitioned by day of arrival. Questions read events, so they change first.
TABLES = ("events", "dead_letters", "dropped_events")


@dataclass(frozen=True)
class Shadow:
    """The tables of one day that is loaded again. All methods may be repeated."""

    day: date
    clickhouse: ClickHouse

    @property
    def target(self) -> Target:
        """Where a load of the day's objects publishes."""
        return Target(self.day)

    @property
    def before(self) -> str:
        """A table of the day's events as they were before the swap."""
        return f"events_before_{self.day:%Y%m%d}"

    @property
    def lost(self) -> str:
        """A table of events that gave way, here or on other days, to one of the same uuid that was received first."""
        return f"events_lost_{self.day:%Y%m%d}"

    @property
    def differences(self) -> str:
        """A table of the uuids of events that differ."""
        return f"events_differences_{self.day:%Y%m%d}"

    def make(self) -> None:
        """Empty tables, whatever was there."""
        self.drop()
        for table in TABLES:
            self.clickhouse.command(f"CREATE TABLE {self._beside(table)} AS {table}")
        self.clickhouse.command(f"CREATE TABLE {self.before} AS events")
        self.clickhouse.command(
            f"CREATE TABLE {self.target.superseding} (team_id Int64, uuid UUID) ENGINE = MergeTree ORDER BY tuple()"
        )
        self.clickhouse.command(
            f"CREATE TABLE {self.lost} (team_id Int64, uuid UUID, is_elsewhere Bool, batch_id UUID, day Date32,"
            " distinct_id String)"
            " ENGINE = MergeTree ORDER BY tuple()"
        )

    def is_there(self) -> bool:
        """Whether the tables are; not so when ClickHouse was lost meanwhile."""
        found = self.clickhouse.query(
            "SELECT count() FROM system.tables WHERE database = currentDatabase() AND has({names:Array(String)}, name)",
            {"names": self._all()},
        ).one()[0]
        return int(found) == len(self._all())

    def drop(self) -> None:
        """Remove the tables."""
        for name in (*self._all(), self.differences):
            self.clickhouse.command(f"DROP TABLE IF EXISTS {name} SYNC")

    def keep(self, batch: str, table: str) -> None:
        """Copy a batch's rows as they stand, since its objects are gone."""
        self.clickhouse.insert(
            f"INSERT INTO {self._beside(table)} SELECT * FROM {table}"
            " WHERE arrival_day = {day:Date} AND batch_id = {batch:UUID}",
            {"day": self.day, "batch": batch},
        )

    def remember(self) -> None:
        """Keep the day's events as they are now, to be compared with what takes their place. Copies no row."""
        self._replace(self.before, "events")

    def carry_squashed_persons(self) -> None:
        """Events of ids whose persons were folded into events carry these."""
        clickhouse, names = self.clickhouse, {"events": self.target.events, "moved": f"moved_{self.day:%Y%m%d}"}
        clickhouse.command(f"DROP TABLE IF EXISTS {names['moved']}")
        clickhouse.command(replay_statement("find_squashed", **names))
        if clickhouse.query(f"SELECT count() FROM {names['moved']}").one()[0]:
            clickhouse.insert(replay_statement("carry_squashed", **names))
            clickhouse.command(
                f"DELETE FROM {names['events']} WHERE (team_id, uuid, person_id) IN"
                f" (SELECT team_id, uuid, person_before FROM {names['moved']})"
            )
        clickhouse.command(f"DROP TABLE {names['moved']}")

    def drop_expired(self, conditions: Mapping[str, str]) -> None:
        """Rows that projects do not keep any more go before anyone sees them again; conditions by table."""
        for table, expired in conditions.items():
            self.clickhouse.command(
                f"DELETE FROM {self._beside(table)} WHERE {expired}", settings={"lightweight_deletes_sync": 2}
            )

    def put_in_place(self) -> None:
        """The day takes the old one's place, in each table at once."""
        for table in TABLES:
            self._replace(table, self._beside(table))
            hit("replay.after_partition")

    def counts(self) -> dict[str, dict[str, int]]:
        """How many rows the day's batches have in each table: {table: {batch: rows}}."""
        return {
            table: {
                str(batch): int(rows)
                for batch, rows in self.clickhouse.query(
                    f"SELECT batch_id, count() FROM {self._beside(table)} GROUP BY batch_id"
                ).rows
            }
            for table in TABLES
        }

    def _beside(self, table: str) -> str:
        return str(getattr(self.target, table))

    def _all(self) -> list[str]:
        return [*map(self._beside, TABLES), self.before, self.target.superseding, self.lost]

    def _replace(self, table: str, source: str) -> None:
        # A day without rows is dropped: servers refuse to replace a partition by nothing.
        rows = self.clickhouse.query(
            f"SELECT count() FROM {source} WHERE arrival_day = {{day:Date}}", {"day": self.day}
        ).one()[0]
        what = f"REPLACE PARTITION '{self.day}' FROM {source}" if rows else f"DROP PARTITION '{self.day}'"
        self.clickhouse.command(f"ALTER TABLE {table} {what}")
