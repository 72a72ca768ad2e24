"""`analytics start`."""

import os
import textwrap
import time
from pathlib import Path

import click

from analytics_pipelines.cli.options import data_dir, example
from analytics_pipelines.problems import Problem
from analytics_pipelines.settings import GivenSettings, load_settings


@click.command(epilog=example("analytics start", "analytics start --capture-port 8001 --web-port 0"))
@data_dir
@click.option("--host", help="Address on which capture and web listen (ANALYTICS_HOST; default 127.0.0.1).")
@click.option("--capture-port", type=int, help="Port of capture; 0 takes a free one (default 8000).")
@click.option("--web-port", type=int, help="Port of the dashboards; 0 takes a free one (default 8080).")
@click.option("--dagster-port", type=int, help="Port of Dagster's pages; 0 takes a free one (default 3000).")
@click.option("--clickhouse-port", type=int, help="Port of the embedded ClickHouse; 0 takes a free one (default 8123).")
@click.option("--only", help="Run just these of capture, web, dagster (with commas).")
def start(
    data_dir: Path | None,
    host: str | None,
    capture_port: int | None,
    web_port: int | None,
    dagster_port: int | None,
    clickhouse_port: int | None,
    only: str | None,
) -> None:
    """Run everything on this machine, in the foreground; Ctrl-C stops it.

    Engines whose URL is set (ANALYTICS_CLICKHOUSE_URL, ANALYTICS_POSTGRES_URL, ANALYTICS_OBJECT_STORE_URL) are
    used as they are; the others are started from the data folder. A second start goes on with what is there.
    """
    from analytics_pipelines.embedded.start import PARTS, Ready, run

    parts = {part.strip() for part in only.split(",")} if only else set(PARTS)
    if parts - set(PARTS):
        raise Problem(f"--only knows {', '.join(PARTS)}, not {', '.join(sorted(parts - set(PARTS)))}.")
    settings = load_settings(
        GivenSettings,
        data_dir=data_dir,
        host=host,
        capture_port=capture_port,
        web_port=web_port,
        dagster_port=dagster_port,
        clickhouse_port=clickhouse_port,
    )
    begun = time.monotonic()

    def tell(line: str) -> None:
        click.echo(f"  {line}")

    def ready(found: Ready) -> None:
        click.echo(_welcome(found))
        if "dagster" in parts:
            click.echo("  Dagster is starting; events are loaded once it is up. Everything else works already.\n")

    def complete() -> None:
        tell(f"everything is up after {time.monotonic() - begun:.0f} s; Ctrl-C stops it")

    click.echo(f"Starting on {_short(settings.data_dir)} (log: {_short(settings.data_dir / 'logs' / 'analytics.log')})")
    run(settings, parts, tell, ready, complete)
    click.echo("Stopped.")


def _short(path: Path) -> str:
    relative = os.path.relpath(path)
    return relative if not relative.startswith("..") else str(path)


def _welcome(found) -> str:  # type: ignore[no-untyped-def]
    settings = found.settings
    key = found.project.api_token if found.project else "phc_…"
    lines = [
        "",
        f"  {click.style('Dashboards', bold=True)}  {found.login_url or settings.browser_url}",
        "              (this link signs you in, once; `analytics login-link` makes another)" if found.login_url else "",
        f"  {click.style('Capture', bold=True)}     {settings.sdk_url}",
        f"  {click.style('Project key', bold=True)} {key}",
        f"  {click.style('Dagster', bold=True)}     {settings.dagster_url}" if settings.dagster_url else "",
    ]
    snippet = f"""
      curl {settings.sdk_url}/i/v0/e/ -H 'Content-Type: application/json' \\
        -d '{{"api_key": "{key}", "event": "hello", "distinct_id": "me"}}'

      from posthog import Posthog    # pip install posthog
      posthog = Posthog("{key}", host="{settings.sdk_url}")
      posthog.capture("hello", distinct_id="me")
      posthog.shutdown()
    """
    shown = [line for line in lines if line or line == lines[0]]
    return "\n".join(shown) + "\n\n  Send an event:\n" + textwrap.indent(textwrap.dedent(snippet), "    ")
