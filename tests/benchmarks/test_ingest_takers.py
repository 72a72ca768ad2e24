"""Leaving out and timing what a load derives."""

from typing import Any

from analytics_pipelines.ingest import takers
from benchmarks import ingest_takers


def test_meanwhile_something_else_is_done() -> None:
    before = takers.take_all
    with ingest_takers.taking(ingest_takers.nothing):
        assert takers.take_all is ingest_takers.nothing
    assert takers.take_all is before


def test_seconds_add_up_under_the_name() -> None:
    took: dict[str, float] = {}
    given: list[Any] = []
    take_all = ingest_takers.timed(lambda *arguments: given.extend(arguments), "all", took)
    take_all("a", "b")
    once = dict(took)
    take_all("c")
    assert (list(took), given) == (["all"], ["a", "b", "c"])
    assert took["all"] > once["all"] > 0
