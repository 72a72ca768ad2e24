"""How long the whole platform takes to start, what it holds when idle, and how fast events pass through it.

`make bench` runs this and writes docs/measurements.md. Run it on a machine that does nothing else.
"""

import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.freshness import BATCH, SECONDS, Freshness, measure_freshness
from benchmarks.processes import cpu_seconds, memory_bytes, of_installation, part_of

IDLE_SETTLE_SECONDS = 60
IDLE_SECONDS = 60
EVENTS = 20_000
REPORT = Path(__file__).parents[1] / "docs" / "measurements.md"

SENDER = """
import sys, time
from posthog import Posthog
posthog = Posthog(sys.argv[1], host=sys.argv[2], max_queue_size=100_000)
begun = time.monotonic()
for number in range(int(sys.argv[3])):
    posthog.capture("benchmark", distinct_id=f"user-{number % 1000}", properties={"number": number, "plan": "pro"})
posthog.flush()
posthog.shutdown()
print(time.monotonic() - begun)
"""


class Installation:
    """`analytics start` in a folder of its own, on free ports."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self.log = folder / "start.log"
        self.env = {**os.environ, "ANALYTICS_DATA_DIR": str(self.data_dir), "PYTHONWARNINGS": "ignore"}

    def start(self) -> dict[str, float]:
        """Seconds until the dashboards answer, and until everything is up."""
        begun = time.monotonic()
        ports = [f"--{name}-port=0" for name in ("capture", "web", "dagster", "clickhouse")]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "analytics_pipelines.cli", "start", *ports],
                env=self.env,
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        seconds = {}
        for name, sign in (("dashboards", "Dashboards"), ("everything", "everything is up")):
            while sign not in self.log.read_text():
                if self.process.poll() is not None:
                    raise RuntimeError(self.log.read_text())
                time.sleep(0.05)
            seconds[name] = time.monotonic() - begun
        return seconds

    def stop(self) -> float:
        """Seconds until nothing of it is left."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        return time.monotonic() - begun

    def run(self, *arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "analytics_pipelines.cli", *arguments],
            env=self.env,
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def printed(self, pattern: str) -> str:
        found = re.search(pattern, self.log.read_text())
        if found is None:
            raise RuntimeError(f"{pattern!r} is not in {self.log.read_text()}")
        return found[1]

    def idle(self) -> tuple[dict[str, int], dict[str, float]]:
        """By part: bytes held, and share of one core taken while nobody asks for anything."""
        time.sleep(IDLE_SETTLE_SECONDS)
        memory: dict[str, int] = defaultdict(int)
        cores: dict[str, float] = defaultdict(float)
        processes = of_installation(self.data_dir)
        before = {pid: cpu_seconds(pid) for pid in processes}
        for pid, command in processes.items():
            memory[part_of(command)] += memory_bytes(pid)
        time.sleep(IDLE_SECONDS)
        for pid, command in processes.items():
            cores[part_of(command)] += max(0.0, cpu_seconds(pid) - before[pid]) / IDLE_SECONDS
        return memory, cores


def measure_events(stack: Installation) -> dict[str, float]:
    """Events from the SDK until they can be queried, and the latency of a single one."""
    key, url = stack.printed(r"Project key (\S+)"), stack.printed(r"Capture +(\S+)")
    sent = float(
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", SENDER, key, url, str(EVENTS)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    )
    begun = time.monotonic()
    stack.run("flush", "--timeout", "120")
    behind = time.monotonic() - begun
    latencies = [_until_visible(stack, key, url, f"probe-{number}") for number in range(10)]
    return {"sent": sent, "behind": behind, "median": sorted(latencies)[5], "worst": max(latencies)}


def under_load(stack: Installation) -> Freshness:
    """How soon events can be queried while many come in."""
    key, capture = stack.printed(r"Project key (\S+)"), stack.printed(r"Capture +(\S+)")
    return measure_freshness(capture, stack.printed(r"Dashboards +(\S+)/login"), key, _api_key(stack))


def _api_key(stack: Installation) -> str:
    made = json.loads(stack.run("key", "create", "--project", "1", "--scopes", "query:read", "--json"))
    return str(made["key"])


def _until_visible(stack: Installation, key: str, url: str, event: str) -> float:
    api_key = _api_key(stack)
    body = json.dumps({"api_key": key, "event": event, "distinct_id": "probe"}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{url}/i/v0/e/", body), timeout=10).close()
    accepted = time.monotonic()
    question = {"query": {"kind": "HogQLQuery", "query": f"select count() from events where event = '{event}'"}}
    headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
    web = stack.printed(r"Dashboards +(\S+)/login")
    while True:
        request = urllib.request.Request(f"{web}/api/projects/1/query/", json.dumps(question).encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            if json.load(answer)["results"] == [[1]]:
                return time.monotonic() - accepted
        time.sleep(0.05)


def main() -> None:
    """Measure, print, and write the report."""
    with tempfile.TemporaryDirectory() as folder:
        stack = Installation(Path(folder))
        cold = stack.start()
        memory, cores = stack.idle()
        events = measure_events(stack)
        fresh = under_load(stack)
        stop = stack.stop()
        warm = stack.start()
        stack.stop()
    REPORT.write_text(report(cold, warm, stop, memory, cores, events, fresh))
    print(REPORT.read_text())


def report(
    cold: dict[str, float],
    warm: dict[str, float],
    stop: float,
    memory: dict[str, int],
    cores: dict[str, float],
    events: dict[str, float],
    fresh: Freshness,
) -> str:
    """The page."""
    median, p95, worst = fresh.percentiles
    parts = "\n".join(
        f"| {part} | {memory[part] / 1024**2:.0f} | {cores[part] * 100:.1f} |"
        for part in sorted(memory, key=memory.__getitem__, reverse=True)
    )
    return f"""# Measurements

Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores,
{platform.system()} {platform.machine()}, Python {platform.python_version()}, Dagster {version("dagster")}.
One run; expect other figures elsewhere, and look at the ratios.

## Start and stop

| | until the dashboards answer | until everything is up |
|---|---|---|
| first start, empty data folder | {cold["dashboards"]:.1f} s | {cold["everything"]:.1f} s |
| second start | {warm["dashboards"]:.1f} s | {warm["everything"]:.1f} s |

Stopping takes {stop:.1f} s. Installing packages and building the front end come on top of a first `make start`.

## Idle

Memory is the proportional set size after a minute of rest; CPU is the share of one core over another minute.

| part | MiB | % of a core |
|---|---|---|
{parts}
| **all** | **{sum(memory.values()) / 1024**2:.0f}** | **{sum(cores.values()) * 100:.1f}** |

## Events

posthog-python sent {EVENTS:,} events in {events["sent"]:.1f} s ({EVENTS / events["sent"]:,.0f} a second, from one
client process on the same machine); `analytics flush` returned {events["behind"]:.1f} s after the last was accepted.
A single event on an idle installation could be queried {events["median"]:.1f} s after its 200
(median of 10; worst {events["worst"]:.1f} s).

While {fresh.rate:,.0f} events a second came in for {SECONDS} s, in requests of {BATCH}, an event could be queried
{median:.1f} s after its 200 (median of {len(fresh.seconds)}); 95 of a hundred within {p95:.1f} s, and all within
{worst:.1f} s.
"""


if __name__ == "__main__":
    main()
