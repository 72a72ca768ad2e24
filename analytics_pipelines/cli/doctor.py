"""`analytics doctor`."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from analytics_pipelines.cli.options import as_json, data_dir, example
from analytics_pipelines.settings import load_settings


@click.command(epilog=example("analytics doctor", "analytics doctor --json"))
@data_dir
@as_json
def doctor(data_dir: Path | None, as_json: bool) -> None:
    """Check everything this installation depends on; each ✗ comes with its mend. Exit code 1 on any."""
    from analytics_pipelines.doctor.examine import examine

    findings = examine(load_settings(data_dir=data_dir))
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            mark = click.style("✓", fg="green") if finding.well else click.style("✗", fg="red")
            click.echo(f"{mark} {finding.what:<22} {finding.found}")
            if not finding.well:
                click.echo(f"  → {finding.mend}")
    if not all(finding.well for finding in findings):
        raise SystemExit(1)
