"""A table of another Postgres: ClickHouse copies into a table beside it, and one transaction puts the rows in place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import uuid4

import psycopg
from psycopg import sql

from analytics_pipelines.exports.columns import Column, in_text
from analytics_pipelines.exports.destination import DestinationFailed, Guard, Written, address_of, literal, without
from analytics_pipelines.exports.files import query_prefix
from analytics_pipelines.exports.intervals import Interval
from analytics_pipelines.exports.model import Export
from analytics_pipelines.exports.rows import SETTINGS, Rows, Stretch
from analytics_pipelines.faults import hit
from resources.clickhouse import ClickHouse

# `json` and not `jsonb`, which refuses texts that JSON allows (NUL, halves of characters).
_TYPES = {
    "text": "text",
    "uuid": "uuid",
    "moment": "timestamptz",
    "date": "date",
    "json": "json",
    "integer": "bigint",
    "number": "double precision",
    "bool": "boolean",
}
_MOST_LETTERS = 63
_CONNECT_SECONDS = 10


class PostgresTable:
    """Rows carry `_export` and `_interval_start`, by which an interval is replaced whole; a snapshot replaces all."""

    has_limit = False

    def __init__(self, export: Export, interval: Interval, clickhouse: ClickHouse, guard: Guard) -> None:
        self._export = export
        self._interval = interval
        self._clickhouse = clickhouse
        self._guard = guard
        config = export.destination.config
        self._schema = str(config.get("schema") or "public")
        self._table = str(config["table_name"])
        self._staging = f"{self._table[: _MOST_LETTERS - 18]}_staging_{export.id.hex[:8]}"
        self._columns: Sequence[Column] = ()

    def probe(self) -> None:
        """Connect, from here and as ClickHouse does. Raises DestinationFailed and ClickHouse's errors."""
        with self._connected() as connection:
            connection.execute("SELECT 1")

    def begin(self) -> None:
        with self._connected() as connection:
            connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(self._named(self._staging)))
        hit("exports.after_unmark")

    def write(self, number: int, rows: Rows, stretch: Stretch) -> Written:
        if number == 0:
            self._make(rows.columns)
        target = self._export.destination.whole
        address = address_of(self._guard, str(target["host"]), int(target["port"]))
        where = f"[{address}]:{target['port']}" if ":" in address else f"{address}:{target['port']}"
        arguments = [where, target["database"], self._staging, target["user"], target["password"], self._schema]
        names = ", ".join(column.quoted for column in rows.columns)
        select = rows.select([f"{in_text(column)} AS {column.quoted}" for column in rows.columns], stretch)
        written = self._clickhouse.write(
            f"INSERT INTO FUNCTION postgresql({', '.join(map(literal, arguments))}) ({names}) {select.sql}",
            select.parameters,
            {**SETTINGS, "query_id": f"{query_prefix(self._export)}{uuid4()}"},
        )
        hit("exports.after_write")
        return Written(str(number), written.rows, written.bytes)

    def is_too_large(self, written: Written) -> bool:
        return False

    def finish(self, written: Sequence[Written]) -> None:
        names = sql.SQL(", ").join(sql.Identifier(column.name) for column in self._columns)
        typed = sql.SQL(", ").join(
            sql.SQL("{}::{}").format(sql.Identifier(column.name), sql.SQL(_TYPES[column.type]))
            for column in self._columns
        )
        with self._connected() as connection, connection.transaction():
            hit("exports.before_mark")
            if self._has(connection, self._table):
                both = sql.SQL("DELETE FROM {} WHERE _export = %s AND (_interval_start = %s OR %s)")
                connection.execute(
                    both.format(self._named(self._table)),
                    [self._export.key, self._interval.start, self._export.model.is_snapshot],
                )
            if written:
                insert = sql.SQL("INSERT INTO {} (_export, _interval_start, {}) SELECT %s, %s, {} FROM {}")
                connection.execute(
                    insert.format(self._named(self._table), names, typed, self._named(self._staging)),
                    [self._export.key, self._interval.start],
                )
                connection.execute(sql.SQL("DROP TABLE {}").format(self._named(self._staging)))
        hit("exports.after_mark")

    def _make(self, columns: Sequence[Column]) -> None:
        """Both tables; the first gets what columns it lacks."""
        self._columns = columns
        with self._connected() as connection, connection.transaction():
            connection.execute(
                sql.SQL(
                    "CREATE TABLE IF NOT EXISTS {} (_export uuid NOT NULL, _interval_start timestamptz NOT NULL)"
                ).format(self._named(self._table))
            )
            for column in columns:
                connection.execute(
                    sql.SQL("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} {}").format(
                        self._named(self._table),
                        sql.Identifier(column.name),
                        sql.SQL(_TYPES[column.type]),
                    )
                )
            index = sql.Identifier(f"{self._table[: _MOST_LETTERS - 10]}_interval")
            connection.execute(
                sql.SQL("CREATE INDEX IF NOT EXISTS {} ON {} (_export, _interval_start)").format(
                    index, self._named(self._table)
                )
            )
            texts = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(each.name)) for each in columns)
            connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(self._named(self._staging)))
            connection.execute(sql.SQL("CREATE UNLOGGED TABLE {} ({})").format(self._named(self._staging), texts))

    def _named(self, table: str) -> sql.Identifier:
        return sql.Identifier(self._schema, table)

    def _has(self, connection: psycopg.Connection, table: str) -> bool:
        found = connection.execute(
            "SELECT 1 FROM pg_tables WHERE schemaname = %s AND tablename = %s", [self._schema, table]
        ).fetchone()
        return found is not None

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection]:
        target = self._export.destination.whole
        host, port = str(target["host"]), int(target["port"])
        address = address_of(self._guard, host, port)
        try:
            with psycopg.connect(
                host=host,
                hostaddr=address,
                port=port,
                user=target["user"],
                password=target["password"],
                dbname=target["database"],
                sslmode="require" if target.get("require_ssl") else "prefer",
                connect_timeout=_CONNECT_SECONDS,
                autocommit=True,
            ) as connection:
                yield connection
        except psycopg.Error as error:
            said = str(error).strip().split("\n", 1)[0]
            raise DestinationFailed(f"Postgres: {without([target['password']], said)}") from None
