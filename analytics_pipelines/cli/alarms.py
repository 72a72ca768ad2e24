"""`analytics alarms`: whether alarms reach anyone."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from analytics_pipelines.cli.options import as_json, data_dir, example
from analytics_pipelines.problems import Problem
from analytics_pipelines.settings import load_settings


@click.group()
def alarms() -> None:
    """Tell people when a run fails, or data is stale."""


@alarms.command("test", epilog=example("analytics alarms test"))
@data_dir
@as_json
def test_alarms(data_dir: Path | None, as_json: bool) -> None:
    """Send a test message to each channel: ANALYTICS_ALERT_URL, and ANALYTICS_ALERT_MAIL by ANALYTICS_SMTP_URL."""
    from analytics_pipelines.alarms.channels import NotTold, channels

    found = channels(load_settings(data_dir=data_dir))
    if not found:
        raise Problem("Alarms go nowhere.", "Set ANALYTICS_ALERT_URL, or ANALYTICS_ALERT_MAIL with ANALYTICS_SMTP_URL.")
    text = f"A test of alarms, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC: nothing is wrong."
    errors: dict[str, str | None] = {}
    for channel in found:
        try:
            channel.tell(text, {"subject": "test", "title": "A test of alarms"})
            errors[channel.name] = None
        except NotTold as not_told:
            errors[channel.name] = str(not_told)
    if as_json:
        click.echo(json.dumps({name: {"told": error is None, "error": error} for name, error in errors.items()}))
    else:
        for name, error in errors.items():
            click.echo(f"{name}: {error or 'told'}")
    if any(errors.values()):
        raise click.exceptions.Exit(1)
