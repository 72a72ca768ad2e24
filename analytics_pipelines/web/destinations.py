"""The API of destinations: whom a project tells of its events."""

import json
import time
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue
from pydantic import ValidationError
from spectree import Response

from analytics_pipelines.insights.team import Context
from analytics_pipelines.outbound.addresses import AddressRefused, Allowed
from analytics_pipelines.outbound.client import Outbound, SendFailed
from analytics_pipelines.outbound.urls import WrongUrl, checked_url
from analytics_pipelines.queries.team import load_team
from analytics_pipelines.sql.compiler import compile_query
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.sql.nodes import Item, Name, Select, TableName
from analytics_pipelines.web.bodies import body_as
from analytics_pipelines.web.destination_models import (
    DeliveriesQuery,
    DeliveryList,
    DestinationBody,
    DestinationChanges,
    DestinationList,
    DestinationWithSecret,
    NewDestination,
    RedrivenBody,
    SecretBody,
    TestBody,
    WhichDeliveries,
)
from analytics_pipelines.web.errors import ApiError
from analytics_pipelines.web.identify import asker, project, scope
from analytics_pipelines.web.models import ErrorBody
from analytics_pipelines.web.paging import number_in_query, paged
from analytics_pipelines.web.services import Services
from analytics_pipelines.web.spec import spec
from analytics_pipelines.webhooks.filters import Filters, matching
from analytics_pipelines.webhooks.message import WrongHeaders, checked_headers, message, sample
from analytics_pipelines.webhooks.queue import Queue, health
from analytics_pipelines.webhooks.store import Destination, Destinations, TooManyDestinations
from analytics_pipelines.webhooks.template import WrongTemplate, read_template

MASK = "********"

destinations = Blueprint("destinations", __name__, url_prefix="/api/projects/<int:project_id>/destinations")


def _services() -> Services:
    found: Services = current_app.extensions["analytics"]
    return found


def _saved() -> Destinations:
    return Destinations(_services().postgres, project().id)


def _answers(body: type, status: int = 200) -> Response:
    return Response(**{f"HTTP_{status}": body}, HTTP_400=ErrorBody, HTTP_401=ErrorBody, HTTP_404=ErrorBody)


@destinations.get("/")
@scope("hog_function:read")
@spec.validate(resp=_answers(DestinationList), tags=["destinations"], skip_validation=True)
def list_destinations(project_id: int) -> ResponseReturnValue:
    """The project's destinations, each with how it does."""
    found = health(_services().postgres, project().id)
    results = [_body(each, found[each.id]) for each in _saved().all() if each.id in found]
    return paged(results, len(results), max(len(results), 1), 0)


@destinations.post("/")
@scope("hog_function:write")
@spec.validate(
    json=NewDestination, resp=_answers(DestinationWithSecret, 201), tags=["destinations"], skip_validation=True
)
def create_destination(project_id: int) -> ResponseReturnValue:
    """Save a destination. It is told of what arrives from now on; its signing secret is shown this once."""
    fields = _fields(body_as(NewDestination), {})
    by = asker().user
    try:
        made, secret = _saved().create(fields, by.id if by else None)
    except TooManyDestinations as error:
        raise ApiError(400, "invalid_input", str(error)) from None
    return {**_with_health(made), "signing_secret": secret}, 201


@destinations.get("/<int:destination_id>/")
@scope("hog_function:read")
@spec.validate(resp=_answers(DestinationBody), tags=["destinations"], skip_validation=True)
def get_destination(project_id: int, destination_id: int) -> ResponseReturnValue:
    """One destination."""
    return _with_health(_existing(destination_id))


@destinations.patch("/<int:destination_id>/")
@scope("hog_function:write")
@spec.validate(json=DestinationChanges, resp=_answers(DestinationBody), tags=["destinations"], skip_validation=True)
def change_destination(project_id: int, destination_id: int) -> ResponseReturnValue:
    """Change a destination. One that is enabled again is told of what arrives from then on."""
    body = body_as(DestinationChanges)
    changed = _saved().change(destination_id, _fields(body, _existing(destination_id).headers))
    return _with_health(_there(changed))


@destinations.delete("/<int:destination_id>/")
@scope("hog_function:write")
@spec.validate(
    resp=Response("HTTP_204", HTTP_401=ErrorBody, HTTP_404=ErrorBody), tags=["destinations"], skip_validation=True
)
def delete_destination(project_id: int, destination_id: int) -> ResponseReturnValue:
    """Delete a destination, with all that was still to be sent to it."""
    _existing(destination_id)
    _saved().change(destination_id, {"deleted": True})
    return "", 204


@destinations.post("/<int:destination_id>/rotate_secret/")
@scope("hog_function:write")
@spec.validate(resp=_answers(SecretBody), tags=["destinations"], skip_validation=True)
def rotate_secret(project_id: int, destination_id: int) -> ResponseReturnValue:
    """Make a new signing secret. Messages are signed with the old one, too, for a day."""
    secret = _saved().rotate_secret(destination_id)
    until = _existing(destination_id).old_secret_until
    return {"signing_secret": secret, "old_secret_until": until.isoformat() if until else None}


@destinations.post("/<int:destination_id>/test/")
@scope("hog_function:write")
@spec.validate(resp=_answers(TestBody), tags=["destinations"], skip_validation=True)
def test_destination(project_id: int, destination_id: int) -> ResponseReturnValue:
    """Send a sample now, and show what the receiver answers."""
    destination, services, now = _existing(destination_id), _services(), datetime.now(UTC)
    uuid, told = sample(project().id, services.settings.browser_url, now)
    secrets = _saved().signing_secrets(destination.id, now)
    made = message(destination, project().name, uuid, told, services.settings.browser_url, secrets, now)
    started, status, answer, error = time.monotonic(), None, None, None
    try:
        with Outbound(Allowed.parse(services.settings.outbound_allowed)) as client:
            reply = client.send(destination.method, destination.url, made.headers, made.body)
        status, answer = reply.status, reply.text[:2000]
    except (AddressRefused, WrongUrl, SendFailed) as failed:
        error = str(failed)
    return {
        "success": status is not None and 200 <= status < 300,
        "status": status,
        "answer": answer,
        "error": error,
        "milliseconds": int((time.monotonic() - started) * 1000),
        "request_body": json.loads(made.body),
    }


@destinations.get("/<int:destination_id>/deliveries/")
@scope("hog_function:read")
@spec.validate(query=DeliveriesQuery, resp=_answers(DeliveryList), tags=["destinations"], skip_validation=True)
def list_deliveries(project_id: int, destination_id: int) -> ResponseReturnValue:
    """What is parked, and the last attempts that failed."""
    limit = number_in_query("limit", 100, least=1, most=1000)
    offset = number_in_query("offset", 0, most=10_000_000)
    destination = _existing(destination_id)
    queue = Queue(_services().postgres, destination.id)
    parked, count = queue.parked(limit, offset)
    return {
        **paged([_plain(each) for each in parked], count, limit, offset),
        "recent_failures": [_plain(each) for each in queue.failures()],
        "health": _with_health(destination)["health"],
    }


@destinations.post("/<int:destination_id>/redrive/")
@scope("hog_function:write")
@spec.validate(json=WhichDeliveries, resp=_answers(RedrivenBody), tags=["destinations"], skip_validation=True)
def redrive(project_id: int, destination_id: int) -> ResponseReturnValue:
    """Send again what is parked, and try a destination that was parked at once."""
    which = _which()
    return {"count": Queue(_services().postgres, _existing(destination_id).id).redrive(which.ids)}


@destinations.post("/<int:destination_id>/discard/")
@scope("hog_function:write")
@spec.validate(json=WhichDeliveries, resp=_answers(RedrivenBody), tags=["destinations"], skip_validation=True)
def discard(project_id: int, destination_id: int) -> ResponseReturnValue:
    """Give up what is parked: it is never sent."""
    which = _which()
    return {"count": Queue(_services().postgres, _existing(destination_id).id).discard(which.ids)}


def _which() -> WhichDeliveries:
    """Of those that are parked; without a body all. Raises ApiError."""
    return body_as(WhichDeliveries) if request.get_data() else WhichDeliveries()


def _fields(body: DestinationChanges, headers: dict[str, str]) -> dict[str, Any]:
    """The fields that were sent, understood; masked headers are those that there were. Raises ApiError."""
    fields = body.model_dump(exclude_unset=True)
    try:
        if "headers" in fields:
            given = {
                name: headers.get(name, value) if value == MASK else value for name, value in fields["headers"].items()
            }
            fields["headers"] = checked_headers(given)
        if "url" in fields:
            checked_url(fields["url"], Allowed.parse(_services().settings.outbound_allowed))
        if fields.get("body") is not None:
            fields["body"] = read_template(fields["body"])
    except (AddressRefused, WrongUrl) as error:
        raise ApiError(400, "invalid_input", str(error), attr="url") from None
    except WrongTemplate as error:
        raise ApiError(400, "invalid_input", str(error), attr="body") from None
    except WrongHeaders as error:
        raise ApiError(400, "invalid_input", str(error), attr="headers") from None
    if "filters" in fields:
        _check_filters(fields["filters"])
    return fields


def _check_filters(filters: dict[str, Any]) -> None:
    """Filters compile against the project as it is. Raises ApiError."""
    team = load_team(project(), _services())
    context = Context(team, datetime.now(UTC))
    try:
        where = matching(Filters.model_validate(filters), context)
        query = Select((Item(Name(("uuid",)), "uuid"),), TableName("events"), where=where)
        compile_query(query, team.scope(context.now))
    except QueryError as error:
        raise ApiError(400, "invalid_input", error.message, attr="filters") from None
    except ValidationError as error:
        first = error.errors()[0]
        where_ = ".".join(str(part) for part in ("filters", *first["loc"]))
        raise ApiError(400, "invalid_input", first["msg"], attr=where_) from None


def _existing(destination_id: int) -> Destination:
    return _there(_saved().find(destination_id))


def _there(found: Destination | None) -> Destination:
    if found is None:
        raise ApiError(404, "not_found", "There is no such destination.")
    return found


def _with_health(destination: Destination) -> dict[str, Any]:
    found = health(_services().postgres, project().id).get(destination.id)
    return _body(_there(destination if found else None), found or {})


def _body(destination: Destination, found: dict[str, Any]) -> dict[str, Any]:
    until = destination.old_secret_until
    return {
        "id": destination.id,
        "name": destination.name,
        "description": destination.description,
        "preset": destination.preset,
        "url": destination.url,
        "method": destination.method,
        "headers": dict.fromkeys(destination.headers, MASK),
        "body": destination.body,
        "filters": destination.filters,
        "enabled": destination.enabled,
        "created_at": destination.created_at.isoformat(),
        "created_by": destination.created_by,
        "updated_at": destination.updated_at.isoformat(),
        "old_secret_until": until.isoformat() if until and until > datetime.now(UTC) else None,
        "health": _plain(found),
    }


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
