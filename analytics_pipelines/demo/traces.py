"""What demo projects have left in the bucket, the ledger and the tables, and its removal."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from analytics_pipelines.accounts.projects import Project, Projects
from analytics_pipelines.demo.elsewhere import Elsewhere
from analytics_pipelines.events import zstd
from analytics_pipelines.ingest.backlog import open_hours, waiting
from analytics_pipelines.ingest.ledger import COUNTED, Ledger
from analytics_pipelines.ingest.moved import MovedObjects
from analytics_pipelines.ingest.replacements import Replacements
from analytics_pipelines.problems import Problem
from analytics_pipelines.rollups.tables import ROLLUPS
from resources.clickhouse import ClickHouse
from resources.object_store import StoredObject
from resources.postgres import Postgres

NODE = "demo"  # stands in the keys of the objects that the demo writes; a host may be called so, too

# Rows of a batch are received around its arrival hour; of a line that could not be read, at no time.
_AROUND = timedelta(hours=2)


_RowsKept = list[tuple[UUID, int]]

# What stands beside the events, of groups, of names and of what was odd.
_BESIDE = ("group_facts", "group_types", "sightings", "ingestion_warnings")


class _Line(msgspec.Struct):
    project: int


_decoder = msgspec.json.Decoder(_Line)


class Traces:
    """Of these projects. Whoever removes them is `alone` by these replacements, so that no day is being loaded again,
    and holds the lock `LOAD`, so that nothing of them is being loaded at all."""

    def __init__(
        self, replacements: Replacements, postgres: Postgres, clickhouse: ClickHouse, projects: Sequence[Project]
    ) -> None:
        self._store = replacements.store
        self._postgres = postgres
        self._clickhouse = clickhouse
        self._ledger = Ledger(postgres)
        self._moved = MovedObjects(self._store, postgres)
        self._projects = projects
        self._teams = [project.id for project in projects]
        self._elsewhere = Elsewhere(replacements, self._ledger, frozenset(self._teams))

    def remove(self, projects: Projects, now: datetime, progress: Callable[[int, int], None]) -> int:
        """Remove everything, the projects last: until then another call finds the rest. Returns the count of events.

        `progress` is told (objects removed, of all). Raises Problem, and what the stores raise.
        """
        if not self._projects:
            return 0
        loaded, pending = self._loaded(), self._pending(now)
        kept = {table: self._rows_kept(table) for table in COUNTED}
        own = [each.key for each in (*loaded, *pending)]
        # Before their rows go, since these tell in which hours to look.
        elsewhere = self._elsewhere.find(self._hours(kept, loaded), own)
        steps = len(elsewhere) + len(own)
        progress(0, steps)
        for done, key in enumerate(elsewhere, start=1):
            self._elsewhere.take_out(key)
            progress(done, steps)
        self._settle_ledger([each.key for each in loaded], kept)
        removed = self._delete_rows()
        for done, key in enumerate(own, start=len(elsewhere) + 1):
            self._store.delete([key])
            progress(done, steps)
        for project in self._projects:
            projects.delete(project.id)
        return removed

    def _loaded(self) -> list[StoredObject]:
        """Objects of ours that the ledger knows, whether others took their place or not.

        Raises Problem when a batch with one of them is open.
        """
        rows = self._postgres.rows(
            "SELECT o.key, o.bytes, b.state FROM ingest_objects o JOIN ingest_batches b ON b.id = o.batch_id"
            " WHERE b.arrival_hour >= %s AND o.key LIKE %s ORDER BY o.key",
            [self._since(), f"%-{NODE}-%"],
        )
        ours = {each.key: each for each in self._ours([StoredObject(row["key"], row["bytes"]) for row in rows])}
        if any(row["state"] == "loading" for row in rows if row["key"] in ours):
            raise Problem("A load of the demo's events broke off just now.", "Try again.")
        return list(ours.values())

    def _since(self) -> datetime:
        """An arrival hour before all of ours, so that not the whole ledger is searched."""
        received = self._clickhouse.query(
            "SELECT min(received_at) FROM events WHERE team_id IN {teams:Array(Int64)} HAVING count() > 0",
            {"teams": self._teams},
        ).rows
        moments: list[datetime] = [project.created_at for project in self._projects] + [at for (at,) in received]
        return min(moments) - _AROUND

    def _pending(self, now: datetime) -> list[StoredObject]:
        """Objects of ours that nobody has claimed."""
        return self._ours(waiting(self._store, self._ledger, open_hours(self._store, self._ledger)))

    def _ours(self, candidates: Sequence[StoredObject]) -> list[StoredObject]:
        named = [each for each in candidates if each.key.split("-")[-2] == NODE]
        return [each for each in named if self._holds_only_ours(each.key)]

    def _holds_only_ours(self, key: str) -> bool:
        try:
            lines = zstd.decompress(self._moved.get(key))
            return all(line.project in self._teams for line in _decoder.decode_lines(lines))
        except (FileNotFoundError, zstd.ZstdError, msgspec.DecodeError):
            return False  # expired, or none that we wrote

    def _hours(self, kept: Mapping[str, _RowsKept], loaded: Sequence[StoredObject]) -> list[datetime]:
        """The arrival hours of which anything of ours was loaded."""
        batches = {batch_id for rows in kept.values() for batch_id, _ in rows}
        rows = self._postgres.rows(
            "SELECT DISTINCT b.arrival_hour FROM ingest_batches b LEFT JOIN ingest_objects o ON o.batch_id = b.id"
            " WHERE b.id = ANY(%s) OR o.key = ANY(%s) ORDER BY b.arrival_hour",
            [list(batches), [each.key for each in loaded]],
        )
        return [row["arrival_hour"] for row in rows]

    def _settle_ledger(self, keys: Sequence[str], kept: Mapping[str, _RowsKept]) -> None:
        """Take these objects out of the ledger, and out of its counts the rows that are about to go.

        A batch may hold other projects' objects as well: its counts become those of the rows that stay.
        """
        with self._postgres.transaction() as connection:
            gone = connection.execute(
                "DELETE FROM ingest_objects WHERE key = ANY(%s) RETURNING batch_id, bytes", [list(keys)]
            ).fetchall()
            for row in gone:
                connection.execute(
                    "UPDATE ingest_batches SET objects = objects - 1, bytes = bytes - %s WHERE id = %s",
                    [row["bytes"], row["batch_id"]],
                )
            for table, column in COUNTED.items():
                for batch_id, rows in kept[table]:
                    connection.execute(
                        f"UPDATE ingest_batches SET {column} = %s, lines = lines - {column} + %s WHERE id = %s",
                        [rows, rows, batch_id],
                    )
            connection.execute(
                "DELETE FROM ingest_batches WHERE id = ANY(%s) AND objects = 0", [[row["batch_id"] for row in gone]]
            )
            connection.execute("DELETE FROM dirty_days WHERE team_id = ANY(%s)", [self._teams])
            connection.execute("DELETE FROM data_versions WHERE team_id = ANY(%s)", [self._teams])
            connection.execute("DELETE FROM group_types WHERE team_id = ANY(%s)", [self._teams])

    def _rows_kept(self, table: str) -> _RowsKept:
        """The batches that hold rows of ours, with the count of their other rows."""
        ours: dict[str, Any] = {"teams": self._teams}
        found, first, last = self._clickhouse.query(
            f"SELECT groupUniqArray(batch_id), min(received_at), max(received_at) FROM {table}"
            " WHERE team_id IN {teams:Array(Int64)}",
            ours,
        ).one()
        if not found:
            return []
        rows = self._clickhouse.query(
            f"SELECT batch_id, countIf(team_id NOT IN {{teams:Array(Int64)}}) FROM {table}"
            " WHERE batch_id IN {batches:Array(UUID)} AND (received_at < '1971-01-01'"
            "   OR received_at BETWEEN {first:DateTime64(3)} AND {last:DateTime64(3)}) GROUP BY batch_id",
            {**ours, "batches": found, "first": first - _AROUND, "last": last + _AROUND},
        ).rows
        return [(batch_id, int(count)) for batch_id, count in rows]

    def _delete_rows(self) -> int:
        ours = {"teams": self._teams}
        count = self._clickhouse.query("SELECT count() FROM events WHERE team_id IN {teams:Array(Int64)}", ours).one()
        for table in (*COUNTED, *(rollup.name for rollup in ROLLUPS), *_BESIDE):
            self._clickhouse.command(f"DELETE FROM {table} WHERE team_id IN {{teams:Array(Int64)}}", ours)
        return int(count[0])
