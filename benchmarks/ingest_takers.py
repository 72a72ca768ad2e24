"""What a load derives from its batch, found in the code as it is, so that each part can be timed or left out."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

Taker = Callable[..., Any]

_HOLDERS = (
    "analytics_pipelines.ingest.takers",
    "analytics_pipelines.ingest.loader",
    "analytics_pipelines.ingest.drain",
)
_NAME = "TAKERS"


def takers() -> tuple[Taker, ...]:
    """All of them, in their order."""
    return next((tuple(getattr(module, _NAME)) for module in _holders()), ())


@contextmanager
def taking(chosen: Sequence[Taker]) -> Iterator[None]:
    """Meanwhile loads run these and no others."""
    before = [(module, getattr(module, _NAME)) for module in _holders()]
    try:
        for module, _ in before:
            setattr(module, _NAME, tuple(chosen))
        yield
    finally:
        for module, value in before:
            setattr(module, _NAME, value)


def timed(taker: Taker, took: dict[str, float]) -> Taker:
    """The same, adding its seconds to `took` under the name of its package."""
    name = taker.__module__.removeprefix("analytics_pipelines.").split(".")[0]

    def run(*arguments: Any, **named: Any) -> Any:
        begun = time.perf_counter()
        try:
            return taker(*arguments, **named)
        finally:
            took[name] = took.get(name, 0.0) + time.perf_counter() - begun

    return run


def _holders() -> list[ModuleType]:
    found = []
    for name in _HOLDERS:
        try:
            module = import_module(name)
        except ModuleNotFoundError:
            continue
        if hasattr(module, _NAME):
            found.append(module)
    return found
