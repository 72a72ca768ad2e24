"""The cohorts of a project, as people define them, and what became of the last calculation of their members."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from analytics_pipelines.cohorts.membership import Definition
from resources.postgres import Postgres

MOST_COHORTS = 10_000
_MOST_ID = 2**63 - 1
CHANGEABLE = ("name", "description", "filters", "deleted")


@dataclass(frozen=True)
class Cohort:
    """`count` and `last_calculation` are of the members that are published; None before there are any.

    `is_calculating`: others are asked for. `errors_calculating` failed attempts were made since the last that
    succeeded, of which `last_error` is the latest. `created_by` is `{id, email, first_name}`.
    """

    id: int
    name: str
    description: str
    is_static: bool
    filters: dict[str, Any]
    is_calculating: bool
    last_calculation: datetime | None
    errors_calculating: int
    last_error: str | None
    last_error_at: datetime | None
    count: int | None
    version: int | None
    pending_version: int
    deleted: bool
    created_at: datetime
    created_by: dict[str, Any] | None


_COLUMNS: LiteralString = (
    "c.id, c.name, c.description, c.is_static, c.filters, c.is_calculating, c.last_calculation, c.errors_calculating,"
    " c.last_error, c.last_error_at, c.count, c.version, c.pending_version, c.deleted, c.created_at,"
    " (SELECT jsonb_build_object('id', u.id, 'email', u.email, 'first_name', u.name) FROM users u"
    " WHERE u.id = c.created_by) AS created_by"
)
_LISTED: LiteralString = (
    "c.team_id = %(team)s AND NOT c.deleted AND (%(search)s = '' OR position(lower(%(search)s) IN lower(c.name)) > 0)"
)


class TooMany(Exception):
    """The project has as many cohorts as it can have."""


class Cohorts:
    """The cohorts of one project."""

    def __init__(self, postgres: Postgres, team_id: int) -> None:
        self._postgres = postgres
        self._team_id = team_id

    def page(self, search: str, limit: int, offset: int) -> tuple[list[Cohort], int]:
        """Those whose name has `search` in it, the newest first; and how many there are of them."""
        parameters = {"team": self._team_id, "search": search, "limit": limit, "offset": offset}
        with self._postgres.transaction() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM cohorts c WHERE {_LISTED} ORDER BY c.id DESC"
                " LIMIT %(limit)s OFFSET %(offset)s",
                parameters,
            ).fetchall()
            count = connection.execute(f"SELECT count(*) AS n FROM cohorts c WHERE {_LISTED}", parameters).fetchone()
        return [Cohort(**row) for row in rows], int(count["n"]) if count else 0

    def find(self, cohort_id: int, *, also_deleted: bool = False) -> Cohort | None:
        """The cohort of that id."""
        if cohort_id > _MOST_ID:
            return None
        row = self._postgres.row(
            f"SELECT {_COLUMNS} FROM cohorts c WHERE c.team_id = %s AND c.id = %s AND (NOT c.deleted OR %s)",
            [self._team_id, cohort_id, also_deleted],
        )
        return Cohort(**row) if row else None

    def create(
        self, name: str, description: str, filters: Mapping[str, Any], *, is_static: bool, by: int | None
    ) -> Cohort:
        """Save a cohort; its members are asked for. Raises TooMany."""
        row = self._postgres.row(
            "INSERT INTO cohorts (team_id, name, description, is_static, filters, is_calculating, pending_version,"
            " created_at, created_by) SELECT %(team)s, %(name)s, %(description)s, %(is_static)s, %(filters)s, true, 1,"
            " %(now)s, %(by)s WHERE (SELECT count(*) FROM cohorts WHERE team_id = %(team)s AND NOT deleted) < %(most)s"
            " RETURNING id",
            {
                "team": self._team_id,
                "name": name,
                "description": description,
                "is_static": is_static,
                "filters": Jsonb(filters),
                "now": datetime.now(UTC),
                "by": by,
                "most": MOST_COHORTS,
            },
        )
        if row is None:
            raise TooMany(f"A project has at most {MOST_COHORTS} cohorts.")
        found = self.find(row["id"])
        assert found is not None  # noqa: S101  it was just made
        return found

    def change(self, cohort_id: int, changes: Mapping[str, Any]) -> Cohort | None:
        """Write changes of CHANGEABLE; with other `filters`, or when it is deleted or had back, members are asked for.

        None when it is gone.
        """
        values = {name: Jsonb(value) if name == "filters" else value for name, value in changes.items()}
        assignments = [f"{name} = %({name})s" for name in CHANGEABLE if name in values]
        if values:
            self._postgres.execute(
                f"UPDATE cohorts SET {', '.join(assignments)} WHERE id = %(id)s AND team_id = %(team)s",
                {**values, "id": cohort_id, "team": self._team_id},
            )
        if "filters" in values or "deleted" in values:
            self.ask_for_members(cohort_id)
        return self.find(cohort_id, also_deleted=True)

    def ask_for_members(self, cohort_id: int) -> None:
        """Note that the members are to be found anew; of a deleted one, taken down."""
        self._postgres.execute(
            "UPDATE cohorts SET is_calculating = true, pending_version = pending_version + 1, errors_calculating = 0"
            " WHERE id = %s AND team_id = %s",
            [cohort_id, self._team_id],
        )

    def definitions(self) -> dict[int, Definition]:
        """All that there are or were, by id."""
        rows = self._postgres.rows(
            "SELECT id, filters, is_static, deleted FROM cohorts WHERE team_id = %s", [self._team_id]
        )
        return {row["id"]: Definition(row["filters"], row["is_static"], row["deleted"]) for row in rows}
