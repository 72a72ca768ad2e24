"""A database of ClickHouse for all tests of a module, since making one takes a second."""

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from analytics_pipelines.migrations.apply import migrate
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres


@pytest.fixture(scope="module")
def shared_clickhouse(engines: Any) -> Iterator[ClickHouse]:
    """Migrated and empty at the start; tests keep apart by their team ids."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    maintenance = engines.postgres_url("postgres")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    postgres, clickhouse = Postgres(engines.postgres_url(name)), ClickHouse(engines.clickhouse_url(name))
    migrate(postgres, clickhouse, None)
    postgres.close()
    yield clickhouse
    clickhouse.command(f"DROP DATABASE {name} SYNC")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
