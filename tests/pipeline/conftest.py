"""Two installations: one that lives, and one that is made anew from the bucket of the other."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from installation import Installation

from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

NewInstallation = Callable[[ObjectStore], AbstractContextManager[Installation]]


@pytest.fixture(scope="session")
def new_installation(spares: Any) -> NewInstallation:
    """Makes an installation with databases of its own over a bucket."""

    @contextmanager
    def make(store: ObjectStore) -> Iterator[Installation]:
        found = spares.take()
        postgres = Postgres(found.postgres_url)
        yield Installation(store, postgres, ClickHouse(found.clickhouse_url))
        postgres.close()
        spares.give_back(found)

    return make


@pytest.fixture
def living(store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse) -> Installation:
    return Installation(store, postgres, clickhouse)


@pytest.fixture
def rebuilt(new_installation: NewInstallation, store: ObjectStore) -> Iterator[Installation]:
    with new_installation(store) as made:
        yield made
