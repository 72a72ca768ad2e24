"""The JSON API."""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue
from spectree import Response

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.project_changes import MOST_DAYS, RETENTION, WrongChange, checked
from analytics_pipelines.accounts.projects import Project, Projects
from analytics_pipelines.alarms.channels import channels_of, try_channels
from analytics_pipelines.alarms.projects import check_reachable
from analytics_pipelines.ingest.backlog import lag_seconds, unloaded
from analytics_pipelines.ingest.expiry import count_older, first_kept
from analytics_pipelines.ingest.ledger import Ledger
from analytics_pipelines.ingest.warnings import warnings_of
from analytics_pipelines.version import installed_version
from analytics_pipelines.web.bodies import object_in_body
from analytics_pipelines.web.errors import ApiError
from analytics_pipelines.web.identify import SESSION_COOKIE, asker, project, scope, signed_in
from analytics_pipelines.web.models import (
    ErrorBody,
    Ingestion,
    InstanceBody,
    Me,
    ProjectChanges,
    ProjectDetail,
    ProjectList,
    RetentionBody,
    RetentionQuery,
    TestedAlarms,
)
from analytics_pipelines.web.paging import number_in_query
from analytics_pipelines.web.services import Services
from analytics_pipelines.web.spec import spec

# What rules dropped, and what was warned of, is shown of this time only; of drops the most frequent.
RECENT = timedelta(days=30)
MOST_DROPPED = 20

api = Blueprint("api", __name__, url_prefix="/api")


def _services() -> Services:
    found: Services = current_app.extensions["analytics"]
    return found


@api.get("/users/@me/")
@signed_in
@spec.validate(resp=Response(HTTP_200=Me, HTTP_401=ErrorBody), tags=["accounts"])
def me() -> ResponseReturnValue:
    """Who is signed in."""
    user = asker().user
    assert user is not None  # noqa: S101  the route's policy
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "organization": {"id": user.organization_id, "name": user.organization_name},
    }


@api.post("/logout/")
@signed_in
@spec.validate(resp=Response("HTTP_204", HTTP_401=ErrorBody), tags=["accounts"])
def log_out() -> ResponseReturnValue:
    """End this browser's session."""
    People(_services().postgres).end_session(request.cookies[SESSION_COOKIE])
    response = current_app.response_class(status=204)
    response.delete_cookie(SESSION_COOKIE)
    return response


@api.get("/instance/")
@signed_in
@spec.validate(resp=Response(HTTP_200=InstanceBody, HTTP_401=ErrorBody), tags=["accounts"])
def instance() -> ResponseReturnValue:
    """Addresses of this installation."""
    settings = _services().settings
    return {
        "version": installed_version(),
        "capture_url": settings.sdk_url,
        "dagster_url": settings.dagster_url,
    }


@api.get("/projects/")
@scope("project:read")
@spec.validate(resp=Response(HTTP_200=ProjectList, HTTP_401=ErrorBody), tags=["projects"])
def list_projects() -> ResponseReturnValue:
    """The projects that you may see; with an API key, the key's."""
    who = asker()
    projects = Projects(_services().postgres)
    if who.user is not None:
        found = projects.all(organization_id=who.user.organization_id)
    else:
        own = projects.get(who.key.project_id) if who.key else None
        found = [own] if own else []
    return {"count": len(found), "results": [each.public() for each in found]}


@api.get("/projects/<int:project_id>/")
@scope("project:read")
@spec.validate(resp=Response(HTTP_200=ProjectDetail, HTTP_401=ErrorBody, HTTP_404=ErrorBody), tags=["projects"])
def get_project(project_id: int) -> ResponseReturnValue:
    """One project, with its rules and today's use."""
    return _with_use(project())


@api.patch("/projects/<int:project_id>/")
@scope("project:write")
@spec.validate(
    json=ProjectChanges,
    resp=Response(HTTP_200=ProjectDetail, HTTP_400=ErrorBody, HTTP_401=ErrorBody, HTTP_404=ErrorBody),
    tags=["projects"],
    skip_validation=True,
)
def change_project(project_id: int) -> ResponseReturnValue:
    """Change the settings of a project; capture follows within a minute."""
    wanted = object_in_body()
    try:
        check_reachable(checked(wanted), _services().settings)
        changed = Projects(_services().postgres).update(project().id, wanted)
    except WrongChange as error:
        raise ApiError(400, "invalid_input", str(error), attr=error.field) from None
    if changed is None:
        raise ApiError(404, "not_found", "There is no such project.")
    return _with_use(changed)


@api.post("/projects/<int:project_id>/alarms/test/")
@scope("project:write")
@spec.validate(
    resp=Response(HTTP_200=TestedAlarms, HTTP_400=ErrorBody, HTTP_401=ErrorBody, HTTP_404=ErrorBody),
    tags=["projects"],
    skip_validation=True,
)
def test_alarms(project_id: int) -> ResponseReturnValue:
    """Send a test message to each channel of the project's alarms, and say which took it."""
    found = project()
    channels = channels_of(found.alert_url, found.alert_mail or "", _services().settings)
    if not channels:
        raise ApiError(
            400,
            "invalid_input",
            "Alarms of this project go nowhere: set alert_url, or alert_mail where the installation has a mail server.",
        )
    errors = try_channels(channels, datetime.now(UTC))
    return {"channels": [{"name": name, "told": error is None, "error": error} for name, error in errors.items()]}


def _with_use(found: Project) -> dict[str, Any]:
    today = datetime.now(UTC).date()
    return {**found.public(), "events_today": Projects(_services().postgres).events_of_day(found.id, today)}


@api.get("/projects/<int:project_id>/retention/")
@scope("project:read")
@spec.validate(
    query=RetentionQuery,
    resp=Response(HTTP_200=RetentionBody, HTTP_400=ErrorBody, HTTP_401=ErrorBody, HTTP_404=ErrorBody),
    tags=["projects"],
    skip_validation=True,
)
def preview_retention(project_id: int) -> ResponseReturnValue:
    """What would go by rules before they are saved: the first day that each keeps, and how many rows are older."""
    team_id, today = project().id, datetime.now(UTC).date()
    rules = {}
    for rule in RETENTION:
        if rule in request.args:
            kept_from = first_kept(number_in_query(rule, 1, least=1, most=MOST_DAYS), today)
            rules[rule] = {
                "kept_from": kept_from.isoformat(),
                "rows": count_older(team_id, rule, kept_from, _services().reader),
            }
    return {"rules": rules}


@api.get("/projects/<int:project_id>/ingestion/")
@scope("project:read")
@spec.validate(resp=Response(HTTP_200=Ingestion, HTTP_401=ErrorBody, HTTP_404=ErrorBody), tags=["projects"])
def ingestion(project_id: int) -> ResponseReturnValue:
    """How many events the project has, what was dropped or warned of, and whether anything waits to be loaded."""
    services = _services()
    now = datetime.now(UTC)
    waiting = unloaded(services.store, Ledger(services.postgres))
    team = {"team": project().id}
    events, last, dead_letters, dropped_total = services.reader.query(
        "SELECT (SELECT count() FROM events WHERE team_id = {team:Int64}),"
        " (SELECT max(received_at) FROM events WHERE team_id = {team:Int64}),"
        " (SELECT count() FROM dead_letters WHERE team_id = {team:Int64}),"
        " (SELECT sum(events) FROM dropped_events WHERE team_id = {team:Int64})",
        team,
    ).one()
    dropped = services.reader.query(
        "SELECT rule, event, sum(events) AS dropped FROM dropped_events"
        " WHERE team_id = {team:Int64} AND received_at >= {since:DateTime64(3)}"
        " GROUP BY rule, event ORDER BY dropped DESC, rule, event LIMIT {most:UInt32}",
        {**team, "since": now - RECENT, "most": MOST_DROPPED},
    )
    return {
        "lag_seconds": lag_seconds(waiting, now),
        "pending_objects": len(waiting),
        "events_total": events,
        "dead_letters_total": dead_letters,
        "last_event_at": last.isoformat() if events else None,
        "dropped_total": dropped_total,
        "dropped": [{"rule": rule, "event": event, "events": count} for rule, event, count in dropped.rows],
        "warnings": [each.public() for each in warnings_of(project().id, now - RECENT, services.reader)],
    }
