"""Parts that take advisory locks do not meet by chance."""

import re
from pathlib import Path

import analytics_pipelines
from analytics_pipelines import lock_classes

SOURCE = Path(analytics_pipelines.__file__).parent


def test_numbers_of_locks_stand_in_one_place() -> None:
    numbers = re.compile(r"\b7_?203_?\d{3}\b")
    found = [str(path) for path in SOURCE.rglob("*.py") if numbers.search(path.read_text())]
    assert found == [lock_classes.__file__]


def test_every_advisory_lock_is_of_a_class() -> None:
    taken = re.compile(r"pg_(?:try_)?advisory_(?:xact_)?lock\(([^)]*)\)")
    for path in SOURCE.rglob("*.py"):
        text = path.read_text()
        for first in taken.findall(text):
            assert first.startswith("%s"), f"{path}: {first}"
            assert "LockClass" in text or "LOCK_CLASS" in text, path
