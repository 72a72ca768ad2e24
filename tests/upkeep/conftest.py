"""What tests of upkeep share."""

from datetime import timedelta

import pytest
from raw_lines import RECEIVED

from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.ingest.replay import Replay
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

LATER = RECEIVED + timedelta(days=3)


@pytest.fixture
def drain(store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse) -> Drain:
    return Drain(store, postgres, clickhouse, batch_objects=5, batch_bytes=10_000_000, now=lambda: LATER)


@pytest.fixture
def replay(store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse) -> Replay:
    return Replay(store, postgres, clickhouse, batch_objects=100, batch_bytes=10_000_000, now=lambda: LATER)
