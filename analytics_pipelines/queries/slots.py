"""How many questions of a project run at once: further ones wait, and at last are refused."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4

from analytics_pipelines.lock_classes import LockClass
from analytics_pipelines.queries.failure import QueryFailed
from resources.postgres import Postgres

Pool = Literal["api", "app"]
"""Whether a program asks, by a key, or a person, in the browser."""

_FIRST_PAUSE, _GROWTH, _LONGEST_PAUSE = 0.134, 1.5, 1.7
# Each that waits holds a thread of the server.
_MOST_WAITING = 8
_LOCK = LockClass.QUESTIONS.value


class Slots:
    """The slots of all processes are rows in Postgres. One whose process was lost is free again after `lease`."""

    def __init__(self, postgres: Postgres, limits: dict[Pool, int], *, wait: timedelta, lease: timedelta) -> None:
        self._postgres = postgres
        self._limits = limits
        self._wait = wait.total_seconds()
        self._lease = lease
        self._waiting: Counter[int] = Counter()
        self._guard = threading.Lock()

    @contextmanager
    def taken(self, team_id: int, pool: Pool) -> Iterator[None]:
        """A slot while the block runs. Raises QueryFailed (429) when none is free for too long."""
        ticket = uuid4()
        if not self._take(ticket, team_id, pool):
            self._take_later(ticket, team_id, pool)
        try:
            yield
        finally:
            self._postgres.execute("DELETE FROM query_slots WHERE ticket = %s", [ticket])

    def _take_later(self, ticket: UUID, team_id: int, pool: Pool) -> None:
        with self._guard:
            if self._waiting[team_id] >= _MOST_WAITING:
                raise self._refusal(pool)
            self._waiting[team_id] += 1
        try:
            ends, pause = time.monotonic() + self._wait, _FIRST_PAUSE
            while time.monotonic() + pause < ends:
                time.sleep(pause)
                pause = min(pause * _GROWTH, _LONGEST_PAUSE)
                if self._take(ticket, team_id, pool):
                    return
            raise self._refusal(pool)
        finally:
            with self._guard:
                self._waiting[team_id] -= 1

    def _take(self, ticket: UUID, team_id: int, pool: Pool) -> bool:
        now = datetime.now(UTC)
        with self._postgres.transaction() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, team_id % 2**31])
            connection.execute("DELETE FROM query_slots WHERE team_id = %s AND expires_at <= %s", [team_id, now])
            taken = connection.execute(
                "INSERT INTO query_slots (ticket, team_id, pool, expires_at)"
                " SELECT %(ticket)s, %(team)s, %(pool)s, %(until)s"
                " WHERE (SELECT count(*) FROM query_slots WHERE team_id = %(team)s AND pool = %(pool)s) < %(most)s",
                {
                    "ticket": ticket,
                    "team": team_id,
                    "pool": pool,
                    "until": now + self._lease,
                    "most": self._limits[pool],
                },
            )
            return taken.rowcount == 1

    def _refusal(self, pool: Pool) -> QueryFailed:
        return QueryFailed(
            429,
            "too_many_queries",
            f"This project has {self._limits[pool]} questions running; ask again when one of them is answered.",
        )
