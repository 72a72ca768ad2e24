"""The actions of a project."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from resources.postgres import Postgres

MOST_ACTIONS = 10_000
_MOST_ID = 2**63 - 1
CHANGEABLE = ("name", "description", "steps", "tags", "pinned_at", "deleted")


@dataclass(frozen=True)
class SavedAction:
    """`steps` are ORed, in PostHog's shape; `created_by` is `{id, email, first_name}`, None for keys."""

    id: int
    name: str
    description: str
    steps: list[dict[str, Any]]
    tags: list[str]
    pinned_at: datetime | None
    deleted: bool
    created_at: datetime
    created_by: dict[str, Any] | None
    updated_at: datetime


_COLUMNS: LiteralString = (
    "a.id, a.name, a.description, a.steps, a.tags, a.pinned_at, a.deleted, a.created_at, a.updated_at,"
    " (SELECT jsonb_build_object('id', u.id, 'email', u.email, 'first_name', u.name) FROM users u"
    " WHERE u.id = a.created_by) AS created_by"
)
_LISTED: LiteralString = (
    "a.team_id = %(team)s AND NOT a.deleted AND (%(search)s = '' OR position(lower(%(search)s) IN lower(a.name)) > 0)"
)


class TooManyActions(Exception):
    """The project has as many actions as it can have."""


class Actions:
    """The actions of one project."""

    def __init__(self, postgres: Postgres, team_id: int) -> None:
        self._postgres = postgres
        self._team_id = team_id

    def page(self, search: str, limit: int, offset: int) -> tuple[list[SavedAction], int]:
        """Those whose name has `search` in it, the newest first; and how many there are of them."""
        parameters = {"team": self._team_id, "search": search, "limit": limit, "offset": offset}
        with self._postgres.transaction() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM actions a WHERE {_LISTED} ORDER BY a.id DESC"
                " LIMIT %(limit)s OFFSET %(offset)s",
                parameters,
            ).fetchall()
            count = connection.execute(f"SELECT count(*) AS n FROM actions a WHERE {_LISTED}", parameters).fetchone()
        return [SavedAction(**row) for row in rows], int(count["n"]) if count else 0

    def find(self, action_id: int, *, also_deleted: bool = False) -> SavedAction | None:
        """The action of that id."""
        if action_id > _MOST_ID:
            return None
        row = self._postgres.row(
            f"SELECT {_COLUMNS} FROM actions a WHERE a.team_id = %s AND a.id = %s AND (NOT a.deleted OR %s)",
            [self._team_id, action_id, also_deleted],
        )
        return SavedAction(**row) if row else None

    def create(self, fields: Mapping[str, Any], by: int | None) -> SavedAction:
        """Save an action; `fields` are of CHANGEABLE. Raises TooManyActions."""
        now = datetime.now(UTC)
        values = {**_columns(fields), "created_at": now, "updated_at": now, "created_by": by}
        row = self._postgres.row(
            f"INSERT INTO actions (team_id, {', '.join(values)})"
            f" SELECT %(team)s, {', '.join(f'%({name})s' for name in values)}"
            " WHERE (SELECT count(*) FROM actions WHERE team_id = %(team)s AND NOT deleted) < %(most)s RETURNING id",
            {**values, "team": self._team_id, "most": MOST_ACTIONS},
        )
        if row is None:
            raise TooManyActions(f"A project has at most {MOST_ACTIONS} actions.")
        found = self.find(row["id"], also_deleted=True)
        assert found is not None  # noqa: S101  it was just made
        return found

    def change(self, action_id: int, changes: Mapping[str, Any]) -> SavedAction | None:
        """Write changes of CHANGEABLE. None when it is gone."""
        values = {**_columns(changes), "updated_at": datetime.now(UTC)}
        self._postgres.execute(
            f"UPDATE actions SET {', '.join(f'{name} = %({name})s' for name in values)}"
            " WHERE id = %(id)s AND team_id = %(team)s",
            {**values, "id": action_id, "team": self._team_id},
        )
        return self.find(action_id, also_deleted=True)


def _columns(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: Jsonb(fields[name]) if name == "steps" else fields[name] for name in CHANGEABLE if name in fields}
