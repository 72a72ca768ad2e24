"""The ledger: which raw objects were loaded, together with which, and what became of their lines."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import LiteralString
from uuid import UUID, uuid5

from analytics_pipelines.events.keys import arrival_hour
from analytics_pipelines.ingest.visible import note_visible
from resources.object_store import StoredObject
from resources.postgres import Connection, Parameters, Postgres

# ClickHouse's tables that hold rows of batches → the ledger's column that counts them.
COUNTED = {"events": "events", "dead_letters": "dead_letters", "dropped_events": "dropped"}

# By so much may the clocks of hosts differ that stamp batches.
CLOCKS = timedelta(hours=1)

_NAMESPACE = UUID("5c7c1d2e-7f1d-4f6e-9a3f-4a8f0a4a3c11")


@dataclass(frozen=True)
class Batch:
    """Objects of one arrival hour that are loaded together, always in this order.

    The id follows from the keys, so the same objects are the same batch on every try.
    """

    objects: tuple[StoredObject, ...]

    @property
    def id(self) -> UUID:
        return uuid5(_NAMESPACE, "\n".join(self.keys))

    @property
    def keys(self) -> list[str]:
        return [item.key for item in self.objects]

    @property
    def hour(self) -> datetime:
        return arrival_hour(self.objects[0].key)

    @property
    def bytes(self) -> int:
        return sum(item.size for item in self.objects)


@dataclass(frozen=True)
class Outcome:
    """What became of a batch's lines; `lines` = `events` + `duplicates` + `dead_letters` + `dropped`.

    `dropped` are lines that say what a project's rule dropped, each of one event or many. `days` are the
    event days it touched, by team; `lost_keys` the objects that had gone from the bucket.
    """

    lines: int
    events: int
    dead_letters: int
    dropped: int = 0
    days: tuple[tuple[int, date], ...] = ()
    lost_keys: tuple[str, ...] = ()

    @property
    def duplicates(self) -> int:
        return self.lines - self.events - self.dead_letters - self.dropped


class Ledger:
    """Reads and writes the ledger's tables. A batch is claimed before its load and closed after it."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    def known_keys(self, hours: Iterable[datetime]) -> set[str]:
        """Keys of these hours that are loaded or being loaded, or whose lines are: see `raw_replacements`."""
        rows = self._postgres.rows(
            "SELECT o.key FROM ingest_objects o JOIN ingest_batches b ON b.id = o.batch_id"
            " WHERE b.arrival_hour = ANY(%(hours)s)"
            " UNION SELECT new_key FROM raw_replacements WHERE arrival_hour = ANY(%(hours)s) AND new_key IS NOT NULL"
            " UNION SELECT m.key FROM raw_moved_objects m JOIN raw_replacements r ON r.id = m.replacement_id"
            " WHERE r.arrival_hour = ANY(%(hours)s)",
            {"hours": list(hours)},
        )
        return {row["key"] for row in rows}

    def claimed_keys(self, keys: Sequence[str], *, only_loaded: bool = False) -> set[str]:
        """Which of these keys a batch has claimed, or has loaded; or stand, or stood, for such."""
        rows = self._postgres.rows(
            "SELECT o.key FROM ingest_objects o JOIN ingest_batches b ON b.id = o.batch_id"
            " WHERE o.key = ANY(%(keys)s) AND (b.state = 'loaded' OR NOT %(only_loaded)s)"
            " UNION SELECT new_key FROM raw_replacements WHERE new_key = ANY(%(keys)s)"
            " UNION SELECT key FROM raw_moved_objects WHERE key = ANY(%(keys)s)",
            {"keys": list(keys), "only_loaded": only_loaded},
        )
        return {row["key"] for row in rows}

    def is_open(self, batch: Batch) -> bool:
        """Whether the batch is claimed and not loaded."""
        return (
            self._postgres.row("SELECT 1 FROM ingest_batches WHERE id = %s AND state = 'loading'", [batch.id])
            is not None
        )

    def open_batches(self) -> list[Batch]:
        """Claimed batches whose load was broken off, oldest first."""
        return self._batches(
            "SELECT o.batch_id, o.key, o.bytes FROM ingest_objects o JOIN ingest_batches b ON b.id = o.batch_id"
            " WHERE b.state = 'loading' ORDER BY b.arrival_hour, b.claimed_at, o.batch_id, o.position"
        )

    def mark_for_recount(self, batches: Iterable[UUID]) -> None:
        """Events of these batches are about to give way to others."""
        self._postgres.execute("UPDATE ingest_batches SET recount = true WHERE id = ANY(%s)", [list(batches)])

    def to_recount(self) -> list[Batch]:
        """Loaded batches whose events are to be counted again."""
        return self._batches(
            "SELECT o.batch_id, o.key, o.bytes FROM ingest_objects o JOIN ingest_batches b ON b.id = o.batch_id"
            " WHERE b.recount AND b.state = 'loaded' ORDER BY o.batch_id, o.position"
        )

    def recount(self, batch: Batch, rows: Mapping[str, int]) -> None:
        """Write down how many rows of a loaded batch there are by now, by table; other lines are duplicates."""
        counts = {column: rows[table] for table, column in COUNTED.items()}
        self._postgres.execute(
            "UPDATE ingest_batches SET events = %(events)s, dead_letters = %(dead_letters)s, dropped = %(dropped)s,"
            " duplicates = lines - %(events)s - %(dead_letters)s - %(dropped)s, recount = false"
            " WHERE id = %(id)s AND state = 'loaded'",
            {**counts, "id": batch.id},
        )

    def loaded(self, ids: Sequence[UUID]) -> list[Batch]:
        """Those of these batches that are loaded."""
        return self._batches(
            "SELECT o.batch_id, o.key, o.bytes FROM ingest_objects o JOIN ingest_batches b ON b.id = o.batch_id"
            " WHERE b.id = ANY(%s) AND b.state = 'loaded' ORDER BY o.batch_id, o.position",
            [list(ids)],
        )

    def with_duplicates(self, since: datetime) -> list[Batch]:
        """Loaded batches of arrival hours from then on, some of whose events are stored elsewhere."""
        return self._batches(
            "SELECT o.batch_id, o.key, o.bytes FROM ingest_objects o JOIN ingest_batches b ON b.id = o.batch_id"
            " WHERE b.arrival_hour >= %s AND b.duplicates > 0 AND b.state = 'loaded' ORDER BY o.batch_id, o.position",
            [since],
        )

    def _batches(self, sql: LiteralString, parameters: Parameters = ()) -> list[Batch]:
        grouped: dict[UUID, list[StoredObject]] = {}
        for row in self._postgres.rows(sql, parameters):
            grouped.setdefault(row["batch_id"], []).append(StoredObject(row["key"], row["bytes"]))
        return [Batch(tuple(objects)) for objects in grouped.values()]

    def watermark(self) -> datetime | None:
        """The arrival hour before which everything is loaded; None when that has never been so."""
        row = self._postgres.row("SELECT loaded_until FROM ingest_watermark")
        return row["loaded_until"] if row else None

    def move_watermark(self, hour: datetime) -> None:
        """Everything before this arrival hour is loaded; never moves back."""
        self._postgres.execute(
            "INSERT INTO ingest_watermark (loaded_until) VALUES (%s) ON CONFLICT (only_one) DO UPDATE"
            " SET loaded_until = EXCLUDED.loaded_until WHERE ingest_watermark.loaded_until < EXCLUDED.loaded_until",
            [hour],
        )

    def claim(self, batch: Batch, run_id: str | None, now: datetime) -> None:
        """Write the batch down before it is loaded; once more for one that was broken off."""
        with self._postgres.transaction() as connection:
            connection.execute(
                "INSERT INTO ingest_batches (id, arrival_hour, state, attempts, objects, bytes, run_id, claimed_at)"
                " VALUES (%s, %s, 'loading', 1, %s, %s, %s, %s)"
                " ON CONFLICT (id) DO UPDATE SET attempts = ingest_batches.attempts + 1, run_id = EXCLUDED.run_id",
                [batch.id, batch.hour, len(batch.objects), batch.bytes, run_id, now],
            )
            connection.execute(
                "INSERT INTO ingest_objects (key, batch_id, position, bytes)"
                " SELECT key, %s, position, bytes"
                " FROM unnest(%s::text[], %s::bigint[]) WITH ORDINALITY AS o (key, bytes, position)"
                " ON CONFLICT (key) DO NOTHING",
                [batch.id, batch.keys, [item.size for item in batch.objects]],
            )

    def release(self, batch: Batch) -> None:
        """Take a claim back before anything of it is stored; its objects wait again."""
        self._postgres.execute("DELETE FROM ingest_batches WHERE id = %s AND state = 'loading'", [batch.id])

    def close(self, batch: Batch, outcome: Outcome, now: datetime) -> None:
        """Write down what became of a batch, and the event days that it touched, at once."""
        with self._postgres.transaction() as connection:
            if outcome.events:
                note_visible(connection, batch.id)
            connection.execute(
                "UPDATE ingest_batches SET state = 'loaded', loaded_at = %s,"
                " lines = %s, events = %s, duplicates = %s, dead_letters = %s, dropped = %s WHERE id = %s",
                [
                    now,
                    outcome.lines,
                    outcome.events,
                    outcome.duplicates,
                    outcome.dead_letters,
                    outcome.dropped,
                    batch.id,
                ],
            )
            connection.execute(
                "UPDATE ingest_objects SET is_lost = true WHERE key = ANY(%s)", [list(outcome.lost_keys)]
            )
            _touch_days(connection, outcome.days, now)

    def touch_days(self, days: Sequence[tuple[int, date]], now: datetime) -> None:
        """What happened on these event days, by team, changed."""
        with self._postgres.transaction() as connection:
            _touch_days(connection, days, now)


def _touch_days(connection: Connection, days: Sequence[tuple[int, date]], now: datetime) -> None:
    connection.execute(
        "INSERT INTO dirty_days (team_id, day, touched_at)"
        " SELECT DISTINCT team_id, day, %s::timestamptz FROM unnest(%s::bigint[], %s::date[]) AS d (team_id, day)"
        " ON CONFLICT (team_id, day) DO UPDATE SET touched_at = EXCLUDED.touched_at",
        [now, [team for team, _ in days], [day for _, day in days]],
    )
