"""Batches that a destination has not looked through yet, in the order in which they became visible."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from resources.postgres import Connection, Postgres

# A line is received a while before the object that it is in is stored.
_AROUND = timedelta(minutes=10)


@dataclass(frozen=True)
class Place:
    """How far a destination has looked: all batches up to `seen`, of the next one what stands before `after`."""

    seen: int
    after: tuple[datetime, UUID] | None
    redone_hour: datetime | None
    redone_to: int | None


@dataclass(frozen=True)
class Batch:
    """A batch whose events became visible as the `number`-th; with `uuids` those of a project that came later."""

    number: int
    id: UUID
    arrival_hour: datetime
    team_id: int | None = None
    uuids: Sequence[UUID] | None = None

    @property
    def is_whole(self) -> bool:
        return self.uuids is None


@dataclass(frozen=True)
class Span:
    """Where the events of a batch are: in it, or, when it was loaded again since, anywhere in its hour."""

    batch: Batch
    is_gone: bool

    @property
    def received(self) -> tuple[datetime, datetime]:
        """When its events were received, widely."""
        start = self.batch.arrival_hour
        return start - _AROUND, start + timedelta(hours=1) + _AROUND


def next_batch(postgres: Postgres, place: Place) -> Batch | None:
    """The first that comes after a place."""
    row = postgres.row(
        "SELECT number, batch_id AS id, arrival_hour, team_id, uuids FROM visible_batches WHERE number > %s"
        " ORDER BY number LIMIT 1",
        [place.seen],
    )
    return Batch(**row) if row else None


def is_there(postgres: Postgres, batch: Batch) -> bool | None:
    """Whether the ledger has the batch as it was; None while its day is being put in its place.

    Asked after a look at the events: what was seen of a batch that is still there was all of it.
    """
    row = postgres.row(
        "SELECT EXISTS (SELECT 1 FROM ingest_batches WHERE id = %s AND state = 'loaded') AS there,"
        " EXISTS (SELECT 1 FROM replays WHERE day = (%s AT TIME ZONE 'UTC')::date AND state = 'swapping') AS moving",
        [batch.id, batch.arrival_hour],
    )
    return None if not row or row["moving"] else bool(row["there"])


def read_place(connection: Connection, destination_id: int) -> Place | None:
    """How far a destination has looked, held until the transaction ends; None when it is gone or disabled."""
    row = connection.execute(
        "SELECT seen, page_received_at, page_uuid, redone_hour, redone_to FROM webhook_destinations"
        " WHERE id = %s AND enabled AND NOT deleted FOR UPDATE",
        [destination_id],
    ).fetchone()
    if row is None:
        return None
    after = (row["page_received_at"], row["page_uuid"]) if row["page_uuid"] else None
    return Place(row["seen"], after, row["redone_hour"], row["redone_to"])


def write_place(connection: Connection, destination_id: int, place: Place) -> None:
    """The destination has looked so far."""
    received_at, uuid = place.after or (None, None)
    connection.execute(
        "UPDATE webhook_destinations SET seen = %s, page_received_at = %s, page_uuid = %s, redone_hour = %s,"
        " redone_to = %s WHERE id = %s",
        [place.seen, received_at, uuid, place.redone_hour, place.redone_to, destination_id],
    )


def newest_number(postgres: Postgres) -> int:
    """The number of the newest batch that is kept."""
    row = postgres.row("SELECT coalesce(max(number), 0) AS number FROM visible_batches")
    return int(row["number"]) if row else 0


def forget_seen(postgres: Postgres) -> int:
    """Drop what every destination has looked through; how many batches that were."""
    return postgres.execute(
        "DELETE FROM visible_batches WHERE number <= coalesce((SELECT min(seen) FROM webhook_destinations"
        " WHERE enabled AND NOT deleted), 9223372036854775807)"
    )
