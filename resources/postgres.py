"""Postgres: pooled connections, plain SQL, and locks that die with their connection."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString
from urllib.parse import urlsplit

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from analytics_pipelines.problems import Fault

Parameters = Sequence[Any] | Mapping[str, Any]
Connection = psycopg.Connection[DictRow]

CONNECT_SECONDS = 5


class PostgresUnavailable(Fault):
    """Postgres can't be reached or went away in the middle. Whether a commit arrived is not known."""


class PostgresNotMigrated(Fault):
    """The tables of this release are not there; `analytics migrate` makes them."""


class Postgres:
    """A lazily opened pool for one URL; safe to share between threads. Rows are dictionaries."""

    def __init__(self, url: str, *, pool_size: int = 4) -> None:
        self.url = url
        parts = urlsplit(url)
        self.address = f"{parts.hostname or 'local socket'}:{parts.port or 5432}"
        self._pool_size = pool_size
        self._lock = threading.Lock()
        self._pool: ConnectionPool[Connection] | None = None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection in a transaction: committed at the end, rolled back by an exception.

        Raises PostgresUnavailable.
        """
        try:
            with self._opened().connection() as connection:
                yield connection
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise PostgresUnavailable(f"Postgres at {self.address}: {_first_line(error)}") from None
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
            raise PostgresNotMigrated(
                f"Postgres at {self.address} lacks the tables of this release: run `analytics migrate`"
            ) from None

    def rows(self, sql: LiteralString, parameters: Parameters = ()) -> list[DictRow]:
        """All rows of one statement, in a transaction of its own."""
        with self.transaction() as connection:
            return connection.execute(sql, parameters).fetchall()

    def row(self, sql: LiteralString, parameters: Parameters = ()) -> DictRow | None:
        """The first row, or None."""
        with self.transaction() as connection:
            return connection.execute(sql, parameters).fetchone()

    def execute(self, sql: LiteralString, parameters: Parameters = ()) -> int:
        """Run one statement in a transaction of its own; returns how many rows it touched."""
        with self.transaction() as connection:
            return connection.execute(sql, parameters).rowcount

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """A connection of its own in autocommit, outside the pool; for advisory locks.

        Whatever it locked is free when it closes, or when its process dies.
        """
        try:
            with psycopg.connect(
                self.url, autocommit=True, row_factory=dict_row, connect_timeout=CONNECT_SECONDS
            ) as connection:
                yield connection
        except psycopg.OperationalError as error:
            raise PostgresUnavailable(f"Postgres at {self.address}: {_first_line(error)}") from None

    def check(self) -> str:
        """The server's version. Raises PostgresUnavailable."""
        row = self.row("SELECT current_setting('server_version') AS version")
        return str(row["version"]) if row else ""

    def close(self) -> None:
        """Close the pool; the next use opens another."""
        with self._lock:
            if self._pool is not None:
                self._pool.close()
                self._pool = None

    def _opened(self) -> ConnectionPool[Connection]:
        with self._lock:
            if self._pool is None:
                self._pool = ConnectionPool(
                    self.url,
                    connection_class=psycopg.Connection[DictRow],
                    kwargs={"row_factory": dict_row, "connect_timeout": CONNECT_SECONDS},
                    min_size=0,
                    max_size=self._pool_size,
                    timeout=CONNECT_SECONDS,
                    check=ConnectionPool.check_connection,
                    reconnect_timeout=CONNECT_SECONDS,  # its pauses double; after an absence we want it back at once
                    open=True,
                )
            return self._pool


def count_locks(session: Connection, lock_class: int, lock: int, *, granted: bool) -> int:
    """How many sessions hold an advisory lock of this database, or wait for it."""
    row = session.execute(
        "SELECT count(*) AS locks FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid = %s"
        " AND granted = %s AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        [lock_class, lock, granted],
    ).fetchone()
    return int(row["locks"]) if row else 0


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]
