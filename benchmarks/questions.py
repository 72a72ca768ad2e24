"""What insights take on ten million events, beside PostHog's classic SQL and the least that must be read, in one run.

`make bench-query` runs this and writes docs/query-speed.md. Run it on a machine that does nothing else.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import quantiles

from analytics_pipelines.insights.team import Team
from analytics_pipelines.problems import Problem
from analytics_pipelines.queries.ask import Questions
from analytics_pipelines.queries.rollup_days import RollupDays
from analytics_pipelines.settings import Settings
from benchmarks.choices.clock import seconds
from benchmarks.engines import Databases, engines
from benchmarks.questions_asked import QUESTIONS, Asked
from benchmarks.questions_data import EVENT_NAMES, NOW, PERSONS, TEAM, fill
from resources.clickhouse import ClickHouse

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "docs" / "query-speed.md"
EVENTS, ROUNDS = 10_000_000, 7
QUICK_EVENTS, QUICK_ROUNDS = 200_000, 2
RANGES = (30, 180)
FORMS = ("ours", "classic", "least")
TIMES_CLASSIC, TIMES_LEAST = 4.0, 2.5
_IN_THE_WAY = """\
## What stands in the way

Where a goal in milliseconds is missed, or a ratio (four to the classic form, two and a half to the least) is not
reached:

- The classic form is PostHog's SQL on this engine, this table and this sort key, so it shares what makes most of
  the difference elsewhere. It is slow where it parses JSON for a property that has a column here, or joins sets of
  people. Where both forms count rows, or both take a value out of JSON (`by any property`), there is little to gain.
- The classic funnel is the built-in `windowFunnel`, which tells how far people got, and neither when, nor what was
  excluded, nor by which value.
- Every question about people looks up whom they were merged into; the least form does not.
- By any property over half a year, reading the properties is two thirds of the time; the rest goes by in taking the
  value out of four million of them.
"""
_READ = {"join_use_nulls": 1, "use_query_cache": 0}


@dataclass(frozen=True)
class Timed:
    """Milliseconds of a form of a question."""

    p50: float
    p95: float


@dataclass(frozen=True)
class Row:
    """A question over so many days: each of its forms, and its goal in milliseconds where it has one."""

    question: str
    days: int
    forms: Mapping[str, Timed]
    goal_ms: float | None

    @property
    def times_classic(self) -> float:
        """How many times as fast as the classic form."""
        return self.forms["classic"].p50 / self.forms["ours"].p50

    @property
    def times_least(self) -> float:
        """How many times as long as the least that must be read."""
        return self.forms["ours"].p50 / self.forms["least"].p50


def main() -> None:
    """Measure, print, and write the report."""
    parser = argparse.ArgumentParser("python -m benchmarks.questions", description=__doc__)
    parser.add_argument("--events", type=int, metavar="N", help=f"how many events there are ({EVENTS:,})")
    parser.add_argument("--rounds", type=int, metavar="N", help=f"how often each form is asked ({ROUNDS})")
    parser.add_argument("--quick", action="store_true", help="a fiftieth of it: shows that it runs, and little else")
    parser.add_argument("--json", action="store_true", help="print figures as JSON instead; writes no page")
    options = parser.parse_args()
    events = options.events or (QUICK_EVENTS if options.quick else EVENTS)
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    try:
        rows = measure(events, rounds)
    except Problem as problem:
        sys.exit(str(problem))
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
        return
    REPORT.write_text(page(rows, events, rounds))
    print(REPORT.read_text())


def measure(events: int, rounds: int) -> list[Row]:
    """All questions over both ranges, in a folder beside the data of this repository. Raises Problem."""
    parent = ROOT / ".analytics"
    parent.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="benchmark-", dir=parent) as name,
        engines(Path(name)) as running,
        running.migrated("questions") as at,
    ):
        print(f"made {events:,} events in {seconds(partial(fill, at, events)):.0f} s", file=sys.stderr)
        reader = ClickHouse(f"{running.clickhouse_url.rpartition('/')[0]}/questions", read_only=True)
        settings = Settings(data_dir=Path(name))
        of_events = Questions(reader, settings, now=lambda: NOW)
        of_rollups = Questions(reader, settings, now=lambda: NOW, rollup_days=RollupDays(at.postgres, settings))
        return [
            _row(asked, question, days, of_rollups if asked.from_rollup else of_events, at, rounds, events)
            for days in RANGES
            for question, asked in QUESTIONS.items()
        ]


def _row(asked: Asked, question: str, days: int, questions: Questions, at: Databases, rounds: int, events: int) -> Row:
    team = Team(TEAM)
    query = {**asked.query, "dateRange": {"date_from": f"-{days}d"}}
    midnight = datetime(NOW.year, NOW.month, NOW.day, tzinfo=UTC) - timedelta(days=days)
    bounds = {"since": midnight, "until": NOW}
    work: dict[str, Callable[[], object]] = {
        "ours": partial(questions.ask, query, team),
        "classic": partial(at.clickhouse.query, asked.classic, bounds, _READ),
        "least": partial(at.clickhouse.query, asked.least, bounds, _READ),
    }
    took: dict[str, list[float]] = {form: [] for form in FORMS}
    for number in range(rounds + 1):  # the first is not counted
        for form, one in work.items():
            milliseconds = seconds(one) * 1000
            if number:
                took[form].append(milliseconds)
    forms = {form: _timed(each) for form, each in took.items()}
    goal = asked.goal_ms if days == min(RANGES) and events == EVENTS else None
    row = Row(question, days, forms, goal)
    print(
        f"{days} days, {question}: {forms['ours'].p50:.0f} ms, {row.times_classic:.1f} times as fast", file=sys.stderr
    )
    return row


def _timed(took: list[float]) -> Timed:
    cuts = quantiles(took, n=20, method="inclusive")
    return Timed(cuts[9], cuts[18])


def page(rows: list[Row], events: int, rounds: int) -> str:
    """The report."""
    lines = [
        "# How fast questions are answered",
        "",
        f"Written by `make bench-query` on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {platform.system()}"
        f" {platform.machine()}. {events:,} events of {PERSONS:,} people and {EVENT_NAMES} names, 25 properties, over"
        f" {max(RANGES)} days. Medians and 95th percentiles of {rounds} rounds, one query at a time, without the cache"
        " of answers. Expect other figures elsewhere, and look at the ratios.",
        "",
        "*Classic* is the same question as PostHog's classic SQL asks it, on the same engine and tables: persons by a",
        "join, properties out of their JSON. *Least* reads the columns that the question needs, and does nothing with",
        "them.",
        "",
        "| days | question | p50 ms | p95 ms | goal ms | classic p50 | times faster | least p50 | times the least |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        ours = row.forms["ours"]
        goal = (
            "" if row.goal_ms is None else f"{row.goal_ms:.0f}" + (" ✓" if ours.p50 <= row.goal_ms else " **missed**")
        )
        lines.append(
            f"| {row.days} | {row.question} | {ours.p50:.0f} | {ours.p95:.0f} | {goal} | {row.forms['classic'].p50:.0f}"
            f" | {row.times_classic:.1f}{'' if row.times_classic >= TIMES_CLASSIC else ' (below 4)'}"
            f" | {row.forms['least'].p50:.0f} | {row.times_least:.1f}"
            f"{'' if row.times_least <= TIMES_LEAST else ' (above 2.5)'} |"
        )
    return "\n".join([*lines, "", _IN_THE_WAY])


if __name__ == "__main__":
    main()
