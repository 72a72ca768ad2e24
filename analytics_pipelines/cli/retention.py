"""`analytics retention`: what is not kept any more goes, or is shown."""

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analytics_pipelines.cli.options import as_json, data_dir, example
from analytics_pipelines.settings import load_settings

if TYPE_CHECKING:
    from analytics_pipelines.upkeep.retention import Expired


@click.command(epilog=example("analytics project update 1 --event-retention-days 400", "analytics retention --dry-run"))
@click.option("--dry-run", is_flag=True, help="Say what would go, and remove nothing.")
@data_dir
@as_json
def retention(dry_run: bool, data_dir: Path | None, as_json: bool) -> None:
    """Remove what projects, and this installation, do not keep any more. Dagster does it every night.

    Projects say for how many days they keep events, dead letters, session recordings and exported files
    (`analytics project update`); ANALYTICS_RAW_RETENTION_DAYS says it of raw objects. Persons stay.
    """
    from analytics_pipelines.upkeep.retention import Retention
    from resources.clickhouse import ClickHouse
    from resources.postgres import Postgres

    settings = load_settings(data_dir=data_dir)
    with closing(Postgres(settings.need_postgres())) as postgres:
        found = Retention.of(settings, postgres, ClickHouse(settings.need_clickhouse(), {"command": "retention"}))
        if sys.stderr.isatty() and not as_json:
            found.progress = lambda table, done, days: click.echo(
                f"\r{table}: {done} of {days} days ", nl=False, err=True
            )
        expired = found.run(dry_run=dry_run)
    if as_json:
        click.echo(json.dumps({"dry_run": dry_run, **expired.public()}))
    else:
        _tell(expired, dry_run=dry_run)


def _tell(expired: "Expired", *, dry_run: bool) -> None:
    went = "would go" if dry_run else "went"
    for each in expired.rows:
        whole = f", {each.partitions:,} of them whole" if each.partitions else ""
        click.echo(f"{each.table:<14} {each.rows:>14,} rows {went}, of {each.days:,} days of arrival{whole}")
    recordings, raw, exports = expired.recordings, expired.raw, expired.exports
    click.echo(f"{'recordings':<14} {recordings.objects:>14,} objects {went}, {recordings.lines:,} lines of others")
    waiting = f"; {raw.waiting:,} more are not loaded yet" if raw.waiting else ""
    click.echo(f"{'raw events':<14} {raw.objects:>14,} objects {went}, {raw.bytes:,} bytes{waiting}")
    click.echo(f"{'exports':<14} {exports.files:>14,} files {went}, of {exports.intervals:,} intervals")
