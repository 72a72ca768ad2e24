"""`analytics dashboards`: into a project from a file, and out of it into one."""

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from analytics_pipelines.cli.options import as_json, data_dir, example
from analytics_pipelines.problems import Problem
from analytics_pipelines.settings import Settings, load_settings

if TYPE_CHECKING:
    from analytics_pipelines.accounts.projects import Project
    from resources.postgres import Postgres

_project = click.option("--project", "project_id", type=int, help="The project's id; default: the oldest one.")


@click.group()
def dashboards() -> None:
    """Keep dashboards and insights in a file beside your code."""


@dashboards.command(epilog=example("analytics dashboards apply dashboards.yaml --project 1"))
@click.argument("file", type=click.File("r", encoding="utf-8"))
@_project
@data_dir
@as_json
def apply(file: TextIO, project_id: int | None, data_dir: Path | None, as_json: bool) -> None:
    """Make a project's dashboards as FILE (YAML or JSON; - is the standard input) says.

    What has an id of the file is made, changed, or left as it is when it is so already; other dashboards stay.
    Nothing is written when a question in it can't be asked.
    """
    from analytics_pipelines.dashboards.apply import apply as apply_file
    from analytics_pipelines.dashboards.file import read_file
    from resources.postgres import Postgres

    settings = load_settings(data_dir=data_dir)
    wanted = read_file(file.read())
    with closing(Postgres(settings.need_postgres())) as postgres:
        project = _project_of(project_id, postgres)
        _check({where: each.query for where, each in wanted.all_insights().items()}, project, settings, postgres)
        applied = apply_file(wanted, postgres, project.id)
    if as_json:
        click.echo(json.dumps(applied.__dict__))
        return
    for what, ids in applied.__dict__.items():
        click.echo(f"{what:<8} {len(ids):>4}  {', '.join(ids)}")


@dashboards.command(
    epilog=example("analytics dashboards export > dashboards.yaml", "analytics dashboards export shop --project 2")
)
@click.argument("ids", metavar="[ID]...", nargs=-1)
@_project
@data_dir
@as_json
def export(ids: tuple[str, ...], project_id: int | None, data_dir: Path | None, as_json: bool) -> None:
    """Print a project's dashboards as a file that `apply` takes: all of them, or those of these short ids."""
    from analytics_pipelines.dashboards.apply import export as export_file
    from analytics_pipelines.dashboards.file import write_file
    from resources.postgres import Postgres

    settings = load_settings(data_dir=data_dir)
    with closing(Postgres(settings.need_postgres())) as postgres:
        found = export_file(postgres, _project_of(project_id, postgres).id, ids)
    missing = sorted(set(ids) - {board.id for board in found.dashboards})
    if missing:
        raise Problem(f"The project has no dashboard {', '.join(missing)}.", "Without ids all are exported.")
    sys.stdout.write(write_file(found, as_json=as_json))


def _project_of(project_id: int | None, postgres: "Postgres") -> "Project":
    from analytics_pipelines.accounts.projects import Projects

    projects = Projects(postgres)
    found = projects.get(project_id) if project_id is not None else next(iter(projects.all()), None)
    if found is None:
        raise Problem("There is no such project.", "`analytics project list` shows them.")
    return found


def _check(queries: dict[str, Any], project: "Project", settings: Settings, postgres: "Postgres") -> None:
    """Raises Problem, which says where in the file the question is that can't be asked."""
    from analytics_pipelines.dashboards.checking import check_question
    from analytics_pipelines.queries.ask import Questions
    from analytics_pipelines.queries.failure import QueryFailed
    from analytics_pipelines.queries.reader import open_reader
    from analytics_pipelines.queries.team import StoresOf, load_team

    reader = open_reader(settings, {"command": "dashboards apply"})
    questions, team = Questions(reader, settings), load_team(project, StoresOf(postgres, reader))
    for where, query in queries.items():
        try:
            check_question(query, team, questions)
        except QueryFailed as error:
            raise Problem(f"{where}.query: {error.detail}", "Nothing was written.") from None
