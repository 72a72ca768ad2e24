"""The order in which batches became visible, for whoever follows ingestion event by event."""

from typing import LiteralString
from uuid import UUID

from analytics_pipelines.lock_classes import LockClass
from resources.postgres import Connection

# Held from a batch's number to its commit, so that whoever has seen a number has seen all before it.
LOCK_CLASS = LockClass.VISIBLE_BATCHES.value


# Whether anyone is to be told of what becomes visible.
IS_FOLLOWED: LiteralString = "EXISTS (SELECT 1 FROM webhook_destinations WHERE enabled AND NOT deleted)"


def note_visible(connection: Connection, batch_id: UUID) -> None:
    """A batch that was being loaded can be read once the transaction is committed. Not written when nobody follows."""
    numbers_wait(connection)
    connection.execute(
        "INSERT INTO visible_batches (batch_id, arrival_hour) SELECT id, arrival_hour FROM ingest_batches"
        f" WHERE id = %s AND state = 'loading' AND {IS_FOLLOWED}",
        [batch_id],
    )


def last_number(connection: Connection) -> int:
    """The number of the last batch that is visible; what comes after the transaction has a higher one."""
    numbers_wait(connection)
    row = connection.execute(
        "SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS number FROM visible_batches_number_seq"
    ).fetchone()
    return int(row["number"]) if row else 0


def numbers_wait(connection: Connection) -> None:
    """No batch is given a number until the transaction ends."""
    connection.execute("SELECT pg_advisory_xact_lock(%s, 0)", [LOCK_CLASS])
