"""Writing into the person store what a reduction says."""

from collections.abc import Callable
from uuid import UUID

import psycopg

from analytics_pipelines.persons.merges import log_edges, resolve_merges
from analytics_pipelines.persons.reduction import Reduction
from analytics_pipelines.persons.statements import for_postgres
from resources.postgres import Connection

Refuse = Callable[[bytes], None]


def store(connection: Connection, reduction: Reduction, version: int, batch_id: UUID | None) -> None:
    """Write a reduction; the same one, or an older one, again changes nothing. The caller holds the lock."""
    connection.execute(for_postgres("sent"))
    connection.execute(for_postgres("sent_edges"))
    connection.execute("TRUNCATE sent_ids, sent_edges")
    copy_readable(connection, reduction.ids)
    with connection.cursor().copy("COPY sent_edges FROM STDIN") as copy:
        copy.write(reduction.edges)
    parameters = {"version": version, "batch_id": batch_id}
    connected = log_edges(connection, version, batch_id) if reduction.edges else set()
    connection.execute(for_postgres("forget_strangers"))
    older = connection.execute(for_postgres("older_in_merges")).fetchall()
    connection.execute(for_postgres("update_ids"), parameters)
    connection.execute(for_postgres("insert_ids"), parameters)
    resolve_merges(connection, connected | {(row["team_id"], row["distinct_id"]) for row in older}, version)
    connection.execute(for_postgres("return_persons"), parameters)


def copy_readable(connection: Connection, rows: bytes) -> None:
    """Copy rows into `sent_ids`. One that Postgres can't read keeps its id and loses what was said of it."""
    if not rows:
        return
    try:
        with connection.transaction(), connection.cursor().copy("COPY sent_ids FROM STDIN") as copy:
            copy.write(rows)
    except psycopg.DataError:
        lines = rows.splitlines(keepends=True) if rows.count(b"\n") > 1 else []
        if lines:
            middle = len(lines) // 2
            copy_readable(connection, b"".join(lines[:middle]))
            copy_readable(connection, b"".join(lines[middle:]))
            return
        copy_readable(connection, _without_words(rows))


def _without_words(row: bytes) -> bytes:
    fields = row.rstrip(b"\n").split(b"\t")
    nothing = [b"{}", b"{}", b"", b"", b"{}", b"{}", b"", b"", b"{}", b"{}", b"{}"]
    if fields[7:] == nothing:
        raise ValueError(f"a distinct id that Postgres can't read: {row[:1000]!r}")
    return b"\t".join([*fields[:7], *nothing]) + b"\n"
