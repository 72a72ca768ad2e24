"""What a load derives from its batch, left out or timed."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from analytics_pipelines.ingest import takers

TakeAll = Callable[..., None]


@contextmanager
def taking(take_all: TakeAll) -> Iterator[None]:
    """Meanwhile loads do this with a batch that they published, and nothing else."""
    before = takers.take_all
    try:
        takers.take_all = take_all
        yield
    finally:
        takers.take_all = before


def nothing(*_: Any) -> None:
    """Derive nothing."""


def timed(take_all: TakeAll, name: str, took: dict[str, float]) -> TakeAll:
    """The same, adding its seconds to `took` under that name."""

    def run(*arguments: Any) -> None:
        begun = time.perf_counter()
        try:
            take_all(*arguments)
        finally:
            took[name] = took.get(name, 0.0) + time.perf_counter() - begun

    return run
