"""Postgres in a backup: every table as one snapshot sees it, but for what is made again."""

from collections.abc import Iterable, Iterator, Mapping
from graphlib import TopologicalSorter
from typing import Any

from psycopg import sql

from analytics_pipelines.backup.archive import Archive
from resources.postgres import Connection

# Made again from the bucket, or worth nothing on another machine. Whatever is not named here is in the backup.
REMADE = {
    "schema_migrations": "the release's own",
    "restored_backups": "of this installation",
    "ingest_batches": "the ledger: everything in the bucket is loaded anew",
    "ingest_objects": "the ledger",
    "ingest_watermark": "the ledger",
    "raw_moved_objects": "the ledger",
    "compacted_hours": "the ledger",
    "expiries": "work under way",
    "replays": "work under way",
    "replay_batches": "work under way",
    "replay_objects": "work under way",
    "ids_to_rebuild": "work under way",
    "outdated_names": "work under way",
    "readmissions": "work under way",
    "dirty_days": "noted as events are loaded",
    "rollup_watermark": "rollups are made anew",
    "query_cache": "answers are found anew",
    "query_runs": "answers that someone waits for",
    "query_slots": "questions under way",
    "insight_results": "answers are found anew",
    "browser_sessions": "people sign in again",
    "login_links": "people sign in again",
}
SECRETS = "installation_secrets"
# Of these tables some rows only.
_ROWS = {"raw_replacements": "state = 'given_up'"}


def tables(connection: Connection) -> list[str]:
    """The tables of a backup, each behind those that it refers to."""
    rows = connection.execute(
        "SELECT c.relname AS name, array_remove(array_agg(DISTINCT f.relname::text), NULL) AS needs FROM pg_class c"
        " LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'f' AND k.confrelid != c.oid"
        " LEFT JOIN pg_class f ON f.oid = k.confrelid"
        " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = current_schema()::regnamespace"
        " GROUP BY c.relname ORDER BY c.relname"
    ).fetchall()
    order = TopologicalSorter({row["name"]: row["needs"] for row in rows}).static_order()
    return [name for name in order if name not in REMADE]


def columns(connection: Connection, table: str) -> list[str]:
    """Those that are written; others follow from them."""
    rows = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        " AND attgenerated = '' ORDER BY attnum",
        [table],
    ).fetchall()
    return [row["attname"] for row in rows]


def dump(connection: Connection, table: str, names: Iterable[str], where: str | None = None) -> Iterator[memoryview]:
    """A table's rows, as `COPY` writes them."""
    condition = where or _ROWS.get(table, "true")
    statement = sql.SQL("COPY (SELECT {} FROM {} WHERE {}) TO STDOUT").format(
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.Identifier(table),
        sql.SQL(condition),
    )
    with connection.cursor().copy(statement) as copy:
        for chunk in copy:
            yield memoryview(chunk)


def load(connection: Connection, table: str, names: Iterable[str], chunks: Iterable[bytes]) -> None:
    """Put rows back; what triggers would do was done when they were first written."""
    name = sql.Identifier(table)
    connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(name))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(name, sql.SQL(", ").join(map(sql.Identifier, names)))
    with connection.cursor().copy(statement) as copy:
        for chunk in chunks:
            copy.write(chunk)
    connection.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(name))


def sequences(connection: Connection) -> dict[str, int]:
    """The last number that each sequence gave."""
    rows = connection.execute(
        "SELECT sequencename, last_value FROM pg_sequences"
        " WHERE schemaname = current_schema() AND last_value IS NOT NULL"
    ).fetchall()
    return {row["sequencename"]: int(row["last_value"]) for row in rows}


def load_all(connection: Connection, archive: Archive, secrets: bytes) -> int:
    """Put all tables of a backup back into empty ones, in the caller's transaction; how many there were."""
    given: Mapping[str, list[str]] = archive.manifest["postgres"]["tables"]
    for table in reversed(list(given)):
        connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))  # what migrations put there
    for table, names in given.items():
        chunks: Any = [secrets] if table == SECRETS else archive.chunks(f"postgres/{table}")
        load(connection, table, names, chunks)
    for name, last in archive.manifest["postgres"]["sequences"].items():
        connection.execute("SELECT setval(%s::regclass, %s)", [name, last])
    return len(given)
