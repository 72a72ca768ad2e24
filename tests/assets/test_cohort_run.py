"""Cohorts as Dagster calculates them, on real engines."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.cohorts.calculate import Calculator
from analytics_pipelines.cohorts.store import Cohort, Cohorts
from analytics_pipelines.settings import settings_of_process
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres
from resources.shells import AnalyticsResource

pytestmark = pytest.mark.engines
EVERYBODY = {"properties": [{"type": "person", "key": "plan", "operator": "is_set"}]}
WRONG = {"properties": [{"type": "person", "key": "plan", "operator": "regex", "value": "("}]}


@pytest.fixture(autouse=True)
def _settings(migrated: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ANALYTICS_POSTGRES_URL", migrated.postgres_url)
    monkeypatch.setenv("ANALYTICS_CLICKHOUSE_URL", migrated.clickhouse_url)
    monkeypatch.setenv("ANALYTICS_OBJECT_STORE_URL", (tmp_path / "bucket").as_uri())
    settings_of_process.cache_clear()
    yield
    settings_of_process.cache_clear()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        yield found


@pytest.fixture
def cohorts(postgres: Postgres, clickhouse: ClickHouse) -> Cohorts:
    People(postgres).ensure_first("Us", "Ours", "phc_x", "admin@example.com")
    (project,) = Projects(postgres).all()
    clickhouse.insert_rows(
        "persons",
        [[project.id, uuid.uuid4(), datetime.now(UTC), '{"plan": "pro"}', True, 1, 0]],
        ["team_id", "id", "created_at", "properties", "is_identified", "version", "is_deleted"],
    )
    return Cohorts(postgres, project.id)


def create(cohorts: Cohorts, filters: Any = EVERYBODY) -> Cohort:
    return cohorts.create("it", "", filters, is_static=False, by=None)


def look(instance: dg.DagsterInstance) -> list[dg.RunRequest]:
    """What the sensor does; the runs it asks for."""
    from analytics_pipelines.sensors import cohorts_come_and_go

    context = dg.build_sensor_context(instance=instance, resources={"analytics": AnalyticsResource()})
    result = cohorts_come_and_go(context)
    if isinstance(result, dg.SkipReason):
        return []
    assert isinstance(result, dg.SensorResult)
    for request in result.dynamic_partitions_requests or []:
        if isinstance(request, dg.AddDynamicPartitionsRequest):
            instance.add_dynamic_partitions("cohorts", list(request.partition_keys))
        else:
            for each in request.partition_keys:
                instance.delete_dynamic_partition("cohorts", each)
    return list(result.run_requests or [])


def run(instance: dg.DagsterInstance, job: str, **more: Any) -> dg.ExecuteInProcessResult:
    from analytics_pipelines.definitions import defs

    return defs.resolve_job_def(job).execute_in_process(instance=instance, raise_on_error=False, **more)


def materialized(instance: dg.DagsterInstance) -> dict[str, Any]:
    """How many members the last materialization of each partition tells of."""
    records = instance.fetch_materializations(dg.AssetKey("cohort_people"), limit=100).records
    return {
        str(record.partition_key): found.metadata["dagster/row_count"].value
        for record in reversed(records)
        if (found := record.asset_materialization)
    }


def test_what_was_asked_for_and_left_is_calculated(cohorts: Cohorts, instance: dg.DagsterInstance) -> None:
    one, two = create(cohorts), create(cohorts)
    (request,) = look(instance)
    assert request.job_name == "cohort_refresh_job"
    assert instance.get_dynamic_partitions("cohorts") == [str(one.id), str(two.id)]
    assert run(instance, "cohort_refresh_job").success
    assert materialized(instance) == {str(one.id): 1, str(two.id): 1}
    assert [each.count for each in cohorts.page("", 10, 0)[0]] == [1, 1]
    assert look(instance) == []


def test_a_partition_goes_with_its_cohort(
    cohorts: Cohorts, instance: dg.DagsterInstance, clickhouse: ClickHouse, postgres: Postgres
) -> None:
    cohort = create(cohorts)
    Calculator(postgres, clickhouse).calculate(cohort.id)
    look(instance)
    cohorts.change(cohort.id, {"deleted": True})
    look(instance)
    assert instance.get_dynamic_partitions("cohorts") == []
    assert clickhouse.query("SELECT count() FROM cohort_people").one() == (0,)


def test_a_cohort_that_fails_fails_its_partition_alone(cohorts: Cohorts, instance: dg.DagsterInstance) -> None:
    good, bad = create(cohorts), create(cohorts, WRONG)
    look(instance)
    keys = {"dagster/asset_partition_range_start": str(good.id), "dagster/asset_partition_range_end": str(bad.id)}
    assert not run(instance, "cohort_job", tags=keys).success
    assert materialized(instance) == {str(good.id): 1}
    now = cohorts.find(bad.id)
    assert now is not None
    assert now.errors_calculating == 1
    assert look(instance) == []  # it pauses
    cohorts.change(bad.id, {"filters": EVERYBODY})
    assert run(instance, "cohort_job", partition_key=str(bad.id)).success
    assert materialized(instance) == {str(good.id): 1, str(bad.id): 1}


def test_cohorts_of_yesterday_are_calculated_by_the_schedule(
    cohorts: Cohorts, instance: dg.DagsterInstance, postgres: Postgres, clickhouse: ClickHouse
) -> None:
    from analytics_pipelines.schedules import cohort_refresh_request

    def tick() -> Any:
        return cohort_refresh_request(instance, AnalyticsResource(), "key")

    cohort = create(cohorts)
    Calculator(postgres, clickhouse).calculate(cohort.id)
    assert isinstance(tick(), dg.SkipReason)
    postgres.execute("UPDATE cohorts SET last_calculation = last_calculation - interval '25 hours'")
    assert isinstance(tick(), dg.RunRequest)
    assert run(instance, "cohort_refresh_job").success
    assert isinstance(tick(), dg.SkipReason)
