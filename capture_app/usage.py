"""How many events each project sent today, over all of capture's processes and hosts."""

import threading
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resources.postgres import Postgres

# In the order of their keys, so that processes which write at once wait for each other instead of locking each other.
_ADD = """
INSERT INTO event_usage (project_id, day, events)
SELECT added.project_id, added.day, added.events
FROM unnest(%(projects)s::bigint[], %(days)s::date[], %(events)s::bigint[]) AS added (project_id, day, events)
JOIN projects ON projects.id = added.project_id
ORDER BY 1, 2
ON CONFLICT (project_id, day) DO UPDATE SET events = event_usage.events + excluded.events
"""
_TOTALS = "SELECT project_id, events FROM event_usage WHERE day = %s"


class Usage:
    """Counts in memory, added up in Postgres now and then; safe to share between threads.

    A process knows what the others counted a moment ago, so a quota may be passed by what arrives in that moment. While
    Postgres is away each process goes by what it knew and what it counted itself.
    """

    def __init__(self, postgres: Callable[[], "Postgres"]) -> None:
        self._postgres = postgres
        self._lock = threading.Lock()
        self._exchanging = threading.Lock()
        self._pending: defaultdict[tuple[int, date], int] = defaultdict(int)
        self._elsewhere: dict[tuple[int, date], int] = {}

    def add(self, project: int, day: date, events: int) -> None:
        """Note events that are stored."""
        with self._lock:
            self._pending[project, day] += events

    def used(self, project: int, day: date) -> int:
        """Events of that day, as far as this process knows."""
        with self._lock:
            return self._pending.get((project, day), 0) + self._elsewhere.get((project, day), 0)

    def exchange(self, today: date) -> None:
        """Add what was counted here to Postgres, and learn what others counted. Raises PostgresUnavailable."""
        with self._exchanging:
            self._exchange(today)

    def _exchange(self, today: date) -> None:
        with self._lock:
            added = dict(self._pending)
        with self._postgres().transaction() as connection:
            if added:
                columns = {
                    "projects": [project for project, _ in added],
                    "days": [day for _, day in added],
                    "events": list(added.values()),
                }
                connection.execute(_ADD, columns)
            totals = connection.execute(_TOTALS, [today]).fetchall()
        with self._lock:
            for key, events in added.items():
                self._pending[key] -= events
                if not self._pending[key]:
                    del self._pending[key]
            self._elsewhere = {(row["project_id"], today): row["events"] for row in totals}
