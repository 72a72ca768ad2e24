"""Applying migrations: one at a time under a lock that dies with its holder; a kill anywhere is mended by a re-run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import LiteralString

from analytics_pipelines.faults import hit
from analytics_pipelines.lock_classes import LockClass
from analytics_pipelines.migrations.files import (
    Migration,
    Store,
    pending,
    read_migrations,
    render_clickhouse,
    statements,
)
from resources.clickhouse import ClickHouse
from resources.postgres import Connection, Postgres

# One number for all migrations of both stores; any constant will do.
_LOCK = LockClass.MIGRATIONS.value

# Migrations of ClickHouse that make anew what ingestion fills.
_FILLED_FROM_THE_BUCKET = frozenset({1, 3, 7})

Progress = Callable[[Store, Migration], None]

_POSTGRES_LOG: LiteralString = """
    CREATE TABLE IF NOT EXISTS schema_migrations (
        version    integer PRIMARY KEY,
        name       text NOT NULL,
        checksum   text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
    )
"""

_CLICKHOUSE_LOG = """
    CREATE TABLE IF NOT EXISTS schema_migrations {on_cluster}
    (version UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
    ENGINE = {engine} ORDER BY version
"""


@dataclass(frozen=True)
class Pending:
    """What `migrate` would do."""

    postgres: list[Migration]
    clickhouse: list[Migration]
    reopened: int = 0  # batches to load again, because the tables that held them were made anew


def plan(postgres: Postgres, clickhouse: ClickHouse, cluster: str | None) -> Pending:
    """What is pending in both stores. Creates nothing but the empty migration logs. Raises Problem."""
    with postgres.session() as session:
        return Pending(_pending_postgres(session), _pending_clickhouse(clickhouse, cluster))


def migrate(
    postgres: Postgres, clickhouse: ClickHouse, cluster: str | None, progress: Progress = lambda *_: None
) -> Pending:
    """Bring both stores to this release and return what was applied. Raises Problem.

    Where ClickHouse's tables are made anew, the ledger first has every batch loaded again: a kill after that costs a
    load, one before it the rows.
    """
    with postgres.session() as session, _only_one(session):
        done = Pending(_pending_postgres(session), _pending_clickhouse(clickhouse, cluster))
        for migration in done.postgres:
            progress("postgres", migration)
            _apply_to_postgres(session, migration)
        if any(migration.version in _FILLED_FROM_THE_BUCKET for migration in done.clickhouse):
            reopened = session.execute("UPDATE ingest_batches SET state = 'loading' WHERE state = 'loaded'").rowcount
            session.execute("DELETE FROM rollup_watermark")
            done = replace(done, reopened=reopened)
        for migration in done.clickhouse:
            progress("clickhouse", migration)
            _apply_to_clickhouse(clickhouse, migration, cluster)
        return done


@contextmanager
def _only_one(session: Connection) -> Iterator[None]:
    session.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
    try:
        yield
    finally:
        session.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _pending_postgres(session: Connection) -> list[Migration]:
    session.execute(_POSTGRES_LOG)
    applied = session.execute("SELECT version, checksum FROM schema_migrations").fetchall()
    return pending(read_migrations("postgres"), {row["version"]: row["checksum"] for row in applied}, "postgres")


def _apply_to_postgres(session: Connection, migration: Migration) -> None:
    """The file and its entry in one transaction."""
    with session.transaction():
        for statement in statements(migration.text):
            session.execute(statement)  # our own file
            hit("migrate.postgres.statement")
        session.execute(
            "INSERT INTO schema_migrations (version, name, checksum) VALUES (%s, %s, %s)",
            [migration.version, migration.name, migration.checksum],
        )
        hit("migrate.postgres.entry")


def _pending_clickhouse(clickhouse: ClickHouse, cluster: str | None) -> list[Migration]:
    on_cluster = f"ON CLUSTER '{cluster}'" if cluster else ""
    clickhouse.create_database(on_cluster)
    # one log for all shards, so its path names none
    path = "'/clickhouse/tables/all/{database}/schema_migrations', '{shard}-{replica}'"
    engine = f"ReplicatedMergeTree({path})" if cluster else "MergeTree"
    clickhouse.command(_CLICKHOUSE_LOG.format(on_cluster=on_cluster, engine=engine))
    applied = clickhouse.query("SELECT version, checksum FROM schema_migrations").rows
    return pending(read_migrations("clickhouse"), dict(applied), "clickhouse")


def _apply_to_clickhouse(clickhouse: ClickHouse, migration: Migration, cluster: str | None) -> None:
    """Statement by statement; each can be repeated, so a file that was broken off starts over."""
    for statement in statements(render_clickhouse(migration.text, cluster)):
        clickhouse.command(statement)
        hit("migrate.clickhouse.statement")
    clickhouse.insert_rows(
        "schema_migrations",
        [[migration.version, migration.name, migration.checksum]],
        ["version", "name", "checksum"],
    )
    hit("migrate.clickhouse.entry")
