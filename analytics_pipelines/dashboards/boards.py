"""Dashboards: tiles with insights and texts, and filters that hold for all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from analytics_pipelines.dashboards.insights import INSIGHT_COLUMNS, Insight, person_column
from analytics_pipelines.dashboards.rows import insert_row, update_row
from analytics_pipelines.dashboards.short_id import new_short_id
from resources.postgres import Connection, Postgres

CHANGEABLE = ("name", "description", "pinned", "filters", "tags", "deleted")


@dataclass(frozen=True)
class Tile:
    """An insight or a text (`body`). `layouts` are of the front end: `{"sm": {"x", "y", "w", "h"}, "xs": …}`."""

    id: int
    insight: Insight | None
    body: str | None
    layouts: dict[str, Any]
    color: str | None


@dataclass(frozen=True)
class TileChange:
    """What to change of a tile: None leaves a field as it is. Without `id` it is a new tile with a text."""

    id: int | None = None
    body: str | None = None
    layouts: dict[str, Any] | None = None
    color: str | None = None
    deleted: bool = False


@dataclass(frozen=True)
class PlacedTile:
    """Where an insight, or else a text (`body`), is to stand."""

    insight_id: int | None
    body: str | None
    layouts: dict[str, Any]
    color: str | None


@dataclass(frozen=True)
class Dashboard:
    """`filters` have `date_from`, `date_to` and `properties`; `created_by` is `{id, email, first_name}` or None."""

    id: int
    short_id: str
    name: str
    description: str
    pinned: bool
    filters: dict[str, Any]
    tags: list[str]
    deleted: bool
    created_at: datetime
    created_by: dict[str, Any] | None
    last_modified_at: datetime
    last_viewed_at: datetime | None


_COLUMNS: LiteralString = (
    "b.id, b.short_id, b.name, b.description, b.pinned, b.filters, b.tags, b.deleted, b.created_at,"
    f" {person_column('b.created_by')} AS created_by, b.last_modified_at, b.last_viewed_at"
)
_MATCHES: LiteralString = (
    "b.team_id = %(team)s AND NOT b.deleted AND (%(search)s = '' OR position(lower(%(search)s) IN"
    " lower(concat_ws(' ', b.name, b.description, array_to_string(b.tags, ' ')))) > 0)"
)


class UnknownTile(Exception):
    """`id` is no tile of the dashboard."""

    def __init__(self, tile_id: int) -> None:
        super().__init__(f"The dashboard has no tile {tile_id}.")
        self.id = tile_id


class Dashboards:
    """The dashboards of one project."""

    def __init__(self, postgres: Postgres, team_id: int) -> None:
        self._postgres = postgres
        self._team_id = team_id

    def page(self, search: str, limit: int, offset: int) -> tuple[list[Dashboard], int]:
        """Those of a page, the pinned ones first and by name, and how many there are in all."""
        parameters = {"team": self._team_id, "search": search, "limit": limit, "offset": offset}
        with self._postgres.transaction() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM dashboards b WHERE {_MATCHES}"
                " ORDER BY b.pinned DESC, lower(b.name), b.id LIMIT %(limit)s OFFSET %(offset)s",
                parameters,
            ).fetchall()
            counted = connection.execute(f"SELECT count(*) AS n FROM dashboards b WHERE {_MATCHES}", parameters)
            count = counted.fetchone()
        return [Dashboard(**row) for row in rows], int(count["n"]) if count else 0

    def find(self, dashboard_id: int | str, *, also_deleted: bool = False) -> tuple[Dashboard, list[Tile]] | None:
        """The dashboard of that id, or of that short id if it is text, with its tiles, in one statement."""
        with self._postgres.transaction() as connection:
            return self._find(connection, dashboard_id, also_deleted)

    def create(
        self,
        fields: Mapping[str, Any],
        by: int | None,
        tiles: Sequence[TileChange] = (),
        *,
        short_id: str | None = None,
    ) -> tuple[Dashboard, list[Tile]]:
        """Make a dashboard, with texts if any: `fields` are of CHANGEABLE."""
        now = datetime.now(UTC)
        values = {
            **_columns(fields),
            "short_id": short_id or new_short_id(),
            "team_id": self._team_id,
            "created_at": now,
            "created_by": by,
            "last_modified_at": now,
        }
        with self._postgres.transaction() as connection:
            made = insert_row(connection, "dashboards", values)
            for tile in tiles:
                _change_tile(connection, made, tile)
            found = self._find(connection, made, False)
        assert found is not None  # noqa: S101  it was just made
        return found

    def change(
        self, dashboard_id: int, changes: Mapping[str, Any], tiles: Sequence[TileChange] = ()
    ) -> tuple[Dashboard, list[Tile]] | None:
        """Write these changes; None when the dashboard is gone. Raises UnknownTile; then nothing is written."""
        values = {**_columns(changes), "last_modified_at": datetime.now(UTC)}
        with self._postgres.transaction() as connection:
            if not update_row(connection, "dashboards", dashboard_id, self._team_id, values):
                return None
            for tile in tiles:
                _change_tile(connection, dashboard_id, tile)
            return self._find(connection, dashboard_id, True)

    def arrange(self, dashboard_id: int, tiles: Sequence[PlacedTile]) -> None:
        """Have these tiles in this order, and no others. They are new tiles."""
        with self._postgres.transaction() as connection:
            connection.execute("DELETE FROM dashboard_tiles WHERE dashboard_id = %s", [dashboard_id])
            for tile in tiles:
                connection.execute(
                    "INSERT INTO dashboard_tiles (dashboard_id, insight_id, body, layouts, color)"
                    " VALUES (%s, %s, %s, %s, %s)",
                    [dashboard_id, tile.insight_id, tile.body, Jsonb(tile.layouts), tile.color],
                )

    def viewed(self, dashboard_id: int, insights: Sequence[int]) -> None:
        """Note that people looked at this dashboard and these insights now."""
        self._postgres.execute(
            "WITH seen AS (UPDATE dashboards SET last_viewed_at = %(now)s"
            " WHERE id = %(id)s AND team_id = %(team)s)"
            " UPDATE insights SET last_viewed_at = %(now)s WHERE team_id = %(team)s AND id = ANY(%(insights)s)",
            {
                "now": datetime.now(UTC),
                "id": dashboard_id,
                "team": self._team_id,
                "insights": list(insights),
            },
        )

    def _find(
        self, connection: Connection, dashboard_id: int | str, also_deleted: bool
    ) -> tuple[Dashboard, list[Tile]] | None:
        rows = connection.execute(
            f"SELECT {_COLUMNS}, tile.id AS tile_id, tile.body, tile.layouts, tile.color, to_jsonb(shown) AS insight"
            " FROM dashboards b LEFT JOIN (dashboard_tiles tile LEFT JOIN LATERAL"
            f" (SELECT {INSIGHT_COLUMNS} FROM insights i WHERE i.id = tile.insight_id AND NOT i.deleted) AS shown"
            " ON tile.insight_id IS NOT NULL) ON tile.dashboard_id = b.id AND (tile.insight_id IS NULL OR"
            " shown.id IS NOT NULL)"
            " WHERE b.team_id = %(team)s AND (b.id = %(id)s OR b.short_id = %(short_id)s)"
            " AND (NOT b.deleted OR %(also_deleted)s) ORDER BY tile.id",
            {
                "team": self._team_id,
                "id": None if isinstance(dashboard_id, str) else dashboard_id,
                "short_id": dashboard_id if isinstance(dashboard_id, str) else None,
                "also_deleted": also_deleted,
            },
        ).fetchall()
        if not rows:
            return None
        tiles = [
            Tile(row["tile_id"], _insight(row["insight"]), row["body"], row["layouts"], row["color"])
            for row in rows
            if row["tile_id"] is not None
        ]
        of_tile = {"tile_id", "body", "layouts", "color", "insight"}
        return Dashboard(**{name: value for name, value in rows[0].items() if name not in of_tile}), tiles


def _insight(row: dict[str, Any] | None) -> Insight | None:
    if row is None:
        return None
    moments = {
        name: datetime.fromisoformat(row[name]) if row[name] else None
        for name in ("created_at", "last_modified_at", "last_viewed_at")
    }
    return Insight(**{**row, **moments})


def _change_tile(connection: Connection, dashboard_id: int, tile: TileChange) -> None:
    values = {
        "id": tile.id,
        "dashboard": dashboard_id,
        "body": tile.body,
        "layouts": None if tile.layouts is None else Jsonb(tile.layouts),
        "color": tile.color,
    }
    if tile.id is None:
        connection.execute(
            "INSERT INTO dashboard_tiles (dashboard_id, body, layouts, color)"
            " VALUES (%(dashboard)s, coalesce(%(body)s, ''), coalesce(%(layouts)s::jsonb, '{}'), %(color)s)",
            values,
        )
    elif tile.deleted:
        touched = connection.execute(
            "DELETE FROM dashboard_tiles WHERE id = %(id)s AND dashboard_id = %(dashboard)s", values
        ).rowcount
        if not touched:
            raise UnknownTile(tile.id)
    else:
        touched = connection.execute(
            "UPDATE dashboard_tiles SET layouts = coalesce(%(layouts)s::jsonb, layouts),"
            " color = CASE %(color)s::text WHEN '' THEN NULL ELSE coalesce(%(color)s, color) END,"
            " body = CASE WHEN insight_id IS NULL THEN coalesce(%(body)s, body) END"
            " WHERE id = %(id)s AND dashboard_id = %(dashboard)s",
            values,
        ).rowcount
        if not touched:
            raise UnknownTile(tile.id)


def _columns(fields: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(fields) - set(CHANGEABLE)
    if unknown:
        raise KeyError(f"no such fields of a dashboard: {sorted(unknown)}")
    return {name: Jsonb(value) if name == "filters" else value for name, value in fields.items()}
