"""How fast capture takes events, beside what it could be compared with, on one machine and in one run.

`make bench-capture` runs this and writes docs/capture-speed.md. Run it on a machine that does nothing else.
"""

import argparse
import json
import os
import platform
import resource
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from analytics_pipelines.embedded.service import stop_group
from analytics_pipelines.events.envelope import Arrival, to_lines
from analytics_pipelines.events.parse import parse
from analytics_pipelines.events.payload import payload as unpacked
from analytics_pipelines.problems import Problem
from benchmarks import commit
from benchmarks.capture_contenders import WORKERS, Contender, Place, contenders, place, send_once
from benchmarks.capture_payloads import Payload, payloads
from benchmarks.capture_report import CAPTURE, Measured, Rates, goals, page, rates
from benchmarks.processes import busy_seconds, cpu_seconds, with_children
from benchmarks.wrk import Load, load, need_wrk

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "docs" / "capture-speed.md"
CONNECTIONS = 64
GROWTH = (8, 16, 32, 64, 128, 256)
STARTS = 5
SECONDS = 4
ROUNDS = 3
_START_GIVEN_UP = 30
_MOST_TEXT = 64 << 20
# Between two runs: what the last one left to the disk is written, and its connections are gone.
_PAUSE_SECONDS = 0.5

EXAMPLE = """\
Example: make bench-capture
         .venv/bin/python -m benchmarks.capture --seconds 2 --rounds 1 --json   (a quick look; leaves the page alone)
"""


def main() -> None:
    """Measure, print, and write the report."""
    options = _options()
    try:
        need_wrk()
        measured = measure(options.seconds, options.rounds)
    except Problem as problem:
        sys.exit(str(problem))
    if options.json:
        print(json.dumps({**asdict(measured), "goals": [asdict(goal) for goal in goals(measured)]}, indent=2))
        return
    REPORT.write_text(page(measured))
    print(REPORT.read_text())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m benchmarks.capture",
        description="Measure capture beside its peers, and write docs/capture-speed.md.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--seconds", type=int, default=SECONDS, metavar="N", help=f"how long one run of wrk takes ({SECONDS})"
    )
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, metavar="N", help=f"how often each is measured ({ROUNDS})"
    )
    parser.add_argument("--json", action="store_true", help="print figures as JSON instead; writes no page")
    return parser.parse_args()


def measure(seconds: int, rounds: int) -> Measured:
    """Everything, in a folder beside the data of this repository, so on the same disk. Raises Problem."""
    parent = ROOT / ".analytics"
    parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=parent) as name:
        folder = Path(name)
        commits = commit.measure(folder, rounds, max(1, seconds / 2))
        with place(folder) as at:
            sent = payloads(at.token)
            start = measure_start(at, sent[0])
            parse_us = {each.name: parse_alone(each, rounds) for each in sent}
            with contenders(at) as all_of_them:
                for contender in all_of_them:
                    for each in sent:
                        send_once(contender, each)
                        Runner(folder, 1)(contender, each, CONNECTIONS)  # it connects to Postgres and the like now
                runner = Runner(folder, seconds)
                served = measure_contenders(all_of_them, sent, rounds, runner)
                capture = next(one for one in all_of_them if one.name == CAPTURE)
                growth = measure_growth(capture, sent[0], rounds, runner)
    titles = {each.name: each.title for each in sent}
    about = _about(seconds, rounds) | {
        "others": f"{max(0.0, median(runner.others)):.1f}",
        "event_bytes": f"{len(sent[0].body):,}",
    }
    return Measured(about, titles, served, parse_us, growth, commits, start)


def _about(seconds: int, rounds: int) -> dict[str, str]:
    usual = (seconds, rounds) == (SECONDS, ROUNDS)
    return {
        "command": "make bench-capture"
        if usual
        else f'make bench-capture ARGS="--seconds {seconds} --rounds {rounds}"',
        "day": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "granian": version("granian"),
        "workers": str(WORKERS),
        "connections": str(CONNECTIONS),
        "rounds": str(rounds),
        "seconds": str(seconds),
        "commits_at_once": str(commit.AT_ONCE),
        "starts": str(STARTS),
    }


class Runner:
    """Runs wrk. `others`: cores that neither it nor the contender took, run by run; on a quiet machine nearly none."""

    def __init__(self, folder: Path, seconds: int) -> None:
        self._folder = folder
        self._seconds = seconds
        self.others: list[float] = []

    def __call__(self, contender: Contender, payload: Payload, connections: int) -> tuple[Load, float]:
        """What wrk saw, and the CPU seconds that the contender took meanwhile."""
        url, headers, body = contender.request(payload)
        processes = with_children({contender.process: ""})

        def now() -> tuple[float, float, float]:
            wrk = resource.getrusage(resource.RUSAGE_CHILDREN)
            return busy_seconds(), sum(map(cpu_seconds, processes)), wrk.ru_utime + wrk.ru_stime

        before = now()
        seen = load(self._folder, url, headers, body, connections=connections, seconds=self._seconds)
        busy, took, wrk = (after - earlier for after, earlier in zip(now(), before, strict=True))
        self.others.append((busy - took - wrk) / seen.seconds)
        contender.tidy()
        time.sleep(_PAUSE_SECONDS)
        print(f"{contender.name} {payload.name} {connections}: {seen}", file=sys.stderr)
        return seen, took


def measure_contenders(
    all_of_them: list[Contender], sent: list[Payload], rounds: int, run: Runner
) -> dict[str, dict[str, Rates]]:
    """By contender and payload. One after the other in each round: a slow minute of the machine hits all."""
    seen: dict[tuple[str, str], list[tuple[Load, float]]] = defaultdict(list)
    for _ in range(rounds):
        for payload in sent:
            for contender in all_of_them:
                seen[contender.name, payload.name].append(run(contender, payload, CONNECTIONS))
    return {
        contender.name: {payload.name: _rates(seen[contender.name, payload.name], payload) for payload in sent}
        for contender in all_of_them
    }


def measure_growth(capture: Contender, payload: Payload, rounds: int, run: Runner) -> dict[int, Rates]:
    """By number of connections."""
    seen: dict[int, list[tuple[Load, float]]] = defaultdict(list)
    for _ in range(rounds):
        for connections in GROWTH:
            seen[connections].append(run(capture, payload, connections))
    return {connections: _rates(seen[connections], payload) for connections in GROWTH}


def _rates(seen: list[tuple[Load, float]], payload: Payload) -> Rates:
    return rates([one for one, _ in seen], [took for _, took in seen], payload.events)


def parse_alone(payload: Payload, rounds: int) -> float:
    """Microseconds an event, from a body to the lines of an object."""
    arrival = Arrival(datetime.now(UTC), "127.0.0.1", payload.headers["User-Agent"], payload.path, 1)
    encoding = payload.headers.get("Content-Encoding", "")
    times = 20_000 // payload.events

    def once() -> float:
        begun = time.perf_counter()
        for _ in range(times):
            read = unpacked(payload.body, b"", encoding, most=_MOST_TEXT)
            to_lines(parse(read.text, sent_at=read.sent_at), arrival)
        return (time.perf_counter() - begun) / times / payload.events * 1e6

    return median(once() for _ in range(max(3, rounds)))


def measure_start(at: Place, payload: Payload) -> dict[str, float]:
    """Median seconds from the start of capture to the first 200 from `/livez`, and to the first for an event."""
    starts = [_start(at, payload) for _ in range(STARTS)]
    return {name: median(start[name] for start in starts) for name in starts[0]}


def _start(at: Place, payload: Payload) -> dict[str, float]:
    service = at.capture("start")
    url = f"http://127.0.0.1:{service.command[service.command.index('--port') + 1]}"
    asked = {
        "livez": urllib.request.Request(f"{url}/livez"),
        "event": urllib.request.Request(url + payload.path, payload.body, payload.headers),
    }
    with ThreadPoolExecutor(len(asked)) as threads:
        begun = time.monotonic()
        process = service.spawn()
        try:
            waiting = {name: threads.submit(_first_200, request, begun) for name, request in asked.items()}
            return {name: first.result() for name, first in waiting.items()}
        finally:
            stop_group(process, service.stop_signal, service.stop_seconds)


def _first_200(request: urllib.request.Request, begun: float) -> float:
    """Seconds since then until it is answered 200; infinite when it never is."""
    while time.monotonic() - begun < _START_GIVEN_UP:
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                if answer.status == 200:
                    return time.monotonic() - begun
        except OSError:
            time.sleep(0.01)
    return float("inf")


if __name__ == "__main__":
    main()
