"""Arrival days loaded again from Dagster: by a backfill, with the differences as metadata."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from raw_lines import EVENT_NAME, change_stage, line, put

from analytics_pipelines.events.keys import hour_of
from analytics_pipelines.ingest import code_version
from analytics_pipelines.settings import settings_of_process
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore

pytestmark = pytest.mark.engines

HOUR = hour_of(datetime.now(UTC) - timedelta(days=1)).replace(hour=3)


@pytest.fixture
def store(migrated: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("ANALYTICS_POSTGRES_URL", migrated.postgres_url)
    monkeypatch.setenv("ANALYTICS_CLICKHOUSE_URL", migrated.clickhouse_url)
    monkeypatch.setenv("ANALYTICS_OBJECT_STORE_URL", (tmp_path / "bucket").as_uri())
    settings_of_process.cache_clear()
    yield ObjectStore((tmp_path / "bucket").as_uri())
    settings_of_process.cache_clear()


def run(first: datetime = HOUR, last: datetime | None = None, **config: object) -> dg.ExecuteInProcessResult:
    from analytics_pipelines.definitions import defs

    keys = [f"{hour:%Y-%m-%d-%H}:00" for hour in (first, last or first)]
    ranged = {"dagster/asset_partition_range_start": keys[0], "dagster/asset_partition_range_end": keys[1]}
    with dg.DagsterInstance.ephemeral() as instance:
        return defs.resolve_job_def("ingest_job").execute_in_process(
            partition_key=keys[0] if last is None else None,
            tags=ranged if last is not None else None,
            run_config={"ops": {"ingest": {"config": config}}} if config else None,
            instance=instance,
            raise_on_error=False,
        )


def metadata(result: dg.ExecuteInProcessResult, asset: str = "events") -> dict[str | None, dict[str, Any]]:
    return {
        event.partition: {
            name: value.value for name, value in event.step_materialization_data.materialization.metadata.items()
        }
        for event in result.all_events
        if event.is_step_materialization and event.asset_key == dg.AssetKey(asset)
    }


def names(clickhouse: ClickHouse) -> list[str]:
    return [name for (name,) in clickhouse.query("SELECT event FROM events ORDER BY event").rows]


def test_a_replay_of_an_hour_loads_its_day_again_and_reports_what_differs(
    store: ObjectStore, clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = HOUR + timedelta(hours=2)
    put(store, line("a", received=HOUR), line("", received=HOUR), received=HOUR)
    put(store, line("b", received=later), received=later)
    assert run().success
    assert run(later).success
    change_stage(monkeypatch, EVENT_NAME, f"upper({EVENT_NAME})")
    assert run().success
    assert names(clickhouse) == ["a", "b"]  # only loading what waits
    result = run(replay=True)
    assert result.success
    assert names(clickhouse) == ["A", "B"]
    reported = metadata(result)
    assert {partition: each["dagster/row_count"] for partition, each in reported.items()} == {
        f"{HOUR:%Y-%m-%d-%H}:00": 1,
        f"{later:%Y-%m-%d-%H}:00": 1,
    }
    own = reported[f"{HOUR:%Y-%m-%d-%H}:00"]
    assert (own["replay_changed"], own["replay_added"], own["replay_removed"]) == (2, 0, 0)
    (day,) = own["replay"]
    assert day["differences"]["columns"] == {"event": 2}
    assert metadata(result, "dead_letters")[f"{HOUR:%Y-%m-%d-%H}:00"]["dagster/row_count"] == 1
    assert all(check.passed for check in result.get_asset_check_evaluations())


def test_a_replay_of_a_range_takes_the_days_in_it(
    store: ObjectStore, clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = HOUR.replace(hour=0) - timedelta(days=2)
    for days in range(3):
        put(store, line(f"day {days}"), received=start + timedelta(days=days, hours=5))
        assert run(start + timedelta(days=days, hours=5)).success
    change_stage(monkeypatch, EVENT_NAME, f"upper({EVENT_NAME})")
    result = run(start, start + timedelta(hours=23), replay=True)
    assert result.success
    assert names(clickhouse) == ["DAY 0", "day 1", "day 2"]


def test_the_code_version_follows_the_transformation(monkeypatch: pytest.MonkeyPatch) -> None:
    compute = code_version.code_version.__wrapped__
    first = compute()
    assert compute() == first
    mend = change_stage(monkeypatch, EVENT_NAME, f"upper({EVENT_NAME})")
    assert compute() != first
    mend()
    assert compute() == first
    monkeypatch.setattr("inspect.getsource", lambda module: module.__name__)
    assert compute() != first


def test_the_events_say_which_transformation_made_them() -> None:
    from analytics_pipelines.definitions import defs

    specs = {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}
    for table in ("events", "dead_letters", "dropped_events"):
        assert specs[table].code_version == code_version.code_version()
    assert specs["events"].freshness_policy is not None
