"""Exports as Dagster runs them, on real engines."""

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from raw_lines import line, put

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.exports.intervals import Every
from analytics_pipelines.exports.model import Destination, Export, Model
from analytics_pipelines.exports.runs import Runs
from analytics_pipelines.exports.store import Exports
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.ingest.ledger import Ledger
from analytics_pipelines.settings import settings_of_process
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres
from resources.shells import AnalyticsResource

pytestmark = pytest.mark.engines
HOUR = timedelta(hours=1)
NOW = datetime.now(UTC)
START = NOW.replace(minute=0, second=0, microsecond=0) - 3 * HOUR


@pytest.fixture
def folder(engines: Any) -> Path:
    found: Path = engines.folder / "exports" / uuid.uuid4().hex
    return found


@pytest.fixture(autouse=True)
def _settings(migrated: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ANALYTICS_POSTGRES_URL", migrated.postgres_url)
    monkeypatch.setenv("ANALYTICS_CLICKHOUSE_URL", migrated.clickhouse_url)
    monkeypatch.setenv("ANALYTICS_OBJECT_STORE_URL", (tmp_path / "bucket").as_uri())
    monkeypatch.setenv("ANALYTICS_EXPORTS_FOLDER", str(folder))
    settings_of_process.cache_clear()
    yield
    settings_of_process.cache_clear()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        yield found


@pytest.fixture
def create(postgres: Postgres, clickhouse: ClickHouse, store: ObjectStore) -> Callable[..., Export]:
    """Makes exports of a project with three events an hour."""
    People(postgres).ensure_first("Us", "Ours", "phc_x", "admin@example.com")
    (project,) = Projects(postgres).all()
    for hour in range(3):
        received = START + hour * HOUR
        put(store, *[line(received=received, project=project.id) for _ in range(3)], received=received)
    Drain(store, postgres, clickhouse, batch_objects=100, batch_bytes=10_000_000).everything()
    Ledger(postgres).move_watermark(START + 3 * HOUR)

    def make(prefix: str, **more: Any) -> Export:
        config = {"prefix": prefix, "file_format": "Parquet", "compression": "zstd"}
        fields = {"name": prefix, "model": Model.EVENTS, "every": Every.HOUR, "start_at": START, "filters": {}}
        return Exports(postgres, project.id).create(
            {**fields, "end_at": START + 2 * HOUR, **more}, Destination("Folder", config), None
        )

    return make


def look(instance: dg.DagsterInstance) -> list[tuple[str | None, str | None]]:
    """What the sensor does: the job and the partition of each run that it asks for."""
    from analytics_pipelines.sensors import exports_are_due

    result = exports_are_due(dg.build_sensor_context(instance=instance, resources={"analytics": AnalyticsResource()}))
    if isinstance(result, dg.SkipReason):
        return []
    assert isinstance(result, dg.SensorResult)
    for request in result.dynamic_partitions_requests or []:
        if isinstance(request, dg.AddDynamicPartitionsRequest):
            instance.add_dynamic_partitions(request.partitions_def_name, list(request.partition_keys))
        else:
            for each in request.partition_keys:
                instance.delete_dynamic_partition(request.partitions_def_name, each)
    return [(request.job_name, request.partition_key) for request in result.run_requests or []]


def run(instance: dg.DagsterInstance, key: str, config: dict[str, str] | None = None) -> dg.ExecuteInProcessResult:
    from analytics_pipelines.definitions import defs

    return defs.resolve_job_def("events_export_job").execute_in_process(
        instance=instance,
        raise_on_error=False,
        partition_key=key,
        run_config={"ops": {"events_export": {"config": config}}} if config else None,
    )


def numbers(instance: dg.DagsterInstance) -> list[tuple[Any, ...]]:
    """(partition, rows, intervals) of each materialization, the newest first."""
    records = instance.fetch_materializations(dg.AssetKey("events_export"), limit=100).records
    return [
        (record.partition_key, *(found.metadata[name].value for name in ("dagster/row_count", "intervals")))
        for record in records
        if (found := record.asset_materialization)
    ]


def test_each_export_that_is_due_has_a_run_and_a_partition_of_its_own(
    create: Callable[..., Export], instance: dg.DagsterInstance, postgres: Postgres, folder: Path
) -> None:
    one, two, persons = create("one"), create("two"), create("three", model=Model.PERSONS, paused=True)
    assert look(instance) == [("events_export_job", one.key), ("events_export_job", two.key)]
    assert set(instance.get_dynamic_partitions("events_exports")) == {one.key, two.key}
    assert instance.get_dynamic_partitions("persons_exports") == [persons.key]
    blocked = folder / f"team_id={one.team_id}" / "one"
    blocked.parent.mkdir(parents=True)
    blocked.write_text("no folder")
    assert not run(instance, one.key).success
    assert run(instance, two.key).success
    assert numbers(instance) == [(two.key, 6, 2)]
    assert look(instance) == []  # the one that failed pauses
    Exports(postgres).change(two.id, {"deleted": True})
    look(instance)
    assert instance.get_dynamic_partitions("events_exports") == [one.key]


def test_a_span_is_exported_again_by_the_config_of_a_run(
    create: Callable[..., Export], instance: dg.DagsterInstance, postgres: Postgres
) -> None:
    export = create("one")
    look(instance)
    run(instance, export.key)
    span = {"date_from": START.isoformat(), "date_to": (START + HOUR).strftime("%Y-%m-%dT%H:%M:%S")}
    assert run(instance, export.key, span).success
    assert numbers(instance) == [(export.key, 3, 1), (export.key, 6, 2)]
    (backfill,) = Runs(postgres, export).backfills()
    assert backfill.status == "Completed"
    assert not run(instance, export.key, {"date_from": "yesterday"}).success


def test_exports_that_lag_are_told(create: Callable[..., Export], postgres: Postgres) -> None:
    from assets.exports import checks

    export = create("one")
    check = checks[0]
    assert check(AnalyticsResource()).passed
    Runs(postgres, export).backfill(START, START + HOUR, NOW)
    postgres.execute("UPDATE export_runs SET created_at = now() - interval '25 hours'")
    found = check(AnalyticsResource())
    assert not found.passed
    assert found.metadata["late_exports"].value == 1
