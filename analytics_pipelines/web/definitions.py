"""The API's lists of events, properties and groups."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue
from spectree import Response

from analytics_pipelines.catalog.events import event_definitions
from analytics_pipelines.catalog.page import ORDERS, Wanted
from analytics_pipelines.catalog.properties import KINDS, NOT_OF_A_GROUP, PROPERTY_TYPES, PropertyDefinitions
from analytics_pipelines.groups.directory import Groups
from analytics_pipelines.groups.types import MOST_TYPES, GroupTypes
from analytics_pipelines.web.bodies import object_in_body
from analytics_pipelines.web.definition_models import (
    EventDefinitionList,
    EventDefinitionsQuery,
    GroupBody,
    GroupList,
    GroupQuery,
    GroupsQuery,
    GroupTypeList,
    PropertyDefinitionBody,
    PropertyDefinitionChanges,
    PropertyDefinitionList,
    PropertyDefinitionsQuery,
)
from analytics_pipelines.web.errors import ApiError
from analytics_pipelines.web.identify import project, scope
from analytics_pipelines.web.models import ErrorBody
from analytics_pipelines.web.paging import (
    choice_in_query,
    number_in_query,
    paged,
    text_in_query,
)
from analytics_pipelines.web.services import Services
from analytics_pipelines.web.spec import spec

definitions = Blueprint("definitions", __name__, url_prefix="/api/projects/<int:project_id>")


def _services() -> Services:
    found: Services = current_app.extensions["analytics"]
    return found


def _wanted() -> Wanted:
    return Wanted(
        search=text_in_query("search"),
        ordering=choice_in_query("ordering", tuple(ORDERS), "name"),
        limit=number_in_query("limit", 100, least=1, most=1000),
        offset=number_in_query("offset", 0, most=10_000_000),
    )


def _answers(body: type) -> Response:
    return Response(HTTP_200=body, HTTP_400=ErrorBody, HTTP_401=ErrorBody, HTTP_404=ErrorBody)


@definitions.get("/event_definitions/")
@scope("event_definition:read")
@spec.validate(query=EventDefinitionsQuery, resp=_answers(EventDefinitionList), tags=["data"], skip_validation=True)
def list_event_definitions(project_id: int) -> ResponseReturnValue:
    """The events that the project has sent, by name."""
    wanted = _wanted()
    page = event_definitions(project().id, wanted, _services().reader)
    return paged([each.public() for each in page.items], page.count, wanted.limit, wanted.offset)


@definitions.get("/property_definitions/")
@scope("property_definition:read")
@spec.validate(
    query=PropertyDefinitionsQuery, resp=_answers(PropertyDefinitionList), tags=["data"], skip_validation=True
)
def list_property_definitions(project_id: int) -> ResponseReturnValue:
    """The properties of the project's events, persons or groups, with their types."""
    wanted = _wanted()
    page = _properties().page(
        project().id,
        choice_in_query("type", KINDS, "event"),
        wanted,
        number_in_query("group_type_index", NOT_OF_A_GROUP, most=MOST_TYPES - 1),
    )
    return paged([each.public() for each in page.items], page.count, wanted.limit, wanted.offset)


@definitions.get("/property_definitions/<property_id>/")
@scope("property_definition:read")
@spec.validate(resp=_answers(PropertyDefinitionBody), tags=["data"])
def get_property_definition(project_id: int, property_id: str) -> ResponseReturnValue:
    """One property."""
    found = _properties().find(project().id, _property_id(property_id))
    if found is None:
        raise _no_such("property")
    return found.public()


@definitions.patch("/property_definitions/<property_id>/")
@scope("property_definition:write")
@spec.validate(
    json=PropertyDefinitionChanges, resp=_answers(PropertyDefinitionBody), tags=["data"], skip_validation=True
)
def change_property_definition(project_id: int, property_id: str) -> ResponseReturnValue:
    """Say what the type of a property is; null goes back to what its values look like."""
    body = object_in_body()
    if "property_type" not in body:
        raise ApiError(400, "required", "The body needs a `property_type`.", attr="property_type")
    property_type = body["property_type"]
    if property_type is not None and property_type not in PROPERTY_TYPES:
        raise ApiError(400, "invalid_input", f"One of {', '.join(PROPERTY_TYPES)}, or null.", attr="property_type")
    found = _properties().set_type(project().id, _property_id(property_id), property_type, datetime.now(UTC))
    if found is None:
        raise _no_such("property")
    return found.public()


@definitions.get("/groups_types/")
@scope("group:read")
@spec.validate(resp=_answers(GroupTypeList), tags=["data"])
def list_group_types(project_id: int) -> ResponseReturnValue:
    """The project's kinds of groups: at most five, in order of their first arrival."""
    found = GroupTypes(_services().postgres).of([project().id])
    return [{"group_type": each.name, "group_type_index": each.index} for each in found]


@definitions.get("/groups/")
@scope("group:read")
@spec.validate(query=GroupsQuery, resp=_answers(GroupList), tags=["data"], skip_validation=True)
def list_groups(project_id: int) -> ResponseReturnValue:
    """The groups of a kind, by key."""
    limit = number_in_query("limit", 100, least=1, most=1000)
    offset = number_in_query("offset", 0, most=10_000_000)
    found, count = _groups().page(_group_type_index(), text_in_query("search"), limit, offset)
    return paged([each.public() for each in found], count, limit, offset)


@definitions.get("/groups/find/")
@scope("group:read")
@spec.validate(query=GroupQuery, resp=_answers(GroupBody), tags=["data"], skip_validation=True)
def find_group(project_id: int) -> ResponseReturnValue:
    """One group, by its kind and key."""
    index = _group_type_index()
    if "group_key" not in request.args:
        raise ApiError(400, "required", "Name a group.", attr="group_key")
    found = _groups().find(index, text_in_query("group_key"))
    if found is None:
        raise _no_such("group")
    return found.public()


def _properties() -> PropertyDefinitions:
    return PropertyDefinitions(_services().reader, _services().postgres)


def _groups() -> Groups:
    return Groups(_services().reader, project().id)


def _group_type_index() -> int:
    if "group_type_index" not in request.args:
        raise ApiError(400, "required", "Name a kind of groups by its index.", attr="group_type_index")
    return number_in_query("group_type_index", 0, most=MOST_TYPES - 1)


def _property_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise _no_such("property") from None


def _no_such(what: str) -> Any:
    return ApiError(404, "not_found", f"There is no such {what}.")
