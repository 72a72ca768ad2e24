"""Groups and the catalog of names made anew from the events that are stored, where some that they follow from changed.

What is united can't be taken back. So all that the events of a project say is gathered beside the tables, while batches
are loaded; then, while none is, what differs takes its place.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID

from analytics_pipelines.catalog.statements import statement
from analytics_pipelines.catalog.taker import record_names
from analytics_pipelines.faults import hit
from analytics_pipelines.groups.taker import record_groups
from analytics_pipelines.ingest.expiry import cutoffs
from analytics_pipelines.ingest.ledger import CLOCKS
from analytics_pipelines.ingest.locks import LOAD, REPLAY, held
from analytics_pipelines.ingest.memory import memory_kept
from analytics_pipelines.migrations.cluster import refuse_a_cluster
from resources.clickhouse import ClickHouse, ClickHouseUnavailable
from resources.postgres import Connection, Postgres

# Events that are read at a time, about.
PART_EVENTS = 1_000_000

# Begins the names of its tables: one at a time makes names anew, whoever holds the lock `REPLAY`.
_GATHERED = "gathered"


@dataclass(frozen=True)
class _Table:
    """A table of what is united: what its rows are about, and what a reader makes of them."""

    name: str
    keys: str
    says: str


_GROUPS = _Table("group_facts", "index, type, key, is_property, property", "(max(written), min(first_seen))")
_NAMES = _Table(
    "sightings",
    "kind, group_type_index, is_other, name",
    "(min(first_seen), max(last_seen), uniqCombined64Merge(13)(events), minMap(evidence))",
)
_TABLES = (_GROUPS, _NAMES)


@dataclass
class Mended:
    """How many rows of each table said something else before."""

    projects: int = 0
    group_facts: int = 0
    sightings: int = 0


def note_projects(postgres: Postgres, teams: Collection[int]) -> None:
    """Have groups and names of these projects made anew. Called before their events are replaced or removed."""
    if not teams:
        return
    postgres.execute(
        "INSERT INTO outdated_names (team_id) SELECT DISTINCT unnest(%s::bigint[]) ON CONFLICT (team_id)"
        " DO UPDATE SET touch = DEFAULT",
        [list(teams)],
    )


def noted_projects(postgres: Postgres) -> dict[int, int]:
    """Projects whose groups and names are outdated, with the number of the last note."""
    rows = postgres.rows("SELECT team_id, touch FROM outdated_names ORDER BY team_id")
    return {row["team_id"]: row["touch"] for row in rows}


@dataclass
class Catalog:
    """Makes groups and names anew; `progress` is told how many events are read, of how many."""

    postgres: Postgres
    clickhouse: ClickHouse
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    progress: Callable[[int, int], None] = lambda *_: None

    def mend(self) -> Mended:
        """Those of projects that were noted. Broken off, the next call does it.

        Raises ClickHouseUnavailable, ClickHouseRefused, PostgresUnavailable; Problem on a cluster.
        """
        with self.postgres.session() as session:
            return self.mend_in(session)

    def mend_in(self, session: Connection) -> Mended:
        """The same, for whoever may hold the `REPLAY` lock in this session: nobody else takes events away meanwhile."""
        found = Mended()
        with held(session, REPLAY):
            with held(session, LOAD):  # who notes a project holds it until the events are replaced
                noted = noted_projects(self.postgres)
            if noted:
                self._refuse_a_cluster()
            for team, touch in noted.items():
                self._rebuild(team, session, found)
                hit("catalog.before_forget")
                self.postgres.execute("DELETE FROM outdated_names WHERE team_id = %s AND touch = %s", [team, touch])
        return found

    def rebuild_all(self) -> Mended:
        """Those of all projects. Raises as `mend`."""
        self._refuse_a_cluster()
        rows = self.clickhouse.query(
            "SELECT team_id FROM events UNION DISTINCT SELECT team_id FROM group_facts"
            " UNION DISTINCT SELECT team_id FROM sightings"
        ).rows
        note_projects(self.postgres, [int(team) for (team,) in rows])
        return self.mend()

    def _rebuild(self, team: int, session: Connection, found: Mended) -> None:
        since = self.now() - CLOCKS
        before = self._loaded_since(since)
        with self._beside() as beside:
            for source in self._parts(team):
                self._gather(source, beside)
            hit("catalog.after_gather")
            with held(session, LOAD):
                loaded = {batch: day for batch, day in self._loaded_since(since).items() if batch not in before}
                if loaded:
                    batches = ", ".join(f"'{each}'" for each in loaded)
                    days = ", ".join(f"'{each}'" for each in sorted(set(loaded.values())))
                    self._gather(
                        f"(SELECT * FROM events WHERE team_id = {team} AND arrival_day IN ({days})"
                        f" AND batch_id IN ({batches}))",
                        beside,
                    )
                kept_since = cutoffs(self.postgres, "event_retention_days", self.now().date()).get(team)
                for table, of_events in zip(_TABLES, beside, strict=True):
                    rows = self._replace(table, of_events, team, kept_since)
                    setattr(found, table.name, getattr(found, table.name) + rows)
        found.projects += 1

    def _loaded_since(self, since: datetime) -> dict[UUID, date]:
        rows = self.postgres.rows(
            "SELECT id, arrival_hour FROM ingest_batches WHERE state = 'loaded' AND loaded_at >= %s", [since]
        )
        return {row["id"]: row["arrival_hour"].astimezone(UTC).date() for row in rows}

    @contextmanager
    def _beside(self) -> Iterator[Sequence[str]]:
        """Empty tables like those that questions read."""
        names = [f"{_GATHERED}_{table.name}" for table in _TABLES]
        for table, name in zip(_TABLES, names, strict=True):
            self.clickhouse.command(f"DROP TABLE IF EXISTS {name} SYNC")
            self.clickhouse.command(f"CREATE TABLE {name} AS {table.name}")
        try:
            yield names
        finally:
            with suppress(ClickHouseUnavailable):  # the next who makes names anew drops them
                for name in names:
                    self.clickhouse.command(f"DROP TABLE IF EXISTS {name} SYNC")

    def _refuse_a_cluster(self) -> None:
        for table in _TABLES:
            refuse_a_cluster(
                self.clickhouse,
                table.name,
                "it can't be made anew yet",
                "Drop the database on all servers and run `analytics migrate`: everything is loaded anew.",
            )

    def _parts(self, team: int) -> Iterator[str]:
        """What may stand behind FROM for the project's events, so many at a time."""
        days = self.clickhouse.query(
            "SELECT arrival_day, count() FROM events WHERE team_id = {team:Int64} GROUP BY arrival_day"
            " ORDER BY arrival_day",
            {"team": team},
        ).rows
        total, done = sum(int(count) for _, count in days), 0
        for day, count in days:
            parts = -(-int(count) // PART_EVENTS)
            for part in range(parts):
                self.progress(done + int(count) * part // parts, total)
                yield (
                    f"(SELECT * FROM events WHERE team_id = {team} AND arrival_day = '{day}'"
                    f" AND cityHash64(uuid) % {parts} = {part})"
                )
            done += int(count)
        self.progress(done, total)

    def _gather(self, source: str, beside: Sequence[str]) -> None:
        groups, names = beside
        with memory_kept(self.clickhouse):
            record_groups(source, _GATHERED, groups, self.clickhouse)
            record_names(source, _GATHERED, names, self.clickhouse)

    def _replace(self, table: _Table, beside: str, team: int, kept_since: date | None) -> int:
        """Rows that say something else take their place, but for what follows from events that are not kept."""
        stale = f"stale_{table.name}"
        values = {"table": table.name, "beside": beside, "stale": stale, "keys": table.keys, "says": table.says}
        since = datetime.combine(kept_since or date(1900, 1, 1), time(), UTC)
        self.clickhouse.command(f"DROP TABLE IF EXISTS {stale}")
        self.clickhouse.command(statement("find_stale").format(**values), {"team": team, "since": since})
        try:
            (rows,) = self.clickhouse.query(f"SELECT count() FROM {stale}").one()
            if rows:
                chosen = f"({table.keys}) IN (SELECT * FROM `{self.clickhouse.database}`.{stale})"
                self.clickhouse.command(
                    f"DELETE FROM {table.name} WHERE team_id = {team} AND {chosen}",
                    settings={"lightweight_deletes_sync": 2},
                )
                hit("catalog.after_delete")
                self.clickhouse.insert(f"INSERT INTO {table.name} SELECT * FROM {beside} WHERE {chosen}")
        finally:
            with suppress(ClickHouseUnavailable):  # then the table is gone with its memory
                self.clickhouse.command(f"DROP TABLE IF EXISTS {stale}")
        return int(rows)
