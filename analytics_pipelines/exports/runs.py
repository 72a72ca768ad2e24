"""Which intervals of exports are wanted, under way and done: the table that decides what is exported next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, LiteralString
from uuid import UUID

from psycopg.rows import DictRow

from analytics_pipelines.exports.destination import Written
from analytics_pipelines.exports.intervals import Interval, intervals
from analytics_pipelines.exports.model import Export
from resources.postgres import Postgres

Why = Literal["schedule", "backfill", "changed", "asked", "erasure"]
# A destination that is away for a night is exported to when it is back; after days somebody has to look.
MOST_ATTEMPTS = 20
_LONGEST_PAUSE = timedelta(hours=6)
_LONGEST_PAUSE_OF_ALL = timedelta(hours=1)
# One statement asks for so many at most; a year of hours.
MOST_INTERVALS = 10_000
_WAITING: LiteralString = "status IN ('Starting', 'Running', 'FailedRetryable')"
_COLUMNS: LiteralString = (
    "id, export_id, interval_start, interval_end, status, why, backfill_id, attempts, next_attempt_at, rows, bytes,"
    " files, fingerprint, error, created_at, started_at, finished_at"
)


@dataclass(frozen=True, slots=True)
class Run:
    """One interval of an export. `rows` … `fingerprint` are of the last time that it was exported whole."""

    id: UUID
    export_id: UUID
    interval_start: datetime
    interval_end: datetime
    status: str
    why: str
    backfill_id: UUID | None
    attempts: int
    next_attempt_at: datetime
    rows: int | None
    bytes: int | None
    files: int | None
    fingerprint: str | None
    error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def interval(self) -> Interval:
        return Interval(self.interval_start, self.interval_end)


@dataclass(frozen=True, slots=True)
class Backfill:
    """`done` and `failed` of `total` intervals that it asked for."""

    id: UUID
    start_at: datetime
    end_at: datetime
    created_at: datetime
    cancelled: bool
    total: int
    done: int
    failed: int

    @property
    def status(self) -> str:
        if self.cancelled:
            return "Cancelled"
        if self.done + self.failed < self.total:
            return "Running" if self.done + self.failed else "Starting"
        return "Failed" if self.failed else "Completed"


class Runs:
    """The intervals of one export."""

    def __init__(self, postgres: Postgres, export: Export) -> None:
        self._postgres = postgres
        self._export = export

    def ask(self, wanted: Iterable[Interval], why: Why, now: datetime, backfill_id: UUID | None = None) -> int:
        """Have these intervals exported, again if they were; how many there are."""
        listed = list(wanted)
        return self._postgres.execute(
            "INSERT INTO export_runs (team_id, export_id, interval_start, interval_end, status, why, backfill_id,"
            " next_attempt_at, created_at)"
            " SELECT %(team)s, %(export)s, i.s, i.e, 'Starting', %(why)s, %(backfill)s, %(now)s, %(now)s"
            " FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS i (s, e)"
            " ON CONFLICT (export_id, interval_start) DO UPDATE SET interval_end = EXCLUDED.interval_end,"
            " status = 'Starting', why = EXCLUDED.why, attempts = 0, error = NULL,"
            " backfill_id = coalesce(EXCLUDED.backfill_id, export_runs.backfill_id),"
            " next_attempt_at = EXCLUDED.next_attempt_at, created_at = EXCLUDED.created_at",
            {
                "team": self._export.team_id,
                "export": self._export.id,
                "why": why,
                "backfill": backfill_id,
                "now": now,
                "starts": [each.start for each in listed],
                "ends": [each.end for each in listed],
            },
        )

    def backfill(self, start: datetime, end: datetime, now: datetime) -> UUID:
        """Have every interval that touches the span and is over exported, again if it was. ValueError for too many or
        none."""
        listed = (
            [each for each in intervals(start, end, self._export.interval) if each.end <= now] if start < end else []
        )
        if not listed:
            raise ValueError("The span holds no interval that is over.")
        if len(listed) > MOST_INTERVALS:
            raise ValueError(f"The span holds {len(listed):,} intervals; at most {MOST_INTERVALS:,} at a time.")
        if self._export.model.is_snapshot:  # they would all be the same
            listed = listed[-1:]
        row = self._postgres.row(
            "INSERT INTO export_backfills (team_id, export_id, start_at, end_at, created_at)"
            " VALUES (%s, %s, %s, %s, %s) RETURNING id",
            [self._export.team_id, self._export.id, start, end, now],
        )
        assert row is not None  # noqa: S101  an INSERT … RETURNING
        self.ask(listed, "backfill", now, row["id"])
        found: UUID = row["id"]
        return found

    def backfills(self) -> list[Backfill]:
        """The newest first, with how far each is."""
        rows = self._postgres.rows(
            "SELECT b.id, b.start_at, b.end_at, b.created_at, b.cancelled, count(r.id) AS total,"
            " count(r.id) FILTER (WHERE r.status = 'Completed') AS done,"
            " count(r.id) FILTER (WHERE r.status IN ('Failed', 'Cancelled')) AS failed"
            " FROM export_backfills b LEFT JOIN export_runs r ON r.backfill_id = b.id WHERE b.export_id = %s"
            " GROUP BY b.id ORDER BY b.created_at DESC, b.id LIMIT 200",
            [self._export.id],
        )
        return [Backfill(**row) for row in rows]

    def find_backfill(self, backfill_id: UUID) -> Backfill | None:
        """One of them."""
        return next((each for each in self.backfills() if each.id == backfill_id), None)

    def cancel_backfill(self, backfill_id: UUID) -> bool:
        """Give up what has not begun of it; whether there is such a backfill."""
        with self._postgres.transaction() as connection:
            found = connection.execute(
                "UPDATE export_backfills SET cancelled = true WHERE id = %s AND export_id = %s",
                [backfill_id, self._export.id],
            ).rowcount
            connection.execute(
                "UPDATE export_runs SET status = CASE WHEN fingerprint IS NULL THEN 'Cancelled' ELSE 'Completed' END"
                " WHERE backfill_id = %s AND status IN ('Starting', 'FailedRetryable')",
                [backfill_id],
            )
        return found > 0

    def next(self, now: datetime) -> Run | None:
        """The interval to export now: those that never failed before others, oldest first. The caller holds the
        export's lock: whatever is found under way was broken off."""
        row = self._postgres.row(
            f"SELECT {_COLUMNS} FROM export_runs WHERE export_id = %s AND {_WAITING}"
            " AND (next_attempt_at <= %s OR status = 'Running') ORDER BY attempts, interval_start LIMIT 1",
            [self._export.id, now],
        )
        return run_of(row) if row else None

    def begin(self, run: Run, now: datetime, run_id: str | None) -> None:
        """It is under way, and what changes from now on may not be in it."""
        self._postgres.execute(
            "UPDATE export_runs SET status = 'Running', attempts = attempts + 1, started_at = %s, checked_at = %s,"
            " finished_at = NULL, run_id = %s WHERE id = %s",
            [now, now, run_id, run.id],
        )

    def complete(self, run: Run, written: Sequence[Written], fingerprint: str, now: datetime) -> None:
        """It is exported whole, unless it was asked for again meanwhile; the destination answers, so others need not
        wait for it any longer."""
        with self._postgres.transaction() as connection:
            connection.execute(
                "UPDATE export_runs SET status = CASE status WHEN 'Running' THEN 'Completed' ELSE status END,"
                " rows = %s, bytes = %s, files = %s, fingerprint = %s, error = NULL, finished_at = %s WHERE id = %s",
                [
                    sum(each.rows for each in written),
                    sum(each.bytes for each in written),
                    len(written),
                    fingerprint,
                    now,
                    run.id,
                ],
            )
            connection.execute(
                "UPDATE export_runs SET next_attempt_at = %(now)s"
                " WHERE export_id = %(export)s AND status = 'Starting' AND next_attempt_at > %(now)s",
                {"now": now, "export": self._export.id},
            )

    def fail(self, run: Run, error: str, now: datetime, *, is_final: bool = False) -> None:
        """It is tried again after a pause that doubles; or not, when nothing but a person can help. The others pause,
        too, the longer the more of them failed: it may well be the destination."""
        attempts = run.attempts + 1
        status = "Failed" if is_final or attempts >= MOST_ATTEMPTS else "FailedRetryable"
        with self._postgres.transaction() as connection:
            connection.execute(
                "UPDATE export_runs SET status = %s, error = %s, finished_at = %s, next_attempt_at = %s"
                " WHERE id = %s AND status = 'Running'",
                [status, error[:2000], now, now + min(_pause(attempts), _LONGEST_PAUSE), run.id],
            )
            row = connection.execute(
                "SELECT count(*) AS n FROM export_runs WHERE export_id = %s AND status IN ('FailedRetryable', 'Failed')"
                " AND finished_at > %s",
                [self._export.id, now - _LONGEST_PAUSE],
            ).fetchone()
            pause = min(_pause(int(row["n"]) if row else 1), _LONGEST_PAUSE_OF_ALL)
            connection.execute(
                "UPDATE export_runs SET next_attempt_at = greatest(next_attempt_at, %s)"
                " WHERE export_id = %s AND status IN ('Starting', 'FailedRetryable')",
                [now + pause, self._export.id],
            )

    def unchanged(self, run: Run, now: datetime) -> None:
        """Its rows were looked at again, and are what was exported."""
        self._postgres.execute("UPDATE export_runs SET checked_at = %s WHERE id = %s", [now, run.id])

    def page(self, limit: int, offset: int) -> tuple[list[Run], int]:
        """The newest intervals first, and how many there are."""
        rows = self._postgres.rows(
            f"SELECT {_COLUMNS}, count(*) OVER () AS of_all FROM export_runs WHERE export_id = %s"
            " ORDER BY interval_start DESC LIMIT %s OFFSET %s",
            [self._export.id, limit, offset],
        )
        return [run_of(row) for row in rows], int(rows[0]["of_all"]) if rows else 0

    def find(self, run_id: UUID) -> Run | None:
        """One of them."""
        row = self._postgres.row(
            f"SELECT {_COLUMNS} FROM export_runs WHERE export_id = %s AND id = %s", [self._export.id, run_id]
        )
        return run_of(row) if row else None

    def within(self, start: datetime, end: datetime) -> list[Run]:
        """Those that touch the span and were exported, or are being, oldest first."""
        rows = self._postgres.rows(
            f"SELECT {_COLUMNS} FROM export_runs WHERE export_id = %s AND interval_start < %s AND interval_end > %s"
            " ORDER BY interval_start",
            [self._export.id, end, start],
        )
        return [run_of(row) for row in rows]

    def counts(self) -> dict[str, int]:
        """How many intervals are in each state."""
        rows = self._postgres.rows(
            "SELECT status, count(*) AS n FROM export_runs WHERE export_id = %s GROUP BY status", [self._export.id]
        )
        return {row["status"]: int(row["n"]) for row in rows}


def _pause(failures: int) -> timedelta:
    return timedelta(minutes=2 ** min(failures, 12) / 2)


def run_of(row: DictRow) -> Run:
    """A row of the table."""
    values: dict[str, Any] = {name: row[name] for name in Run.__dataclass_fields__}
    return Run(**values)
