"""The API of persons."""

import json
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from uuid import UUID

from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue
from spectree import Response

from analytics_pipelines.erasures import asking
from analytics_pipelines.erasures.archive import Archive, TooManyIds
from analytics_pipelines.erasures.component import ids_of_person
from analytics_pipelines.erasures.requests import Erasures
from analytics_pipelines.insights.filters import PropertyFilter
from analytics_pipelines.insights.kinds import parse_as
from analytics_pipelines.insights.team import Context
from analytics_pipelines.persons.deletion import delete_person as delete
from analytics_pipelines.persons.directory import Person, Persons, WantedPersons
from analytics_pipelines.problems import Problem
from analytics_pipelines.queries.failure import QueryFailed
from analytics_pipelines.queries.team import load_team
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.web.erasures import who_asks
from analytics_pipelines.web.errors import ApiError
from analytics_pipelines.web.identify import project, scope
from analytics_pipelines.web.models import ErrorBody
from analytics_pipelines.web.paging import choice_in_query, number_in_query, paged, text_in_query
from analytics_pipelines.web.person_models import PersonBody, PersonDeletionQuery, PersonList, PersonsQuery
from analytics_pipelines.web.services import Services
from analytics_pipelines.web.spec import spec
from resources.clickhouse import ClickHouseRefused

MOST_FILTERS = 100

persons = Blueprint("persons", __name__, url_prefix="/api/projects/<int:project_id>/persons")


def _services() -> Services:
    found: Services = current_app.extensions["analytics"]
    return found


def _answers(body: type) -> Response:
    return Response(HTTP_200=body, HTTP_400=ErrorBody, HTTP_401=ErrorBody, HTTP_404=ErrorBody)


@persons.get("/")
@scope("person:read")
@spec.validate(query=PersonsQuery, resp=_answers(PersonList), tags=["persons"], skip_validation=True)
def list_persons(project_id: int) -> ResponseReturnValue:
    """The project's persons."""
    cohort_id = number_in_query("cohort", 0, least=1, most=2**63 - 1)
    return listed_persons(cohort_id or None)


@persons.get("/<person_id>/")
@scope("person:read")
@spec.validate(resp=_answers(PersonBody), tags=["persons"], skip_validation=True)
def get_person(project_id: int, person_id: str) -> ResponseReturnValue:
    """One person."""
    return _existing(person_id).public()


@persons.get("/<person_id>/export/")
@scope("person:read")
@spec.validate(
    resp=Response("HTTP_200", HTTP_400=ErrorBody, HTTP_401=ErrorBody, HTTP_404=ErrorBody),
    tags=["persons"],
    skip_validation=True,
)
def export_person(project_id: int, person_id: str) -> ResponseReturnValue:
    """Everything that is held of a person, as a zip of JSON: one object a line, a file a kind."""
    services, now = _services(), datetime.now(UTC)
    found = _existing(person_id)
    ids = sorted(ids_of_person(services.postgres, project().id, found.id)) or list(found.distinct_ids)
    out = BytesIO()
    archive = Archive(services.store, services.postgres, services.clickhouse, project().id, ids, now)
    try:
        archive.write(out)
    except TooManyIds as error:
        raise ApiError(400, "too_large", str(error)) from None
    response = current_app.response_class(out.getvalue(), mimetype="application/zip")
    response.headers.set("Content-Disposition", "attachment", filename=f"person-{found.id}.zip")
    response.headers["Cache-Control"] = "no-store"
    return response


@persons.delete("/<person_id>/")
@scope("person:write")
@spec.validate(
    query=PersonDeletionQuery,
    resp=Response("HTTP_202", HTTP_400=ErrorBody, HTTP_401=ErrorBody, HTTP_404=ErrorBody),
    tags=["persons"],
    skip_validation=True,
)
def delete_person(project_id: int, person_id: str) -> ResponseReturnValue:
    """Delete a person with its properties. What it sends later brings it back, with nothing known.

    Its events stay, or are erased with `delete_events`: `erasures/` says how far that is.
    """
    with_events = choice_in_query("delete_events", ("true", "false"), "false") == "true"
    services, now = _services(), datetime.now(UTC)
    found = _existing(person_id)
    if not found.distinct_ids:
        raise _no_such_person()
    try:
        if with_events:
            subject = asking.person_of_id(services.postgres, project().id, found.distinct_ids[0], now)
            Erasures(services.postgres).request(project().id, subject, by=who_asks(), now=now)
        delete(services.postgres, services.clickhouse, project().id, found.distinct_ids[0], now)
    except Problem:  # somebody was faster
        raise _no_such_person() from None
    return "", 202


def listed_persons(cohort_id: int | None) -> dict[str, Any]:
    """A page of persons as the query string asks for it. Raises ApiError and QueryFailed."""
    wanted = WantedPersons(
        search=text_in_query("search"),
        distinct_id=text_in_query("distinct_id"),
        properties=_filters(),
        cohort_id=cohort_id,
        limit=number_in_query("limit", 100, least=1, most=1000),
        offset=number_in_query("offset", 0, most=10_000_000),
    )
    try:
        found, count = _directory().page(wanted)
    except QueryError as error:
        raise ApiError(400, "invalid_input", error.message, attr="properties") from None
    except ClickHouseRefused as error:
        raise QueryFailed.from_engine(error.code, str(error)) from None
    return paged([each.public() for each in found], count, wanted.limit, wanted.offset)


def _directory() -> Persons:
    services = _services()
    settings = {
        "join_use_nulls": 1,
        "max_execution_time": services.settings.query_max_seconds,
        "max_memory_usage": services.settings.query_max_memory_bytes,
    }
    context = Context(load_team(project(), services), datetime.now(UTC))
    return Persons(services.reader.about(team_id=project().id), context, settings)


def _filters() -> list[PropertyFilter]:
    text = text_in_query("properties")
    try:
        given = json.loads(text) if text else []
        if not isinstance(given, list) or len(given) > MOST_FILTERS:
            raise ValueError
        return [parse_as(PropertyFilter, {"type": "person", **each}) for each in given]
    except QueryError as error:
        raise ApiError(400, "invalid_input", error.message, attr="properties") from None
    except (ValueError, TypeError, RecursionError):
        raise ApiError(400, "invalid_input", "A JSON list of property filters.", attr="properties") from None


def _existing(person_id: str) -> Person:
    try:
        found = _directory().find(UUID(person_id))
    except ValueError:
        found = None
    if found is None:
        raise _no_such_person()
    return found


def _no_such_person() -> ApiError:
    return ApiError(404, "not_found", "There is no such person.")
