"""How fast an interval of events becomes files, beside the bare statement, and whether memory stays flat.

`make bench-export` runs this and writes docs/export-speed.md. Run it on a machine that does nothing else.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.exports.intervals import Every, Interval
from analytics_pipelines.exports.model import Destination, Export, Model
from analytics_pipelines.exports.opening import Opener
from analytics_pipelines.exports.run import Exporter
from analytics_pipelines.exports.store import Exports
from benchmarks.engines import Databases, engines
from benchmarks.spent import Spent
from resources.clickhouse import ClickHouse

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "docs" / "export-speed.md"
SIZES = (1_000_000, 5_000_000)
QUICK = (100_000, 200_000)
ROUNDS = 3
HOUR = datetime(2026, 11, 23, 10, tzinfo=UTC)
GOAL = 1.3
FORMATS = (("Parquet", "zstd"), ("JSONLines", "zstd"))
_AT_ONCE = 500_000
# An event of a web page: some 600 bytes of properties, of which half differ from event to event.
_FILL = """
INSERT INTO events (team_id, uuid, event, distinct_id, person_id, timestamp, properties, elements_chain, has_person,
    is_bot, ip, received_at, arrival_day, batch_id)
SELECT {team:Int64}, reinterpretAsUUID(sipHash128(number, 'uuid')),
    ['$pageview', '$autocapture', '$pageleave', 'cart', 'buy'][1 + number % 5],
    concat('person ', toString(cityHash64(number, 'person') % 50000)),
    reinterpretAsUUID(sipHash128(cityHash64(number, 'person') % 50000)),
    addMilliseconds({hour:DateTime64(3)}, intDiv(number * 3600000, {total:UInt64})) AS at,
    concat('{"$current_url":"https://shop.example/products/', toString(cityHash64(number, 'page') % 3000),
        '?ref=', hex(sipHash64(number, 'ref')), '","$browser":"', ['Chrome', 'Safari', 'Firefox'][1 + number % 3],
        '","$os":"', ['Mac OS X', 'Windows', 'Android', 'iOS'][1 + number % 4], '","$session_id":"',
        toString(reinterpretAsUUID(sipHash128(intDiv(number, 20)))), '","$referrer":"https://search.example/q=',
        hex(sipHash64(number, 'q')), '","$screen_width":', toString(800 + number % 2000), ',"$lib":"web",',
        '"$lib_version":"1.449.2","$device_id":"', hex(sipHash64(number % 50000, 'device')), '","title":"',
        repeat('A product with a rather long name, ', 3), '","price":', toString(number % 100000 / 100), '}'),
    if(number % 5 = 1, 'button:text="Buy"nth-child="2";div.cart;main;body', ''), true, false, '203.0.113.9', at,
    toDate({hour:DateTime64(3)}), reinterpretAsUUID(sipHash128(intDiv(number, 20000)))
FROM numbers({first:UInt64}, {n:UInt64})
"""


@dataclass(frozen=True)
class Measured:
    """One way at one size: medians. `peak` is ClickHouse's memory above what it held before, in bytes."""

    way: str
    form: str
    events: int
    seconds: float
    cpu: float
    bytes: int
    peak: int
    others: float

    @property
    def rate(self) -> float:
        return self.events / self.seconds


def main() -> None:
    """Measure, print, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="Numbers of events, separated by commas.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--quick", action="store_true", help="Few events; leaves the page alone.")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sizes = QUICK if options.quick else tuple(int(size) for size in options.sizes.split(","))
    folder = Path(tempfile.mkdtemp(prefix="bench-export-"))
    try:
        measured = measure(folder, sizes, 1 if options.quick else options.rounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps([asdict(each) for each in measured]) if options.json else table(measured))
    if not options.quick:
        REPORT.write_text(page(measured))


def measure(folder: Path, sizes: tuple[int, ...], rounds: int) -> list[Measured]:
    """Both ways at each size, in turns."""
    found: list[Measured] = []
    with engines(folder) as at, at.migrated("exported") as databases:
        export_folder = folder / "clickhouse" / "exports"
        export_folder.mkdir()
        People(databases.postgres).ensure_first("Bench", "Bench", "phc_bench", "bench@example.com")
        (project,) = Projects(databases.postgres).all()
        filled = 0
        for size in sizes:
            _fill(databases.clickhouse, project.id, filled, size)
            filled = size
            for form, compression in FORMATS:
                export = _export(databases, project.id, form, compression)
                runs: dict[str, list[Measured]] = {"bare": [], "export": []}
                for _ in range(rounds):
                    for way in runs:
                        runs[way].append(_once(way, export, databases, at.processes, export_folder, size))
                        print(f"  {size:,} {form} {way}: {runs[way][-1].seconds:.1f} s", file=sys.stderr, flush=True)
                found += [_median(each) for each in runs.values()]
    return found


def _once(way: str, export: Export, at: Databases, processes: tuple[int, ...], folder: Path, events: int) -> Measured:
    destination = export.destination.config
    form = f"{destination['file_format']} ({destination['compression']})"
    exporter = Exporter(at.postgres, at.clickhouse, Opener(folder, lambda host, port: []))
    hour = Interval(HOUR, HOUR + timedelta(hours=1))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    spent = Spent(processes)
    with _peak(at.clickhouse) as peak:
        if way == "bare":
            _bare(exporter, export, hour, folder)
        else:
            exporter.again(export, [hour])
    took = spent.now()
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return Measured(way, form, events, took.seconds, took.cpu, size, peak[0], took.others)


def _bare(exporter: Exporter, export: Export, hour: Interval, folder: Path) -> None:
    """The statement that anyone would write: the same columns of the same rows, in no order, into one file."""
    parquet = export.destination.config["file_format"] == "Parquet"
    ids = ["toString(uuid) AS uuid", "toString(person_id) AS person_id"] if parquet else ["uuid", "person_id"]
    others = "event, distinct_id, properties, elements_chain, timestamp, received_at AS created_at"
    name, form = ("bare.parquet", "Parquet") if parquet else ("bare.jsonl.zst", "JSONEachRow")
    exporter.clickhouse.write(
        f"INSERT INTO FUNCTION file('{folder / name}', '{form}') SELECT {', '.join(ids)}, {others} FROM events"
        " WHERE team_id = {team:Int64} AND arrival_day = {day:Date}"
        " AND received_at >= fromUnixTimestamp64Milli({a:Int64}) AND received_at < fromUnixTimestamp64Milli({b:Int64})",
        {
            "team": export.team_id,
            "day": hour.start.date(),
            "a": int(hour.start.timestamp() * 1000),
            "b": int(hour.end.timestamp() * 1000),
        },
        {"output_format_parquet_compression_method": "zstd", "engine_file_truncate_on_insert": 1},
    )


@contextmanager
def _peak(clickhouse: ClickHouse) -> Iterator[list[int]]:
    """Peak of the memory of all statements meanwhile, as ClickHouse counts it, looked at twenty times a second."""
    found, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.05):
            (now,) = clickhouse.query(
                "SELECT sum(memory_usage) FROM system.processes WHERE query NOT ILIKE '%system.processes%'"
            ).one()
            found[0] = max(found[0], int(now or 0))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()


def _fill(clickhouse: ClickHouse, team: int, first: int, total: int) -> None:
    for start in range(first, total, _AT_ONCE):
        number = min(_AT_ONCE, total - start)
        clickhouse.command(
            _FILL, {"team": team, "hour": HOUR, "total": total, "first": start, "n": number}, {"max_insert_threads": 1}
        )
    clickhouse.command("OPTIMIZE TABLE events FINAL")


def _export(at: Databases, team: int, form: str, compression: str) -> Export:
    config = {"prefix": form, "file_format": form, "compression": compression}
    fields = {"name": form, "model": Model.EVENTS, "every": Every.HOUR, "filters": {}, "paused": True}
    return Exports(at.postgres, team).create(fields, Destination("Folder", config), None)


def _median(runs: list[Measured]) -> Measured:
    """The round whose time lies in the middle, with the highest peak of all."""
    middle = median(each.seconds for each in runs) if len(runs) % 2 else sorted(each.seconds for each in runs)[0]
    chosen = min(runs, key=lambda each: abs(each.seconds - middle))
    return Measured(**{**asdict(chosen), "peak": max(each.peak for each in runs)})


def table(measured: list[Measured]) -> str:
    """A row a size and format."""
    lines = [
        "| events | format | bare rows/s | export rows/s | export MB/s of files | times the bare one | "
        "peak memory, bare | peak memory, export |",
        "|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    ways = {(each.events, each.form, each.way): each for each in measured}
    for events, form in dict.fromkeys((each.events, each.form) for each in measured):
        bare, export = ways[events, form, "bare"], ways[events, form, "export"]
        megabytes = export.bytes / export.seconds / 1e6
        lines.append(
            f"| {events:,} | {form} | {bare.rate:,.0f} | {export.rate:,.0f} | {megabytes:,.0f}"
            f" | {export.seconds / bare.seconds:.2f} | {bare.peak / 1e6:,.0f} MB | {export.peak / 1e6:,.0f} MB |"
        )
    return "\n".join(lines)


def page(measured: list[Measured]) -> str:
    """The report."""
    cores, others = os.cpu_count(), max(each.others for each in measured)
    return f"""# How fast exports are

Written by `make bench-export` on {datetime.now(UTC):%Y-%m-%d}: {platform.machine()}, {cores} cores,
{platform.system()}; up to {others:.1f} cores were taken by other work meanwhile, which makes all times longer.

An hour of events is exported to a folder. *Bare* is the statement that anyone would write: the same columns
of the same rows in no order into one file, `INSERT INTO FUNCTION file(…) SELECT … FROM events WHERE …`. The export
reads the hour once more (to know how many rows there are, and to notice changes later), puts the rows in a total order,
follows merges of persons, cuts files so that memory stays flat, makes them durable, and writes checksums. Of each way
the round whose time lies in the middle, and the highest peak of all.

{table(measured)}

The goal is {GOAL} times the bare statement at most. Peak memory is that of all statements at once, as ClickHouse
counts it.
"""


if __name__ == "__main__":
    main()
