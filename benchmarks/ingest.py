"""How fast events get from the bucket into ClickHouse, beside what it could be compared with, in one run.

`make bench-ingest` runs this and writes docs/ingest-speed.md. Run it on a machine that does nothing else.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections import defaultdict
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from analytics_pipelines.problems import Problem
from benchmarks import ingest_ways
from benchmarks.engines import Engines, engines
from benchmarks.ingest_data import OBJECT_EVENTS, Traffic, Written, write_objects
from benchmarks.ingest_questions import measure_questions
from benchmarks.ingest_report import EVERYTHING, LOAD, NAIVE, PARSE, Measured, Rates, Run, Step, goals, page, rates
from benchmarks.spent import Spent, Took
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "docs" / "ingest-speed.md"
EVENTS = 1_000_000
NAIVE_EVENTS = 300_000
QUESTION_EVENTS = 1_000_000
GROWTH = (1_000_000, 5_000_000, 10_000_000, 20_000_000)
ROUNDS = 3
QUICK = {"events": 100_000, "growth": (100_000, 200_000), "rounds": 1}
# So many rows are loaded at a time while the table grows; what the last ones took is what a row costs there.
STEP = 500_000
# A busy site: an hour of arrival is a million events, so batches are as large as they get.
PER_DAY = 24_000_000
WAYS = {
    PARSE: ingest_ways.parse,
    LOAD: ingest_ways.load,
    EVERYTHING: ingest_ways.everything,
    NAIVE: ingest_ways.naive,
}

EXAMPLE = """\
Example: make bench-ingest
         make bench-ingest ARGS="--events 5000000 --growth 1000000,20000000"
         .venv/bin/python -m benchmarks.ingest --quick --json   (a quick look; leaves the page alone)
"""


def main() -> None:
    """Measure, print, and write the report."""
    options = _options()
    try:
        measured = measure(options)
    except Problem as problem:
        sys.exit(str(problem))
    if options.json:
        print(json.dumps({**asdict(measured), "goals": [asdict(goal) for goal in goals(measured)]}, indent=2))
        return
    REPORT.write_text(page(measured))
    print(REPORT.read_text())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m benchmarks.ingest",
        description="Measure ingestion beside its peers, and write docs/ingest-speed.md.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--events", type=int, metavar="N", help=f"how many events a run loads ({EVENTS:,})")
    parser.add_argument("--rounds", type=int, metavar="N", help=f"how often each way is measured ({ROUNDS})")
    parser.add_argument(
        "--growth",
        type=lambda text: tuple(map(int, text.split(","))),
        metavar="N,N",
        help="at how many stored rows to say what a row costs",
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of it, once: shows that it runs, and little else")
    parser.add_argument("--json", action="store_true", help="print figures as JSON instead; writes no page")
    options = parser.parse_args()
    usual = QUICK if options.quick else {"events": EVENTS, "growth": GROWTH, "rounds": ROUNDS}
    for name, value in usual.items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


def measure(options: argparse.Namespace) -> Measured:
    """Everything, in a folder beside the data of this repository, so on the same disk. Raises Problem."""
    parent = ROOT / ".analytics"
    parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=parent) as name, engines(Path(name)) as running:
        runner = Runner(running, Path(name))
        ways, written = runner.ways(options.events, options.rounds)
        growth = runner.growth(options.growth)
        asked = min(QUESTION_EVENTS, options.growth[-1])
        with running.migrated("questions") as at:
            questions, squash_seconds = measure_questions(at, asked, 2 * options.rounds + 1)
        clickhouse = ClickHouse(running.clickhouse_url).check()
    bounded = f" (the straightforward one {NAIVE_EVENTS:,})" if options.events > NAIVE_EVENTS else ""
    about = {
        "command": "make bench-ingest" + _arguments(),
        "day": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "clickhouse": clickhouse,
        "rounds": str(options.rounds),
        "others": f"{max(0.0, median(runner.others)):.1f}",
        "events": f"{options.events:,}",
        "bounded": bounded,
        "question_events": f"{asked:,}",
        "line_bytes": f"{written.line_bytes / written.events:,.0f}",
        "object_bytes": f"{written.object_bytes / written.events:,.0f}",
        "object_events": f"{OBJECT_EVENTS:,}",
    }
    return Measured(about, ways, growth, questions, squash_seconds)


def _arguments() -> str:
    return f' ARGS="{" ".join(sys.argv[1:])}"' if sys.argv[1:] else ""


class Runner:
    """Runs the ways. `others`: cores that nobody of ours took, run by run; on a quiet machine nearly none."""

    def __init__(self, running: Engines, folder: Path) -> None:
        self._engines = running
        self._folder = folder
        self._traffic = Traffic(PER_DAY)
        self.others: list[float] = []

    def ways(self, events: int, rounds: int) -> tuple[dict[str, Rates], Written]:
        """By way. One after the other in each round: a slow minute of the machine hits all."""
        bucket, short = self._folder / "bucket", self._folder / "short"
        written = self._write(bucket, 0, events)
        sample = self._write(short, 0, min(events, NAIVE_EVENTS))
        runs: dict[str, list[Run]] = defaultdict(list)
        for number in range(rounds):
            for name, way in WAYS.items():
                folder, size = (short, sample) if name == NAIVE else (bucket, written)
                with self._engines.migrated(f"{name}_{number}") as at:
                    spent = Spent(self._engines.processes)
                    parts = way(at, ObjectStore(folder.as_uri()))
                    runs[name].append(Run(size.events, size.line_bytes, parts, self._note(spent).cpu))
                print(f"{name}: {size.events / runs[name][-1].seconds:,.0f} rows/s {parts}", file=sys.stderr)
        shutil.rmtree(bucket)
        shutil.rmtree(short)
        return {name: rates(each) for name, each in runs.items()}, written

    def growth(self, marks: tuple[int, ...]) -> list[Step]:
        """What a row costs at each of these numbers of stored rows."""
        found = []
        bucket = self._folder / "growth"
        store = ObjectStore(bucket.as_uri())
        sent = 0
        with self._engines.migrated("growth") as at:
            for mark in marks:
                costs: list[tuple[float, float]] = []
                while sent < mark:
                    rows = min(STEP, mark - sent)
                    self._write(bucket, sent, rows)
                    spent = Spent(self._engines.processes)
                    ingest_ways.drain(at, store).everything()
                    took = self._note(spent)
                    costs.append((took.seconds * 1e6 / rows, took.cpu * 1e6 / rows))
                    sent += rows
                    print(f"growth {sent:,}: {costs[-1][0]:.1f} µs a row", file=sys.stderr)
                last = costs[-3:]
                found.append(Step(mark, median(one for one, _ in last), median(cpu for _, cpu in last)))
        shutil.rmtree(bucket)
        return found

    def _write(self, bucket: Path, first: int, events: int) -> Written:
        return write_objects(self._engines.clickhouse_url, ObjectStore(bucket.as_uri()), self._traffic, first, events)

    def _note(self, spent: Spent) -> Took:
        took = spent.now()
        self.others.append(took.others)
        return took


if __name__ == "__main__":
    main()
