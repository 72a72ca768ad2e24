"""`analytics exports`: what is exported, to where, and how far it is."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from analytics_pipelines.cli.options import as_json, data_dir, example
from analytics_pipelines.problems import Problem
from analytics_pipelines.settings import load_settings

if TYPE_CHECKING:
    from analytics_pipelines.exports.model import Export
    from analytics_pipelines.exports.run import Exporter, Tally
    from analytics_pipelines.exports.runs import Run

_DAY_OR_HOUR = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
_project = click.option("--project", "project_id", type=int, required=True, help="The project's id.")
_id = click.argument("export_id", type=click.UUID, metavar="ID")


@contextmanager
def _exporter(data_dir: Path | None) -> "Iterator[Exporter]":
    from analytics_pipelines.exports.run import Exporter

    found = Exporter.of(load_settings(data_dir=data_dir), {"command": "exports"})
    try:
        yield found
    finally:
        found.postgres.close()


@click.group("exports")
def exports() -> None:
    """Rows of a project as files and tables elsewhere."""


@exports.command("list", epilog=example("analytics exports list --project 1"))
@_project
@data_dir
@as_json
def list_exports(project_id: int, data_dir: Path | None, as_json: bool) -> None:
    """The exports of a project."""
    from analytics_pipelines.exports.store import Exports

    with _exporter(data_dir) as exporter:
        found = [_public(each) for each in Exports(exporter.postgres, project_id).all()]
    if as_json:
        click.echo(json.dumps(found))
        return
    for each in found:
        paused = "  paused" if each["paused"] else ""
        click.echo(f"{each['id']}  {each['model']:<9} {each['interval']:<5} {each['type']:<11} {each['name']}{paused}")
    if not found:
        click.echo("There is none. `analytics exports create --help` shows how to make one.")


@exports.command(
    epilog=example(
        "analytics exports create --project 1 --name Lake --model events --every hour --to Folder",
        "analytics exports create --project 1 --name Lake --every day --to S3 \\",
        '    --config \'{"bucket_name": "lake", "region": "eu-central-1"}\' --secrets-from secrets.json',
    )
)
@_project
@click.option("--name", required=True, help="What people call it.")
@click.option(
    "--model",
    type=click.Choice(["events", "persons", "sessions", "cohort", "sql"]),
    default="events",
    show_default=True,
    help="Whose rows.",
)
@click.option("--every", type=click.Choice(["hour", "day"]), required=True, help="How long an interval is.")
@click.option(
    "--to",
    "kind",
    type=click.Choice(["S3", "Folder", "Postgres", "ClickHouse"]),
    required=True,
    help="Kind of destination.",
)
@click.option("--config", default="{}", metavar="JSON", help="The destination's configuration, as in docs/exports.md.")
@click.option(
    "--secrets-from",
    type=click.File("r"),
    metavar="FILE",
    help="A JSON file (- reads standard input) with the secrets of the configuration, to keep them out of the shell.",
)
@click.option("--from", "start", type=_DAY_OR_HOUR, help="Moment in UTC from which on; default: now.")
@click.option("--query", default="", help="Of the model sql: the query.")
@click.option("--cohort", "cohort_id", type=int, help="Of the model cohort: its id.")
@click.option("--columns", default="", metavar="A,B,…", help="Only these columns.")
@data_dir
@as_json
def create(
    project_id: int,
    name: str,
    model: str,
    every: str,
    kind: Any,
    config: str,
    secrets_from: Any,
    start: datetime | None,
    query: str,
    cohort_id: int | None,
    columns: str,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Make an export."""
    from analytics_pipelines.exports.configs import destination_of
    from analytics_pipelines.exports.intervals import Every
    from analytics_pipelines.exports.model import Model
    from analytics_pipelines.exports.rows import WrongExport
    from analytics_pipelines.exports.saving import Checks
    from analytics_pipelines.exports.store import Exports, TooManyExports, unsaved

    given = {**_object(config, "--config"), **(_object(secrets_from.read(), "--secrets-from") if secrets_from else {})}
    interval = Every(every)
    with _exporter(data_dir) as exporter:
        try:
            destination = destination_of(kind, given)
            fields = {
                "name": name,
                "model": Model(model),
                "every": interval,
                "filters": {each: given.get(each) or [] for each in ("include_events", "exclude_events")},
                "columns": [each.strip() for each in columns.split(",") if each.strip()],
                "query": query,
                "cohort_id": cohort_id,
                "start_at": interval.ceiling(start.replace(tzinfo=UTC)) if start else None,
            }
            Checks(exporter, exporter.opener).may_be_saved(unsaved(project_id, fields, destination))
            made = Exports(exporter.postgres, project_id).create(fields, destination, None)
        except WrongExport as error:
            raise Problem(f"{error.field}: {error}", "docs/exports.md has examples.") from None
        except TooManyExports as error:
            raise Problem(str(error), "Delete one that nobody needs.") from None
    click.echo(json.dumps(_public(made)) if as_json else f"Export {made.id} begins {made.start_at or 'now'}.")


@exports.command(epilog=example("analytics exports run 0b0f3c1e-6f2f-4c0e-8f0e-2d1c5b1f9a01"))
@_id
@data_dir
@as_json
def run(export_id: UUID, data_dir: Path | None, as_json: bool) -> None:
    """Export everything that is due, now and here."""
    with _exporter(data_dir) as exporter:
        export = _found(exporter, export_id)
        exporter.progress = _teller(as_json)
        _tell(exporter.work(export), as_json)


@exports.command(
    epilog=example(
        "analytics exports backfill 0b0f3c1e-6f2f-4c0e-8f0e-2d1c5b1f9a01 --from 2026-11-01 --to 2026-11-24T10"
    )
)
@_id
@click.option("--from", "start", type=_DAY_OR_HOUR, required=True, help="Moment of arrival, in UTC.")
@click.option("--to", "end", type=_DAY_OR_HOUR, help="Moment before which it ends, in UTC; default: now.")
@data_dir
@as_json
def backfill(export_id: UUID, start: datetime, end: datetime | None, data_dir: Path | None, as_json: bool) -> None:
    """Export a span of arrival time, again where it was, now and here. What is broken off goes on with `run`."""
    from analytics_pipelines.exports.runs import Runs

    with _exporter(data_dir) as exporter:
        export, now = _found(exporter, export_id), datetime.now(UTC)
        runs = Runs(exporter.postgres, export)
        try:
            made = runs.backfill(start.replace(tzinfo=UTC), end.replace(tzinfo=UTC) if end else now, now)
        except ValueError as error:
            raise Problem(str(error), "Choose another span with --from and --to.") from None
        exporter.progress = _teller(as_json)
        tally = exporter.work(export)
        done = runs.find_backfill(made)
    _tell(tally, as_json, **({"backfill": str(made), "status": done.status} if done else {}))


@exports.command(epilog=example("analytics exports status --project 1 --json"))
@_project
@data_dir
@as_json
def status(project_id: int, data_dir: Path | None, as_json: bool) -> None:
    """How far each export of a project is."""
    from analytics_pipelines.exports.runs import Runs
    from analytics_pipelines.exports.store import Exports

    found = []
    with _exporter(data_dir) as exporter:
        for export in Exports(exporter.postgres, project_id).all():
            runs = Runs(exporter.postgres, export)
            newest, _ = runs.page(1, 0)
            found.append(
                {
                    **_public(export),
                    "intervals": runs.counts(),
                    "newest": _run(newest[0]) if newest else None,
                    "backfills": [
                        {"id": str(each.id), "status": each.status, "done": each.done, "total": each.total}
                        for each in runs.backfills()[:10]
                    ],
                }
            )
    if as_json:
        click.echo(json.dumps(found))
        return
    for each in found:
        counts = ", ".join(f"{count:,} {state}" for state, count in sorted(each["intervals"].items())) or "nothing yet"
        click.echo(f"{each['name']} ({each['id']}): {counts}")
        if each["newest"] and each["newest"]["error"]:
            click.echo(f"  {each['newest']['error']}")


def _object(text: str, option: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise click.UsageError(f"{option} must be a JSON object.")
    return found


def _found(exporter: "Exporter", export_id: UUID) -> "Export":
    from analytics_pipelines.exports.store import Exports

    found = Exports(exporter.postgres).find(export_id)
    if found is None:
        raise Problem(
            f"There is no export {export_id}.", "`analytics exports list --project ID` shows which there are."
        )
    return found


def _public(export: "Export") -> dict[str, Any]:
    return {
        "id": export.key,
        "project": export.team_id,
        "name": export.name,
        "model": export.model.value,
        "interval": export.interval.value,
        "type": export.destination.type,
        "config": export.destination.config,
        "paused": export.paused,
    }


def _run(run: "Run") -> dict[str, Any]:
    return {
        "from": run.interval_start.astimezone(UTC).isoformat(),
        "to": run.interval_end.astimezone(UTC).isoformat(),
        "status": run.status,
        "rows": run.rows,
        "bytes": run.bytes,
        "files": run.files,
        "error": run.error,
    }


def _teller(as_json: bool) -> Any:
    def tell(run: "Run", tally: "Tally") -> None:
        if sys.stderr.isatty() and not as_json:
            click.echo(f"\r  {run.interval}: {tally.intervals:,} intervals, {tally.rows:,} rows ", nl=False, err=True)

    return tell


def _tell(tally: "Tally", as_json: bool, **more: Any) -> None:
    numbers = {name: getattr(tally, name) for name in ("intervals", "rows", "bytes", "files")}
    if as_json:
        click.echo(json.dumps({**numbers, "seconds": round(tally.seconds, 3), **more}))
        return
    if sys.stderr.isatty():
        click.echo("\r", nl=False, err=True)
    click.echo(
        f"{tally.intervals:,} intervals: {tally.rows:,} rows, {tally.bytes:,} bytes in {tally.files:,} files,"
        f" {tally.seconds:,.1f} s."
        if tally.intervals
        else "Nothing was due."
    )
