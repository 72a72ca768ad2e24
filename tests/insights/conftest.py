"""A database of ClickHouse for all tests of a module."""

from collections.abc import Iterator
from typing import Any

import pytest

from resources.clickhouse import ClickHouse


@pytest.fixture(scope="module")
def shared_clickhouse(spares: Any) -> Iterator[ClickHouse]:
    """Migrated and empty at the start; tests keep apart by their team ids."""
    found = spares.take()
    yield ClickHouse(found.clickhouse_url)
    spares.give_back(found)
