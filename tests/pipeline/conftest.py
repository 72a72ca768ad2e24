"""Two installations: one that lives, and one that is made anew from the bucket of the other."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
import pytest
from installation import Installation

from analytics_pipelines.migrations.apply import migrate
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

NewInstallation = Callable[[ObjectStore], AbstractContextManager[Installation]]


@pytest.fixture(scope="session")
def new_installation(engines: Any) -> NewInstallation:
    """Makes an installation with databases of its own over a bucket."""

    @contextmanager
    def make(store: ObjectStore) -> Iterator[Installation]:
        name = f"test_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(engines.postgres_url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
            postgres, clickhouse = Postgres(engines.postgres_url(name)), ClickHouse(engines.clickhouse_url(name))
            migrate(postgres, clickhouse, None)
            yield Installation(store, postgres, clickhouse)
            postgres.close()
            clickhouse.command(f"DROP DATABASE {name} SYNC")
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    return make


@pytest.fixture
def living(store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse) -> Installation:
    return Installation(store, postgres, clickhouse)


@pytest.fixture
def rebuilt(new_installation: NewInstallation, store: ObjectStore) -> Iterator[Installation]:
    with new_installation(store) as made:
        yield made
