"""What sharing an object saves: commits a second, grouped against one object a request.

`python -m benchmarks.commit`, and a part of `make bench-capture`. Both run interleaved in one process over a folder
with fsync; read the ratio.
"""

import asyncio
import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from capture_app.objects import GROUP_BYTES, RawObjects
from resources.object_store import ObjectStore

AT_ONCE = 64
ROUNDS = 5
SECONDS = 2.0
EVENT = {"event": "page", "distinct_id": "user-1", "properties": {f"property_{n}": "value" * 3 for n in range(25)}}
LINES = {"1 event a request": 1, "50 events a request": 50}


async def rate(objects: RawObjects, lines: bytes, seconds: float) -> float:
    """Commits a second by so many requests at once."""
    done = [0] * AT_ONCE
    end = time.monotonic() + seconds

    async def run(sender: int) -> None:
        while time.monotonic() < end:
            await objects.commit(lines + f"{sender} {done[sender]}\n".encode(), datetime.now(UTC), project=1, events=1)
            done[sender] += 1

    begun = time.monotonic()
    await asyncio.gather(*map(run, range(AT_ONCE)))
    await objects.finished()
    return sum(done) / (time.monotonic() - begun)


def measure(folder: Path, rounds: int = ROUNDS, seconds: float = SECONDS) -> dict[str, dict[str, float]]:
    """By kind of request: medians `alone` and `grouped`."""
    found = {}
    for name, events in LINES.items():
        lines = (json.dumps(EVENT).encode() + b"\n") * events
        rates: dict[str, list[float]] = {"alone": [], "grouped": []}
        for number in range(rounds):
            for way, most in (("alone", 0), ("grouped", GROUP_BYTES)):
                store = ObjectStore((folder / f"{way}-{events}-{number}").as_uri())
                rates[way].append(asyncio.run(rate(RawObjects(store, group_bytes=most), lines, seconds)))
        found[name] = {way: median(each) for way, each in rates.items()}
    return found


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder))
    for name, one in found.items():
        print(
            f"{name}: {one['alone']:,.0f} requests/s alone, {one['grouped']:,.0f} grouped "
            f"({one['grouped'] / one['alone']:.1f} times)"
        )


if __name__ == "__main__":
    main()
