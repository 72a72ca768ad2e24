"""What was measured → the page docs/ingest-speed.md. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

PARSE, LOAD, EVERYTHING, NAIVE = "parse", "load", "everything", "naive"
TITLES = {
    PARSE: "ClickHouse reads the lines as JSON into columns, and stores nothing",
    LOAD: "**the load**: staged, published once, counted",
    EVERYTHING: "the load, with all that is derived",
    NAIVE: "straightforward Python: a dict a line, a list a row, `client.insert`",
}
_QUIET_CORES = 0.3


@dataclass(frozen=True)
class Run:
    """One way, once: so many rows and bytes of lines, wall-clock seconds by part, CPU seconds of all that took part."""

    rows: int
    line_bytes: int
    parts: Mapping[str, float]
    cpu_seconds: float

    @property
    def seconds(self) -> float:
        return sum(self.parts.values())


@dataclass(frozen=True)
class Rates:
    """Medians over the runs of one way; `slowest` and `fastest` are rows a second of single runs."""

    rows: float
    megabytes: float
    cpu_us: float
    slowest: float
    fastest: float
    parts_us: dict[str, float]


@dataclass(frozen=True)
class Step:
    """What a row cost when so many were stored already: microseconds of time, and of CPU."""

    stored: int
    us: float
    cpu_us: float


@dataclass(frozen=True)
class Measured:
    """A whole run. `ways` by name; `questions`: milliseconds by share of merged people in percent and question,
    `before` and `after` the squash."""

    about: dict[str, str]
    ways: dict[str, Rates]
    growth: Sequence[Step]
    questions: dict[int, dict[str, dict[str, float]]]
    squash_seconds: float


@dataclass(frozen=True)
class Goal:
    """What was wished for, and what became of it."""

    wish: str
    found: str
    reached: bool


def rates(runs: Sequence[Run]) -> Rates:
    """Of the runs of one way."""
    each = [run.rows / run.seconds for run in runs]
    names = list(dict.fromkeys(name for run in runs for name in run.parts))
    return Rates(
        rows=median(each),
        megabytes=median(run.line_bytes / 1e6 / run.seconds for run in runs),
        cpu_us=median(run.cpu_seconds * 1e6 / run.rows for run in runs),
        slowest=min(each),
        fastest=max(each),
        parts_us={name: median(run.parts.get(name, 0.0) * 1e6 / run.rows for run in runs) for name in names},
    )


def goals(measured: Measured) -> list[Goal]:
    """In the order of the page."""
    ways = measured.ways
    of_parse = ways[LOAD].rows / ways[PARSE].rows
    of_naive = ways[LOAD].rows / ways[NAIVE].rows
    more = ways[LOAD].rows / ways[EVERYTHING].rows - 1
    costs = [step.us for step in measured.growth]
    found = [
        Goal("the load reaches 45 % of parsing alone", f"{of_parse:.0%}", of_parse >= 0.45),
        Goal("the load is 3.5 times the straightforward Python", f"{of_naive:.1f} times", of_naive >= 3.5),
        Goal("all that is derived adds at most 40 % to the load", f"{more:+.0%}", more <= 0.4),
    ]
    if len(costs) > 1:
        off = max(abs(cost / costs[0] - 1) for cost in costs)
        span = f"{measured.growth[0].stored:,} to {measured.growth[-1].stored:,}"
        found.append(Goal(f"a row costs the same ± 15 % from {span} stored", f"± {off:.0%}", off <= 0.15))
    if measured.questions:
        most = max(measured.questions)
        before, after = (_worst(measured, most, when) for when in ("before", "after"))
        found += [
            Goal(
                f"questions take at most 1.3 times as long with {most} % of people merged",
                f"{before:.2f} times",
                before <= 1.3,
            ),
            Goal("and as long as with none after the squash (± 10 %)", f"{after:.2f} times", after <= 1.1),
        ]
    return found


def _worst(measured: Measured, share: int, when: str) -> float:
    """The largest ratio of a question's time to its time without overrides."""
    none = measured.questions[0]
    return max(one[when] / none[name]["before"] for name, one in measured.questions[share].items())


def page(measured: Measured) -> str:
    """The page in Markdown."""
    about = measured.about
    noise = ", so figures are too low" if float(about["others"]) > _QUIET_CORES else ""
    return f"""# How fast events are loaded

Written by `{about["command"]}` on {about["day"]}: {about["machine"]},
Python {about["python"]}, ClickHouse {about["clickhouse"]} (embedded). Medians of {about["rounds"]} interleaved rounds;
beside them the slowest and the fastest round. Other work took {about["others"]} cores meanwhile (median of all
runs){noise}. Expect other figures elsewhere, and look at the ratios.

The events are made by ClickHouse (`benchmarks/sql/events.sql`), the same in every run and like those of posthog-js:
{about["line_bytes"]} bytes a line with the envelope, {about["object_bytes"]} bytes compressed, in objects of
{about["object_events"]} events, as capture writes them under load. Sessions have 5 to 25 events; half of the events
have no person; one in a hundred is sent twice, one in a hundred is late.

## Goals

{_goals(measured)}

## Ways

{about["events"]} events a run{about["bounded"]}, each into new databases. Every run reads the same objects; parsing
and loading send the server the same bytes in the same batches. CPU is user and system time of both engines and of the
process that drives them.

{_ways(measured.ways)}

The straightforward Python writes the same columns into a table like `events`, and keeps repetitions.
What the parts of the whole took, one after the other; persons are made beside groups and the catalog:

{_parts(measured.ways[EVERYTHING])}

## As the table grows

What a row costs, with everything that a load does, when so many rows are stored. Merges of what was loaded before are
in it.

{_growth(measured.growth)}

## Questions, when people were merged since

Projects with {about["question_events"]} events of a month each. Milliseconds with so many of the people merged into
others, and after the squash wrote that into the events of all of them, which took {measured.squash_seconds:.1f} s.

{_questions(measured)}
"""


def _goals(measured: Measured) -> str:
    return _table(
        ["", "found", ""],
        ([goal.wish, goal.found, "reached" if goal.reached else "**not reached**"] for goal in goals(measured)),
    )


def _parts(everything: Rates) -> str:
    load = everything.parts_us[LOAD]
    return _table(
        ["part", "µs a row", "of the load"],
        ([name, f"{us:,.2f}", f"{us / load:.0%}"] for name, us in everything.parts_us.items()),
    )


def _growth(steps: Sequence[Step]) -> str:
    return _table(
        ["rows stored", "µs a row", "rows/s", "CPU µs a row"],
        ([f"{step.stored:,}", f"{step.us:,.1f}", f"{1e6 / step.us:,.0f}", f"{step.cpu_us:,.1f}"] for step in steps),
    )


def _ways(ways: dict[str, Rates]) -> str:
    parse = ways[PARSE].rows
    return _table(
        ["", "rows/s", "of rounds", "MB/s of lines", "of parsing", "CPU µs a row"],
        (
            [
                TITLES[name],
                f"{one.rows:,.0f}",
                f"{one.slowest:,.0f}–{one.fastest:,.0f}",  # noqa: RUF001  a range
                f"{one.megabytes:,.0f}",
                f"{one.rows / parse:.2f}",
                f"{one.cpu_us:,.1f}",
            ]
            for name, one in ways.items()
        ),
    )


def _questions(measured: Measured) -> str:
    shares = sorted(measured.questions)
    return _table(
        ["", *(f"{share} %, {when}" for share in shares for when in ("before", "after"))],
        (
            [
                name,
                *(f"{measured.questions[share][name][when]:,.0f}" for share in shares for when in ("before", "after")),
            ]
            for name in measured.questions.get(0, {})
        ),
    )


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])
