"""`analytics key` and `analytics login-link`: who may do what."""

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
def accounts_store(data_dir: Path | None) -> Iterator[Postgres]:
    """The Postgres that holds projects and people."""
    postgres = Postgres(load_settings(data_dir=data_dir).need_postgres())
    try:
        yield postgres
    finally:
        postgres.close()


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
    with accounts_store(data_dir) as postgres:
        made = ApiKeys(postgres).create(project_id, wanted, label)
    click.echo(json.dumps({"key": made}) if as_json else made)


@click.command("login-link", epilog=example("analytics login-link"))
@data_dir
@as_json
def login_link(data_dir: Path | None, as_json: bool) -> None:
    """Print a link that signs you in, once."""
    from analytics_pipelines.accounts.people import People

    with accounts_store(data_dir) as postgres:
        secret = People(postgres).login_link_secret()
    if secret is None:
        raise Problem("There is no admin yet.", "`analytics start` makes the first one.")
    url = f"{load_settings(data_dir=data_dir).browser_url}/login?token={secret}"
    click.echo(json.dumps({"url": url}) if as_json else url)
