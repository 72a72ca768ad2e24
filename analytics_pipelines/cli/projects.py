"""`analytics project`: make, list, show and change projects."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analytics_pipelines.cli.accounts import accounts_store
from analytics_pipelines.cli.options import as_json, data_dir, example
from analytics_pipelines.problems import Problem
from analytics_pipelines.settings import load_settings

if TYPE_CHECKING:
    from analytics_pipelines.accounts.projects import Project


@click.group()
def project() -> None:
    """Make, list, show and change projects."""


@project.command(epilog=example('analytics project create "My shop" --timezone Europe/Berlin --json'))
@click.argument("name")
@click.option("--timezone", default="UTC", show_default=True, help="An IANA time zone; days begin at its midnight.")
@data_dir
@as_json
def create(name: str, timezone: str, data_dir: Path | None, as_json: bool) -> None:
    """Make a project, with a first dashboard, and print its key."""
    from analytics_pipelines.accounts.projects import Projects
    from analytics_pipelines.dashboards.apply import give_default

    with accounts_store(data_dir) as postgres:
        made = Projects(postgres).create(name, timezone=timezone)
        give_default("project", postgres, made)
    if as_json:
        click.echo(json.dumps({"id": made.id, "name": made.name, "api_token": made.api_token}))
    else:
        click.echo(f"Project {made.id} {made.name}: {made.api_token}")


@project.command("list", epilog=example("analytics project list"))
@data_dir
@as_json
def list_projects(data_dir: Path | None, as_json: bool) -> None:
    """List all projects."""
    from analytics_pipelines.accounts.projects import Projects

    with accounts_store(data_dir) as postgres:
        found = Projects(postgres).all()
    if as_json:
        click.echo(json.dumps([each.public() for each in found]))
        return
    for each in found:
        click.echo(f"{each.id:>4}  {each.name:<30} {each.timezone:<20} {each.api_token}")


@project.command(epilog=example("analytics project show 1 --json"))
@click.argument("project_id", metavar="ID", type=int)
@data_dir
@as_json
def show(project_id: int, data_dir: Path | None, as_json: bool) -> None:
    """Show a project's settings and rules, and how many events it sent today (UTC)."""
    from analytics_pipelines.accounts.projects import Projects

    with accounts_store(data_dir) as postgres:
        projects = Projects(postgres)
        found = _known(projects.get(project_id), project_id)
        today = projects.events_of_day(project_id, datetime.now(UTC).date())
    _tell(found, today, as_json)


def _quota(_: click.Context, __: click.Parameter, value: str | None) -> int | str | None:
    """A number, `none`, or None when the option was left out."""
    if value in ("none", None):
        return value
    try:
        return int(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is neither a whole number nor `none`.") from None


# What the options of `update` are called, by the field that they change.
_LISTS = {
    "denied_properties": ("--deny-property", "a property that is taken out of each event"),
    "denied_events": ("--deny-event", "an event that is dropped"),
    "allowed_events": ("--allow-event", "an event that is kept; once there is one, all others are dropped"),
    "denied_distinct_ids": ("--deny-distinct-id", "a sender whose events are dropped"),
}


_KEPT = {
    "event_retention_days": "events",
    "recording_retention_days": "session recordings",
    "dead_letter_retention_days": "dead letters",
    "export_retention_days": "files in the exports folder",
}
_ALERTS = ("alert_url", "alert_mail")
# A whole number, or `none`; or a text, or `none`.
_WITH_NONE = ("daily_event_quota", *_KEPT, *_ALERTS)


def _retention_options(command: Any) -> Any:
    for field, what in reversed(_KEPT.items()):
        command = click.option(
            f"--{field.replace('_', '-')}",
            field,
            metavar="N|none",
            callback=_quota,
            help=f"For how many days {what} are kept, or none: for ever. See `analytics retention`.",
        )(command)
    return command


def _list_options(command: Any) -> Any:
    for field, (option, meaning) in reversed(_LISTS.items()):
        clear = f"--clear-{field.replace('_', '-')}"
        command = click.option(clear, f"clear_{field}", is_flag=True, help=f"Empty the list of {option}.")(command)
        command = click.option(
            option, field, metavar="NAME", multiple=True, help=f"Add {meaning}. May be given many times."
        )(command)
    return command


@project.command(
    epilog=example(
        "analytics project update 1 --anonymize-ips --deny-property email --deny-property phone",
        "analytics project update 1 --clear-denied-events --daily-event-quota 1000000",
    )
)
@click.argument("project_id", metavar="ID", type=int)
@click.option("--name", help="A new name.")
@click.option("--timezone", help="An IANA time zone; days begin at its midnight.")
@click.option("--week-start-day", type=int, metavar="0|1", help="0 Sunday, 1 Monday.")
@click.option("--anonymize-ips/--keep-ips", default=None, help="Whether senders' addresses are left out.")
@_list_options
@_retention_options
@click.option(
    "--daily-event-quota",
    metavar="N|none",
    callback=_quota,
    help="How many events a UTC day are kept, the rest is dropped; or none.",
)
@click.option("--alert-url", metavar="URL|none", help="A webhook that is told of what goes wrong in the project.")
@click.option("--alert-mail", metavar="ADDRESSES|none", help="Who gets the same by mail, with commas between them.")
@data_dir
@as_json
def update(project_id: int, data_dir: Path | None, as_json: bool, **options: Any) -> None:
    """Change a project's settings and rules.

    Only what is named changes. Capture follows within a minute; events that are stored already stay.
    """
    from analytics_pipelines.accounts.project_changes import checked
    from analytics_pipelines.accounts.projects import Projects

    with accounts_store(data_dir) as postgres:
        projects = Projects(postgres)
        changes = _changes(_known(projects.get(project_id), project_id), options)
        if not changes:
            raise click.UsageError("Name what to change; --help lists the options.")
        if not changes.keys().isdisjoint(_ALERTS):
            from analytics_pipelines.alarms.projects import check_reachable

            check_reachable(checked(changes), load_settings(data_dir=data_dir))
        changed = _known(projects.update(project_id, changes), project_id)
        today = projects.events_of_day(project_id, datetime.now(UTC).date())
    _tell(changed, today, as_json)


def _changes(found: "Project", options: dict[str, Any]) -> dict[str, Any]:
    plain = ("name", "timezone", "week_start_day", "anonymize_ips", *_WITH_NONE)
    changes = {field: options[field] for field in plain if options[field] is not None}
    changes.update({field: None for field in _WITH_NONE if changes.get(field) == "none"})
    for field in _LISTS:
        kept = [] if options[f"clear_{field}"] else getattr(found, field)
        if options[field] or options[f"clear_{field}"]:
            changes[field] = [*kept, *options[field]]
    return changes


def _known(found: "Project | None", project_id: int) -> "Project":
    if found is None:
        raise Problem(f"There is no project {project_id}.", "`analytics project list` shows which there are.")
    return found


def _tell(found: "Project", today: int, as_json: bool) -> None:
    fields = {**found.public(), "events_today": today}
    if as_json:
        click.echo(json.dumps(fields))
        return
    for field, value in fields.items():
        click.echo(f"{field:<24}  {_text(value)}")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(each if isinstance(each, str) else json.dumps(each) for each in value) or "none"
    return "none" if value is None else str(value)
