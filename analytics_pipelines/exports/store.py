"""The exports that people defined, in Postgres; secrets of their destinations are sealed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, LiteralString
from uuid import UUID, uuid4

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from analytics_pipelines.accounts.sealed import Sealer
from analytics_pipelines.exports.intervals import Every
from analytics_pipelines.exports.model import Destination, Export, Model
from resources.postgres import Postgres

MOST_EXPORTS = 500
_COLUMNS: LiteralString = (
    "e.id, e.team_id, e.name, e.model, e.destination_type, e.config, e.secrets, e.every, e.filters, e.columns, e.query,"
    " e.cohort_id, e.paused, e.start_at, e.end_at, e.next_start, e.created_at, e.last_updated_at, e.deleted,"
    " (SELECT jsonb_build_object('id', u.id, 'email', u.email, 'first_name', u.name) FROM users u"
    " WHERE u.id = e.created_by) AS created_by"
)
_CHANGEABLE = (
    *("name", "model", "every", "filters", "columns", "query", "cohort_id", "paused", "start_at", "end_at"),
    *("next_start", "deleted"),
)


class TooManyExports(Exception):
    """The project has as many exports as it can have."""


class Exports:
    """Exports of one project, or with `team_id` None of all."""

    def __init__(self, postgres: Postgres, team_id: int | None = None) -> None:
        self._postgres = postgres
        self._team_id = team_id

    @cached_property
    def _sealer(self) -> Sealer:
        return Sealer.of(self._postgres)

    def find(self, export_id: UUID) -> Export | None:
        """The export of that id, unless it is deleted."""
        row = self._postgres.row(
            f"SELECT {_COLUMNS} FROM batch_exports e WHERE e.id = %(id)s AND NOT e.deleted"
            " AND (%(team)s::bigint IS NULL OR e.team_id = %(team)s)",
            {"id": export_id, "team": self._team_id},
        )
        return self._export(row) if row else None

    def all(self, *, also_deleted: bool = False) -> list[Export]:
        """Oldest first."""
        rows = self._postgres.rows(
            f"SELECT {_COLUMNS} FROM batch_exports e WHERE (NOT e.deleted OR %(deleted)s)"
            " AND (%(team)s::bigint IS NULL OR e.team_id = %(team)s) ORDER BY e.created_at, e.id",
            {"team": self._team_id, "deleted": also_deleted},
        )
        return [self._export(row) for row in rows]

    def page(self, limit: int, offset: int) -> tuple[list[Export], int]:
        """Some of them, the newest first, and how many there are."""
        found = self.all()[::-1]
        return found[offset : offset + limit], len(found)

    def create(self, fields: Mapping[str, Any], destination: Destination, by: int | None) -> Export:
        """Save an export; `fields` are of the changeable ones. Raises TooManyExports."""
        now, export_id = datetime.now(UTC), uuid4()
        values = {
            "id": export_id,
            **_values(fields),
            **self._destination(export_id, destination),
            "team_id": self._team_id,
            "created_by": by,
            "created_at": now,
            "last_updated_at": now,
        }
        row = self._postgres.row(
            f"INSERT INTO batch_exports ({', '.join(values)})"
            f" SELECT {', '.join(f'%({name})s' for name in values)}"
            " WHERE (SELECT count(*) FROM batch_exports WHERE team_id = %(team_id)s AND NOT deleted) < %(most)s"
            " RETURNING id",
            {**values, "most": MOST_EXPORTS},
        )
        if row is None:
            raise TooManyExports(f"A project has at most {MOST_EXPORTS} exports.")
        found = self.find(export_id)
        assert found is not None  # noqa: S101  it was just made
        return found

    def change(self, export_id: UUID, changes: Mapping[str, Any], destination: Destination | None = None) -> None:
        """Write changes."""
        values = {
            **_values(changes),
            **(self._destination(export_id, destination) if destination else {}),
            "last_updated_at": datetime.now(UTC),
        }
        self._postgres.execute(
            f"UPDATE batch_exports SET {', '.join(f'{name} = %({name})s' for name in values)}"
            " WHERE id = %(id)s AND (%(team)s::bigint IS NULL OR team_id = %(team)s)",
            {**values, "id": export_id, "team": self._team_id},
        )

    def _destination(self, export_id: UUID, destination: Destination) -> dict[str, Any]:
        return {
            "destination_type": destination.type,
            "config": Jsonb(destination.config),
            "secrets": self._sealer.seal(json.dumps(destination.secrets), _purpose(export_id)),
        }

    def _export(self, row: DictRow) -> Export:
        secrets = json.loads(self._sealer.open(bytes(row["secrets"]), _purpose(row["id"])))
        return Export(
            id=row["id"],
            team_id=row["team_id"],
            name=row["name"],
            model=Model(row["model"]),
            destination=Destination(row["destination_type"], row["config"], secrets),
            interval=Every(row["every"]),
            filters=row["filters"],
            columns=tuple(row["columns"]),
            query=row["query"],
            cohort_id=row["cohort_id"],
            paused=row["paused"],
            start_at=row["start_at"],
            end_at=row["end_at"],
            next_start=row["next_start"],
            created_at=row["created_at"],
            created_by=row["created_by"],
            last_updated_at=row["last_updated_at"],
            deleted=row["deleted"],
        )


def unsaved(team_id: int, fields: Mapping[str, Any], destination: Destination) -> Export:
    """An export as it would be saved, to look at."""
    now = datetime.now(UTC)
    return Export(
        id=uuid4(),
        team_id=team_id,
        name=fields["name"],
        model=fields["model"],
        destination=destination,
        interval=fields["every"],
        filters=fields["filters"],
        columns=tuple(fields.get("columns") or ()),
        query=fields.get("query") or "",
        cohort_id=fields.get("cohort_id"),
        paused=bool(fields.get("paused")),
        start_at=fields.get("start_at"),
        end_at=fields.get("end_at"),
        next_start=None,
        created_at=now,
        created_by=None,
        last_updated_at=now,
        deleted=False,
    )


def _purpose(export_id: UUID) -> str:
    return f"export {export_id}"


def _values(fields: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in _CHANGEABLE:
        if name in fields:
            value = fields[name]
            values[name] = Jsonb(value) if name == "filters" else list(value) if _is_list(value) else value
    return values


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
