"""The API of erasures."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue
from spectree import Response

from analytics_pipelines.erasures import asking
from analytics_pipelines.erasures.requests import Erasures
from analytics_pipelines.erasures.subject import Subject
from analytics_pipelines.insights.team import Context
from analytics_pipelines.problems import Problem
from analytics_pipelines.queries.team import load_team
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.web.bodies import body_as
from analytics_pipelines.web.erasure_models import (
    ErasureBody,
    ErasureFilter,
    ErasureList,
    ErasuresQuery,
    NewErasure,
)
from analytics_pipelines.web.errors import ApiError
from analytics_pipelines.web.identify import asker, project, scope
from analytics_pipelines.web.models import ErrorBody
from analytics_pipelines.web.paging import number_in_query, paged
from analytics_pipelines.web.services import Services
from analytics_pipelines.web.spec import spec

erasures = Blueprint("erasures", __name__, url_prefix="/api/projects/<int:project_id>/erasures")


def _services() -> Services:
    found: Services = current_app.extensions["analytics"]
    return found


def _answers(body: type, status: int = 200) -> Response:
    return Response(**{f"HTTP_{status}": body}, HTTP_400=ErrorBody, HTTP_401=ErrorBody, HTTP_404=ErrorBody)


@erasures.get("/")
@scope("person:read")
@spec.validate(query=ErasuresQuery, resp=_answers(ErasureList), tags=["erasures"], skip_validation=True)
def list_erasures(project_id: int) -> ResponseReturnValue:
    """What people asked to have erased, and how far it is."""
    limit = number_in_query("limit", 100, least=1, most=1000)
    offset = number_in_query("offset", 0, most=10_000_000)
    found, count = Erasures(_services().postgres).page(project().id, limit, offset)
    return paged([each.public() for each in found], count, limit, offset)


@erasures.post("/")
@scope("person:write")
@spec.validate(json=NewErasure, resp=_answers(ErasureBody, 202), tags=["erasures"], skip_validation=True)
def ask_for_erasure(project_id: int) -> ResponseReturnValue:
    """Have a person, a group, events or the project erased from every place, with proof. It begins within a minute.

    To erase a project takes an admin, or a key with `project:write`.
    """
    now = datetime.now(UTC)
    subject = _subject(body_as(NewErasure), now)
    return Erasures(_services().postgres).request(project().id, subject, by=who_asks(), now=now).public(), 202


@erasures.get("/<int:erasure_id>/")
@scope("person:read")
@spec.validate(resp=_answers(ErasureBody), tags=["erasures"], skip_validation=True)
def get_erasure(project_id: int, erasure_id: int) -> ResponseReturnValue:
    """One erasure; once it is verified, with its report."""
    found = Erasures(_services().postgres).find(erasure_id, project().id) if erasure_id < 1 << 63 else None
    if found is None:
        raise ApiError(404, "not_found", "There is no such erasure.")
    return found.public()


def who_asks() -> str:
    """The one who asks, for the record."""
    who = asker()
    return f"user {who.user.id}" if who.user else f"API key {who.key.id}" if who.key else ""


def _subject(body: NewErasure, now: datetime) -> Subject:
    """Who or what is meant. Raises ApiError."""
    postgres, team = _services().postgres, project().id
    try:
        if body.kind == "project":
            return _whole_project()
        if body.kind == "person":
            if (body.distinct_id is None) is (body.person_id is None):
                raise ApiError(400, "required", "Name the person by distinct_id or by person_id.", attr="distinct_id")
            if body.person_id is not None:
                return asking.person(postgres, team, body.person_id, now)
            return asking.person_of_id(postgres, team, str(body.distinct_id), now)
        if body.kind == "group":
            if body.group_type_index is None or body.group_key is None:
                raise ApiError(400, "required", "Name the group by group_type_index and group_key.", attr="group_key")
            return asking.group(postgres, team, body.group_type_index, body.group_key)
        return _events(body.filter or ErasureFilter(), now)
    except Problem as problem:
        raise ApiError(404 if body.kind != "events" else 400, "not_found", str(problem)) from None
    except QueryError as error:
        raise ApiError(400, "invalid_input", error.message, attr="filter.properties") from None


def _events(wanted: ErasureFilter, now: datetime) -> Subject:
    context = Context(load_team(project(), _services()), now)
    return asking.events(context, wanted.events, wanted.date_from, wanted.date_to, wanted.properties)


def _whole_project() -> Subject:
    who = asker()
    may: Any = who.user.role == "admin" if who.user else who.key and who.key.allows("project:write")
    if not may:
        raise ApiError(403, "permission_denied", "To erase a project takes an admin, or a key with project:write.")
    return Subject("project")
