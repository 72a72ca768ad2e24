"""Writing into the person store what a reduction says."""

from typing import LiteralString
from uuid import UUID

from analytics_pipelines.persons.merges import log_edges, resolve_merges
from analytics_pipelines.persons.reduction import Reduction
from analytics_pipelines.persons.statements import for_postgres
from resources.postgres import Connection


def store(
    connection: Connection,
    reduction: Reduction,
    version: int,
    batch_id: UUID | None,
    gone: LiteralString = "edges_of_others",
) -> None:
    """Write a reduction; writing it again, or an older one, changes nothing. The caller holds the lock.

    `gone` names the statement that removes from the merge log what no event says any more.
    """
    for table in ("sent_ids", "sent_edges"):
        connection.execute(for_postgres(table))
    _copy(connection, "COPY sent_ids FROM STDIN", reduction.ids)
    _copy(connection, "COPY sent_edges FROM STDIN", reduction.edges)
    parameters = {"version": version, "batch_id": batch_id}
    parted = {(row["team_id"], each) for row in connection.execute(for_postgres(gone)) for each in row["ids"]}
    connected = log_edges(connection, version, batch_id) if reduction.edges else set()
    connection.execute(for_postgres("forget_strangers"))
    older = connection.execute(for_postgres("older_in_merges")).fetchall()
    connection.execute(for_postgres("write_ids"), parameters)
    connection.execute(for_postgres("insert_ids"), parameters)
    resolve_merges(connection, parted | connected | {(row["team_id"], row["distinct_id"]) for row in older}, version)
    connection.execute(for_postgres("return_persons"), parameters)


def _copy(connection: Connection, statement: LiteralString, rows: bytes) -> None:
    with connection.cursor().copy(statement) as copy:
        copy.write(rows)
