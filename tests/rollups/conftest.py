"""The stores of a test of rollups."""

import pytest
from rollup_world import NOON, World

from analytics_pipelines.rollups.build import Builder
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres


@pytest.fixture
def world(clickhouse: ClickHouse, postgres: Postgres) -> World:
    return World(clickhouse, postgres, Builder(postgres, clickhouse, bounce_seconds=10, now=lambda: NOON))
