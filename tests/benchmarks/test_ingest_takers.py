"""Leaving out and timing what a load derives."""

from types import ModuleType

import pytest

from benchmarks import ingest_takers


def first(name: str) -> str:
    return f"hello {name}"


@pytest.fixture
def holder(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("holder")
    module.TAKERS = (first,)  # type: ignore[attr-defined]
    monkeypatch.setattr(ingest_takers, "_holders", lambda: [module])
    return module


def test_meanwhile_others_are_taken(holder: ModuleType) -> None:
    with ingest_takers.taking([]):
        assert ingest_takers.takers() == ()
    assert ingest_takers.takers() == (first,)


def test_seconds_add_up_under_the_name_of_the_package() -> None:
    took: dict[str, float] = {}
    taker = ingest_takers.timed(first, took)
    assert taker("you") == "hello you"
    once = dict(took)
    taker(name="you")
    assert list(took) == list(once)
    assert sum(took.values()) > sum(once.values()) > 0
