"""Answers kept for a while: in Redis where there is one, else in Postgres. JSON, compressed; nothing that runs."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from analytics_pipelines.problems import Fault, Problem
from analytics_pipelines.settings import Settings
from resources.postgres import Postgres, PostgresUnavailable

log = logging.getLogger("queries.cache")

_REDIS_SECONDS = 1.0  # an answer is computed sooner than one waits for a cache that is away


class CacheUnavailable(Fault):
    """Redis is away, and what it holds could not be deleted."""


class Cache(Protocol):
    """Never an error: a cache that is away holds nothing."""

    def get(self, key: str) -> bytes | None: ...

    def put(self, key: str, value: bytes, lifetime: timedelta) -> None: ...

    def clear(self) -> None:
        """Keep nothing of what was put. Raises Fault when that can't be: then answers may be left."""


class PostgresCache:
    """In the table `query_cache`. What has expired goes with the next answer that comes."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    def get(self, key: str) -> bytes | None:
        try:
            row = self._postgres.row(
                "SELECT answer FROM query_cache WHERE key = %s AND expires_at > %s", [key, datetime.now(UTC)]
            )
        except PostgresUnavailable:
            return None
        return bytes(row["answer"]) if row else None

    def put(self, key: str, value: bytes, lifetime: timedelta) -> None:
        now = datetime.now(UTC)
        try:
            with self._postgres.transaction() as connection:
                connection.execute("DELETE FROM query_cache WHERE expires_at <= %s", [now])
                connection.execute(
                    "INSERT INTO query_cache (key, answer, expires_at) VALUES (%s, %s, %s)"
                    " ON CONFLICT (key) DO UPDATE SET answer = excluded.answer, expires_at = excluded.expires_at",
                    [key, value, now + lifetime],
                )
        except PostgresUnavailable as error:
            log.warning("An answer was not kept: %s", error)

    def clear(self) -> None:
        self._postgres.execute("TRUNCATE query_cache")


class RedisCache:
    """Keys begin with `analytics:query:`; Redis forgets them by itself."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def get(self, key: str) -> bytes | None:
        found = self._guarded(lambda: self._client.get(f"analytics:query:{key}"))
        return found if isinstance(found, bytes) else None

    def put(self, key: str, value: bytes, lifetime: timedelta) -> None:
        self._guarded(lambda: self._client.set(f"analytics:query:{key}", value, ex=int(lifetime.total_seconds())))

    def clear(self) -> None:
        import redis

        try:
            for key in self._client.scan_iter("analytics:query:*", count=1000):
                self._client.delete(key)
        except (redis.RedisError, OSError) as error:
            raise CacheUnavailable(f"The cache does not answer: {type(error).__name__}.") from None

    def _guarded(self, call: Any) -> Any:
        import redis

        try:
            return call()
        except (redis.RedisError, OSError) as error:
            log.warning("The cache does not answer: %s", type(error).__name__)
            return None


def open_cache(settings: Settings, postgres: Postgres) -> Cache:
    """Redis when `ANALYTICS_CACHE_URL` names one. Problem when its client is not installed."""
    if settings.cache_url is None:
        return PostgresCache(postgres)
    try:
        import redis
    except ImportError:
        raise Problem(
            "ANALYTICS_CACHE_URL names a Redis, and its client is not installed.",
            "Install the extra: `pip install 'analytics-pipelines[redis]'`.",
        ) from None
    client = redis.Redis.from_url(
        settings.cache_url.get_secret_value(),
        socket_timeout=_REDIS_SECONDS,
        socket_connect_timeout=_REDIS_SECONDS,
    )
    return RedisCache(client)
