"""Saved insights: questions that people gave a name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from analytics_pipelines.dashboards.rows import insert_row, update_row
from analytics_pipelines.dashboards.short_id import new_short_id
from resources.postgres import Connection, Postgres

CHANGEABLE = ("name", "derived_name", "description", "query", "favorited", "saved", "tags", "deleted")


@dataclass(frozen=True)
class Insight:
    """`created_by` and `last_modified_by` are `{id, email, first_name}`; None for keys and for the platform.

    `tiles` are `{id, dashboard_id}`, those of dashboards that are not deleted.
    """

    id: int
    short_id: str
    name: str
    derived_name: str
    description: str
    query: dict[str, Any]
    favorited: bool
    saved: bool
    tags: list[str]
    deleted: bool
    created_at: datetime
    created_by: dict[str, Any] | None
    last_modified_at: datetime
    last_modified_by: dict[str, Any] | None
    last_viewed_at: datetime | None
    tiles: list[dict[str, int]]


ORDERS: Mapping[str, LiteralString] = {
    "name": "lower(coalesce(nullif(i.name, ''), i.derived_name)), i.id",
    "-name": "lower(coalesce(nullif(i.name, ''), i.derived_name)) DESC, i.id DESC",
    "created_at": "i.created_at, i.id",
    "-created_at": "i.created_at DESC, i.id DESC",
    "last_modified_at": "i.last_modified_at, i.id",
    "-last_modified_at": "i.last_modified_at DESC, i.id DESC",
    "last_viewed_at": "i.last_viewed_at NULLS FIRST, i.id",
    "-last_viewed_at": "i.last_viewed_at DESC NULLS LAST, i.id DESC",
}


@dataclass(frozen=True)
class WantedInsights:
    """Which to list: `search` is any part of a name, description or tag; None is any. `dashboards`: shown on all."""

    search: str = ""
    short_id: str = ""
    kind: str = ""
    saved: bool | None = None
    favorited: bool | None = None
    dashboards: Sequence[int] = field(default_factory=tuple)
    ordering: str = "-last_modified_at"
    limit: int = 100
    offset: int = 0


_MATCHES: LiteralString = (
    "i.team_id = %(team)s AND NOT i.deleted"
    " AND (%(search)s = '' OR position(lower(%(search)s) IN lower(concat_ws(' ', i.name, i.derived_name,"
    " i.description, array_to_string(i.tags, ' ')))) > 0)"
    " AND (%(short_id)s = '' OR i.short_id = %(short_id)s)"
    " AND (%(kind)s = '' OR coalesce(i.query->'source'->>'kind', i.query->>'kind') = %(kind)s)"
    " AND (%(saved)s::boolean IS NULL OR i.saved = %(saved)s)"
    " AND (%(favorited)s::boolean IS NULL OR i.favorited = %(favorited)s)"
    " AND NOT EXISTS (SELECT 1 FROM unnest(%(dashboards)s::bigint[]) AS wanted (id) WHERE NOT EXISTS"
    " (SELECT 1 FROM dashboard_tiles t WHERE t.insight_id = i.id AND t.dashboard_id = wanted.id))"
)


def person_column(column: LiteralString) -> LiteralString:
    """SQL: who that column names, as the API shows people."""
    return (
        "(SELECT jsonb_build_object('id', u.id, 'email', u.email, 'first_name', u.name) FROM users u"
        f" WHERE u.id = {column})"
    )


INSIGHT_COLUMNS: LiteralString = (
    "i.id, i.short_id, i.name, i.derived_name, i.description, i.query, i.favorited, i.saved, i.tags, i.deleted,"
    f" i.created_at, {person_column('i.created_by')} AS created_by, i.last_modified_at,"
    f" {person_column('i.last_modified_by')} AS last_modified_by, i.last_viewed_at,"
    " coalesce((SELECT jsonb_agg(jsonb_build_object('id', t.id, 'dashboard_id', t.dashboard_id) ORDER BY t.id)"
    " FROM dashboard_tiles t JOIN dashboards d ON d.id = t.dashboard_id AND NOT d.deleted"
    " WHERE t.insight_id = i.id), '[]') AS tiles"
)


class UnknownDashboards(Exception):
    """`ids` are no dashboards of the project."""

    def __init__(self, ids: Sequence[int]) -> None:
        super().__init__(f"There is no dashboard {', '.join(map(str, ids))}.")
        self.ids = ids


class Insights:
    """The saved insights of one project."""

    def __init__(self, postgres: Postgres, team_id: int) -> None:
        self._postgres = postgres
        self._team_id = team_id

    def page(self, wanted: WantedInsights) -> tuple[list[Insight], int]:
        """Those of a page, and how many there are in all."""
        parameters = {**wanted.__dict__, "team": self._team_id, "dashboards": list(wanted.dashboards)}
        with self._postgres.transaction() as connection:
            rows = connection.execute(
                f"SELECT {INSIGHT_COLUMNS} FROM insights i WHERE {_MATCHES}"
                f" ORDER BY {ORDERS[wanted.ordering]} LIMIT %(limit)s OFFSET %(offset)s",
                parameters,
            ).fetchall()
            counted = connection.execute(f"SELECT count(*) AS n FROM insights i WHERE {_MATCHES}", parameters)
            count = counted.fetchone()
        return [Insight(**row) for row in rows], int(count["n"]) if count else 0

    def find(self, reference: str, *, also_deleted: bool = False) -> Insight | None:
        """The insight of that id or short id."""
        with self._postgres.transaction() as connection:
            return self._find(connection, reference, also_deleted)

    def create(
        self,
        fields: Mapping[str, Any],
        by: int | None,
        *,
        dashboards: Sequence[int] = (),
        short_id: str | None = None,
    ) -> Insight:
        """Save a question: `fields` are of CHANGEABLE. Raises UnknownDashboards."""
        now = datetime.now(UTC)
        values = {
            **_columns(fields),
            "short_id": short_id or new_short_id(),
            "team_id": self._team_id,
            "created_at": now,
            "created_by": by,
            "last_modified_at": now,
            "last_modified_by": by,
        }
        with self._postgres.transaction() as connection:
            made = insert_row(connection, "insights", values)
            self._put_on(connection, made, dashboards)
            found = self._find(connection, str(made), False)
        assert found is not None  # noqa: S101  it was just made
        return found

    def change(
        self, insight_id: int, changes: Mapping[str, Any], by: int | None, *, dashboards: Sequence[int] | None = None
    ) -> Insight | None:
        """Write these changes; `dashboards` are then all that show it. None when it is gone. Raises UnknownDashboards.

        What was answered to another question than it asks now is forgotten.
        """
        values = {**_columns(changes), "last_modified_at": datetime.now(UTC), "last_modified_by": by}
        with self._postgres.transaction() as connection:
            if not update_row(connection, "insights", insight_id, self._team_id, values):
                return None
            if "query" in changes or changes.get("deleted"):
                connection.execute("DELETE FROM insight_results WHERE insight_id = %s", [insight_id])
            if dashboards is not None:
                connection.execute(
                    "DELETE FROM dashboard_tiles t USING dashboards d WHERE t.insight_id = %s"
                    " AND d.id = t.dashboard_id AND NOT d.deleted AND NOT d.id = ANY(%s)",
                    [insight_id, list(dashboards)],
                )
                self._put_on(connection, insight_id, dashboards)
            return self._find(connection, str(insight_id), True)

    def viewed(self, ids: Sequence[int]) -> None:
        """Note that people looked at these now."""
        self._postgres.execute(
            "UPDATE insights SET last_viewed_at = %s WHERE team_id = %s AND id = ANY(%s)",
            [datetime.now(UTC), self._team_id, list(ids)],
        )

    def _find(self, connection: Connection, reference: str, also_deleted: bool) -> Insight | None:
        if not (reference.isascii() and reference.isprintable()):
            return None
        by_id = reference.isdigit() and len(reference) < 19
        row = connection.execute(
            f"SELECT {INSIGHT_COLUMNS} FROM insights i WHERE i.team_id = %(team)s"
            " AND (i.id = %(id)s OR i.short_id = %(short_id)s) AND (NOT i.deleted OR %(also_deleted)s)",
            {
                "team": self._team_id,
                "id": int(reference) if by_id else None,
                "short_id": reference,
                "also_deleted": also_deleted,
            },
        ).fetchone()
        return Insight(**row) if row else None

    def _put_on(self, connection: Connection, insight_id: int, dashboards: Sequence[int]) -> None:
        rows = connection.execute(
            "SELECT id FROM dashboards WHERE team_id = %s AND NOT deleted AND id = ANY(%s)",
            [self._team_id, list(dashboards)],
        ).fetchall()
        unknown = sorted(set(dashboards) - {row["id"] for row in rows})
        if unknown:
            raise UnknownDashboards(unknown)
        connection.execute(
            "INSERT INTO dashboard_tiles (dashboard_id, insight_id) SELECT d, %s FROM unnest(%s::bigint[]) AS d"
            " ON CONFLICT DO NOTHING",
            [insight_id, list(dashboards)],
        )


def _columns(fields: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(fields) - set(CHANGEABLE)
    if unknown:
        raise KeyError(f"no such fields of an insight: {sorted(unknown)}")
    return {name: Jsonb(value) if name == "query" else value for name, value in fields.items()}
