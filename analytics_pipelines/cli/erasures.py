"""`analytics erasures`: what people asked to have erased, and having it erased."""

import getpass
import json
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analytics_pipelines.cli.options import as_json, data_dir, example
from analytics_pipelines.problems import Problem
from analytics_pipelines.settings import Settings, load_settings

if TYPE_CHECKING:
    from analytics_pipelines.erasures.requests import Erasure
    from analytics_pipelines.erasures.subject import Subject
    from resources.postgres import Postgres

_project = click.option("--project", "project_id", type=int, help="Only those of this project.")


@click.group()
def erasures() -> None:
    """What people asked to have erased, and having it erased."""


@erasures.command(name="list", epilog=example("analytics erasures list --project 1 --json"))
@_project
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="How many, the latest first."
)
@data_dir
@as_json
def list_command(project_id: int | None, limit: int, data_dir: Path | None, as_json: bool) -> None:
    """List erasures, the newest first."""
    from analytics_pipelines.erasures.requests import Erasures
    from resources.postgres import Postgres

    with closing(Postgres(load_settings(data_dir=data_dir).need_postgres())) as postgres:
        found, _ = Erasures(postgres).page(project_id, limit, 0)
    if as_json:
        click.echo(json.dumps([each.public() for each in found]))
        return
    for each in found:
        click.echo(
            f"{each.id:>6}  {each.requested_at:%Y-%m-%d %H:%M}  project {each.team_id}  {each.kind:<8} {_how(each)}"
        )


@erasures.command(epilog=example("analytics erasures show 7", "analytics erasures show 7 --json"))
@click.argument("erasure_id", type=int)
@data_dir
@as_json
def show(erasure_id: int, data_dir: Path | None, as_json: bool) -> None:
    """Show one erasure: how far it is, or its report."""
    from analytics_pipelines.erasures.requests import Erasures
    from resources.postgres import Postgres

    with closing(Postgres(load_settings(data_dir=data_dir).need_postgres())) as postgres:
        found = _existing(Erasures(postgres).find(erasure_id), erasure_id)
    _tell(found, as_json)


@erasures.command(epilog=example("analytics erasures run", "analytics erasures run 7"))
@click.argument("erasure_id", type=int, required=False)
@data_dir
@as_json
def run(erasure_id: int | None, data_dir: Path | None, as_json: bool) -> None:
    """Erase what waits, or only this; also one that had failed. Waits for another run that is at it."""
    settings = load_settings(data_dir=data_dir)
    done = _run(settings, erasure_id)
    if as_json:
        click.echo(json.dumps([each.public() for each in done]))
    else:
        click.echo("\n".join(f"Erasure {each.id}: {_how(each)}" for each in done) or "Nothing waits to be erased.")
    _end(done)


@erasures.command(
    epilog=example(
        "analytics erasures ask --project 1 --group 0 acme",
        'analytics erasures ask --project 1 --event "card number" --from 2026-11-01T00:00:00Z',
        "analytics erasures ask --project 1 --everything",
    )
)
@click.option("--project", "project_id", type=int, required=True, help="The project's id.")
@click.option("--group", type=(int, str), metavar="INDEX KEY", help="A group, by the index of its kind and its key.")
@click.option("--event", "names", multiple=True, metavar="NAME", help="Events of this name; again for more.")
@click.option("--from", "date_from", metavar="TIME", help="Events from this moment on (ISO 8601).")
@click.option("--to", "date_to", metavar="TIME", help="Events before this moment.")
@click.option("--everything", is_flag=True, help="The whole project, and what people made in it.")
@data_dir
@as_json
def ask(
    project_id: int,
    group: tuple[int, str] | None,
    names: tuple[str, ...],
    date_from: str | None,
    date_to: str | None,
    everything: bool,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Erase a group, events or a project now, from every place, and wait for the proof. Persons: `persons delete`."""
    from analytics_pipelines.erasures import asking
    from analytics_pipelines.erasures.subject import Subject
    from analytics_pipelines.insights.team import Context, Team

    span = [_moment(text) for text in (date_from, date_to)]
    are_events = bool(names or date_from or date_to)
    if [group is not None, are_events, everything].count(True) != 1:
        raise Problem("What is to be erased?", "Say one of --group, --event (with --from, --to) and --everything.")

    def subject(postgres: "Postgres", now: datetime) -> Subject:
        if group is not None:
            return asking.group(postgres, project_id, *group)
        if are_events:
            return asking.events(Context(Team(project_id), now), names, span[0], span[1], [])
        return Subject("project")

    erase_now(load_settings(data_dir=data_dir), project_id, subject, as_json=as_json)


def erase_now(
    settings: Settings, project_id: int, subject: Callable[["Postgres", datetime], "Subject"], *, as_json: bool
) -> None:
    """Ask for an erasure, and do it; progress goes to stderr. Raises Problem when it is not verified in the end."""
    from analytics_pipelines.accounts.projects import Projects
    from analytics_pipelines.erasures.requests import Erasures
    from resources.postgres import Postgres

    now = datetime.now(UTC)
    with closing(Postgres(settings.need_postgres())) as postgres:
        if Projects(postgres).get(project_id) is None:
            raise Problem(f"There is no project {project_id}.", "`analytics project list` shows them.")
        asked = Erasures(postgres).request(project_id, subject(postgres, now), by=getpass.getuser(), now=now)
    (done,) = _run(settings, asked.id)
    _tell(done, as_json)
    _end([done])


def _run(settings: Settings, erasure_id: int | None) -> "list[Erasure]":
    from analytics_pipelines.erasures.eraser import Eraser

    eraser = Eraser.of(settings, {"command": "erasures"})
    last = ""

    def say(erasure: "Erasure", step: str, done: int, total: int) -> None:
        nonlocal last
        text = f"Erasure {erasure.id}: {step}" + (f", {done} of {total}" if total else "")
        if text != last:
            last = text
            click.echo(f"  {text}", err=True)

    eraser.progress = say
    with closing(eraser.postgres):
        if erasure_id is None:
            return eraser.run()
        _existing(eraser.requests.find(erasure_id), erasure_id)
        return eraser.run(erasure_id)


def _existing(found: "Erasure | None", erasure_id: int) -> "Erasure":
    if found is None:
        raise Problem(f"There is no erasure {erasure_id}.", "`analytics erasures list` shows them.")
    return found


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise Problem(f"{text!r} is no moment.", "Write it like 2026-11-01T00:00:00Z.") from None
    return found.replace(tzinfo=found.tzinfo or UTC) if found else None


def _how(erasure: "Erasure") -> str:
    if erasure.state == "verified" and erasure.report:
        found = sum(place["found"] for place in erasure.report["places"])
        return f"verified: {found} rows and lines found, none left"
    return f"{erasure.state}: {erasure.error or erasure.step}".rstrip(": ")


def _tell(erasure: "Erasure", as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(erasure.public()))
        return
    click.echo(f"Erasure {erasure.id} of project {erasure.team_id} ({erasure.kind}): {_how(erasure)}")
    for place in (erasure.report or {"places": []})["places"]:
        if place["found"] or place["left"]:
            click.echo(f"  {place['place']:<36} {place['found']:>10} found  {place['left']:>6} left")


def _end(done: "list[Erasure]") -> None:
    """Raises Problem when one is not verified."""
    open_ = [each for each in done if each.state != "verified"]
    if open_:
        first = open_[0]
        raise Problem(
            f"Erasure {first.id} was broken off: {first.error}", f"`analytics erasures run {first.id}` goes on."
        )
