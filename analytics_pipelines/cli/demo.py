"""`analytics demo`."""

import time
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from analytics_pipelines.cli.options import data_dir, example
from analytics_pipelines.settings import Settings, load_settings


@click.command(epilog=example("analytics demo", "analytics demo --clear"))
@click.option("--clear", is_flag=True, help="Remove the demo project and everything in it.")
@data_dir
def demo(clear: bool, data_dir: Path | None) -> None:
    """Load a made-up shop into a project of its own: six months of visits, sign-ups and purchases.

    The events take the same way as anybody's: into the bucket, and from there into the tables.
    """
    settings = load_settings(data_dir=data_dir)
    _clear(settings) if clear else _load(settings)


def _load(settings: Settings) -> None:
    from analytics_pipelines.accounts.projects import Projects
    from analytics_pipelines.dashboards.apply import give_default
    from analytics_pipelines.demo.load import load
    from analytics_pipelines.ingest.drain import Drain
    from analytics_pipelines.ingest.flush import flush

    begun = time.monotonic()
    drain = Drain.of(settings, {"command": "demo"})
    with _progress() as progress:
        writing = progress.add_task("writing events", total=None)
        loading = progress.add_task("loading them", total=None, start=False)
        made = load(
            drain.store,
            Projects(drain.postgres),
            now=datetime.now(UTC),
            progress=lambda done, total: progress.update(writing, completed=done, total=total),
        )
        give_default("demo", drain.postgres, made)
        progress.start_task(loading)
        most: list[int] = []

        def left(waiting: int) -> None:
            most.append(waiting)
            progress.update(loading, completed=max(most) - waiting, total=max(most))

        flush(drain, timeout=300, progress=left)
        progress.update(loading, completed=1, total=1)
    drain.postgres.close()
    click.echo(f"The project {made.name!r} is ready after {time.monotonic() - begun:.0f} s:")
    click.echo(f"  {settings.browser_url}/project/{made.id}")
    click.echo("Remove it with `analytics demo --clear`.")


def _clear(settings: Settings) -> None:
    from analytics_pipelines.accounts.projects import Projects
    from analytics_pipelines.demo.load import clear
    from resources.clickhouse import ClickHouse
    from resources.object_store import ObjectStore
    from resources.postgres import Postgres

    postgres = Postgres(settings.need_postgres())
    with _progress() as progress:
        removing = progress.add_task("removing", total=None)
        removed = clear(
            ObjectStore(settings.bucket_url),
            postgres,
            ClickHouse(settings.need_clickhouse(), {"command": "demo --clear"}),
            Projects(postgres),
            progress=lambda done, total: progress.update(removing, completed=done, total=total),
        )
    postgres.close()
    click.echo(f"Removed {removed} demo events." if removed else "There was no demo data.")


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("  {task.description:<15}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
