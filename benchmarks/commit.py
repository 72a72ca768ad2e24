"""What sharing an object saves: requests a second of the commit alone, grouped against one object a request.

`python -m benchmarks.commit`. Both run interleaved in one process over a local folder with fsync; read the ratio.
"""

import json
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from capture_app.objects import RawObjects
from resources.object_store import ObjectStore

THREADS = 16
ROUNDS = 5
SECONDS = 2.0
EVENT = {"event": "page", "distinct_id": "user-1", "properties": {f"property_{n}": "value" * 3 for n in range(25)}}
LINES = {"1 event": json.dumps(EVENT).encode() + b"\n", "50 events": (json.dumps(EVENT).encode() + b"\n") * 50}


def rate(objects: RawObjects, lines: bytes) -> float:
    """Commits a second by as many threads as one capture process has."""
    done = [0] * THREADS
    end = time.monotonic() + SECONDS

    def run(worker: int) -> None:
        number = 0
        while time.monotonic() < end:
            objects.commit(lines + f"{worker} {number}\n".encode(), datetime.now(UTC))
            number += 1
        done[worker] = number

    threads = [threading.Thread(target=run, args=(worker,)) for worker in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / SECONDS


def main() -> None:
    """Measure and print."""
    for name, lines in LINES.items():
        alone, grouped = [], []
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory() as folder:
                alone.append(rate(RawObjects(ObjectStore((Path(folder) / "a").as_uri()), group_bytes=0), lines))
                grouped.append(rate(RawObjects(ObjectStore((Path(folder) / "b").as_uri())), lines))
        print(
            f"{name} a request: {median(alone):,.0f} requests/s alone, {median(grouped):,.0f} grouped "
            f"({median(grouped) / median(alone):.1f} times)"
        )


if __name__ == "__main__":
    main()
