"""`analytics flush` and `analytics sql`: what has arrived, and what it says."""

import csv
import json
import sys
from pathlib import Path

import click

from analytics_pipelines.cli.options import as_json, data_dir, example
from analytics_pipelines.problems import Problem
from analytics_pipelines.settings import load_settings


@click.command(epilog=example("analytics flush --timeout 120"))
@data_dir
@click.option("--timeout", type=float, default=60, show_default=True, help="Seconds to wait.")
def flush(data_dir: Path | None, timeout: float) -> None:
    """Wait until every event accepted so far can be queried.

    The ingestion run in Dagster loads them; when there is none, this command does.
    """
    from analytics_pipelines.ingest.drain import Drain
    from analytics_pipelines.ingest.flush import flush as wait

    drain = Drain.of(load_settings(data_dir=data_dir), {"command": "flush"})
    shown = sys.stderr.isatty()
    try:
        waited = wait(
            drain,
            timeout,
            progress=lambda left: click.echo(f"\r{left} objects wait …  ", nl=False, err=True) if shown else None,
        )
    finally:
        drain.postgres.close()
    if shown and waited:
        click.echo("\r", nl=False, err=True)
    click.echo(f"Everything accepted so far can be queried ({waited} objects had to wait).")


@click.command(
    epilog=example(
        'analytics sql "select event, count() from events group by event"',
        'analytics sql --project 2 --json "select count() from events"',
    )
)
@click.argument("query")
@data_dir
@click.option("--project", "project_id", type=int, help="The project's id; default: the oldest one.")
@click.option("--format", "form", type=click.Choice(["table", "csv"]), default="table", show_default=True)
@as_json
def sql(query: str, data_dir: Path | None, project_id: int | None, form: str, as_json: bool) -> None:
    """Answer a question in SQL about one project's events."""
    from analytics_pipelines.accounts.projects import Projects
    from analytics_pipelines.queries.ask import Questions
    from analytics_pipelines.queries.failure import QueryFailed
    from analytics_pipelines.queries.reader import open_reader
    from analytics_pipelines.queries.team import StoresOf, load_team
    from resources.postgres import Postgres

    settings = load_settings(data_dir=data_dir)
    postgres = Postgres(settings.need_postgres())
    try:
        projects = Projects(postgres)
        found = projects.get(project_id) if project_id is not None else next(iter(projects.all()), None)
        if found is None:
            raise Problem("There is no such project.", "`analytics project list` shows them.")
        reader = open_reader(settings, {"command": "sql"})
        team = load_team(found, StoresOf(postgres, reader))
    finally:
        postgres.close()
    try:
        answer = Questions(reader, settings).ask({"kind": "HogQLQuery", "query": query}, team)
    except QueryFailed as error:
        raise Problem(error.detail, _pointer(query, error.start, error.end)) from None
    if as_json:
        click.echo(json.dumps({name: answer[name] for name in ("columns", "types", "results", "limit_applied")}))
    elif form == "csv":
        csv.writer(sys.stdout).writerows([answer["columns"], *answer["results"]])
    else:
        _table(answer["columns"], answer["results"])
        if answer["hasMore"]:
            click.echo(f"Limited to {answer['limit']} rows; add a LIMIT of your own to see more.", err=True)


def _table(columns: list[str], rows: list[list[object]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for column in columns:
        table.add_column(Text(_printable(column)))
    for row in rows:
        table.add_row(*(Text("" if value is None else _printable(str(value))) for value in row))
    Console().print(table)


def _printable(text: str) -> str:
    """Anyone may send events, and a terminal obeys control characters: these are shown and not printed."""
    return "".join(each if each.isprintable() or each in "\n\t" else repr(each)[1:-1] for each in text)


def _pointer(query: str, start: int | None, end: int | None) -> str:
    if start is None:
        return ""
    line_start = query.rfind("\n", 0, start) + 1
    line = query[line_start:].split("\n", 1)[0]
    width = max(1, min((end or start + 1) - start, len(line) - (start - line_start)))
    return f"{line}\n  {' ' * (start - line_start)}{'^' * width}"
