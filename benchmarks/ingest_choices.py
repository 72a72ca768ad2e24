"""What the ways to store events cost that were to be chosen from; docs/decisions says what was chosen, and why.

`make bench-choices` runs this and writes docs/storage-choices.md. Run it on a machine that does nothing else.
"""

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from analytics_pipelines.problems import Problem
from benchmarks.choices import identity, once, partitions, properties, squash
from benchmarks.choices.section import Section, markdown
from benchmarks.engines import Engines, engines
from benchmarks.spent import Spent

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "docs" / "storage-choices.md"
ROUNDS = 5
QUICK_EVENTS = 50_000

# Rows without properties are cheap, and only many show how a search grows.
EVENTS = {
    "identity": 2_000_000,
    "properties": 1_000_000,
    "once": 8_000_000,
    "partitions": 2_000_000,
    "squash": 1_000_000,
}
MEASURES: dict[str, Callable[[Engines, int, int], list[Section]]] = {
    "identity": identity.measure,
    "properties": properties.measure,
    "once": once.measure,
    "partitions": partitions.measure,
    "squash": squash.measure,
}


def main() -> None:
    """Measure, print, and write the report."""
    options = _options()
    try:
        measured = [_measure(name, options) for name in options.only]
    except Problem as problem:
        sys.exit(str(problem))
    about = {
        "command": "make bench-choices" + (f' ARGS="{" ".join(sys.argv[1:])}"' if sys.argv[1:] else ""),
        "day": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        "rounds": str(options.rounds),
        "others": f"{max(0.0, median(others for _, others in measured)):.1f}",
    }
    text = page(about, [section for sections, _ in measured for section in sections])
    if options.print:
        print(text)
        return
    REPORT.write_text(text)
    print(REPORT.read_text())


def page(about: dict[str, str], sections: list[Section]) -> str:
    """The page in Markdown."""
    parts = "\n".join(map(markdown, sections))
    return f"""# What ways to store events cost

Written by `{about["command"]}` on {about["day"]}: {about["machine"]},
embedded ClickHouse. Medians of {about["rounds"]} interleaved rounds. Other work took {about["others"]} cores meanwhile.
The events are those of `make bench-ingest`. Expect other figures elsewhere, and look at the ratios.

{parts}"""


def _measure(name: str, options: argparse.Namespace) -> tuple[list[Section], float]:
    """One kind, with engines of its own: nothing that it leaves behind is merged while others are measured.

    Also how many cores others took meanwhile.
    """
    parent = ROOT / ".analytics"
    parent.mkdir(exist_ok=True)
    events = QUICK_EVENTS if options.quick else options.events or EVENTS[name]
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=parent) as folder, engines(Path(folder)) as running:
        spent = Spent(running.processes)
        found = MEASURES[name](running, events, 1 if options.quick else options.rounds)
        others = spent.now().others
    for section in found:
        print(markdown(section), file=sys.stderr)
    return found, others


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m benchmarks.ingest_choices",
        description="Measure ways to store events beside each other, and write docs/storage-choices.md.",
    )
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=list(MEASURES), help="measure just these")
    parser.add_argument("--events", type=int, metavar="N", help="how many events each has (millions)")
    parser.add_argument("--rounds", type=int, metavar="N", default=ROUNDS, help=f"how often each is asked ({ROUNDS})")
    parser.add_argument("--quick", action="store_true", help="few events, once: shows that it runs, and little else")
    parser.add_argument("--print", action="store_true", help="leave the page alone")
    return parser.parse_args()


if __name__ == "__main__":
    main()
