"""The API of actions."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue
from spectree import Response

from analytics_pipelines.actions.store import Actions, SavedAction, TooManyActions
from analytics_pipelines.insights.actions import ActionStep, action_condition
from analytics_pipelines.insights.team import Action, Context
from analytics_pipelines.queries.team import load_team
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.web.action_models import ActionBody, ActionChanges, ActionList, ActionsQuery, NewAction
from analytics_pipelines.web.bodies import body_as
from analytics_pipelines.web.errors import ApiError
from analytics_pipelines.web.identify import asker, project, scope
from analytics_pipelines.web.models import ErrorBody
from analytics_pipelines.web.paging import number_in_query, paged, text_in_query
from analytics_pipelines.web.services import Services
from analytics_pipelines.web.spec import spec

actions = Blueprint("actions", __name__, url_prefix="/api/projects/<int:project_id>/actions")


def _services() -> Services:
    found: Services = current_app.extensions["analytics"]
    return found


def _saved() -> Actions:
    return Actions(_services().postgres, project().id)


def _answers(body: type, status: int = 200) -> Response:
    return Response(**{f"HTTP_{status}": body}, HTTP_400=ErrorBody, HTTP_401=ErrorBody, HTTP_404=ErrorBody)


@actions.get("/")
@scope("action:read")
@spec.validate(query=ActionsQuery, resp=_answers(ActionList), tags=["actions"], skip_validation=True)
def list_actions(project_id: int) -> ResponseReturnValue:
    """The project's actions."""
    limit = number_in_query("limit", 100, least=1, most=1000)
    offset = number_in_query("offset", 0, most=10_000_000)
    found, count = _saved().page(text_in_query("search"), limit, offset)
    return paged([_body(each) for each in found], count, limit, offset)


@actions.post("/")
@scope("action:write")
@spec.validate(json=NewAction, resp=_answers(ActionBody, 201), tags=["actions"], skip_validation=True)
def create_action(project_id: int) -> ResponseReturnValue:
    """Save an action."""
    fields = _fields(body_as(NewAction))
    by = asker().user
    try:
        return _body(_saved().create(fields, by.id if by else None)), 201
    except TooManyActions as error:
        raise ApiError(400, "invalid_input", str(error)) from None


@actions.get("/<int:action_id>/")
@scope("action:read")
@spec.validate(resp=_answers(ActionBody), tags=["actions"], skip_validation=True)
def get_action(project_id: int, action_id: int) -> ResponseReturnValue:
    """One action."""
    return _body(_existing(_saved().find(action_id)))


@actions.patch("/<int:action_id>/")
@scope("action:write")
@spec.validate(json=ActionChanges, resp=_answers(ActionBody), tags=["actions"], skip_validation=True)
def change_action(project_id: int, action_id: int) -> ResponseReturnValue:
    """Change an action; with `deleted`, delete it or have it back."""
    changes = _fields(body_as(ActionChanges))
    _existing(_saved().find(action_id, also_deleted=changes.get("deleted") is False))
    return _body(_existing(_saved().change(action_id, changes)))


@actions.delete("/<int:action_id>/")
@scope("action:write")
@spec.validate(
    resp=Response("HTTP_204", HTTP_401=ErrorBody, HTTP_404=ErrorBody), tags=["actions"], skip_validation=True
)
def delete_action(project_id: int, action_id: int) -> ResponseReturnValue:
    """Delete an action; `PATCH` with `deleted: false` has it back."""
    _existing(_saved().find(action_id))
    _saved().change(action_id, {"deleted": True})
    return "", 204


def _fields(body: ActionChanges) -> dict[str, Any]:
    """The fields that were sent, the steps understood. Raises ApiError."""
    fields = body.model_dump(exclude_unset=True)
    if "description" in fields:
        fields["description"] = fields["description"] or ""
    if "steps" in fields:
        action = Action(0, "", tuple(fields["steps"]))
        try:
            action_condition(action, Context(load_team(project(), _services()), datetime.now(UTC)))
        except QueryError as error:
            raise ApiError(400, "invalid_input", error.message, attr="steps") from None
    return fields


def _existing(found: SavedAction | None) -> SavedAction:
    if found is None:
        raise ApiError(404, "not_found", "There is no such action.")
    return found


def _body(action: SavedAction) -> dict[str, Any]:
    return {
        "id": action.id,
        "name": action.name,
        "description": action.description,
        "steps": [{**dict.fromkeys(ActionStep.model_fields), **step} for step in action.steps],
        "tags": action.tags,
        "pinned_at": action.pinned_at.isoformat() if action.pinned_at else None,
        "deleted": action.deleted,
        "is_action": True,
        "created_at": action.created_at.isoformat(),
        "created_by": action.created_by,
        "updated_at": action.updated_at.isoformat(),
        "team_id": project().id,
    }
