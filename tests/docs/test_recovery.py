"""What docs/operations.md tells people to do when ClickHouse's files are lost."""

import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import raw_key
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.migrations.apply import migrate
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)


@pytest.mark.engines
def test_an_emptied_ledger_loads_the_whole_bucket_into_new_tables(
    store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse
) -> None:
    for hour in (3, 10):
        received = NOW.replace(hour=hour)
        line = {
            "received_at": int(received.timestamp() * 1000),
            "project": 1,
            "uuid": str(uuid4()),
            "event": {"event": "page", "distinct_id": "ada", "properties": {}},
        }
        payload = zstd.compress(json.dumps(line).encode() + b"\n")
        store.put(raw_key(received, "node", payload), payload)
    drain = Drain(store, postgres, clickhouse, batch_objects=100, batch_bytes=10_000_000, now=lambda: NOW)
    drain.everything()
    before = clickhouse.query("SELECT uuid FROM events ORDER BY uuid").rows
    assert len(before) == 2

    clickhouse.command(f"DROP DATABASE {clickhouse.database} SYNC")
    migrate(postgres, clickhouse, None)
    postgres.execute("TRUNCATE ingest_batches, ingest_objects, ingest_watermark")
    drain.everything()

    assert clickhouse.query("SELECT uuid FROM events ORDER BY uuid").rows == before
