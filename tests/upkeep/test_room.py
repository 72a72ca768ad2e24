"""Who takes how much room."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from raw_lines import line, put

from analytics_pipelines.cli.main import cli
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.settings import Settings
from analytics_pipelines.upkeep.room import endless_logs, room
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

pytestmark = pytest.mark.engines


def test_every_owner_is_named_with_its_bytes(
    migrated: Any,
    store: ObjectStore,
    drain: Drain,
    postgres: Postgres,
    clickhouse: ClickHouse,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = put(store, line("page"))
    drain.everything()
    settings = Settings(data_dir=tmp_path / "data", object_store_url=store.url, exports_folder=tmp_path / "exports")
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "file.parquet").write_bytes(b"x" * 100)
    (tmp_path / "data" / "logs").mkdir(parents=True)
    (tmp_path / "data" / "logs" / "analytics.log").write_bytes(b"x" * 50)
    found = room(settings, postgres, clickhouse, store)
    assert found.bytes["bucket.raw_events"] == len(store.get(key))
    assert (found.days["bucket.raw_events"], found.objects["bucket.raw_events"]) == (1, 1)
    assert (found.bytes["exports"], found.bytes["logs"], found.bytes["bucket.recordings"]) == (100, 50, 0)
    assert found.bytes["clickhouse.events"] > 0
    assert found.bytes["postgres.ingest_objects"] > 0
    assert found.total == sum(found.bytes.values())
    for name, value in {
        "DATA_DIR": tmp_path / "data",
        "OBJECT_STORE_URL": store.url,
        "POSTGRES_URL": migrated.postgres_url,
        "CLICKHOUSE_URL": migrated.clickhouse_url,
        "CLICKHOUSE_READER_URL": migrated.reader_url,
    }.items():
        monkeypatch.setenv(f"ANALYTICS_{name}", str(value))
    told = {each["what"]: each for each in json.loads(CliRunner().invoke(cli, ["doctor", "--json"]).stdout)}
    assert told["room"]["bytes"]["bucket.raw_events"] == found.bytes["bucket.raw_events"]
    assert told["disk"]["bytes"] is None


def test_logs_of_a_server_that_never_shrink_are_found(clickhouse: ClickHouse) -> None:
    assert endless_logs(clickhouse) == {}
    made = "CREATE TABLE system.made_{name}_log (event_date Date) ENGINE = MergeTree ORDER BY event_date"
    clickhouse.command(made.format(name="endless"))
    clickhouse.command(made.format(name="short") + " TTL event_date + INTERVAL 7 DAY DELETE")
    try:
        assert list(endless_logs(clickhouse)) == ["made_endless_log"]
    finally:
        for name in ("endless", "short"):
            clickhouse.command(f"DROP TABLE system.made_{name}_log SYNC")
