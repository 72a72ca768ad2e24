"""`analytics import`: files of events, or tables of anything, into a project."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from analytics_pipelines.cli.accounts import accounts_store
from analytics_pipelines.cli.options import as_json, data_dir, example
from analytics_pipelines.problems import Problem
from analytics_pipelines.settings import load_settings

if TYPE_CHECKING:
    from analytics_pipelines.accounts.projects import Project
    from analytics_pipelines.imports.bad_rows import BadRow
    from analytics_pipelines.imports.event_of_row import Event
    from analytics_pipelines.imports.mapping import Mapping
    from analytics_pipelines.imports.plan import Plan, Reading
    from analytics_pipelines.imports.run import Imported
    from analytics_pipelines.imports.tally import Tally
    from resources.postgres import Postgres

_SHOWN_BAD_ROWS = 20
_SHOWN_EVENTS = 3

_file = click.Path(path_type=Path, dir_okay=False)


@click.command(
    "import",
    epilog=example(
        "analytics import export.jsonl",
        "analytics import orders.csv --event purchase --distinct-id-column customer --timestamp-column ordered_at",
        "analytics import visits.parquet --event-column action --distinct-id-column user --set country --dry-run",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--project", "project_id", type=int, help="The project's id; default: the oldest one.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv", "parquet"]),
    help="Default: by the name's ending (.jsonl, .ndjson, .csv, .tsv, .parquet); .gz and .zst are unpacked.",
)
@click.option("--mapping", "mapping_file", type=_file, help="A TOML file that says what the columns mean.")
@click.option("--event", metavar="NAME", help="The name of all events.")
@click.option("--event-column", metavar="COL", help="The column of the events' names; default: event.")
@click.option("--distinct-id-column", metavar="COL", help="The column of who did it; default: distinct_id.")
@click.option("--timestamp-column", metavar="COL", help="The column of when it happened; default: timestamp.")
@click.option(
    "--timestamp-format",
    metavar="FORMAT",
    help="As of strptime, such as %d/%m/%Y; or iso, unix, unix_ms, unix_us. Default: ISO 8601, or numbers since 1970.",
)
@click.option("--timezone", metavar="ZONE", help="The IANA zone of times that name none; default: UTC.")
@click.option("--uuid-column", metavar="COL", help="The column of the events' own ids; default: uuid.")
@click.option(
    "--property",
    "properties",
    metavar="COL[=NAME]",
    multiple=True,
    help="A column that becomes a property. May be given many times. Default: every column not otherwise used.",
)
@click.option(
    "--set",
    "person",
    metavar="COL[=NAME]",
    multiple=True,
    help="A column that becomes a property of the person. May be given many times.",
)
@click.option(
    "--text",
    metavar="COL",
    multiple=True,
    help="A CSV column whose values stay texts though they look like numbers, such as versions.",
)
@click.option("--delimiter", metavar="CHAR", help="Of CSV: a character, tab or whitespace; default: the comma.")
@click.option("--encoding", metavar="NAME", help="Of CSV, such as latin-1; default: utf-8.")
@click.option("--drop-duplicate-rows", "once", is_flag=True, help="Equal rows without an id are one event.")
@click.option(
    "--bad-rows", "bad_rows_file", type=_file, help="Write all rows that are no events to this file, as JSON."
)
@click.option("--strict", is_flag=True, help="Exit with code 1 when there are bad rows; the others are imported.")
@click.option(
    "--again", is_flag=True, help="Store a file anew that was imported before, as after a loss of the bucket."
)
@click.option("--dry-run", is_flag=True, help="Read everything, store nothing, and show what the first events are.")
@data_dir
@as_json
def import_command(
    file: Path,
    project_id: int | None,
    mapping_file: Path | None,
    bad_rows_file: Path | None,
    strict: bool,
    again: bool,
    dry_run: bool,
    data_dir: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Import a file of past events: JSON lines, CSV or Parquet.

    JSON lines are events as SDKs send them, or as PostHog exports them. Of a table each row is an event; options or a
    mapping file say what its columns mean.

    Importing twice adds nothing. An event is known by its own uuid. One without gets an id from its content, and from
    how many equal rows of the file came before it: two equal rows are two events, as two purchases on one day, unless
    --drop-duplicate-rows says otherwise; the same row in another file, or imported again, is the event that is there
    already. An import that was broken off goes on where it stopped when the command is run again.

    Rows that are no events are reported and do not stop the others. Times are taken as given. `analytics flush` waits
    until the events can be queried.
    """
    from analytics_pipelines.imports.load import NoEvents, Told
    from analytics_pipelines.imports.plan import no_events, plan
    from analytics_pipelines.imports.run import Imported, import_file, try_out
    from resources.object_store import ObjectStore

    def now() -> datetime:
        return datetime.now(UTC)

    begun = time.monotonic()
    made = plan(file, *_wanted(mapping_file, options), now())
    settings = load_settings(data_dir=data_dir)
    with accounts_store(data_dir) as postgres, _bad_rows(made.reader.noun, bad_rows_file) as bad_rows:
        project = _project(postgres, project_id)
        shown: list[Event] = []
        told = Told(bad_rows.add, event=(lambda each: shown.append(each) if len(shown) < _SHOWN_EVENTS else None))
        try:
            with _progress(made) as told.progress:
                if dry_run:
                    done = Imported(try_out(made, project, told))
                else:
                    told.event = None
                    store = ObjectStore(settings.bucket_url)
                    done = import_file(
                        made, project, store, postgres, now, told, again=again, tell_again=bad_rows_file is not None
                    )
        except NoEvents as nothing:
            raise no_events(nothing, made) from None
        except KeyboardInterrupt:
            raise Problem(
                "The import was stopped.", "Run the same command again: it goes on where it stopped."
            ) from None
    seconds = time.monotonic() - begun
    if as_json:
        click.echo(json.dumps(_as_json(made, project, done, seconds, dry_run=dry_run)))
    else:
        bad_rows.tell(done.tally)
        _tell(made, project, done, seconds, shown if dry_run else None)
    if strict and done.tally.bad_rows:
        sys.exit(1)


def _wanted(mapping_file: Path | None, options: dict[str, Any]) -> "tuple[Mapping, Reading]":
    """The mapping file's words, over which the options win."""
    from analytics_pipelines.imports.mapping import Mapping, pairs, read_mapping
    from analytics_pipelines.imports.plan import Reading

    mapping, reading = Mapping(), Reading()
    if mapping_file is not None:
        try:
            text = mapping_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            said = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise Problem(f"The mapping {mapping_file} can't be read: {said}.", "Check the path.") from None
        mapping, given = read_mapping(text, str(mapping_file))
        reading = replace(reading, **given)
    plain = ("event", "event_column", "distinct_id_column", "timestamp_column", "timestamp_format", "timezone")
    changes = {name: options[name] for name in (*plain, "uuid_column") if options[name] is not None}
    if options["event"] is not None or options["event_column"] is not None:
        mapping = replace(mapping, event=None, event_column=None)
    if options["properties"]:
        changes["properties"] = pairs(options["properties"], "--property")
    if options["person"]:
        changes["set"] = pairs(options["person"], "--set")
    if options["text"]:
        changes["text"] = tuple(options["text"])
    how = {"format": options["form"], "delimiter": options["delimiter"], "encoding": options["encoding"]}
    how = {name: value for name, value in how.items() if value is not None}
    return replace(mapping, **changes), replace(reading, **how, once=options["once"])


def _project(postgres: "Postgres", project_id: int | None) -> "Project":
    from analytics_pipelines.accounts.projects import Projects

    projects = Projects(postgres)
    found = projects.get(project_id) if project_id is not None else next(iter(projects.all()), None)
    if found is None and project_id is None:
        raise Problem("There is no project yet.", "`analytics start` makes the first one.")
    if found is None:
        raise Problem(f"There is no project {project_id}.", "`analytics project list` shows which there are.")
    return found


class _BadRows:
    """The first of them for the screen, all of them for the file."""

    def __init__(self, noun: str, file: IO[bytes] | None) -> None:
        self._noun = noun
        self._file = file
        self._first: list[str] = []

    def add(self, number: int, bad: "BadRow", row: Any) -> None:
        if len(self._first) < _SHOWN_BAD_ROWS:
            self._first.append(f"  {self._noun} {number}: {_printable(bad.message)}")
        if self._file is not None:
            self._file.write(_reported(self._noun, number, bad, row))

    def tell(self, tally: "Tally") -> None:
        """On stderr."""
        if not self._first:
            return
        mark = click.style("!", fg="yellow")
        click.echo(f"{mark} {tally.bad_rows} of {tally.rows} rows are no events, and were left out:", err=True)
        click.echo("\n".join(self._first), err=True)
        more = tally.bad_rows - len(self._first)
        if more:
            hint = "" if self._file is not None else "; --bad-rows FILE writes all of them"
            click.echo(f"  … and {more} more{hint}", err=True)


@contextmanager
def _bad_rows(noun: str, path: Path | None) -> Iterator[_BadRows]:
    if path is None:
        yield _BadRows(noun, None)
        return
    try:
        file = path.open("wb")
    except OSError as error:
        raise Problem(f"{path} can't be written: {error.strerror}.", "Give --bad-rows another path.") from None
    with file:
        yield _BadRows(noun, file)


def _reported(noun: str, number: int, bad: "BadRow", row: Any) -> bytes:
    """A line of JSON: where, what is wrong, and the row itself where it could be taken apart."""
    from analytics_pipelines.imports.cells import plain

    found: dict[str, Any] = {noun: number, "reason": bad.reason, "message": bad.message}
    if isinstance(row, bytes):
        found["text"] = row[: 1 << 16].decode("utf-8", "replace")
    elif isinstance(row, dict):
        found["values"] = plain(row)
    text = json.dumps(found, ensure_ascii=False, default=str)
    return text.encode("utf-8", "replace") + b"\n"


@contextmanager
def _progress(made: "Plan") -> "Iterator[Callable[[Tally], None]]":
    """A bar with the rate and the time left on a terminal, nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    begun = time.monotonic()
    with Progress(
        TextColumn("  importing"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%  {task.fields[rows]:,} rows  {task.fields[rate]:,.0f}/s  left"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("importing", total=made.source.size, rows=0, rate=0.0)

        def tell(tally: "Tally") -> None:
            rate = tally.rows / max(time.monotonic() - begun, 1e-9)
            bar.update(task, completed=made.source.read_bytes, rows=tally.rows, rate=rate)

        yield tell


def _printable(text: str) -> str:
    """A terminal obeys control characters: these are shown and not printed."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def _as_json(made: "Plan", project: "Project", done: "Imported", seconds: float, *, dry_run: bool) -> dict[str, Any]:
    return {
        "project": project.id,
        "file": str(made.source.path),
        "format": made.source.format,
        **done.tally.public(),
        "objects": done.objects,
        "resumed_at_row": done.resumed_at,
        "already_imported": done.finished_at is not None,
        "dry_run": dry_run,
        "seconds": round(seconds, 3),
    }


def _tell(made: "Plan", project: "Project", done: "Imported", seconds: float, shown: "list[Event] | None") -> None:
    tally = done.tally
    name, into = made.source.path.name, f"project {project.id} ({project.name})"
    if done.finished_at is not None:
        click.echo(f"{name} was imported into {into} on {done.finished_at:%Y-%m-%d %H:%M} UTC; nothing was added.")
    elif shown is not None:
        click.echo(f"{name} would become these events of {into}; nothing was stored:")
        for event in shown:
            click.echo(f"  {_printable(event.raw.decode())}")
    else:
        click.echo(f"Imported {name} into {into}.")
    if done.resumed_at and done.finished_at is None:
        click.echo(f"  {'went on behind row':<20}{done.resumed_at:>12,}")
    click.echo(f"  {'rows read':<20}{tally.rows:>12,}")
    click.echo(f"  {'events' if shown is not None else 'events stored':<20}{tally.events:>12,}")
    for word, count in (
        ("bad rows", tally.bad_rows),
        ("duplicate rows", tally.duplicate_rows),
        ("dropped by rules", tally.dropped),
    ):
        if count or word == "bad rows":
            click.echo(f"  {word:<20}{count:>12,}")
    click.echo(f"  {'seconds':<20}{seconds:>12,.1f}  ({tally.rows / max(seconds, 1e-9):,.0f} rows/s)")
    if tally.undated:
        click.echo(f"{tally.undated:,} events have no time of their own; they happened when they were imported.")
    if shown is None:
        click.echo("`analytics flush` waits until they can be queried.")
