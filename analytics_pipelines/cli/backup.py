"""`analytics backup` and `analytics restore`."""

import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analytics_pipelines.cli.options import as_json, data_dir, example
from analytics_pipelines.problems import Problem
from analytics_pipelines.settings import GivenSettings, Settings, load_settings

if TYPE_CHECKING:
    from analytics_pipelines.backup.make import Made
    from analytics_pipelines.backup.restore import Restored

# What may lie in a data folder that is restored into: what the backup refers to, and what a restore that was broken off
# left there.
_MAY_BE_THERE = {"bucket", "exports"}
_MARKER = "restore.json"

_passphrase_file = click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file whose first line opens the installation's secrets (ANALYTICS_BACKUP_PASSPHRASE).",
)


@click.command(
    epilog=example(
        "analytics backup /backups/monday.tar --passphrase-file ~/.analytics-passphrase",
        "analytics backup s3://my-backups/analytics/monday.tar",
        "analytics backup /backups/everything.tar --with-objects",
    )
)
@click.argument("target", metavar="FILE|URL")
@click.option("--with-objects", is_flag=True, help="Copy the bucket's raw events and recordings, too.")
@_passphrase_file
@data_dir
@as_json
def backup(target: str, with_objects: bool, passphrase_file: Path | None, data_dir: Path | None, as_json: bool) -> None:
    """Write what can't be made again from the bucket into one file, while everything goes on.

    That is Postgres (users, keys, projects, dashboards, cohorts, exports, the merges that were undone, …), a list of
    the bucket's objects, and the rows whose raw objects are gone by `raw_retention_days`. Everything else in ClickHouse
    is made again from the bucket, which you keep as you keep any bucket: versioned, or copied elsewhere. A bucket that
    is a folder of this machine can go along with --with-objects.

    The file holds hashes of keys, sealed secrets of destinations, and the installation's own secrets that open them:
    the latter sealed by a passphrase if you give one.
    """
    from analytics_pipelines.backup.make import Backup
    from analytics_pipelines.backup.place import written
    from resources.clickhouse import ClickHouse
    from resources.object_store import ObjectStore
    from resources.postgres import Postgres

    settings = load_settings(data_dir=data_dir)
    passphrase = _passphrase(settings, passphrase_file)
    clickhouse = ClickHouse(settings.need_clickhouse(), {"command": "backup"})
    with closing(Postgres(settings.need_postgres())) as postgres, written(target, settings.data_dir) as file:
        making = Backup(ObjectStore(settings.bucket_url), postgres, clickhouse, settings)
        making.progress = _teller(as_json)
        made = making.make(file, with_objects=with_objects, passphrase=passphrase)
    if as_json:
        click.echo(json.dumps({**made.public(), "file": target}))
    else:
        _tell_made(made, target)


def _tell_made(made: "Made", target: str) -> None:
    click.echo(f"{target}: {made.bytes:,} bytes, {made.tables} tables of Postgres.")
    if made.kept_batches:
        click.echo(f"The rows of {made.kept_batches:,} batches are in it, whose raw objects are gone.")
    size = f"{made.objects:,} objects, {made.object_bytes:,} bytes"
    click.echo(f"The bucket's {size} are {'in it' if made.with_objects else 'listed in it; keep the bucket, too'}.")
    if not made.sealed:
        click.echo(
            "It holds the installation's secrets in the open (no passphrase was given): keep it as you keep keys."
        )


@click.command(
    epilog=example(
        "analytics restore /backups/monday.tar",
        "analytics restore s3://my-backups/analytics/monday.tar --data-dir /srv/analytics --json",
    )
)
@click.argument("source", metavar="FILE|URL")
@_passphrase_file
@data_dir
@as_json
def restore(source: str, passphrase_file: Path | None, data_dir: Path | None, as_json: bool) -> None:
    """Restore a backup on an empty machine, and make ClickHouse anew from the bucket.

    The data folder must be empty, but for the bucket; databases of your own must be, too. The bucket is the one that
    ANALYTICS_OBJECT_STORE_URL names. Nothing else may run on them meanwhile. Broken off, the same command goes on.
    When it is done, `analytics start` shows what was there; people sign in again, and Dagster's history begins anew.
    """
    from analytics_pipelines.backup.archive import opened
    from analytics_pipelines.backup.place import fetched
    from analytics_pipelines.backup.restore import Restore
    from resources.clickhouse import ClickHouse
    from resources.object_store import ObjectStore
    from resources.postgres import Postgres

    given = load_settings(GivenSettings, data_dir=data_dir)
    passphrase = _passphrase(given, passphrase_file)
    with fetched(source) as file, opened(file) as archive:
        _refuse_filled(given.data_dir, str(archive.id))
        first_day = date.fromisoformat(archive.manifest["arrival_start"])
        with _engines(given, first_day) as settings, closing(Postgres(settings.need_postgres())) as postgres:
            clickhouse = ClickHouse(settings.need_clickhouse(), {"command": "restore"})
            restoring = Restore(ObjectStore(settings.bucket_url), postgres, clickhouse, settings)
            restoring.progress = _teller(as_json)
            restored = restoring.run(archive, passphrase)
    (given.data_dir / _MARKER).unlink(missing_ok=True)
    if as_json:
        click.echo(json.dumps(restored.public()))
    else:
        _tell_restored(restored)


def _tell_restored(restored: "Restored") -> None:
    click.echo(
        f"Restored {restored.tables} tables, {restored.events:,} events out of {restored.objects:,} objects, and"
        f" {restored.cohorts:,} cohorts."
    )
    if restored.missing_objects:
        click.echo(
            f"{restored.missing_objects:,} objects that were in the bucket then are not there now: compacted, erased or"
            " expired since, or this is another bucket."
        )
    click.echo("`analytics start` shows it; `analytics login-link` lets you in.")


def _refuse_filled(folder: Path, backup_id: str) -> None:
    """Only an empty data folder, or that of the same restore, which was broken off."""
    marker = folder / _MARKER
    if marker.exists() and json.loads(marker.read_text()).get("backup") == backup_id:
        return
    found = sorted({each.name for each in folder.iterdir()} - _MAY_BE_THERE) if folder.is_dir() else []
    if found:
        raise Problem(
            f"{folder} is not empty: {', '.join(found[:3])} {'is' if len(found) == 1 else 'are'} there.",
            "Restore into another folder (--data-dir), or move this one away.",
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    marker.write_text(json.dumps({"backup": backup_id}))


@contextmanager
def _engines(given: Settings, first_day: date) -> Iterator[Settings]:
    """Settings with the addresses of engines, which are started where they are not given."""
    if given.postgres_url and given.clickhouse_url:
        yield given
        return
    from analytics_pipelines.embedded.start import engines_only

    with engines_only(given, first_day, lambda text: click.echo(text, err=True)) as settings:
        yield settings


def _passphrase(settings: Settings, file: Path | None) -> str | None:
    if file is not None:
        lines = file.read_text().splitlines()
        if not lines or not lines[0]:
            raise Problem(f"{file} holds no passphrase.", "Write it into the first line.")
        return lines[0]
    return settings.backup_passphrase.get_secret_value() if settings.backup_passphrase else None


def _teller(as_json: bool) -> Any:
    if as_json or not sys.stderr.isatty():
        return lambda *_: None

    def tell(what: str, done: int, of: int) -> None:
        click.echo(f"\r{what}: {done:,} of {of:,} " + ("\n" if done == of else ""), nl=False, err=True)

    return tell
