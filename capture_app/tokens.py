"""Project tokens → projects, from a cache that outlives an absence of Postgres."""

import threading
import time
from collections.abc import Callable

from resources.postgres import Postgres, PostgresUnavailable

# A token that is not known now may be a project's that is made in a moment; asking again soon costs little.
_UNKNOWN_SECONDS = 5
_UNKNOWN_KEPT = 10_000

# Each look at an absent Postgres takes seconds; one now and then is enough, and the others need not wait for it.
_AWAY_SECONDS = 5


class TokensUnavailable(Exception):
    """It can't be told now whose token this is: Postgres is away and nothing fresh enough is known."""


class Tokens:
    """Looks tokens up; safe to share between threads.

    A known token is trusted for `fresh` seconds, and for `stale` seconds while Postgres is away.
    """

    def __init__(
        self, postgres: Postgres, *, fresh: float, stale: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._postgres = postgres
        self._fresh = fresh
        self._stale = stale
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[int, float]] = {}
        self._unknown: dict[str, float] = {}
        self._away: tuple[float, str] | None = None

    def project(self, token: str) -> int | None:
        """The id of the project with this token, None for nobody's. Raises TokensUnavailable."""
        now = self._clock()
        known = self._known.get(token)
        if known is not None and now - known[1] <= self._fresh:
            return known[0]
        if now - self._unknown.get(token, -_UNKNOWN_SECONDS) < _UNKNOWN_SECONDS:
            return None
        usable = known is not None and now - known[1] <= self._stale
        away = self._away
        if away is not None and now - away[0] < _AWAY_SECONDS:
            if known is not None and usable:
                return known[0]
            raise TokensUnavailable(away[1])
        try:
            row = self._postgres.row("SELECT id FROM projects WHERE api_token = %s", [token])
        except PostgresUnavailable as error:
            self._away = (self._clock(), str(error))
            if known is not None and usable:
                return known[0]
            raise TokensUnavailable(str(error)) from error
        self._away = None
        with self._lock:
            if row is None:
                self._known.pop(token, None)
                if len(self._unknown) >= _UNKNOWN_KEPT:
                    self._unknown.clear()
                self._unknown[token] = now
                return None
            self._known[token] = (row["id"], now)
            return int(row["id"])
