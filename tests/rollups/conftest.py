"""The stores of a test of rollups."""

import pytest
from rollup_world import NOON, World

from analytics_pipelines.rollups.build import Builder
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres


@pytest.fixture
def world(clickhouse: ClickHouse, postgres: Postgres) -> World:
    _stand_in(clickhouse)
    return World(clickhouse, postgres, Builder(postgres, clickhouse, bounce_seconds=10, now=lambda: NOON))


def _stand_in(clickhouse: ClickHouse) -> None:
    clickhouse.command(
        "CREATE TABLE IF NOT EXISTS person_overrides (team_id Int64, distinct_id String, person_id UUID, version Int64)"
        " ENGINE = ReplacingMergeTree(version) ORDER BY (team_id, distinct_id)"
    )
