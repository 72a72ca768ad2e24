"""The asset of erasures as Dagster runs it, on real engines."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import pytest

from analytics_pipelines.erasures.requests import Erasures
from analytics_pipelines.erasures.subject import Subject
from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import raw_key
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.sensors import erasures_wait
from analytics_pipelines.settings import settings_of_process
from assets.erasures import erasures, nobody_survived
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres
from resources.shells import RESOURCES, AnalyticsResource

pytestmark = pytest.mark.engines


@pytest.fixture
def bucket(migrated: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("ANALYTICS_POSTGRES_URL", migrated.postgres_url)
    monkeypatch.setenv("ANALYTICS_CLICKHOUSE_URL", migrated.clickhouse_url)
    monkeypatch.setenv("ANALYTICS_OBJECT_STORE_URL", (tmp_path / "bucket").as_uri())
    settings_of_process.cache_clear()
    yield ObjectStore((tmp_path / "bucket").as_uri())
    settings_of_process.cache_clear()


def send(bucket: ObjectStore, who: str, at: datetime) -> None:
    event = {"event": "page", "distinct_id": who, "properties": {}}
    line = {"received_at": int(at.timestamp() * 1000), "project": 1, "uuid": str(uuid4()), "event": event}
    payload = zstd.compress(json.dumps(line).encode() + b"\n")
    bucket.put(raw_key(at, "node", payload), payload)


def run() -> tuple[dg.ExecuteInProcessResult, dict[str, Any]]:
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([erasures, nobody_survived], resources=RESOURCES, instance=instance)
    (found,) = result.asset_materializations_for_node("erasures")
    return result, {name: value.value for name, value in found.metadata.items()}


def asked_for() -> Any:
    with dg.DagsterInstance.ephemeral() as instance:
        return erasures_wait(dg.build_sensor_context(instance=instance), analytics=AnalyticsResource())


def test_what_waits_is_erased_by_a_run_and_nobody_survives(bucket: ObjectStore, clickhouse: ClickHouse) -> None:
    assert isinstance(asked_for(), dg.SkipReason)
    now = datetime.now(UTC) - timedelta(minutes=1)
    for who in ("ada", "bob"):
        send(bucket, who, now)  # not loaded yet
    with closing(Postgres(str(settings_of_process().need_postgres()))) as postgres:
        Erasures(postgres).request(1, Subject("person", frozenset({"ada"})), by="test", now=datetime.now(UTC))
        assert isinstance(asked_for(), dg.RunRequest)
        result, metadata = run()
        assert isinstance(asked_for(), dg.SkipReason)
    (check,) = result.get_asset_check_evaluations()
    assert (check.passed, check.metadata["survivors"].value) == (True, 0)
    assert (metadata["verified"], metadata["waiting"], metadata["left"]) == (1, 0, 0)
    assert clickhouse.query("SELECT distinct_id FROM events").rows == [("bob",)]
    send(bucket, "ada", now)  # from a host that could not reach the bucket
    drain = Drain.of(settings_of_process(), {})
    drain.everything()
    drain.postgres.close()
    with dg.DagsterInstance.ephemeral() as instance:
        looked = dg.materialize(
            [erasures, nobody_survived],
            selection=dg.AssetSelection.checks(nobody_survived),
            resources=RESOURCES,
            instance=instance,
            raise_on_error=False,
        )
    (check,) = looked.get_asset_check_evaluations()
    assert (check.passed, check.blocking, check.metadata["survivors"].value) == (False, True, 1)
    result, metadata = run()
    (check,) = result.get_asset_check_evaluations()
    assert (metadata["reopened"], metadata["verified"], check.passed) == (1, 1, True)
    assert clickhouse.query("SELECT distinct_id FROM events").rows == [("bob",)]
