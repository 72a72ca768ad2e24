"""What a piece of work took: time, and CPU of ours and of others."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.processes import busy_seconds, cpu_seconds, with_children


@dataclass(frozen=True)
class Took:
    """Seconds by the clock, CPU seconds of ours, and how many cores were taken by neither us nor idleness."""

    seconds: float
    cpu: float
    others: float


class Spent:
    """Counts from when it is made: these processes with their children, and the one it is made in."""

    def __init__(self, processes: Iterable[int]) -> None:
        self._processes = list(processes)
        self._begun = self._read()

    def now(self) -> Took:
        """Since then."""
        seconds, ours, busy = (after - before for after, before in zip(self._read(), self._begun, strict=True))
        return Took(seconds, ours, max(0.0, (busy - ours) / seconds))

    def _read(self) -> tuple[float, float, float]:
        processes = with_children(dict.fromkeys(self._processes, ""))
        return time.perf_counter(), sum(map(cpu_seconds, processes)) + time.process_time(), busy_seconds()
