"""Questions that run in the background: who asked for which, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from resources.postgres import Postgres

# How long one may ask what became of a question.
_KEPT = timedelta(hours=1)


@dataclass(frozen=True)
class Run:
    """`error` is as the API answers it, with its `status`. The answer itself is in the cache under `cache_key`."""

    team_id: int
    id: str
    cache_key: str
    started_at: datetime
    deadline: datetime
    finished_at: datetime | None
    expires_at: datetime
    is_cancelled: bool
    error: dict[str, Any] | None

    def is_lost(self, now: datetime) -> bool:
        """Whether its process went away before it was answered."""
        return self.finished_at is None and now >= self.deadline


class Runs:
    """Reads and writes `query_runs`."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    def begin(self, team_id: int, run_id: str, cache_key: str, now: datetime, lease: timedelta) -> bool:
        """Whether the run is the caller's to do: one of this id that goes on already is joined."""
        with self._postgres.transaction() as connection:
            connection.execute("DELETE FROM query_runs WHERE expires_at <= %s", [now])
            row = connection.execute(
                "INSERT INTO query_runs AS r (team_id, id, cache_key, started_at, deadline, expires_at)"
                " VALUES (%(team)s, %(id)s, %(key)s, %(now)s, %(deadline)s, %(expires)s)"
                " ON CONFLICT (team_id, id) DO UPDATE SET cache_key = excluded.cache_key,"
                " started_at = excluded.started_at, deadline = excluded.deadline, expires_at = excluded.expires_at,"
                " finished_at = NULL, is_cancelled = false, error = NULL"
                " WHERE r.finished_at IS NOT NULL OR r.deadline <= %(now)s RETURNING 1",
                {
                    "team": team_id,
                    "id": run_id,
                    "key": cache_key,
                    "now": now,
                    "deadline": now + lease,
                    "expires": now + lease + _KEPT,
                },
            ).fetchone()
        return row is not None

    def finish(self, team_id: int, run_id: str, now: datetime, error: dict[str, Any] | None = None) -> None:
        """It was answered, or failed; of one that was cancelled nothing changes."""
        self._postgres.execute(
            "UPDATE query_runs SET finished_at = %s, error = %s WHERE (team_id, id) = (%s, %s) AND NOT is_cancelled",
            [now, Jsonb(error) if error else None, team_id, run_id],
        )

    def cancel(self, team_id: int, run_id: str, now: datetime) -> None:
        """One that goes on is to stop."""
        self._postgres.execute(
            "UPDATE query_runs SET is_cancelled = true, finished_at = %s"
            " WHERE (team_id, id) = (%s, %s) AND finished_at IS NULL",
            [now, team_id, run_id],
        )

    def get(self, team_id: int, run_id: str) -> Run | None:
        """None when there is none, or it was forgotten."""
        row = self._postgres.row(
            "SELECT team_id, id, cache_key, started_at, deadline, finished_at, expires_at, is_cancelled, error"
            " FROM query_runs WHERE (team_id, id) = (%s, %s)",
            [team_id, run_id],
        )
        return Run(**row) if row else None
