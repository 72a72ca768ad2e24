"""How long statements take: medians over rounds in which each is asked once, so that a slow moment hits all."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from statistics import median
from typing import TypeVar

Key = TypeVar("Key")


def seconds(work: Callable[[], object]) -> float:
    """How long this takes, once."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def interleaved(work: Mapping[Key, Callable[[], object]], rounds: int) -> dict[Key, float]:
    """Median milliseconds of each; a first round is not counted."""
    took: dict[Key, list[float]] = defaultdict(list)
    for number in range(rounds + 1):
        for key, one in work.items():
            spent = seconds(one)
            if number:
                took[key].append(spent * 1000)
    return {key: median(each) for key, each in took.items()}
