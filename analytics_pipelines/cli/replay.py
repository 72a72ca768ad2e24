"""`analytics replay`: history is made anew from the bucket."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analytics_pipelines.cli.options import as_json, data_dir, example
from analytics_pipelines.problems import Problem
from analytics_pipelines.settings import Settings, load_settings

if TYPE_CHECKING:
    from analytics_pipelines.ingest.readmission import Readmitted
    from analytics_pipelines.ingest.replay import DayReplayed, Progress

# What `--asset` may name: events with all that is made of them, events alone, or one table that is made of them.
ROLLED_UP = ("event_counts_hourly", "active_people_daily", "sessions", "web_stats_daily")
ASSETS = ("all", "events", "persons", "groups", "property_catalog", *ROLLED_UP, "cohort_people")

_SHOWN_NAMES = 20

_day = click.DateTime(["%Y-%m-%d"])


@click.command(
    epilog=example(
        "analytics replay --from 2026-11-01 --to 2026-11-23 --dry-run",
        "analytics replay --from 2026-11-01 --to 2026-11-23",
        "analytics replay --dead-letters --reason cannot_be_loaded",
    )
)
@click.option("--from", "first", type=_day, metavar="YYYY-MM-DD", help="The first day of arrival, in UTC.")
@click.option("--to", "last", type=_day, metavar="YYYY-MM-DD", help="The last day of arrival, in UTC; included.")
@click.option("--asset", type=click.Choice(ASSETS), default="all", show_default=True, help="What is made anew.")
@click.option("--dead-letters", is_flag=True, help="Try again what was no event; all days unless --from or --to say.")
@click.option("--project", "project_id", type=int, help="With --dead-letters: of one project only.")
@click.option("--reason", help="With --dead-letters: of one reason only.")
@click.option("--dry-run", is_flag=True, help="Say what would differ, and change nothing.")
@data_dir
@as_json
def replay(
    first: datetime | None,
    last: datetime | None,
    asset: str,
    dead_letters: bool,
    project_id: int | None,
    reason: str | None,
    dry_run: bool,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Load days of arrival again from the bucket, with the transformation of this release, and show what differs.

    While that goes on events are loaded as they arrive, and questions see the old day until the new one takes its
    place, all at once. It returns when it is done, with what is made of events. What is broken off leaves each day as
    it was or as it should be; run it again.

    With --asset persons all persons are made anew out of the stored events, and with cohort_people all members of
    cohorts, whatever the days: who someone is follows from events of any day. So do groups with their properties, and
    the names and types of property_catalog; either makes both anew.

    With --dead-letters lines that were no event are tried again: those that are by now are stored, once, and the
    others stay where they are.
    """
    if dead_letters and (dry_run or asset != "all"):
        raise click.UsageError("--dead-letters goes with --from, --to, --project and --reason only.")
    if not dead_letters and (first is None or last is None):
        raise click.UsageError("Say which days: --from YYYY-MM-DD --to YYYY-MM-DD.")
    if not dead_letters and (project_id is not None or reason is not None):
        raise click.UsageError("--project and --reason go with --dead-letters only.")
    if first and last and last < first:
        raise click.UsageError("--to is before --from.")
    if dry_run and asset not in ("all", "events"):
        raise click.UsageError("--dry-run goes with events only.")
    settings = load_settings(data_dir=data_dir)
    days = (first.date() if first else None, last.date() if last else None)
    begun = time.monotonic()
    if dead_letters:
        _dead_letters(settings, days, project_id, reason, as_json=as_json, begun=begun)
    elif days[0] and days[1]:
        _days(settings, days[0], days[1], asset, dry_run=dry_run, as_json=as_json, begun=begun)


def _days(
    settings: Settings, first: date, last: date, asset: str, *, dry_run: bool, as_json: bool, begun: float
) -> None:
    from analytics_pipelines.ingest.replay import Replay

    found = Replay.of(settings, {"command": "replay"})
    done: list[DayReplayed] = []
    built: dict[str, int] = {}
    made: dict[str, int] = {}
    try:
        if asset in ("all", "events"):
            with _bar() as tell:
                found.progress = tell
                found.waiting = lambda: click.echo("Another replay is at it; waiting for its end …", err=True)
                done = found.days(first, last, dry_run=dry_run)
        if not dry_run and asset in ("all", *ROLLED_UP):
            built = _roll_up(settings, found, first, last, asset)
        if asset == "persons":
            made = _make_persons(found)
        if asset in ("groups", "property_catalog"):
            made = _make_names(found)
        if not dry_run and asset in ("all", "cohort_people"):
            made |= _find_members(found)
    except KeyboardInterrupt:
        raise Problem("The replay was stopped.", "Run it again: each day is as it was or as it should be.") from None
    finally:
        found.postgres.close()
    seconds = time.monotonic() - begun
    if as_json:
        told = _as_json(first, last, asset, done, built, seconds, dry_run=dry_run)
        click.echo(json.dumps({**told, "rows": made}))
    else:
        for name, rows in made.items():
            click.echo(f"{name}: {rows:,} made anew.")
        _tell(asset, done, built, seconds, dry_run=dry_run)


def _roll_up(settings: Settings, found: Any, first: date, last: date, asset: str) -> dict[str, int]:
    """Sum up what changed; or, asked for one table, every event day of what arrived on these days."""
    from analytics_pipelines.rollups.build import EARLIEST, Builder
    from analytics_pipelines.rollups.days import Days
    from analytics_pipelines.rollups.tables import BY_NAME, ROLLUPS

    builder = Builder(found.postgres, found.clickhouse, settings.session_bounce_seconds)
    if asset != "all":
        days = found.clickhouse.query(
            "SELECT DISTINCT toDate32(timestamp) AS day FROM events"
            " WHERE arrival_day BETWEEN {first:Date} AND {last:Date} ORDER BY day",
            {"first": first, "last": last},
        ).rows
        return {asset: builder.rebuild(BY_NAME[asset], [day for (day,) in days]).days}
    every = Days(EARLIEST, datetime.now(UTC).date())
    built = {rollup.name: builder.refresh(rollup, every).days for rollup in ROLLUPS}
    builder.watermark.clear(every)
    return built


def _make_persons(found: Any) -> dict[str, int]:
    """Each out of the events that are stored; batches wait meanwhile."""
    from analytics_pipelines.cohorts.due import ask_for_all
    from analytics_pipelines.persons.counts import count_persons
    from analytics_pipelines.persons.rebuild import rebuild_all

    rebuild_all(found.postgres, found.clickhouse, datetime.now(UTC))
    ask_for_all(found.postgres)
    counts = count_persons(found.clickhouse)
    return {"persons": counts.persons, "person_overrides": counts.overrides}


def _make_names(found: Any) -> dict[str, int]:
    """Of all projects, while batches are loaded; how many rows said something else before."""
    from analytics_pipelines.catalog.rebuild import Catalog

    mended = Catalog(found.postgres, found.clickhouse).rebuild_all()
    return {"group_facts": mended.group_facts, "sightings": mended.sightings}


def _find_members(found: Any) -> dict[str, int]:
    """Of all cohorts; how many there are. One that fails says so itself, and keeps its old members."""
    from analytics_pipelines.cohorts.calculate import Calculator, CohortFailed
    from analytics_pipelines.cohorts.due import ask_for_all, live_cohorts

    ask_for_all(found.postgres)
    calculator = Calculator(found.postgres, found.clickhouse)
    members = 0
    for cohort_id in live_cohorts(found.postgres):
        with suppress(CohortFailed):
            calculated = calculator.calculate(cohort_id, only_if_asked=True)
            members += calculated.members if calculated else 0
    return {"cohort_people": members}


def _dead_letters(
    settings: Settings,
    days: tuple[date | None, date | None],
    project_id: int | None,
    reason: str | None,
    *,
    as_json: bool,
    begun: float,
) -> None:
    from analytics_pipelines.ingest.readmission import Readmission, Wanted
    from resources.clickhouse import ClickHouse
    from resources.object_store import ObjectStore
    from resources.postgres import Postgres

    postgres = Postgres(settings.need_postgres())
    clickhouse = ClickHouse(settings.need_clickhouse(), {"command": "replay"})
    readmission = Readmission(ObjectStore(settings.bucket_url), postgres, clickhouse)
    shown = sys.stderr.isatty() and not as_json
    if shown:
        readmission.progress = lambda done, all_: click.echo(f"\r{done} of {all_} batches ", nl=False, err=True)
    try:
        done = readmission.run(Wanted(*days, team_id=project_id, reason=reason))
    finally:
        postgres.close()
    if shown:
        click.echo("\r", nl=False, err=True)
    if as_json:
        click.echo(json.dumps({**done.public(), "seconds": round(time.monotonic() - begun, 3)}))
    else:
        _tell_dead_letters(done)


def _tell_dead_letters(done: "Readmitted") -> None:
    click.echo(f"{done.tried:,} dead letters were tried again.")
    click.echo(f"  {'events by now':<20}{done.events:>12,}")
    if done.duplicates:
        click.echo(f"  {'stored before':<20}{done.duplicates:>12,}")
    for reason, count in done.left.most_common():
        click.echo(f"  {_printable(reason):<20}{count:>12,}")
    if done.gone:
        click.echo(f"The objects of {done.gone:,} are no more in the bucket.")


@contextmanager
def _bar() -> "Iterator[Callable[[Progress], None]]":
    """A bar for each day with the rate and the time left on a terminal, nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    with Bar(
        TextColumn("  {task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} objects  {task.fields[rate]:,.0f} lines/s  left"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as bar:
        tasks: dict[date, tuple[Any, float]] = {}

        def tell(progress: "Progress") -> None:
            if progress.day not in tasks:
                task = bar.add_task(f"{progress.day}", total=progress.objects, rate=0.0)
                tasks[progress.day] = (task, time.monotonic())
            task, since = tasks[progress.day]
            rate = progress.lines / max(time.monotonic() - since, 1e-3)
            bar.update(task, completed=progress.done, total=progress.objects, rate=rate)

        yield tell


def _as_json(
    first: date,
    last: date,
    asset: str,
    done: "list[DayReplayed]",
    built: dict[str, int],
    seconds: float,
    *,
    dry_run: bool,
) -> dict[str, Any]:
    return {
        "from": f"{first}",
        "to": f"{last}",
        "asset": asset,
        "dry_run": dry_run,
        "days": [day.public() for day in done],
        "rollup_days": built,
        "seconds": round(seconds, 3),
    }


def _tell(asset: str, done: "list[DayReplayed]", built: dict[str, int], seconds: float, *, dry_run: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    from analytics_pipelines.ingest.differences import Differences

    console, differing = Console(), [day.differences for day in done if day.differences is not None]
    table = Table("arrival day", title="what would differ" if dry_run else "what differs", title_justify="left")
    for column in ("lines", "events before", "after", "added", "removed", "changed"):
        table.add_column(column, justify="right")
    for day in done:
        found: Differences | None = day.differences
        numbers = [found.before, found.after, *vars(found.counts).values()] if found else []
        table.add_row(f"{day.day}", f"{day.tally.lines:,}", *(f"{number:,}" for number in numbers))
    if done:
        console.print(table)
    elif asset in ("all", "events"):
        click.echo("Nothing arrived on these days.")
    by_event = _summed({name: vars(counts) for name, counts in each.by_event.items()} for each in differing)
    _print(console, "event", ("added", "removed", "changed"), by_event)
    columns = _summed({name: {"times": times} for name, times in each.columns.items()} for each in differing)
    _print(console, "column", ("times",), columns)
    kept = sum(day.kept_batches for day in done)
    if kept:
        click.echo(f"{kept} batches stayed as they were: objects of theirs are gone from the bucket.")
    for name, days in built.items():
        if days:
            click.echo(f"{name}: {days} days summed up anew.")
    click.echo(f"{'Nothing was changed. ' if dry_run else ''}{seconds:,.1f} s.")


def _summed(parts: Iterator[dict[str, dict[str, int]]] | Any) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for part in parts:
        for name, counts in part.items():
            own = found.setdefault(name, dict.fromkeys(counts, 0))
            for kind, count in counts.items():
                own[kind] += count
    return found


def _print(console: Any, first: str, kinds: tuple[str, ...], rows: dict[str, dict[str, int]]) -> None:
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return
    table = Table(first)
    for kind in kinds:
        table.add_column(kind, justify="right")
    ordered = sorted(rows.items(), key=lambda row: (-sum(row[1].values()), row[0]))
    for name, counts in ordered[:_SHOWN_NAMES]:
        table.add_row(Text(_printable(name)), *(f"{counts[kind]:,}" for kind in kinds))
    console.print(table)
    if len(ordered) > _SHOWN_NAMES:
        click.echo(f"… and {len(ordered) - _SHOWN_NAMES} more; --json has all.")


def _printable(text: str) -> str:
    """Anyone may send events, and a terminal obeys control characters: these are shown and not printed."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
