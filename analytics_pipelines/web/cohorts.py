"""The API of cohorts."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue
from spectree import Response

from analytics_pipelines.cohorts.legacy import filters_of_groups
from analytics_pipelines.cohorts.membership import Definition, dependents, members
from analytics_pipelines.cohorts.static import StaticMembers
from analytics_pipelines.cohorts.store import Cohort, Cohorts, TooMany
from analytics_pipelines.insights.team import Context
from analytics_pipelines.queries.team import load_team
from analytics_pipelines.sql.compiler import compile_query
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.web.bodies import body_as
from analytics_pipelines.web.cohort_bodies import actors_of, cohort_body, listed_ids, sent
from analytics_pipelines.web.cohort_models import (
    CohortBody,
    CohortChanges,
    CohortList,
    CohortPersonsQuery,
    CohortsQuery,
    NewCohort,
    PersonsToAdd,
    PersonToRemove,
)
from analytics_pipelines.web.errors import ApiError
from analytics_pipelines.web.identify import asker, project, scope
from analytics_pipelines.web.models import ErrorBody
from analytics_pipelines.web.paging import number_in_query, paged, text_in_query
from analytics_pipelines.web.person_models import PersonList
from analytics_pipelines.web.persons import listed_persons
from analytics_pipelines.web.services import Services
from analytics_pipelines.web.spec import spec

cohorts = Blueprint("cohorts", __name__, url_prefix="/api/projects/<int:project_id>/cohorts")


def _services() -> Services:
    found: Services = current_app.extensions["analytics"]
    return found


def _saved() -> Cohorts:
    return Cohorts(_services().postgres, project().id)


def _answers(body: type, status: int = 200) -> Response:
    return Response(**{f"HTTP_{status}": body}, HTTP_400=ErrorBody, HTTP_401=ErrorBody, HTTP_404=ErrorBody)


@cohorts.get("/")
@scope("cohort:read")
@spec.validate(query=CohortsQuery, resp=_answers(CohortList), tags=["cohorts"], skip_validation=True)
def list_cohorts(project_id: int) -> ResponseReturnValue:
    """The project's cohorts."""
    limit = number_in_query("limit", 100, least=1, most=1000)
    offset = number_in_query("offset", 0, most=10_000_000)
    found, count = _saved().page(text_in_query("search"), limit, offset)
    return paged([cohort_body(each) for each in found], count, limit, offset)


@cohorts.post("/")
@scope("cohort:write")
@spec.validate(json=NewCohort, resp=_answers(CohortBody, 201), tags=["cohorts"], skip_validation=True)
def create_cohort(project_id: int) -> ResponseReturnValue:
    """Save a cohort; its members are found in the background."""
    body = sent(NewCohort)
    ids, persons = listed_ids() if body.is_static else ([], [])
    filters = {} if body.is_static else _checked(_criteria(body) or {}, None)
    if body.is_static and body.query:
        persons += actors_of(body.query, load_team(project(), _services()), _services().questions)
    by = asker().user
    try:
        made = _saved().create(
            body.name, body.description or "", filters, is_static=body.is_static, by=by.id if by else None
        )
    except TooMany as error:
        raise ApiError(400, "invalid_input", str(error)) from None
    if body.is_static:
        _members(made.id).add_distinct_ids(ids)
        _members(made.id).add_persons([*persons, *body.create_static_person_ids])
        _saved().ask_for_members(made.id)  # somebody may have found them before they were all there
    _services().cohorts.submit(made.id)
    return cohort_body(made), 201


@cohorts.get("/<int:cohort_id>/")
@scope("cohort:read")
@spec.validate(resp=_answers(CohortBody), tags=["cohorts"], skip_validation=True)
def get_cohort(project_id: int, cohort_id: int) -> ResponseReturnValue:
    """One cohort."""
    return cohort_body(_existing(cohort_id))


@cohorts.patch("/<int:cohort_id>/")
@scope("cohort:write")
@spec.validate(json=CohortChanges, resp=_answers(CohortBody), tags=["cohorts"], skip_validation=True)
def change_cohort(project_id: int, cohort_id: int) -> ResponseReturnValue:
    """Change a cohort; with `deleted`, delete it or have it back. A file `csv` adds members to a static one."""
    body = sent(CohortChanges)
    found = _existing(cohort_id, also_deleted="deleted" in body.model_fields_set and not body.deleted)
    changes = body.model_dump(exclude_unset=True, include={"name", "description", "deleted"})
    if "description" in changes:
        changes["description"] = changes["description"] or ""
    criteria = _criteria(body)
    if criteria is not None and not found.is_static:
        changes["filters"] = _checked(criteria, cohort_id)
    ids, persons = listed_ids()
    if (ids or persons) and not found.is_static:
        raise ApiError(400, "invalid_input", "Only a static cohort has a list of members.", attr="csv")
    _saved().change(cohort_id, changes)
    if ids or persons:
        _members(cohort_id).add_distinct_ids(ids)
        _members(cohort_id).add_persons(persons)
        _saved().ask_for_members(cohort_id)
    if ids or persons or {"filters", "deleted"} & set(changes):
        _find_members(cohort_id)
    return cohort_body(_existing(cohort_id, also_deleted=True))


@cohorts.delete("/<int:cohort_id>/")
@scope("cohort:write")
@spec.validate(
    resp=Response("HTTP_204", HTTP_401=ErrorBody, HTTP_404=ErrorBody), tags=["cohorts"], skip_validation=True
)
def delete_cohort(project_id: int, cohort_id: int) -> ResponseReturnValue:
    """Delete a cohort; `PATCH` with `deleted: false` has it back. What names it matches nobody."""
    _existing(cohort_id)
    _saved().change(cohort_id, {"deleted": True})
    _find_members(cohort_id)
    return "", 204


@cohorts.get("/<int:cohort_id>/persons/")
@scope("cohort:read")
@spec.validate(query=CohortPersonsQuery, resp=_answers(PersonList), tags=["cohorts"], skip_validation=True)
def list_members(project_id: int, cohort_id: int) -> ResponseReturnValue:
    """The members that are published."""
    return listed_persons(_existing(cohort_id).id)


@cohorts.patch("/<int:cohort_id>/add_persons_to_static_cohort/")
@scope("cohort:write")
@spec.validate(json=PersonsToAdd, resp=_answers(CohortBody), tags=["cohorts"], skip_validation=True)
def add_persons(project_id: int, cohort_id: int) -> ResponseReturnValue:
    """Add persons to a static cohort; ids that are no person's are left out."""
    found = _static(cohort_id)
    _members(found.id).add_persons(body_as(PersonsToAdd).person_ids)
    _saved().ask_for_members(found.id)
    _find_members(found.id)
    return cohort_body(_existing(cohort_id))


@cohorts.patch("/<int:cohort_id>/remove_person_from_static_cohort/")
@scope("cohort:write")
@spec.validate(json=PersonToRemove, resp=_answers(CohortBody), tags=["cohorts"], skip_validation=True)
def remove_person(project_id: int, cohort_id: int) -> ResponseReturnValue:
    """Take a person out of a static cohort."""
    found = _static(cohort_id)
    if not _members(found.id).remove_person(body_as(PersonToRemove).person_id):
        raise ApiError(404, "not_found", "The person is not in the cohort.")
    _saved().ask_for_members(found.id)
    _find_members(found.id)
    return cohort_body(_existing(cohort_id))


def _criteria(body: CohortChanges) -> dict[str, Any] | None:
    """The criteria that were sent; None when none were. Raises ApiError."""
    if body.filters is not None:
        return body.filters
    if not body.groups:
        return None
    try:
        return filters_of_groups(body.groups)
    except QueryError as error:
        raise ApiError(400, "invalid_input", error.message, attr="groups") from None


def _checked(filters: dict[str, Any], cohort_id: int | None) -> dict[str, Any]:
    """The same, if members can be found by them, as the criteria of that cohort. Raises ApiError."""
    team = load_team(project(), _services())
    others = _saved().definitions()
    if cohort_id is not None:
        others[cohort_id] = Definition(filters)
    try:
        compile_query(members(filters, Context(team, datetime.now(UTC)), others), team.scope())
    except QueryError as error:
        raise ApiError(400, "invalid_input", error.message, attr="filters") from None
    except (OverflowError, ValueError, RecursionError):
        detail = "A date or a number is out of range, or the criteria are nested too deep."
        raise ApiError(400, "invalid_input", detail, attr="filters") from None
    return filters


def _find_members(cohort_id: int) -> None:
    """Of a cohort that they are asked for of, and so of those that are made of it."""
    _services().cohorts.submit(cohort_id)
    for each in dependents(cohort_id, _saved().definitions()):
        _saved().ask_for_members(each)
        _services().cohorts.submit(each)


def _members(cohort_id: int) -> StaticMembers:
    services = _services()
    return StaticMembers(services.postgres, services.reader, project().id, cohort_id)


def _existing(cohort_id: int, *, also_deleted: bool = False) -> Cohort:
    found = _saved().find(cohort_id, also_deleted=also_deleted)
    if found is None:
        raise ApiError(404, "not_found", "There is no such cohort.")
    return found


def _static(cohort_id: int) -> Cohort:
    found = _existing(cohort_id)
    if not found.is_static:
        raise ApiError(400, "invalid_input", "Only a static cohort has a list of members.")
    return found
