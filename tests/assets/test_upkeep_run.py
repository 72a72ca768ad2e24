"""The assets of upkeep as Dagster runs them, on real engines."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import pytest
from raw_lines import line, put

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.partitions import cohorts
from analytics_pipelines.settings import settings_of_process
from assets import upkeep
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres
from resources.shells import RESOURCES

pytestmark = pytest.mark.engines

ARRIVED = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=5)
ALL = (
    upkeep.compacted_raw_events,
    upkeep.expired_events,
    upkeep.expired_raw_events,
    upkeep.expired_recordings,
    upkeep.expired_exports,
    upkeep.pruned_run_history,
    upkeep.cleared_leftovers,
)


@pytest.fixture
def drain(migrated: Any, postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Drain]:
    """Three objects of an hour that is closed, and one of now, of a project that keeps two days."""
    for name, value in {
        "DATA_DIR": tmp_path / "data",
        "POSTGRES_URL": migrated.postgres_url,
        "CLICKHOUSE_URL": migrated.clickhouse_url,
        "OBJECT_STORE_URL": (tmp_path / "bucket").as_uri(),
        "RAW_RETENTION_DAYS": 4,
        "COMPACTION_AFTER_HOURS": 48,
    }.items():
        monkeypatch.setenv(f"ANALYTICS_{name}", str(value))
    settings_of_process.cache_clear()
    People(postgres).ensure_first("Us", "Ours", "phc_ours", "admin@example.com")
    (project,) = Projects(postgres).all()
    Projects(postgres).update(project.id, {"event_retention_days": 2})
    drain = Drain.of(settings_of_process(), {})
    for received in (*(ARRIVED + timedelta(seconds=number) for number in range(3)), datetime.now(UTC)):
        put(drain.store, line(project=project.id, received=received, timestamp=f"{received:%FT%TZ}"), received=received)
    drain.everything()
    yield drain
    drain.postgres.close()
    settings_of_process.cache_clear()


def test_every_asset_of_upkeep_runs_and_says_in_numbers_what_it_did(drain: Drain, clickhouse: ClickHouse) -> None:
    left = f"staged_{uuid4().hex}"
    clickhouse.command(f"CREATE TABLE {left} (a UInt8) ENGINE = Memory")
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(str(cohorts.name), ["404"])
        run = dg.materialize(ALL, instance=instance, resources=RESOURCES)
        said = {
            asset.key.to_user_string(): {
                name: each.value
                for name, each in run.asset_materializations_for_node(asset.op.name)[0].metadata.items()
            }
            for asset in ALL
        }
        assert instance.get_dynamic_partitions(str(cohorts.name)) == []
    assert run.success
    compacted = said["compacted_raw_events"]
    assert (compacted["hours"], compacted["objects_before"], compacted["objects_after"]) == (1, 3, 1)
    assert (said["expired_events"]["events_rows"], said["expired_events"]["events_partitions"]) == (3, 1)
    assert (said["expired_raw_events"]["objects"], said["expired_raw_events"]["waiting"]) == (1, 0)
    assert said["pruned_run_history"] == {"deleted_runs": 0, "kept_runs": 0}
    assert (said["cleared_leftovers"]["tables"], said["cleared_leftovers"]["partitions"]) == (0, 1)
    assert len(drain.store.objects("raw/v1")) == 1
    assert clickhouse.query("SELECT count() FROM events").one() == (1,)
    clickhouse.command(f"DROP TABLE {left}")
