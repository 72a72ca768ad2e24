"""The API of dashboards."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from flask import Blueprint, current_app
from flask import Response as FlaskResponse
from flask.typing import ResponseReturnValue
from spectree import Response

from analytics_pipelines.dashboards.boards import Dashboard, Dashboards, Tile, TileChange, UnknownTile
from analytics_pipelines.queries.refresh import Refresh
from analytics_pipelines.web.bodies import body_as
from analytics_pipelines.web.dashboard_models import (
    DashboardBody,
    DashboardChanges,
    DashboardListBody,
    DashboardQuery,
    DashboardsQuery,
    TileChanges,
)
from analytics_pipelines.web.errors import ApiError
from analytics_pipelines.web.identify import asker, project, scope
from analytics_pipelines.web.insight_answers import (
    filters_override_in_query,
    not_seen_lately,
    refresh_in_query,
    shown_body,
)
from analytics_pipelines.web.models import ErrorBody
from analytics_pipelines.web.paging import number_in_query, paged, text_in_query
from analytics_pipelines.web.services import Services
from analytics_pipelines.web.spec import spec

dashboards = Blueprint("dashboards", __name__, url_prefix="/api/projects/<int:project_id>/dashboards")


def _services() -> Services:
    found: Services = current_app.extensions["analytics"]
    return found


def _boards() -> Dashboards:
    return Dashboards(_services().postgres, project().id)


def _answers(body: type, status: int = 200) -> Response:
    return Response(**{f"HTTP_{status}": body}, HTTP_400=ErrorBody, HTTP_401=ErrorBody, HTTP_404=ErrorBody)


@dashboards.get("/")
@scope("dashboard:read")
@spec.validate(query=DashboardsQuery, resp=_answers(DashboardListBody), tags=["dashboards"], skip_validation=True)
def list_dashboards(project_id: int) -> ResponseReturnValue:
    """The dashboards of the project, without their tiles."""
    limit = number_in_query("limit", 100, least=1, most=1000)
    offset = number_in_query("offset", 0, most=10_000_000)
    found, count = _boards().page(text_in_query("search"), limit, offset)
    return paged([_basic(each) for each in found], count, limit, offset)


@dashboards.post("/")
@scope("dashboard:write")
@spec.validate(json=DashboardChanges, resp=_answers(DashboardBody, 201), tags=["dashboards"], skip_validation=True)
def create_dashboard(project_id: int) -> ResponseReturnValue:
    """Make a dashboard; `PATCH` of an insight puts it there."""
    fields, tiles = _changes(body_as(DashboardChanges))
    fields.pop("deleted", None)
    if any(tile.id is not None for tile in tiles):
        raise ApiError(400, "invalid_input", "A new dashboard has no tiles to change.", attr="tiles")
    user = asker().user
    made = _boards().create(fields, user.id if user else None, tiles)
    return _body(*made, made[0].filters, Refresh.FORCE_CACHE), 201


@dashboards.get("/<int:dashboard_id>/")
@scope("dashboard:read")
@spec.validate(query=DashboardQuery, resp=_answers(DashboardBody), tags=["dashboards"], skip_validation=True)
def get_dashboard(project_id: int, dashboard_id: int) -> ResponseReturnValue:
    """A dashboard with its tiles and their stored results."""
    refresh, override = refresh_in_query(), filters_override_in_query()
    found = _boards().find(dashboard_id)
    if found is None:
        raise _no_such_dashboard()
    board, tiles = found
    if not_seen_lately(board.last_viewed_at):
        _boards().viewed(board.id, [tile.insight.id for tile in tiles if tile.insight])
    return _body(board, tiles, board.filters if override is None else override, refresh)


@dashboards.patch("/<int:dashboard_id>/")
@scope("dashboard:write")
@spec.validate(json=DashboardChanges, resp=_answers(DashboardBody), tags=["dashboards"], skip_validation=True)
def change_dashboard(project_id: int, dashboard_id: int) -> ResponseReturnValue:
    """Change a dashboard or its tiles, add texts, delete it (`deleted`) or have it back."""
    changes, tiles = _changes(body_as(DashboardChanges))
    found = _boards().find(dashboard_id, also_deleted=True)
    if found is None or (found[0].deleted and changes.get("deleted") is not False):
        raise _no_such_dashboard()
    try:
        changed = _boards().change(dashboard_id, changes, tiles)
    except UnknownTile as error:
        raise ApiError(400, "does_not_exist", str(error), attr="tiles") from None
    if changed is None:
        raise _no_such_dashboard()
    refresh = Refresh.ASYNC if "filters" in changes else Refresh.FORCE_CACHE
    return _body(*changed, changed[0].filters, refresh)


@dashboards.delete("/<int:dashboard_id>/")
@scope("dashboard:write")
@spec.validate(
    resp=Response("HTTP_204", HTTP_401=ErrorBody, HTTP_404=ErrorBody), tags=["dashboards"], skip_validation=True
)
def delete_dashboard(project_id: int, dashboard_id: int) -> ResponseReturnValue:
    """Delete a dashboard, not its insights; `PATCH` with `deleted: false` has it back."""
    found = _boards().find(dashboard_id)
    if found is None or _boards().change(dashboard_id, {"deleted": True}) is None:
        raise _no_such_dashboard()
    return "", 204


def _changes(body: DashboardChanges) -> tuple[dict[str, Any], list[TileChange]]:
    sent = body.model_dump(exclude_unset=True, exclude={"tiles"})
    return sent, [_tile_change(tile) for tile in body.tiles]


def _tile_change(tile: TileChanges) -> TileChange:
    text = tile.text.body if tile.text else None
    if tile.id is None and text is None:
        raise ApiError(
            400, "required", "A new tile needs a text; an insight is put here by its own PATCH.", attr="tiles"
        )
    return TileChange(tile.id, text, tile.layouts, tile.color, tile.deleted)


def _basic(board: Dashboard) -> dict[str, Any]:
    return {
        **board.__dict__,
        "created_at": board.created_at.isoformat(),
        "last_modified_at": board.last_modified_at.isoformat(),
        "last_viewed_at": board.last_viewed_at.isoformat() if board.last_viewed_at else None,
    }


def _body(board: Dashboard, tiles: list[Tile], filters: dict[str, Any], refresh: Refresh) -> FlaskResponse:
    """As JSON already: results are large, and what checks answers would walk all through them."""
    refresher = _services().refresher
    shown = refresher.show([tile.insight for tile in tiles if tile.insight], project(), filters, refresh)
    now = datetime.now(UTC)
    insights = {each.insight.id: shown_body(each, project(), now) for each in shown}
    bodies = [_tile(order, tile, insights) for order, tile in enumerate(tiles)]
    moments = [body["last_refresh"] for body in bodies if body["last_refresh"]]
    body = {**_basic(board), "filters": filters, "tiles": bodies, "last_refresh": min(moments, default=None)}
    return current_app.response_class(msgspec.json.encode(body), mimetype="application/json")


def _tile(order: int, tile: Tile, insights: dict[int, dict[str, Any]]) -> dict[str, Any]:
    insight = insights[tile.insight.id] if tile.insight else None
    return {
        "id": tile.id,
        "order": order,
        "layouts": tile.layouts,
        "color": tile.color,
        "insight": insight,
        "text": {"body": tile.body} if tile.body is not None else None,
        "is_cached": bool(insight and insight["is_cached"]),
        "last_refresh": insight["last_refresh"] if insight else None,
    }


def _no_such_dashboard() -> ApiError:
    return ApiError(404, "not_found", "There is no such dashboard.")
