"""The data of two projects, stored once for all tests that only read them."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from two_teams import fill

from analytics_pipelines.migrations.apply import migrate
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres


@contextmanager
def _filled(engines: Any, teams: tuple[int, ...]) -> Iterator[ClickHouse]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    maintenance = engines.postgres_url("postgres")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    postgres, platform = Postgres(engines.postgres_url(name)), ClickHouse(engines.clickhouse_url(name))
    migrate(postgres, platform, None)
    postgres.close()
    fill(platform, teams)
    yield ClickHouse(engines.clickhouse_url(name, "reader"), read_only=True)
    ClickHouse(engines.clickhouse_url("default")).command(f"DROP DATABASE IF EXISTS {name} SYNC")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def two_teams(engines: Any) -> Iterator[ClickHouse]:
    """A reader, as people's questions run."""
    with _filled(engines, (1, 2)) as reader:
        yield reader


@pytest.fixture(scope="session")
def one_team(engines: Any) -> Iterator[ClickHouse]:
    """The same where the second project has nothing."""
    with _filled(engines, (1,)) as reader:
        yield reader
