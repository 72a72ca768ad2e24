"""ClickHouse over HTTP: one thin client for services, Dagster, the CLI and tests."""

import json
import logging
import re
import threading
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError

from analytics_pipelines.problems import Fault

# Without these an insert may be answered before it is stored, or a token be ignored: never leave them to a server's
# defaults, which differ between versions.
INSERT_SETTINGS: Mapping[str, Any] = {
    "async_insert": 0,
    "insert_deduplicate": 1,
    "deduplicate_blocks_in_dependent_materialized_views": 1,
}

Parameters = Mapping[str, Any]

# The driver logs each failed request; we raise it, and who catches it decides what is worth a line.
logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL)

# "… Code: 60. DB::Exception: Unknown table … (UNKNOWN_TABLE) (version 26.9.2.1) …": the part for people.
_SAID = re.compile(r"DB::(?:\w*)Exception: (.*?)(?:: In scope .*)? \([A-Z_0-9]+\)(?: \(version|$)")
_SYSTEM_SAID = re.compile(r"\[Errno \d+\] ([A-Za-z ]+)")


class ClickHouseUnavailable(Fault):
    """ClickHouse can't be reached or broke off. Nothing is known about what was asked of it; try again."""


class ClickHouseRefused(Fault):
    """ClickHouse answered with an error. `code` is its number, the text is its message without a trace."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class WrittenRows:
    """What a statement wrote; `bytes` as they are in memory."""

    rows: int
    bytes: int


@dataclass(frozen=True)
class Result:
    """An answer: `rows` are tuples in the order of `columns`; `types` are ClickHouse's type names."""

    columns: list[str]
    types: list[str]
    rows: list[tuple[Any, ...]]
    summary: dict[str, str] = field(default_factory=dict)

    def one(self) -> tuple[Any, ...]:
        """The only row."""
        (row,) = self.rows
        return row


# The driver's clients of this process, by server and login. One that is made asks the server for all of its settings,
# which takes longer than most questions.
_SERVERS: dict[SplitResult, Client] = {}
_SERVERS_LOCK = threading.Lock()


class _Connection:
    """The driver's client for one database; connects when it is first used."""

    def __init__(self, parts: SplitResult, database: str) -> None:
        self._server = parts._replace(path="", query="", fragment="")
        self._database = database
        self._client: Client | None = None

    def client(self) -> Client:
        if self._client is None:
            client = copy(self._of_server())  # by the same pool of connections
            client.database = self._database  # set late: before the first migration it does not exist
            self._client = client
        return self._client

    def _of_server(self) -> Client:
        with _SERVERS_LOCK:
            known = _SERVERS.get(self._server)
        if known is not None:
            return known
        made = clickhouse_connect.get_client(
            host=self._server.hostname,
            port=self._server.port or 0,
            secure=self._server.scheme == "https",
            username="",
            headers={
                # the embedded server knows its users by these
                "X-ClickHouse-User": unquote(self._server.username or "default"),
                "X-ClickHouse-Key": unquote(self._server.password or ""),
            },
            autogenerate_session_id=False,
            connect_timeout=30,  # also how long a busy server may leave the body of a request unread
            query_retries=0,
            tz_mode="aware",
        )
        with _SERVERS_LOCK:
            return _SERVERS.setdefault(self._server, made)


class ClickHouse:
    """A pooled client of one URL, `http://user:password@host:port/database`; safe to share between threads.

    `comment` names who asks (a run, an asset, an insight); it travels as `log_comment` with every statement, so that
    ClickHouse's own logs lead back to us. `read_only` clients can change no data whatever their user may do.
    """

    def __init__(self, url: str, comment: Mapping[str, Any] | None = None, *, read_only: bool = False) -> None:
        self.url = url
        parts = urlsplit(url)
        self.database = parts.path.strip("/") or "analytics"
        self.address = f"{parts.hostname}:{parts.port or (8443 if parts.scheme == 'https' else 8123)}"
        self._connection = _Connection(parts, self.database)
        self._comment = dict(comment or {})
        self._read_only = read_only

    def about(self, **comment: Any) -> "ClickHouse":
        """The same server by the same connections, with more to say in `log_comment`."""
        copy = ClickHouse.__new__(ClickHouse)
        copy.__dict__.update(self.__dict__)
        copy._comment = {**self._comment, **comment}
        return copy

    def query(
        self, sql: str, parameters: Parameters | None = None, settings: Mapping[str, Any] | None = None
    ) -> Result:
        """Run a SELECT; values travel as `{name:Type}` parameters.

        Raises ClickHouseUnavailable or ClickHouseRefused.
        """
        try:
            found = self._connection.client().query(
                sql, parameters=dict(parameters or {}), settings=self._settings(settings)
            )
        except Exception as error:
            raise self._translated(error) from None
        return Result(
            columns=list(found.column_names),
            types=[kind.name for kind in found.column_types],
            rows=[tuple(row) for row in found.result_rows],
            summary={str(name): str(value) for name, value in (found.summary or {}).items()},
        )

    def command(
        self, sql: str, parameters: Parameters | None = None, settings: Mapping[str, Any] | None = None
    ) -> None:
        """Run a statement without a result."""
        try:
            self._connection.client().command(sql, parameters=dict(parameters or {}), settings=self._settings(settings))
        except Exception as error:
            raise self._translated(error) from None

    def write(
        self, sql: str, parameters: Parameters | None = None, settings: Mapping[str, Any] | None = None
    ) -> WrittenRows:
        """Run `INSERT … SELECT` to its end; how much it wrote. Headers tell that it goes on, so it may take hours."""
        whole = {
            "wait_end_of_query": 1,
            "send_progress_in_http_headers": 1,
            "http_headers_progress_interval_ms": 10_000,
        }
        try:
            found = self._connection.client().command(
                sql, parameters=dict(parameters or {}), settings=self._settings({**whole, **(settings or {})})
            )
        except Exception as error:
            raise self._translated(error) from None
        summary: Mapping[str, Any] = getattr(found, "summary", {})
        return WrittenRows(int(summary.get("written_rows", 0)), int(summary.get("written_bytes", 0)))

    def read(self, sql: str, parameters: Parameters | None = None, settings: Mapping[str, Any] | None = None) -> bytes:
        """The answer to `SELECT … FORMAT …`, as the bytes that ClickHouse sends."""
        try:
            found: bytes = self._connection.client().raw_query(
                sql, parameters=dict(parameters or {}), settings=self._settings(settings)
            )
        except Exception as error:
            raise self._translated(error) from None
        return found

    def create_database(self, on_cluster: str = "") -> None:
        """Make this client's database if it is not there."""
        try:
            self._connection.client().command(
                f"CREATE DATABASE IF NOT EXISTS `{self.database}` {on_cluster}", use_database=False
            )
        except Exception as error:
            raise self._translated(error) from None

    def insert_stream(
        self,
        sql: str,
        payload: bytes,
        parameters: Parameters | None = None,
        *,
        encoding: str | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Run `INSERT … FORMAT …` with `payload` as its body, compressed as `encoding` says (`zstd`, `gzip`).

        The bytes are parsed by ClickHouse; Python never sees a row. Not retried: the caller knows whether it may.
        """
        try:
            self._connection.client().command(
                sql,
                parameters=dict(parameters or {}),
                data=payload,
                settings=self._settings({**INSERT_SETTINGS, **(settings or {})}),
                transport_settings={"Content-Encoding": encoding} if encoding else None,
            )
        except Exception as error:
            raise self._translated(error) from None

    def insert(
        self,
        sql: str,
        parameters: Parameters | None = None,
        *,
        token: str | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Run `INSERT … SELECT`; with `token`, at most once."""
        once = {"insert_deduplication_token": token} if token else {}
        self.command(sql, parameters, {**INSERT_SETTINGS, **once, **(settings or {})})

    def insert_rows(self, table: str, rows: Sequence[Sequence[Any]], columns: Sequence[str]) -> None:
        """Insert a few rows from Python."""
        try:
            self._connection.client().insert(
                table, rows, column_names=list(columns), settings=self._settings(INSERT_SETTINGS)
            )
        except Exception as error:
            raise self._translated(error) from None

    def check(self) -> str:
        """The server's version. Raises ClickHouseUnavailable or ClickHouseRefused."""
        try:
            return str(self._connection.client().command("SELECT version()", use_database=False))
        except Exception as error:
            raise self._translated(error) from None

    def _settings(self, given: Mapping[str, Any] | None) -> dict[str, Any]:
        settings = dict(given or {})
        if self._read_only:
            settings["readonly"] = 2
        if self._comment:
            settings["log_comment"] = json.dumps(self._comment, sort_keys=True)
        return settings

    def _translated(self, error: Exception) -> Exception:
        if isinstance(error, DatabaseError) and getattr(error, "code", None):
            return ClickHouseRefused(int(error.code or 0), _first_line(error))
        if isinstance(error, ClickHouseError | OSError):
            return ClickHouseUnavailable(f"ClickHouse at {self.address}: {_first_line(error)}")
        return error


def _first_line(error: Exception) -> str:
    text = str(error).strip().split("\n", 1)[0]
    said = _SAID.search(text) or _SYSTEM_SAID.search(text)
    return said[1] if said else text
