"""`analytics alarms`: whether alarms reach anyone."""

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analytics_pipelines.cli.options import as_json, data_dir, example
from analytics_pipelines.problems import Problem
from analytics_pipelines.settings import Settings, load_settings

if TYPE_CHECKING:
    from analytics_pipelines.alarms.channels import Channel


@click.group()
def alarms() -> None:
    """Tell people when a run fails, or data is stale."""


@alarms.command("test", epilog=example("analytics alarms test", "analytics alarms test --project 1"))
@click.option("--project", "project_id", type=int, help="To the channels of this project.")
@data_dir
@as_json
def test_alarms(project_id: int | None, data_dir: Path | None, as_json: bool) -> None:
    """Send a test message to each channel: ANALYTICS_ALERT_URL, and ANALYTICS_ALERT_MAIL by ANALYTICS_SMTP_URL."""
    from analytics_pipelines.alarms.channels import channels, try_channels

    settings = load_settings(data_dir=data_dir)
    found = channels(settings) if project_id is None else _of_project(project_id, settings)
    if not found and project_id is None:
        raise Problem("Alarms go nowhere.", "Set ANALYTICS_ALERT_URL, or ANALYTICS_ALERT_MAIL with ANALYTICS_SMTP_URL.")
    if not found:
        raise Problem(
            f"Alarms of project {project_id} go nowhere.",
            f"`analytics project update {project_id} --alert-url …`, or `--alert-mail …` with ANALYTICS_SMTP_URL.",
        )
    errors = try_channels(found, datetime.now(UTC))
    if as_json:
        click.echo(json.dumps({name: {"told": error is None, "error": error} for name, error in errors.items()}))
    else:
        for name, error in errors.items():
            click.echo(f"{name}: {error or 'told'}")
    if any(errors.values()):
        raise click.exceptions.Exit(1)


def _of_project(project_id: int, settings: Settings) -> "list[Channel]":
    from analytics_pipelines.accounts.projects import Projects
    from analytics_pipelines.alarms.channels import channels_of
    from resources.postgres import Postgres

    with closing(Postgres(settings.need_postgres())) as postgres:
        found = Projects(postgres).get(project_id)
    if found is None:
        raise Problem(f"There is no project {project_id}.", "`analytics project list` shows which there are.")
    return channels_of(found.alert_url, found.alert_mail or "", settings)
