"""The API of saved insights."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue
from spectree import Response

from analytics_pipelines.dashboards.boards import Dashboards
from analytics_pipelines.dashboards.checking import check_question
from analytics_pipelines.dashboards.insights import ORDERS, Insight, Insights, UnknownDashboards, WantedInsights
from analytics_pipelines.queries.refresh import Refresh
from analytics_pipelines.queries.team import load_team
from analytics_pipelines.web.bodies import body_as
from analytics_pipelines.web.errors import ApiError
from analytics_pipelines.web.identify import asker, project, scope
from analytics_pipelines.web.insight_answers import (
    filters_override_in_query,
    insight_body,
    not_seen_lately,
    refresh_in_query,
    shown_body,
)
from analytics_pipelines.web.insight_models import (
    InsightBody,
    InsightChanges,
    InsightListBody,
    InsightQuery,
    InsightsQuery,
    NewInsight,
)
from analytics_pipelines.web.models import ErrorBody
from analytics_pipelines.web.paging import choice_in_query, number_in_query, paged, text_in_query
from analytics_pipelines.web.services import Services
from analytics_pipelines.web.spec import spec

# PostHog's short names of kinds, in `?insight=`.
_KINDS = {
    "TRENDS": "TrendsQuery",
    "FUNNELS": "FunnelsQuery",
    "RETENTION": "RetentionQuery",
    "PATHS": "PathsQuery",
    "STICKINESS": "StickinessQuery",
    "LIFECYCLE": "LifecycleQuery",
    "SQL": "HogQLQuery",
}
_BOOLEANS = {"": None, "true": True, "false": False}

insights = Blueprint("insights", __name__, url_prefix="/api/projects/<int:project_id>/insights")


def _services() -> Services:
    found: Services = current_app.extensions["analytics"]
    return found


def _saved() -> Insights:
    return Insights(_services().postgres, project().id)


def _answers(body: type, status: int = 200) -> Response:
    return Response(**{f"HTTP_{status}": body}, HTTP_400=ErrorBody, HTTP_401=ErrorBody, HTTP_404=ErrorBody)


@insights.get("/")
@scope("insight:read")
@spec.validate(query=InsightsQuery, resp=_answers(InsightListBody), tags=["insights"], skip_validation=True)
def list_insights(project_id: int) -> ResponseReturnValue:
    """The saved insights of the project, with their stored results."""
    kind = text_in_query("insight")
    wanted = WantedInsights(
        search=text_in_query("search"),
        short_id=text_in_query("short_id"),
        kind=_KINDS.get(kind, kind),
        saved=_BOOLEANS[choice_in_query("saved", tuple(_BOOLEANS), "")],
        favorited=_BOOLEANS[choice_in_query("favorited", tuple(_BOOLEANS), "")],
        dashboards=_ids_in_query("dashboards"),
        ordering=choice_in_query("order", tuple(ORDERS), "-last_modified_at"),
        limit=number_in_query("limit", 100, least=1, most=1000),
        offset=number_in_query("offset", 0, most=10_000_000),
    )
    refresh = refresh_in_query()
    found, count = _saved().page(wanted)
    if choice_in_query("basic", ("true", "false"), "false") == "true":
        bodies = [insight_body(each, project()) for each in found]
    else:
        bodies = _shown(found, {}, refresh)
    return jsonify(paged(bodies, count, wanted.limit, wanted.offset))


@insights.post("/")
@scope("insight:write")
@spec.validate(json=NewInsight, resp=_answers(InsightBody, 201), tags=["insights"], skip_validation=True)
def create_insight(project_id: int) -> ResponseReturnValue:
    """Save a question; its answer is computed in the background."""
    fields = _changes(body_as(NewInsight))
    shown_on = fields.pop("dashboards", [])
    with _known_dashboards():
        made = _saved().create(fields, _user_id(), dashboards=shown_on)
    (body,) = _shown([made], {}, Refresh.FORCE_ASYNC)
    return jsonify(body), 201


@insights.get("/<insight>/")
@scope("insight:read")
@spec.validate(query=InsightQuery, resp=_answers(InsightBody), tags=["insights"], skip_validation=True)
def get_insight(project_id: int, insight: str) -> ResponseReturnValue:
    """An insight, by its id or short id, with its stored result."""
    refresh, override = refresh_in_query(), filters_override_in_query()
    filters: dict[str, Any] = {}
    dashboard_id = number_in_query("from_dashboard", 0, most=2**63 - 1)
    if dashboard_id:
        board = Dashboards(_services().postgres, project().id).find(dashboard_id)
        if board is None:
            raise ApiError(400, "does_not_exist", "There is no such dashboard.", attr="from_dashboard")
        filters = board[0].filters
    found = _saved().find(insight)
    if found is None:
        raise _no_such_insight()
    if not_seen_lately(found.last_viewed_at):
        _saved().viewed([found.id])
    (body,) = _shown([found], filters if override is None else override, refresh)
    return jsonify(body)


@insights.patch("/<insight>/")
@scope("insight:write")
@spec.validate(json=InsightChanges, resp=_answers(InsightBody), tags=["insights"], skip_validation=True)
def change_insight(project_id: int, insight: str) -> ResponseReturnValue:
    """Change an insight, put it on dashboards, delete it (`deleted`) or have it back."""
    changes = _changes(body_as(InsightChanges))
    shown_on = changes.pop("dashboards", None)
    found = _saved().find(insight, also_deleted=True)
    if found is None or (found.deleted and changes.get("deleted") is not False):
        raise _no_such_insight()
    with _known_dashboards():
        changed = _saved().change(found.id, changes, _user_id(), dashboards=shown_on)
    if changed is None:
        raise _no_such_insight()
    refresh = Refresh.ASYNC if "query" in changes else Refresh.FORCE_CACHE
    (body,) = _shown([changed], {}, refresh)
    return jsonify(body)


@insights.delete("/<insight>/")
@scope("insight:write")
@spec.validate(
    resp=Response("HTTP_204", HTTP_401=ErrorBody, HTTP_404=ErrorBody), tags=["insights"], skip_validation=True
)
def delete_insight(project_id: int, insight: str) -> ResponseReturnValue:
    """Delete an insight; `PATCH` with `deleted: false` has it back."""
    found = _saved().find(insight)
    if found is None or _saved().change(found.id, {"deleted": True}, _user_id()) is None:
        raise _no_such_insight()
    return "", 204


def _changes(body: InsightChanges) -> dict[str, Any]:
    """The fields that were sent, the question checked. Raises QueryFailed."""
    sent = body.model_dump(exclude_unset=True)
    changes: dict[str, Any] = {name: "" if value is None else value for name, value in sent.items()}
    if "query" in changes:
        check_question(changes["query"], load_team(project(), _services()), _services().questions)
    return changes


@contextmanager
def _known_dashboards() -> Iterator[None]:
    try:
        yield
    except UnknownDashboards as error:
        raise ApiError(400, "does_not_exist", str(error), attr="dashboards") from None


def _ids_in_query(name: str) -> list[int]:
    """A JSON list of ids, or several by commas. Raises ApiError."""
    parts = text_in_query(name).strip("[] ").split(",")
    if parts == [""]:
        return []
    if not all(part.strip().isascii() and part.strip().isdigit() and len(part.strip()) < 19 for part in parts):
        raise ApiError(400, "invalid_input", "A list of ids.", attr=name)
    return [int(part) for part in parts]


def _user_id() -> int | None:
    user = asker().user
    return user.id if user else None


def _shown(found: list[Insight], filters: dict[str, Any], refresh: Refresh) -> list[dict[str, Any]]:
    refresher = _services().refresher
    shown = refresher.show(found, project(), filters, refresh)
    now = datetime.now(UTC)
    return [shown_body(each, project(), now) for each in shown]


def _no_such_insight() -> ApiError:
    return ApiError(404, "not_found", "There is no such insight.")
