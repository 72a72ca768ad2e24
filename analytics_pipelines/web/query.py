"""The API's questions: asked, looked after, and cancelled."""

import re
from typing import Any

from flask import Blueprint, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from spectree import Response

from analytics_pipelines.queries.refresh import Refresh, read_refresh
from analytics_pipelines.queries.serve import Asked
from analytics_pipelines.queries.team import load_team
from analytics_pipelines.web.bodies import object_in_body
from analytics_pipelines.web.disconnects import when_client_goes
from analytics_pipelines.web.errors import ApiError
from analytics_pipelines.web.identify import asker, project, scope
from analytics_pipelines.web.models import ErrorBody
from analytics_pipelines.web.query_models import (
    MOST_ID_CHARACTERS,
    QUERY_ID,
    QueryAnswer,
    QueryRequest,
    QueryStatusAnswer,
)
from analytics_pipelines.web.services import Services
from analytics_pipelines.web.spec import spec

questions = Blueprint("questions", __name__, url_prefix="/api/projects/<int:project_id>/query")


def _services() -> Services:
    found: Services = current_app.extensions["analytics"]
    return found


@questions.post("/")
@scope("query:read")
@spec.validate(
    json=QueryRequest,
    resp=Response(
        HTTP_200=QueryAnswer,
        HTTP_202=QueryAnswer,
        HTTP_400=ErrorBody,
        HTTP_401=ErrorBody,
        HTTP_403=ErrorBody,
        HTTP_404=ErrorBody,
        HTTP_429=ErrorBody,
    ),
    tags=["query"],
    skip_validation=True,
)
def ask(project_id: int) -> ResponseReturnValue:
    """Ask a question: SQL, events, persons, or an insight."""
    answer = _services().answers.answer(_asked(object_in_body()), load_team(project(), _services()))
    status = answer["query_status"]
    return jsonify(answer), 202 if status is not None and not status["complete"] else 200


@questions.get("/<query_id>/")
@scope("query:read")
@spec.validate(
    resp=Response(
        HTTP_200=QueryStatusAnswer,
        HTTP_202=QueryStatusAnswer,
        HTTP_400=ErrorBody,
        HTTP_401=ErrorBody,
        HTTP_403=ErrorBody,
        HTTP_404=ErrorBody,
    ),
    tags=["query"],
)
def query_status(project_id: int, query_id: str) -> ResponseReturnValue:
    """Whether a question in the background is answered: 202 while it is not."""
    found = _services().answers.status(_id(query_id), load_team(project(), _services()))
    if found is None:
        raise ApiError(404, "not_found", "There is no such question, or it was forgotten.")
    status, failure = found
    if failure is not None:
        raise ApiError(failure.status, failure.code, failure.detail, attr=failure.attr, query_status=status)
    return {"query_status": status}, 200 if status["complete"] else 202


@questions.delete("/<query_id>/")
@scope("query:read")
@spec.validate(
    resp=Response("HTTP_204", HTTP_401=ErrorBody, HTTP_403=ErrorBody, HTTP_404=ErrorBody),
    tags=["query"],
)
def cancel_query(project_id: int, query_id: str) -> ResponseReturnValue:
    """Cancel a question, in the background or not, by the id that its asker gave it."""
    _services().answers.cancel(_id(query_id), load_team(project(), _services()))
    return "", 204


def _asked(body: dict[str, Any]) -> Asked:
    if "query" not in body:
        raise ApiError(400, "required", "The body needs a `query`.", attr="query")
    query_id = body.get("client_query_id")
    if query_id is not None and not (isinstance(query_id, str) and re.fullmatch(QUERY_ID, query_id)):
        raise _wrong(f"At most {MOST_ID_CHARACTERS} letters, digits, `.`, `_` and `-`.", "client_query_id")
    for name in ("filters_override", "variables_override"):
        if not isinstance(body.get(name), dict | None):
            raise _wrong("An object, or null.", name)
    for name in ("explain", "async"):
        if not isinstance(body.get(name), bool | None):
            raise _wrong("True, false, or null.", name)
    return Asked(
        query=body["query"],
        refresh=Refresh.ASYNC
        if body.get("async") and body.get("refresh") is None
        else read_refresh(body.get("refresh")),
        client_query_id=query_id,
        explain=bool(body.get("explain")),
        filters_override=body.get("filters_override"),
        variables_override=body.get("variables_override"),
        pool="api" if asker().key is not None else "app",
        when_client_goes=when_client_goes(request),
    )


def _id(text: str) -> str:
    if not re.fullmatch(QUERY_ID, text):
        raise ApiError(404, "not_found", "There is no such question, or it was forgotten.")
    return text


def _wrong(detail: str, attr: str) -> ApiError:
    return ApiError(400, "invalid_input", detail, attr=attr)
