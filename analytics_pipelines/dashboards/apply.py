"""A file of dashboards into a project, as often as one likes, and out of it."""

from collections.abc import Collection
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Literal

from analytics_pipelines.accounts.projects import Project
from analytics_pipelines.dashboards.boards import Dashboard, Dashboards, PlacedTile, Tile
from analytics_pipelines.dashboards.file import BoardFile, DashboardEntry, InsightEntry, TileEntry, read_file
from analytics_pipelines.dashboards.insights import Insight, Insights, WantedInsights
from resources.postgres import Postgres

_MOST = 10_000


@dataclass
class Applied:
    """What was done, by the short ids of what it was done to."""

    made: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)


def apply(board_file: BoardFile, postgres: Postgres, project_id: int) -> Applied:
    """Make the project's dashboards and insights of these ids as the file says; others stay as they are.

    Tiles that the file does not have leave its dashboards, not their insights the project. What was broken off is
    finished by the next call. Questions are to be checked before.
    """
    applied = Applied()
    insights, boards = Insights(postgres, project_id), Dashboards(postgres, project_id)
    known = {each.id: _insight(each, insights, applied) for each in board_file.all_insights().values()}
    for board in board_file.dashboards:
        _dashboard(board, known, boards, applied)
    return applied


def export(postgres: Postgres, project_id: int, only: Collection[str] = ()) -> BoardFile:
    """The project's dashboards, or those of these short ids; all of them come with the insights that are on none."""
    boards = Dashboards(postgres, project_id)
    found = [boards.find(each.short_id) for each in boards.page("", _MOST, 0)[0] if not only or each.short_id in only]
    entries = [_dashboard_entry(*each) for each in found if each]
    if only:
        return BoardFile(dashboards=entries)
    insights, _ = Insights(postgres, project_id).page(WantedInsights(ordering="created_at", limit=_MOST))
    return BoardFile(dashboards=entries, insights=[_insight_entry(each) for each in insights if not each.tiles])


def give_default(name: Literal["project", "demo"], postgres: Postgres, project: Project) -> None:
    """A first dashboard for a project that never had one."""
    if postgres.row("SELECT 1 FROM dashboards WHERE team_id = %s LIMIT 1", [project.id]) is None:
        apply(default_file(name), postgres, project.id)


def default_file(name: Literal["project", "demo"]) -> BoardFile:
    """The file that comes with the platform."""
    return read_file((files(__package__) / "defaults" / f"{name}.yaml").read_text())


def _insight(entry: InsightEntry, insights: Insights, applied: Applied) -> int:
    fields: dict[str, Any] = entry.model_dump(exclude={"id"})
    found = insights.find(entry.id, also_deleted=True)
    if found is None:
        applied.made.append(entry.id)
        return insights.create(fields, None, short_id=entry.id).id
    changes = _differing(fields | {"deleted": False}, found)
    if changes:
        insights.change(found.id, changes, None)
    (applied.changed if changes else applied.same).append(entry.id)
    return found.id


def _dashboard(entry: DashboardEntry, known: dict[str, int], boards: Dashboards, applied: Applied) -> None:
    fields: dict[str, Any] = entry.model_dump(exclude={"id", "tiles"})
    found = boards.find(entry.id, also_deleted=True)
    if found is None:
        applied.made.append(entry.id)
        board, tiles = boards.create(fields, None, short_id=entry.id)
    else:
        board, tiles = found
    changes = _differing(fields | {"deleted": False}, board)
    if changes:
        boards.change(board.id, changes)
    moved = [_tile_entry(tile) for tile in tiles] != entry.tiles
    if moved:
        boards.arrange(board.id, [_placed(tile, known) for tile in entry.tiles])
    if found is not None:
        (applied.changed if changes or moved else applied.same).append(entry.id)


def _differing(fields: dict[str, Any], found: Insight | Dashboard) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if getattr(found, name) != value}


def _placed(tile: TileEntry, known: dict[str, int]) -> PlacedTile:
    insight_id = known[tile.insight.id] if tile.insight else None
    return PlacedTile(insight_id, tile.text, tile.layouts, tile.color)


def _insight_entry(insight: Insight) -> InsightEntry:
    return InsightEntry(
        id=insight.short_id,
        name=insight.name,
        description=insight.description,
        tags=insight.tags,
        query=insight.query,
    )


def _tile_entry(tile: Tile) -> TileEntry:
    insight = _insight_entry(tile.insight) if tile.insight else None
    return TileEntry(insight=insight, text=tile.body, layouts=tile.layouts, color=tile.color)


def _dashboard_entry(board: Dashboard, tiles: list[Tile]) -> DashboardEntry:
    return DashboardEntry(
        id=board.short_id,
        name=board.name,
        description=board.description,
        pinned=board.pinned,
        tags=board.tags,
        filters=board.filters,
        tiles=[_tile_entry(tile) for tile in tiles],
    )
