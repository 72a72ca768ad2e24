"""Project tokens → projects and their rules, from a copy in memory that outlives an absence of Postgres."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString

from analytics_pipelines.events.rules import Rules

if TYPE_CHECKING:
    from resources.postgres import Postgres

# A token that is not known now may be a project's that is made in a moment; asking again soon costs little.
_UNKNOWN_SECONDS = 5
_UNKNOWN_KEPT = 10_000

# A flood of keys that nobody has must not become a flood of questions. Who is told to come again will be known when
# all projects are read anew.
_LOOKS_A_SECOND = 50

# Each look at an absent Postgres takes seconds; one now and then is enough, and the others need not wait for it.
_AWAY_SECONDS = 5

_PROJECTS = (
    "SELECT id, api_token, anonymize_ips, denied_properties, denied_events, allowed_events, denied_distinct_ids,"
    " daily_event_quota, autocapture_opt_out, session_recording_opt_in FROM projects"
)


class ProjectsUnavailable(Exception):
    """It can't be told now whose token this is: Postgres is away and nothing fresh enough is known."""


@dataclass(frozen=True)
class Project:
    """What capture has to know of a project."""

    id: int
    rules: Rules
    autocapture_opt_out: bool = False
    session_recording_opt_in: bool = False


class Projects:
    """All projects, read again every `fresh` seconds and trusted for `stale` seconds; safe to share between threads.

    `known` never waits. A token that it does not know may be a new project's: `look_up` asks Postgres.
    """

    def __init__(
        self,
        postgres: Callable[[], "Postgres"],
        *,
        fresh: float,
        stale: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._postgres = postgres
        self._fresh = fresh
        self._stale = stale
        self._clock = clock
        self._lock = threading.Lock()
        self._by_token: dict[str, Project] = {}
        self._loaded_at: float | None = None
        self._unknown: dict[str, float] = {}
        self._away: tuple[float, str] | None = None
        self._looks: tuple[int, int] = (0, 0)

    def known(self, token: str) -> Project | None:
        """The project with this token, as far as it is known and may still be trusted."""
        if self._loaded_at is None or self._clock() - self._loaded_at > self._stale:
            return None
        return self._by_token.get(token)

    def look_up(self, token: str) -> Project | None:
        """The project with this token, None for nobody's; may wait for Postgres. Raises ProjectsUnavailable."""
        now = self._clock()
        if now - self._unknown.get(token, -_UNKNOWN_SECONDS) < _UNKNOWN_SECONDS:
            return None
        if self._loaded_at is None or now - self._loaded_at > self._fresh:
            self.refresh()
            if token in self._by_token:
                return self._by_token[token]
        self._count_look(int(now))
        rows = self._asked(_PROJECTS + " WHERE api_token = %s", [token])
        with self._lock:
            if rows:
                self._by_token[token] = _project(rows[0])
                return self._by_token[token]
            if len(self._unknown) >= _UNKNOWN_KEPT:
                self._unknown.clear()
            self._unknown[token] = now
            return None

    def refresh(self) -> None:
        """Read all projects. Raises ProjectsUnavailable; then what was known stays, until it is too old."""
        begun = self._clock()
        rows = self._asked(_PROJECTS, [])
        with self._lock:
            self._by_token = {row["api_token"]: _project(row) for row in rows}
            self._loaded_at = begun

    def refresh_if_due(self) -> None:
        """Read all projects if that was long ago and Postgres is there."""
        now = self._clock()
        if self._loaded_at is not None and now - self._loaded_at < self._fresh:
            return
        try:
            self.refresh()
        except ProjectsUnavailable:
            return  # what is known goes on; requests are told when it is too old

    def age(self) -> float:
        """Seconds since the projects were read; since 1970 when they never were, so that it shows."""
        return time.time() if self._loaded_at is None else self._clock() - self._loaded_at

    def _count_look(self, second: int) -> None:
        with self._lock:
            last, looks = self._looks
            self._looks = (second, looks + 1 if second == last else 1)
            if self._looks[1] > _LOOKS_A_SECOND:
                raise ProjectsUnavailable("too many unknown keys are asked for")

    def _asked(self, sql: LiteralString, parameters: list[Any]) -> list[dict[str, Any]]:
        from resources.postgres import PostgresNotMigrated, PostgresUnavailable  # psycopg takes a while to import

        now = self._clock()
        if self._away is not None and now - self._away[0] < _AWAY_SECONDS:
            raise ProjectsUnavailable(self._away[1])
        try:
            rows = self._postgres().rows(sql, parameters)
        except (PostgresUnavailable, PostgresNotMigrated) as error:
            self._away = (self._clock(), str(error))
            raise ProjectsUnavailable(str(error)) from error
        self._away = None
        return rows


def _project(row: dict[str, Any]) -> Project:
    rules = Rules(
        anonymize_ips=row["anonymize_ips"],
        denied_properties=frozenset(row["denied_properties"]),
        denied_events=frozenset(row["denied_events"]),
        allowed_events=frozenset(row["allowed_events"]),
        denied_distinct_ids=frozenset(row["denied_distinct_ids"]),
        daily_event_quota=row["daily_event_quota"],
    )
    return Project(row["id"], rules, row["autocapture_opt_out"], row["session_recording_opt_in"])
