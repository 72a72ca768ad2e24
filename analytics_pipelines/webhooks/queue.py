"""What is to be delivered to a destination, in order; what became of it; and how the destination does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from resources.postgres import Connection, Postgres

State = Literal["healthy", "failing", "parked", "disabled"]
ParkedWhy = Literal["refused", "gave up"]
KEPT_FAILURES = 50


@dataclass(frozen=True)
class Delivery:
    """An event on its way; `event` is JSON text of `{event, person, groups}`."""

    id: int
    event_uuid: UUID
    event: str
    attempts: int


@dataclass(frozen=True)
class Failed:
    """An attempt that failed: the status of the answer, if there was one, and what to tell of it."""

    at: datetime
    status: int | None
    error: str


@dataclass(frozen=True)
class Standing:
    """How a destination does, as sending needs it."""

    failures: int
    parked_in_a_row: int
    parked_at: datetime | None
    retry_at: datetime | None


class Queue:
    """The deliveries of one destination."""

    def __init__(self, postgres: Postgres, destination_id: int) -> None:
        self._postgres = postgres
        self._id = destination_id

    def standing(self) -> Standing | None:
        """None when the destination is gone, or disabled."""
        row = self._postgres.row(
            "SELECT failures, parked_in_a_row, parked_at, retry_at FROM webhook_destinations"
            " WHERE id = %s AND enabled AND NOT deleted",
            [self._id],
        )
        return Standing(**row) if row else None

    def pending(self, most: int) -> list[Delivery]:
        """What is next, in order."""
        rows = self._postgres.rows(
            "SELECT id, event_uuid, event, attempts FROM webhook_deliveries"
            " WHERE destination_id = %s AND state = 'pending' ORDER BY id LIMIT %s",
            [self._id, most],
        )
        return [Delivery(**row) for row in rows]

    def exists(self, delivery: Delivery) -> bool:
        """Whether it is still to be sent: its person may have been erased meanwhile, or the destination deleted."""
        return bool(
            self._postgres.row("SELECT 1 FROM webhook_deliveries WHERE id = %s AND state = 'pending'", [delivery.id])
        )

    def delivered(self, delivery: Delivery, now: datetime) -> None:
        """It arrived. After a time in which the receiver was away, what was given up then is tried again."""
        with self._postgres.transaction() as connection:
            connection.execute("DELETE FROM webhook_deliveries WHERE id = %s", [delivery.id])
            connection.execute(
                "UPDATE webhook_deliveries d SET state = 'pending', attempts = 0, parked_at = NULL, parked_why = NULL"
                " FROM webhook_destinations w WHERE w.id = %(id)s AND w.parked_at IS NOT NULL"
                " AND d.destination_id = w.id AND d.state = 'parked' AND d.parked_why = 'gave up'"
                " AND d.parked_at >= w.failing_since",
                {"id": self._id},
            )
            connection.execute(
                "UPDATE webhook_destinations SET sent = sent + 1, last_success_at = %s, failures = 0,"
                " failing_since = NULL, parked_in_a_row = 0, parked_at = NULL, retry_at = NULL WHERE id = %s",
                [now, self._id],
            )

    def failed(self, delivery: Delivery, how: Failed, retry_at: datetime) -> None:
        """It did not arrive, and is tried again."""
        with self._postgres.transaction() as connection:
            self._note(connection, delivery, how)
            connection.execute(
                "UPDATE webhook_deliveries SET attempts = attempts + 1, status = %s, error = %s WHERE id = %s",
                [how.status, how.error, delivery.id],
            )
            connection.execute("UPDATE webhook_destinations SET retry_at = %s WHERE id = %s", [retry_at, self._id])

    def park(
        self,
        delivery: Delivery,
        how: Failed,
        why: ParkedWhy,
        *,
        most_in_a_row: int,
        next_at: datetime,
        probe_at: datetime,
    ) -> None:
        """It is put aside until somebody has it sent again, and what is behind it is sent from `next_at` on.

        After so many in a row the destination is parked, too: one event is tried at `probe_at`.
        """
        with self._postgres.transaction() as connection:
            self._note(connection, delivery, how)
            connection.execute(
                "UPDATE webhook_deliveries SET attempts = attempts + 1, status = %s, error = %s, state = 'parked',"
                " parked_why = %s, parked_at = %s WHERE id = %s",
                [how.status, how.error, why, how.at, delivery.id],
            )
            connection.execute(
                "UPDATE webhook_destinations SET parked_in_a_row = parked_in_a_row + 1,"
                " retry_at = CASE WHEN parked_in_a_row + 1 >= %(most)s THEN %(probe_at)s ELSE %(next_at)s END,"
                " parked_at = CASE WHEN parked_in_a_row + 1 >= %(most)s THEN coalesce(parked_at, %(now)s) END"
                " WHERE id = %(id)s",
                {"most": most_in_a_row, "probe_at": probe_at, "next_at": next_at, "now": how.at, "id": self._id},
            )

    def redrive(self, ids: Sequence[int] | None = None) -> int:
        """Send again what is parked, or those of these ids, and try the destination at once; how many there are."""
        with self._postgres.transaction() as connection:
            count = connection.execute(
                "UPDATE webhook_deliveries SET state = 'pending', attempts = 0, parked_at = NULL, parked_why = NULL"
                " WHERE destination_id = %s AND state = 'parked' AND (%s::bigint[] IS NULL OR id = ANY(%s))",
                [self._id, ids, ids],
            ).rowcount
            connection.execute(
                "UPDATE webhook_destinations SET parked_at = NULL, parked_in_a_row = 0, retry_at = NULL WHERE id = %s",
                [self._id],
            )
        return count

    def discard(self, ids: Sequence[int] | None = None) -> int:
        """Give up what is parked, or those of these ids; how many there were."""
        return self._postgres.execute(
            "DELETE FROM webhook_deliveries WHERE destination_id = %s AND state = 'parked'"
            " AND (%s::bigint[] IS NULL OR id = ANY(%s))",
            [self._id, ids, ids],
        )

    def parked(self, limit: int, offset: int) -> tuple[list[dict[str, Any]], int]:
        """A page of what is parked, in order; and how many there are."""
        rows = self._postgres.rows(
            "SELECT id, event_uuid::text, event_name AS event, distinct_id, state, attempts, status, error,"
            " parked_why AS why, parked_at, found_at, count(*) OVER () AS n FROM webhook_deliveries"
            " WHERE destination_id = %s AND state = 'parked' ORDER BY id LIMIT %s OFFSET %s",
            [self._id, limit, offset],
        )
        return [{name: row[name] for name in row if name != "n"} for row in rows], rows[0]["n"] if rows else 0

    def failures(self) -> list[dict[str, Any]]:
        """The last attempts that failed, the newest first."""
        return list(
            self._postgres.rows(
                "SELECT event_uuid::text, at, status, error FROM webhook_failures WHERE destination_id = %s"
                " ORDER BY id DESC LIMIT %s",
                [self._id, KEPT_FAILURES],
            )
        )

    def _note(self, connection: Connection, delivery: Delivery, how: Failed) -> None:
        connection.execute(
            "INSERT INTO webhook_failures (team_id, destination_id, event_uuid, at, status, error)"
            " SELECT team_id, id, %s, %s, %s, %s FROM webhook_destinations WHERE id = %s",
            [delivery.event_uuid, how.at, how.status, how.error, self._id],
        )
        connection.execute(
            "DELETE FROM webhook_failures WHERE destination_id = %(id)s AND id <= (SELECT id FROM webhook_failures"
            " WHERE destination_id = %(id)s ORDER BY id DESC OFFSET %(kept)s LIMIT 1)",
            {"id": self._id, "kept": KEPT_FAILURES},
        )
        connection.execute(
            "UPDATE webhook_destinations SET failures = failures + 1, failing_since = coalesce(failing_since, %s),"
            " last_failure_at = %s, last_error = %s WHERE id = %s",
            # Without the answer's words: receivers repeat what they were told, and this stays when people are erased.
            [how.at, how.at, f"It answered {how.status}." if how.status else how.error, self._id],
        )


def health(postgres: Postgres, team_id: int, now: datetime | None = None) -> dict[int, dict[str, Any]]:
    """How each destination of a project does, by id.

    `state` is `parked` when sending stopped or something waits to be sent again by hand; `lag_seconds` is the age of
    the oldest event that is on its way or not yet looked at.
    """
    now = now or datetime.now(UTC)
    rows = postgres.rows(
        "SELECT d.id, d.enabled, d.failures, d.parked_at, d.retry_at, d.sent, d.last_success_at, d.last_failure_at,"
        " d.last_error, q.pending, q.parked, q.oldest, b.batches, b.since FROM webhook_destinations d"
        " CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE state = 'pending') AS pending,"
        " count(*) FILTER (WHERE state = 'parked') AS parked, min(found_at) FILTER (WHERE state = 'pending') AS oldest"
        " FROM webhook_deliveries WHERE destination_id = d.id) q"
        " CROSS JOIN LATERAL (SELECT count(*) AS batches, min(visible_at) AS since FROM visible_batches"
        " WHERE number > d.seen AND d.enabled) b WHERE d.team_id = %s AND NOT d.deleted",
        [team_id],
    )
    found = {}
    for row in rows:
        oldest = min((each for each in (row["oldest"], row["since"]) if each), default=None)
        found[row["id"]] = {
            "state": _state(row),
            "sent": row["sent"],
            "last_success_at": row["last_success_at"],
            "last_failure_at": row["last_failure_at"],
            "last_error": row["last_error"],
            "failures_in_a_row": row["failures"],
            "next_attempt_at": row["retry_at"],
            "backlog": row["pending"],
            "parked": row["parked"],
            "batches_waiting": row["batches"],
            "lag_seconds": max(0.0, (now - oldest).total_seconds()) if oldest and row["enabled"] else 0.0,
        }
    return found


@dataclass(frozen=True)
class ParkedDestination:
    """A destination to which sending stopped, and the last error."""

    team_id: int
    id: int
    error: str


def parked_destinations(postgres: Postgres) -> list[ParkedDestination]:
    """Of all projects."""
    rows = postgres.rows(
        "SELECT team_id, id, coalesce(last_error, '') AS error FROM webhook_destinations"
        " WHERE parked_at IS NOT NULL AND enabled AND NOT deleted ORDER BY team_id, id"
    )
    return [ParkedDestination(**row) for row in rows]


def _state(row: dict[str, Any]) -> State:
    if not row["enabled"]:
        return "disabled"
    if row["parked_at"] or row["parked"]:
        return "parked"
    return "failing" if row["failures"] else "healthy"
