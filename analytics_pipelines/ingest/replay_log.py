"""What is known of days that are loaded again, in Postgres: how far each is, and which batches it will have."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from analytics_pipelines.faults import hit
from analytics_pipelines.ingest.ledger import CLOCKS, Batch, Outcome
from resources.object_store import StoredObject
from resources.postgres import Postgres

State = Literal["filling", "swapping", "swapped"]


@dataclass(frozen=True)
class Entry:
    """A day that is being loaded again."""

    day: date
    state: State
    started_at: datetime


class ReplayLog:
    """Reads and writes `replays`, and makes the batches of a day the ledger's."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    def begun(self, *states: State) -> list[Entry]:
        """Days in one of these states, oldest first."""
        rows = self._postgres.rows(
            "SELECT day, state, started_at FROM replays WHERE state = ANY(%s) ORDER BY day", [list(states)]
        )
        return [Entry(row["day"], row["state"], row["started_at"]) for row in rows]

    def begin(self, day: date, run_id: str | None, now: datetime) -> Entry:
        """A day is about to be loaded beside the tables."""
        self._postgres.execute(
            "INSERT INTO replays (day, state, started_at, run_id) VALUES (%s, 'filling', %s, %s)", [day, now, run_id]
        )
        return Entry(day, "filling", now)

    def forget(self, day: date) -> None:
        """The day is done, or given up."""
        self._postgres.execute("DELETE FROM replays WHERE day = %s", [day])

    def swap_begins(self, day: date) -> None:
        """From now on the day is put into its place, by whoever comes."""
        self._postgres.execute("UPDATE replays SET state = 'swapping' WHERE day = %s", [day])

    def add(self, day: date, batch: Batch, outcome: Outcome) -> None:
        """A batch was loaded beside the tables."""
        lost = set(outcome.lost_keys)
        with self._postgres.transaction() as connection:
            connection.execute(
                "INSERT INTO replay_batches (id, day, arrival_hour, objects, bytes, lines)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                [batch.id, day, batch.hour, len(batch.objects), batch.bytes, outcome.lines],
            )
            connection.execute(
                "INSERT INTO replay_objects (key, batch_id, position, bytes, is_lost)"
                " SELECT key, %s, position, bytes, is_lost FROM unnest(%s::text[], %s::bigint[], %s::boolean[])"
                " WITH ORDINALITY AS o (key, bytes, is_lost, position)",
                [
                    batch.id,
                    batch.keys,
                    [item.size for item in batch.objects],
                    [item.key in lost for item in batch.objects],
                ],
            )

    def keys(self, day: date) -> set[str]:
        """Keys of objects that are loaded beside the tables."""
        rows = self._postgres.rows(
            "SELECT o.key FROM replay_objects o JOIN replay_batches b ON b.id = o.batch_id WHERE b.day = %s", [day]
        )
        return {row["key"] for row in rows}

    def ledger_objects(self, day: date) -> dict[str, list[tuple[StoredObject, bool, bool]]]:
        """The ledger's objects of a day by batch: each with whether it was lost, and whether its batch is loaded."""
        found: dict[str, list[tuple[StoredObject, bool, bool]]] = {}
        rows = self._postgres.rows(
            "SELECT o.key, o.bytes, o.is_lost, o.batch_id, b.state FROM ingest_objects o"
            " JOIN ingest_batches b ON b.id = o.batch_id WHERE b.arrival_hour >= %s AND b.arrival_hour < %s"
            " ORDER BY o.batch_id, o.position",
            _span(day),
        )
        for row in rows:
            item = StoredObject(row["key"], row["bytes"])
            found.setdefault(str(row["batch_id"]), []).append((item, row["is_lost"], row["state"] == "loaded"))
        return found

    def ledger_days(self) -> set[date]:
        """Days of arrival that the ledger knows objects of."""
        rows = self._postgres.rows("SELECT DISTINCT (arrival_hour AT TIME ZONE 'UTC')::date AS day FROM ingest_batches")
        return {row["day"] for row in rows}

    def lines_of(self, batch: str) -> int:
        """How many lines a loaded batch of the ledger has."""
        row = self._postgres.row("SELECT lines FROM ingest_batches WHERE id = %s", [batch])
        return int(row["lines"]) if row else 0

    def loaded_since(self, entry: Entry) -> list[tuple[str, date]]:
        """Batches of other days that may have been loaded since the day was begun: (id, arrival day)."""
        start, end = _span(entry.day)
        rows = self._postgres.rows(
            "SELECT id, arrival_hour FROM ingest_batches WHERE (state = 'loading' OR loaded_at >= %s)"
            " AND (arrival_hour < %s OR arrival_hour >= %s)",
            [entry.started_at - CLOCKS, start, end],
        )
        return [(str(row["id"]), row["arrival_hour"].date()) for row in rows]

    def adopt(self, day: date, counts: Mapping[str, Mapping[str, int]], now: datetime) -> None:
        """The day's batches take the place of the ledger's; what a batch's lines did not become are duplicates.

        `counts` holds the rows in each table by batch.
        """
        start, end = _span(day)
        with self._postgres.transaction() as connection:
            batches = connection.execute("SELECT id::text FROM replay_batches WHERE day = %s", [day]).fetchall()
            ids = [row["id"] for row in batches]
            connection.execute(
                "DELETE FROM ingest_batches WHERE arrival_hour >= %s AND arrival_hour < %s", [start, end]
            )
            connection.execute(
                "INSERT INTO ingest_batches (id, arrival_hour, state, attempts, objects, bytes, lines, events,"
                " duplicates, dead_letters, dropped, run_id, claimed_at, loaded_at)"
                " SELECT b.id, b.arrival_hour, 'loaded', 1, b.objects, b.bytes, b.lines, c.events,"
                " b.lines - c.events - c.dead_letters - c.dropped, c.dead_letters, c.dropped, r.run_id, %s, %s"
                " FROM replay_batches b JOIN replays r USING (day)"
                " JOIN unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[])"
                " AS c (id, events, dead_letters, dropped) USING (id)",
                [
                    now,
                    now,
                    ids,
                    *(
                        [counts[table].get(each, 0) for each in ids]
                        for table in ("events", "dead_letters", "dropped_events")
                    ),
                ],
            )
            connection.execute(
                "INSERT INTO ingest_objects (key, batch_id, position, bytes, is_lost)"
                " SELECT o.key, o.batch_id, o.position, o.bytes, o.is_lost"
                " FROM replay_objects o JOIN replay_batches b ON b.id = o.batch_id WHERE b.day = %s",
                [day],
            )
            hit("replay.before_ledger_commit")
            connection.execute("UPDATE replays SET state = 'swapped' WHERE day = %s", [day])


def _span(day: date) -> tuple[datetime, datetime]:
    start = datetime.combine(day, time(), UTC)
    return start, start + timedelta(days=1)
