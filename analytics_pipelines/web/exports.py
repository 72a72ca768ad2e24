"""The API of batch exports."""

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue
from spectree import Response

from analytics_pipelines.exports.configs import destination_of
from analytics_pipelines.exports.intervals import Every
from analytics_pipelines.exports.model import Destination, Export, Model
from analytics_pipelines.exports.opening import Opener
from analytics_pipelines.exports.rows import WrongExport
from analytics_pipelines.exports.run import Exporter
from analytics_pipelines.exports.runs import Backfill, Run, Runs
from analytics_pipelines.exports.saving import Checks
from analytics_pipelines.exports.store import Exports, TooManyExports, unsaved
from analytics_pipelines.web.bodies import body_as
from analytics_pipelines.web.errors import ApiError
from analytics_pipelines.web.export_models import (
    BackfillBody,
    BackfillList,
    ExportBody,
    ExportChanges,
    ExportList,
    NewBackfill,
    NewExport,
    PageQuery,
    RunBody,
    RunList,
    TestBody,
)
from analytics_pipelines.web.identify import asker, project, scope
from analytics_pipelines.web.models import ErrorBody
from analytics_pipelines.web.paging import number_in_query, paged
from analytics_pipelines.web.services import Services
from analytics_pipelines.web.spec import spec

exports = Blueprint("exports", __name__, url_prefix="/api/projects/<int:project_id>/batch_exports")
_LATEST = 10


def _services() -> Services:
    found: Services = current_app.extensions["analytics"]
    return found


def _saved() -> Exports:
    return Exports(_services().postgres, project().id)


def _checks() -> Checks:
    services = _services()
    opener = Opener.of(services.settings)
    return Checks(Exporter(services.postgres, services.clickhouse, opener), opener)


def _answers(body: type, status: int = 200) -> Response:
    return Response(**{f"HTTP_{status}": body}, HTTP_400=ErrorBody, HTTP_401=ErrorBody, HTTP_404=ErrorBody)


_GONE = Response("HTTP_204", HTTP_401=ErrorBody, HTTP_404=ErrorBody)


@exports.get("/")
@scope("batch_export:read")
@spec.validate(query=PageQuery, resp=_answers(ExportList), tags=["batch exports"], skip_validation=True)
def list_exports(project_id: int) -> ResponseReturnValue:
    """The project's batch exports."""
    limit, offset = _page()
    found, count = _saved().page(limit, offset)
    return paged([_body(each) for each in found], count, limit, offset)


@exports.post("/")
@scope("batch_export:write")
@spec.validate(json=NewExport, resp=_answers(ExportBody, 201), tags=["batch exports"], skip_validation=True)
def create_export(project_id: int) -> ResponseReturnValue:
    """Save a batch export; it begins with the interval that is under way, or with `start_at`."""
    body, by = body_as(NewExport), asker().user
    try:
        destination = destination_of(body.destination.type, body.destination.config)
        fields = _fields(body, destination)
        _checks().may_be_saved(unsaved(project().id, fields, destination))
        made = _saved().create(fields, destination, by.id if by else None)
    except WrongExport as error:
        raise _refused(error) from None
    except TooManyExports as error:
        raise ApiError(400, "invalid_input", str(error)) from None
    return _body(made), 201


@exports.get("/<export_id>/")
@scope("batch_export:read")
@spec.validate(resp=_answers(ExportBody), tags=["batch exports"], skip_validation=True)
def get_export(project_id: int, export_id: str) -> ResponseReturnValue:
    """One batch export."""
    return _body(_existing(export_id))


@exports.patch("/<export_id>/")
@scope("batch_export:write")
@spec.validate(json=ExportChanges, resp=_answers(ExportBody), tags=["batch exports"], skip_validation=True)
def change_export(project_id: int, export_id: str) -> ResponseReturnValue:
    """Change a batch export. What was exported stays where it is."""
    body, before = body_as(ExportChanges), _existing(export_id)
    try:
        destination = before.destination
        if body.destination is not None:
            destination = destination_of(body.destination.type, body.destination.config, before.destination)
        fields = _fields(body, destination, before)
        changed = replace(unsaved(before.team_id, {**_as_fields(before), **fields}, destination), id=before.id)
        _checks().may_be_saved(changed)
    except WrongExport as error:
        raise _refused(error) from None
    _saved().change(before.id, fields, destination)
    return _body(_existing(export_id))


@exports.delete("/<export_id>/")
@scope("batch_export:write")
@spec.validate(resp=_GONE, tags=["batch exports"], skip_validation=True)
def delete_export(project_id: int, export_id: str) -> ResponseReturnValue:
    """Delete a batch export. What was exported stays where it is."""
    _saved().change(_existing(export_id).id, {"deleted": True})
    return "", 204


@exports.post("/<export_id>/pause/")
@scope("batch_export:write")
@spec.validate(resp=_answers(ExportBody), tags=["batch exports"], skip_validation=True)
def pause_export(project_id: int, export_id: str) -> ResponseReturnValue:
    """Have the clock ask for nothing of it."""
    return _paused(export_id, paused=True)


@exports.post("/<export_id>/unpause/")
@scope("batch_export:write")
@spec.validate(resp=_answers(ExportBody), tags=["batch exports"], skip_validation=True)
def unpause_export(project_id: int, export_id: str) -> ResponseReturnValue:
    """Go on; with what was left out meanwhile."""
    return _paused(export_id, paused=False)


@exports.post("/<export_id>/test/")
@scope("batch_export:write")
@spec.validate(resp=_answers(TestBody), tags=["batch exports"], skip_validation=True)
def test_export(project_id: int, export_id: str) -> ResponseReturnValue:
    """Try the destination: something is written there and removed again."""
    wrong = _checks().probe(_existing(export_id))
    return {"status": "Failed" if wrong else "Passed", "message": wrong}


@exports.get("/<export_id>/runs/")
@scope("batch_export:read")
@spec.validate(query=PageQuery, resp=_answers(RunList), tags=["batch exports"], skip_validation=True)
def list_runs(project_id: int, export_id: str) -> ResponseReturnValue:
    """Intervals of an export: exported, under way, asked for."""
    limit, offset = _page()
    found, count = _runs(export_id).page(limit, offset)
    return paged([_run_body(each) for each in found], count, limit, offset)


@exports.get("/<export_id>/runs/<run_id>/")
@scope("batch_export:read")
@spec.validate(resp=_answers(RunBody), tags=["batch exports"], skip_validation=True)
def get_run(project_id: int, export_id: str, run_id: str) -> ResponseReturnValue:
    """One interval."""
    return _run_body(_existing_run(_runs(export_id), run_id))


@exports.post("/<export_id>/runs/<run_id>/retry/")
@scope("batch_export:write")
@spec.validate(resp=_answers(RunBody), tags=["batch exports"], skip_validation=True)
def retry_run(project_id: int, export_id: str, run_id: str) -> ResponseReturnValue:
    """Export an interval again; what is there of it is replaced."""
    runs = _runs(export_id)
    runs.ask([_existing_run(runs, run_id).interval], "asked", datetime.now(UTC))
    return _run_body(_existing_run(runs, run_id))


@exports.get("/<export_id>/backfills/")
@scope("batch_export:read")
@spec.validate(query=PageQuery, resp=_answers(BackfillList), tags=["batch exports"], skip_validation=True)
def list_backfills(project_id: int, export_id: str) -> ResponseReturnValue:
    """Backfills, with how far each is."""
    limit, offset = _page()
    found = _runs(export_id).backfills()
    return paged([_backfill_body(each) for each in found[offset : offset + limit]], len(found), limit, offset)


@exports.post("/<export_id>/backfills/")
@scope("batch_export:write")
@spec.validate(json=NewBackfill, resp=_answers(BackfillBody, 201), tags=["batch exports"], skip_validation=True)
def create_backfill(project_id: int, export_id: str) -> ResponseReturnValue:
    """Export all intervals that touch a span of arrival time, again if they were."""
    body, runs, now = body_as(NewBackfill), _runs(export_id), datetime.now(UTC)
    try:
        made = runs.backfill(_utc(body.start_at), _utc(body.end_at) if body.end_at else now, now)
    except ValueError as error:
        raise ApiError(400, "invalid_input", str(error), attr="start_at") from None
    return _backfill_body(_existing_backfill(runs, str(made))), 201


@exports.get("/<export_id>/backfills/<backfill_id>/")
@scope("batch_export:read")
@spec.validate(resp=_answers(BackfillBody), tags=["batch exports"], skip_validation=True)
def get_backfill(project_id: int, export_id: str, backfill_id: str) -> ResponseReturnValue:
    """One backfill."""
    return _backfill_body(_existing_backfill(_runs(export_id), backfill_id))


@exports.post("/<export_id>/backfills/<backfill_id>/cancel/")
@scope("batch_export:write")
@spec.validate(resp=_answers(BackfillBody), tags=["batch exports"], skip_validation=True)
def cancel_backfill(project_id: int, export_id: str, backfill_id: str) -> ResponseReturnValue:
    """Give up what has not begun of a backfill."""
    runs = _runs(export_id)
    runs.cancel_backfill(_existing_backfill(runs, backfill_id).id)
    return _backfill_body(_existing_backfill(runs, backfill_id))


def _page() -> tuple[int, int]:
    return number_in_query("limit", 100, least=1, most=1000), number_in_query("offset", 0, most=10_000_000)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _existing(export_id: str) -> Export:
    known = _id(export_id)
    found = _saved().find(known) if known else None
    if found is None:
        raise ApiError(404, "not_found", "There is no such batch export.")
    return found


def _runs(export_id: str) -> Runs:
    return Runs(_services().postgres, _existing(export_id))


def _existing_run(runs: Runs, run_id: str) -> Run:
    known = _id(run_id)
    found = runs.find(known) if known else None
    if found is None:
        raise ApiError(404, "not_found", "There is no such run.")
    return found


def _existing_backfill(runs: Runs, backfill_id: str) -> Backfill:
    known = _id(backfill_id)
    found = runs.find_backfill(known) if known else None
    if found is None:
        raise ApiError(404, "not_found", "There is no such backfill.")
    return found


def _paused(export_id: str, *, paused: bool) -> dict[str, Any]:
    _saved().change(_existing(export_id).id, {"paused": paused})
    return _body(_existing(export_id))


def _refused(error: WrongExport) -> ApiError:
    return ApiError(400, "invalid_input", str(error), attr=error.field)


def _fields(body: ExportChanges, destination: Destination, before: Export | None = None) -> dict[str, Any]:
    """The fields that were sent, as the store has them. Raises WrongExport."""
    sent = body.model_dump(exclude_unset=True)
    fields: dict[str, Any] = {name: sent[name] for name in ("name", "paused", "cohort_id", "columns") if name in sent}
    if isinstance(body, NewExport):
        fields["model"] = body.model
    if "hogql_query" in sent:
        fields["query"] = sent["hogql_query"] or ""
    every = Every(sent["interval"]) if "interval" in sent else before.interval if before else Every.HOUR
    fields["every"] = every
    if before is not None and every is not before.interval:
        raise WrongExport("interval", "An export keeps its interval; its files are named by it. Make another export.")
    for name in ("start_at", "end_at"):
        if name in sent:
            fields[name] = every.ceiling(_utc(sent[name])) if sent[name] else None
    config = destination.config
    listed = sent["filters"] if "filters" in sent else before.filters.get("properties") if before else None
    fields["filters"] = {
        "properties": listed or [],
        "include_events": config.get("include_events") or [],
        "exclude_events": config.get("exclude_events") or [],
    }
    return fields


def _as_fields(export: Export) -> dict[str, Any]:
    return {
        **{name: getattr(export, name) for name in ("name", "model", "filters", "columns", "query", "cohort_id")},
        "every": export.interval,
    }


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _body(export: Export) -> dict[str, Any]:
    latest, _ = Runs(_services().postgres, export).page(_LATEST, 0)
    return {
        "id": export.key,
        "team_id": export.team_id,
        "name": export.name,
        "model": export.model.value,
        "destination": {"type": export.destination.type, "config": export.destination.config},
        "interval": export.interval.value,
        "paused": export.paused,
        "start_at": _iso(export.start_at),
        "end_at": _iso(export.end_at),
        "filters": export.filters.get("properties") or [],
        "columns": list(export.columns),
        "hogql_query": export.query or None,
        "cohort_id": export.cohort_id if export.model is Model.COHORT else None,
        "created_at": export.created_at.isoformat(),
        "created_by": export.created_by,
        "last_updated_at": export.last_updated_at.isoformat(),
        "latest_runs": [_run_body(each) for each in latest],
    }


def _run_body(run: Run) -> dict[str, Any]:
    return {
        "id": str(run.id),
        "status": run.status,
        "data_interval_start": run.interval_start.astimezone(UTC).isoformat(),
        "data_interval_end": run.interval_end.astimezone(UTC).isoformat(),
        "records_completed": run.rows,
        "bytes_exported": run.bytes,
        "files": run.files,
        "attempts": run.attempts,
        "latest_error": run.error,
        "why": run.why,
        "backfill": str(run.backfill_id) if run.backfill_id else None,
        "created_at": run.created_at.isoformat(),
        "started_at": _iso(run.started_at),
        "finished_at": _iso(run.finished_at),
        "next_attempt_at": run.next_attempt_at.isoformat() if run.status == "FailedRetryable" else None,
        "batch_export": str(run.export_id),
    }


def _backfill_body(backfill: Backfill) -> dict[str, Any]:
    values = asdict(backfill)
    finished = backfill.done + backfill.failed
    return {
        "id": str(backfill.id),
        "status": backfill.status,
        **{name: values[name].isoformat() for name in ("start_at", "end_at", "created_at")},
        "total_runs": backfill.total,
        "finished_runs": backfill.done,
        "failed_runs": backfill.failed,
        "progress": finished / backfill.total if backfill.total else 1.0,
    }
