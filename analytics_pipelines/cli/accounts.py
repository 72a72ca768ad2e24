"""`analytics project`, `analytics key` and `analytics login-link`: who may do what."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from analytics_pipelines.cli.options import as_json, data_dir, example
from analytics_pipelines.problems import Problem
from analytics_pipelines.settings import load_settings
from resources.postgres import Postgres


@contextmanager
def _postgres(data_dir: Path | None) -> Iterator[Postgres]:
    postgres = Postgres(load_settings(data_dir=data_dir).need_postgres())
    try:
        yield postgres
    finally:
        postgres.close()


@click.group()
def project() -> None:
    """Make and list projects."""


@project.command(epilog=example('analytics project create "My shop" --timezone Europe/Berlin --json'))
@click.argument("name")
@click.option("--timezone", default="UTC", show_default=True, help="An IANA time zone; days begin at its midnight.")
@data_dir
@as_json
def create(name: str, timezone: str, data_dir: Path | None, as_json: bool) -> None:
    """Make a project and print its key."""
    from analytics_pipelines.accounts.projects import Projects

    with _postgres(data_dir) as postgres:
        made = Projects(postgres).create(name, timezone=timezone)
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

    with _postgres(data_dir) as postgres:
        found = Projects(postgres).all()
    if as_json:
        click.echo(json.dumps([each.public() for each in found]))
        return
    for each in found:
        click.echo(f"{each.id:>4}  {each.name:<30} {each.timezone:<20} {each.api_token}")


@click.group()
def key() -> None:
    """Make API keys for scripts."""


@key.command("create", epilog=example("analytics key create --project 1 --scopes query:read --json"))
@click.option("--project", "project_id", type=int, required=True, help="The project that the key is for.")
@click.option("--scopes", required=True, help="With commas, such as query:read,cohort:write; or *.")
@click.option("--label", default="", help="What the key is for.")
@data_dir
@as_json
def create_key(project_id: int, scopes: str, label: str, data_dir: Path | None, as_json: bool) -> None:
    """Make an API key and print it, for the only time."""
    from analytics_pipelines.accounts.keys import ApiKeys

    wanted = [name.strip() for name in scopes.split(",") if name.strip()]
    with _postgres(data_dir) as postgres:
        made = ApiKeys(postgres).create(project_id, wanted, label)
    click.echo(json.dumps({"key": made}) if as_json else made)


@click.command("login-link", epilog=example("analytics login-link"))
@data_dir
@as_json
def login_link(data_dir: Path | None, as_json: bool) -> None:
    """Print a link that signs you in, once."""
    from analytics_pipelines.accounts.people import People

    with _postgres(data_dir) as postgres:
        secret = People(postgres).login_link_secret()
    if secret is None:
        raise Problem("There is no admin yet.", "`analytics start` makes the first one.")
    url = f"{load_settings(data_dir=data_dir).browser_url}/login?token={secret}"
    click.echo(json.dumps({"url": url}) if as_json else url)
