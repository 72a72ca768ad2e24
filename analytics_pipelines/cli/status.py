"""`analytics status`."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from analytics_pipelines.cli.options import as_json, data_dir, example
from analytics_pipelines.embedded.service import process_lives
from analytics_pipelines.problems import Problem
from analytics_pipelines.settings import Settings, load_settings


@click.command(epilog=example("analytics status", "analytics status --json"))
@data_dir
@as_json
def status(data_dir: Path | None, as_json: bool) -> None:
    """Show what runs, and whether events wait to be loaded. Exit code 1 when something is not well."""
    settings = load_settings(data_dir=data_dir)
    found = read_status(settings)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        for name, service in found["services"].items():
            well = service["state"] in {"healthy", "given"}
            mark = click.style("✓", fg="green") if well else click.style("✗", fg="red")
            click.echo(f"{mark} {name:<18} {service['state']:<10} {service['url']}")
        if not found["services"]:
            click.echo(f"Nothing runs on {settings.data_dir}. Start it with `analytics start`.")
        elif found["lag_seconds"] is None:
            click.echo("  whether events wait is not known")
        else:
            click.echo(f"  {found['pending_objects']} objects wait, the oldest for {found['lag_seconds']:.1f} s")
    states = {service["state"] for service in found["services"].values()}
    if not states or states - {"healthy", "given"}:
        raise SystemExit(1)


def read_status(settings: Settings) -> dict[str, Any]:
    """`{"services": {name: {"url", "pid", "state"}}, "lag_seconds", "pending_objects"}`; null where not known."""
    services = _services(settings.data_dir)
    lag, pending = _backlog(settings)
    return {"services": services, "lag_seconds": lag, "pending_objects": pending}


def _services(data_dir: Path) -> dict[str, dict[str, Any]]:
    try:
        written = json.loads((data_dir / "run" / "services.json").read_text())
    except (OSError, ValueError):
        return {}
    services: dict[str, dict[str, Any]] = written["services"]
    if not process_lives(written["pid"]):
        for service in services.values():
            if service["pid"] is not None:
                service["state"] = "stopped"
    return services


def _backlog(settings: Settings) -> tuple[float | None, int | None]:
    from analytics_pipelines.ingest.backlog import lag_seconds, unloaded
    from analytics_pipelines.ingest.ledger import Ledger
    from resources.object_store import ObjectStore, StoreUnavailable
    from resources.postgres import Postgres, PostgresUnavailable

    if settings.postgres_url is None:
        return None, None
    now = datetime.now(UTC)
    postgres = Postgres(settings.need_postgres())
    try:
        waiting = unloaded(ObjectStore(settings.bucket_url), Ledger(postgres))
    except (PostgresUnavailable, StoreUnavailable, Problem):
        return None, None
    finally:
        postgres.close()
    return round(lag_seconds(waiting, now), 3), len(waiting)
