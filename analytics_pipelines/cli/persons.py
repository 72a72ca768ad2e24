"""`analytics persons`: look at merges, take them back, delete or export a person."""

import getpass
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import click

from analytics_pipelines.cli.options import as_json, data_dir, example
from analytics_pipelines.problems import Problem
from analytics_pipelines.settings import load_settings

if TYPE_CHECKING:
    from analytics_pipelines.persons.merge_edges import LoggedEdge
    from analytics_pipelines.persons.undo import Move
    from resources.clickhouse import ClickHouse
    from resources.postgres import Postgres

_project = click.option("--project", "project_id", type=int, required=True, help="The project's id.")
_from = click.option("--from", "other_id", metavar="OTHER_ID", help="Only the merges with this id.")
_edge = click.option("--edge", type=click.UUID, metavar="UUID", help="Only the merge by the event with this uuid.")
_all = click.option("--all", "every", is_flag=True, help="Every merge of the id.")
_dry_run = click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")


@dataclass(frozen=True)
class _Stores:
    postgres: "Postgres"
    clickhouse: "ClickHouse"


@contextmanager
def _stores(data_dir: Path | None) -> Iterator[_Stores]:
    from resources.clickhouse import ClickHouse
    from resources.postgres import Postgres

    settings = load_settings(data_dir=data_dir)
    postgres = Postgres(settings.need_postgres())
    try:
        yield _Stores(postgres, ClickHouse(settings.need_clickhouse(), {"command": "persons"}))
    finally:
        postgres.close()


@click.group()
def persons() -> None:
    """Look at merges, take them back, delete or export a person."""


@persons.command(epilog=example("analytics persons merges --project 1 ada@example.com"))
@_project
@click.argument("distinct_id")
@data_dir
@as_json
def merges(project_id: int, distinct_id: str, data_dir: Path | None, as_json: bool) -> None:
    """List the events that merged this id with others, oldest first."""
    from analytics_pipelines.persons.merge_edges import edges_of

    with _stores(data_dir) as stores:
        found = edges_of(stores.postgres, project_id, distinct_id)
    if as_json:
        click.echo(json.dumps([each.public() for each in found]))
        return
    for each in found:
        state = "taken back" if each.is_denied else each.refused or ""
        click.echo(
            f"{each.uuid}  {each.timestamp:%Y-%m-%d %H:%M:%S}  {each.event}  {each.other!r} → {each.target!r}  {state}"
        )


@persons.command(
    epilog=example(
        "analytics persons unmerge --project 1 ada@example.com --from shared-tablet --dry-run",
        "analytics persons unmerge --project 1 ada@example.com --all --json",
    )
)
@_project
@click.argument("distinct_id")
@_from
@_edge
@_all
@_dry_run
@data_dir
@as_json
def unmerge(
    project_id: int,
    distinct_id: str,
    other_id: str | None,
    edge: UUID | None,
    every: bool,
    dry_run: bool,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Take merges of an id back: both get their own events and properties again.

    All that was said of each id is kept with it, so nothing is lost, and `remerge` restores the merge.
    """
    from analytics_pipelines.persons.undo import unmerge as take_back

    with _stores(data_dir) as stores:
        edges = _chosen(stores, project_id, distinct_id, other_id, edge, every, is_denied=False)
        moves = take_back(
            stores.postgres,
            stores.clickhouse,
            project_id,
            [each.uuid for each in edges],
            by=getpass.getuser(),
            now=datetime.now(UTC),
            dry_run=dry_run,
        )
    _tell(edges, moves, dry_run, as_json)


@persons.command(epilog=example("analytics persons remerge --project 1 ada@example.com --all"))
@_project
@click.argument("distinct_id")
@_from
@_edge
@_all
@_dry_run
@data_dir
@as_json
def remerge(
    project_id: int,
    distinct_id: str,
    other_id: str | None,
    edge: UUID | None,
    every: bool,
    dry_run: bool,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Put merges in place again that were taken back."""
    from analytics_pipelines.persons.undo import remerge as put_back

    with _stores(data_dir) as stores:
        edges = _chosen(stores, project_id, distinct_id, other_id, edge, every, is_denied=True)
        moves = put_back(
            stores.postgres,
            stores.clickhouse,
            project_id,
            [each.uuid for each in edges],
            now=datetime.now(UTC),
            dry_run=dry_run,
        )
    _tell(edges, moves, dry_run, as_json)


@persons.command(
    epilog=example(
        "analytics persons delete --project 1 ada@example.com",
        "analytics persons delete --project 1 ada@example.com --events --json",
    )
)
@_project
@click.argument("distinct_id")
@click.option(
    "--events", "with_events", is_flag=True, help="Erase all that was received of it, from every place, with proof."
)
@data_dir
@as_json
def delete(project_id: int, distinct_id: str, with_events: bool, data_dir: Path | None, as_json: bool) -> None:
    """Delete the person of this id, with all its ids and properties.

    Its events stay, unless they are erased with it (--events). What it sends from now on brings it back, with what is
    said of it then.
    """
    from analytics_pipelines.persons.deletion import delete_person

    if with_events:
        from analytics_pipelines.cli.erasures import erase_now
        from analytics_pipelines.erasures.asking import person_of_id

        erase_now(
            load_settings(data_dir=data_dir),
            project_id,
            lambda postgres, now: person_of_id(postgres, project_id, distinct_id, now),
            as_json=as_json,
        )
        return
    with _stores(data_dir) as stores:
        person = delete_person(stores.postgres, stores.clickhouse, project_id, distinct_id, datetime.now(UTC))
    click.echo(json.dumps({"id": str(person)}) if as_json else f"Deleted person {person}; the events are still there.")


@persons.command(epilog=example("analytics persons export --project 1 ada@example.com ada.zip"))
@_project
@click.argument("distinct_id")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@data_dir
@as_json
def export(project_id: int, distinct_id: str, file: Path, data_dir: Path | None, as_json: bool) -> None:
    """Write everything that is held of the person of this id into a zip of JSON.

    One object a line, a file a kind: the person, its ids, events, sessions, cohorts, merges, recordings.
    """
    from analytics_pipelines.erasures.archive import Archive, TooManyIds
    from analytics_pipelines.erasures.component import component
    from resources.object_store import ObjectStore

    now = datetime.now(UTC)
    with _stores(data_dir) as stores:
        ids = sorted(component(stores.postgres, project_id, [distinct_id], now))
        store = ObjectStore(load_settings(data_dir=data_dir).bucket_url)
        archive = Archive(store, stores.postgres, stores.clickhouse, project_id, ids, now)
        try:
            with file.open("xb") as out:
                counts = archive.write(out, lambda name: click.echo(f"  {name}", err=True))
        except FileExistsError:
            raise Problem(f"{file} is there already.", "Name another file, or remove it.") from None
        except OSError as error:
            raise Problem(f"{file} can't be written: {error.strerror}.", "Name another file.") from None
        except TooManyIds as error:
            file.unlink(missing_ok=True)
            raise Problem(str(error), "Ask for it by parts: `analytics sql` reads the tables.") from None
    if as_json:
        click.echo(json.dumps({"file": str(file), "distinct_ids": ids, "objects": counts}))
    else:
        click.echo(
            f"Wrote {file}: {counts['events']} events and {sum(counts.values()) - counts['events']} other objects."
        )


def _chosen(
    stores: _Stores,
    project_id: int,
    distinct_id: str,
    other_id: str | None,
    edge: UUID | None,
    every: bool,
    *,
    is_denied: bool,
) -> "Sequence[LoggedEdge]":
    from analytics_pipelines.persons.merge_edges import chosen_edges

    if [other_id is not None, edge is not None, every].count(True) != 1:
        raise Problem("Which merges?", "Say one of --from OTHER_ID, --edge UUID, --all.")
    return chosen_edges(stores.postgres, project_id, distinct_id, other_id=other_id, edge=edge, is_denied=is_denied)


def _tell(edges: "Sequence[LoggedEdge]", moves: "Sequence[Move]", dry_run: bool, as_json: bool) -> None:
    if as_json:
        found = {"edges": [str(each.uuid) for each in edges], "moves": [each.public() for each in moves]}
        click.echo(json.dumps({**found, "dry_run": dry_run}))
        return
    for move in moves:
        click.echo(f"{move.distinct_id!r}  {move.from_person_id} → {move.to_person_id}")
    would = "would move" if dry_run else "moved"
    click.echo(f"{len(edges)} merges; {len(moves)} distinct ids {would} to another person.")
