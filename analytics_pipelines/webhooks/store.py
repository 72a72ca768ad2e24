"""The destinations of a project: whom it tells of which events."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

from psycopg.types.json import Json, Jsonb

from analytics_pipelines.accounts.sealed import Sealer
from analytics_pipelines.ingest.visible import last_number
from analytics_pipelines.webhooks.presets import Preset
from analytics_pipelines.webhooks.signature import new_signing_secret
from resources.postgres import Connection, Postgres

MOST_DESTINATIONS = 200
# Receivers have this long to take over a new secret; until then messages are signed with both.
OLD_SECRET_KEPT = timedelta(hours=24)
PLAIN = ("name", "description", "preset", "url", "method", "body", "filters", "enabled", "deleted")
_MOST_ID = 2**63 - 1


class TooManyDestinations(Exception):
    """The project has as many destinations as it can have."""


@dataclass(frozen=True)
class Destination:
    """`body` is a template, None for the preset's; `headers` are sent as they are, and shown to nobody."""

    team_id: int
    id: int
    name: str
    description: str
    preset: Preset
    url: str
    method: str
    headers: dict[str, str]
    body: Any
    filters: dict[str, Any]
    enabled: bool
    deleted: bool
    created_at: datetime
    created_by: dict[str, Any] | None
    updated_at: datetime
    enabled_at: datetime
    old_secret_until: datetime | None


_COLUMNS: LiteralString = (
    "d.team_id, d.id, d.name, d.description, d.preset, d.url, d.method, d.sealed_headers, d.body, d.filters, d.enabled,"
    " d.deleted, d.created_at, d.updated_at, d.enabled_at, d.old_secret_until,"
    " (SELECT jsonb_build_object('id', u.id, 'email', u.email, 'first_name', u.name) FROM users u"
    " WHERE u.id = d.created_by) AS created_by"
)


class Destinations:
    """The destinations of one project."""

    def __init__(self, postgres: Postgres, team_id: int) -> None:
        self._postgres = postgres
        self._team_id = team_id
        self._sealer = Sealer.of(postgres)

    def all(self) -> list[Destination]:
        """Those that are not deleted, the newest first."""
        rows = self._postgres.rows(
            f"SELECT {_COLUMNS} FROM webhook_destinations d WHERE d.team_id = %s AND NOT d.deleted ORDER BY d.id DESC",
            [self._team_id],
        )
        return [self._read(row) for row in rows]

    def find(self, destination_id: int, *, also_deleted: bool = False) -> Destination | None:
        """The destination of that id."""
        if destination_id > _MOST_ID:
            return None
        row = self._postgres.row(
            f"SELECT {_COLUMNS} FROM webhook_destinations d WHERE d.team_id = %s AND d.id = %s"
            " AND (NOT d.deleted OR %s)",
            [self._team_id, destination_id, also_deleted],
        )
        return self._read(row) if row else None

    def create(self, fields: Mapping[str, Any], by: int | None) -> tuple[Destination, str]:
        """Save a destination, which is told of what arrives from now on; and its signing secret, for the only time.

        `fields` are of PLAIN and `headers`. Raises TooManyDestinations.
        """
        now, secret = datetime.now(UTC), new_signing_secret()
        values = _columns({"preset": "generic", **fields})
        values |= {"created_at": now, "updated_at": now, "enabled_at": now, "created_by": by}
        with self._postgres.transaction() as connection:
            # From before the look at the last batch on: else a batch could come between that nobody follows.
            seen = last_number(connection)
            row = connection.execute(
                f"INSERT INTO webhook_destinations (team_id, seen, sealed_headers, sealed_secret, {', '.join(values)})"
                f" SELECT %(team)s, %(seen)s, '', '', {', '.join(f'%({name})s' for name in values)}"
                " WHERE (SELECT count(*) FROM webhook_destinations WHERE team_id = %(team)s AND NOT deleted) < %(most)s"
                " RETURNING id",
                {**values, "team": self._team_id, "seen": seen, "most": MOST_DESTINATIONS},
            ).fetchone()
            if row is None:
                raise TooManyDestinations(f"A project has at most {MOST_DESTINATIONS} destinations.")
            connection.execute(
                "UPDATE webhook_destinations SET sealed_headers = %s, sealed_secret = %s WHERE id = %s",
                [
                    self._sealer.seal(json.dumps(fields.get("headers") or {}), _headers_of(row["id"])),
                    self._sealer.seal(secret, _secret_of(row["id"])),
                    row["id"],
                ],
            )
        found = self.find(row["id"])
        assert found is not None  # noqa: S101  it was just made
        return found, secret

    def change(self, destination_id: int, changes: Mapping[str, Any]) -> Destination | None:
        """Write changes of PLAIN and `headers`. One that is enabled again is told of what arrives from then on."""
        now = datetime.now(UTC)
        values = {**_columns(changes), "updated_at": now}
        if changes.get("headers") is not None:
            values["sealed_headers"] = self._sealer.seal(json.dumps(changes["headers"]), _headers_of(destination_id))
        with self._postgres.transaction() as connection:
            row = connection.execute(
                "SELECT enabled, deleted FROM webhook_destinations WHERE id = %s AND team_id = %s FOR UPDATE",
                [destination_id, self._team_id],
            ).fetchone()
            if row is None:
                return None
            was = row["enabled"] and not row["deleted"]
            if changes.get("enabled", row["enabled"]) and not changes.get("deleted", row["deleted"]) and not was:
                values |= {"enabled_at": now, "seen": last_number(connection), "page_uuid": None}
                values |= {"page_received_at": None, **_UNHURT}
            connection.execute(
                f"UPDATE webhook_destinations SET {', '.join(f'{name} = %({name})s' for name in values)}"
                " WHERE id = %(id)s AND team_id = %(team)s",
                {**values, "id": destination_id, "team": self._team_id},
            )
            if changes.get("deleted"):
                _forget(connection, destination_id)
        return self.find(destination_id, also_deleted=True)

    def rotate_secret(self, destination_id: int) -> str | None:
        """A new signing secret; the old one is valid for OLD_SECRET_KEPT. None when the destination is gone."""
        secret = new_signing_secret()
        rows = self._postgres.execute(
            "UPDATE webhook_destinations SET sealed_old_secret = sealed_secret, sealed_secret = %s,"
            " old_secret_until = %s WHERE id = %s AND team_id = %s AND NOT deleted",
            [
                self._sealer.seal(secret, _secret_of(destination_id)),
                datetime.now(UTC) + OLD_SECRET_KEPT,
                destination_id,
                self._team_id,
            ],
        )
        return secret if rows else None

    def signing_secrets(self, destination_id: int, now: datetime) -> list[str]:
        """Those that messages are signed with, the newest first. Raises Problem."""
        row = self._postgres.row(
            "SELECT sealed_secret, CASE WHEN old_secret_until > %s THEN sealed_old_secret END AS old"
            " FROM webhook_destinations WHERE id = %s AND team_id = %s",
            [now, destination_id, self._team_id],
        )
        sealed = [row["sealed_secret"], row["old"]] if row else []
        return [self._sealer.open(bytes(each), _secret_of(destination_id)) for each in sealed if each]

    def _read(self, row: Mapping[str, Any]) -> Destination:
        headers = json.loads(self._sealer.open(bytes(row["sealed_headers"]), _headers_of(row["id"])))
        return Destination(headers=headers, **{name: value for name, value in row.items() if name != "sealed_headers"})


# What is known of sending when nothing has failed.
_UNHURT: Mapping[str, Any] = {
    "failures": 0,
    "failing_since": None,
    "parked_in_a_row": 0,
    "parked_at": None,
    "retry_at": None,
}


def _forget(connection: Connection, destination_id: int) -> None:
    """What was to be sent, and what is told of it, goes with a deleted destination."""
    connection.execute("DELETE FROM webhook_deliveries WHERE destination_id = %s", [destination_id])
    connection.execute("DELETE FROM webhook_failures WHERE destination_id = %s", [destination_id])


def _columns(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _stored(name, fields[name]) for name in PLAIN if name in fields}


def _stored(name: str, value: Any) -> Any:
    if name == "filters":
        return Jsonb(value)
    return Json(value) if name == "body" and value is not None else value


def _headers_of(destination_id: int) -> str:
    return f"headers of destination {destination_id}"


def _secret_of(destination_id: int) -> str:
    return f"destination {destination_id}"
