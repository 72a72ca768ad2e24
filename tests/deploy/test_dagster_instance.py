"""Both dagster.yaml on a real Postgres: they load, and a run that materializes succeeds on them."""

import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
import yaml
from dagster import AssetKey, DagsterInstance, MaterializeResult, asset, materialize
from dagster._core.run_coordinator import QueuedRunCoordinator
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster_aws.s3.compute_log_manager import S3ComputeLogManager

from analytics_pipelines.embedded.service import free_port, listens, stop_group, wait_until
from resources.run_launcher import HealthCheckedRunLauncher

ROOT = Path(__file__).parents[2]
PACKAGED = ROOT / "analytics_pipelines" / "embedded" / "dagster.yaml"
PRODUCTION = ROOT / "deploy" / "dagster.yaml"


def load(file: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(file.read_text())
    return loaded


def psycopg2(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg2://", 1)


def assert_settings(instance: DagsterInstance) -> None:
    assert isinstance(instance.run_launcher, HealthCheckedRunLauncher)
    assert isinstance(instance.run_coordinator, QueuedRunCoordinator)
    assert instance.run_coordinator.dequeue_interval_seconds == 1
    assert instance.run_monitoring_enabled
    assert instance.run_monitoring_max_runtime_seconds > 0
    assert instance.run_monitoring_settings["free_slots_after_run_end_seconds"] > 0
    assert instance.run_retries_enabled
    assert not instance.run_retries_retry_on_asset_or_op_failure
    assert instance.get_concurrency_config().run_queue_config.max_concurrent_runs == 6
    assert not instance.telemetry_enabled
    assert not instance.nux_enabled


def test_the_two_files_differ_only_in_where_the_output_of_runs_goes() -> None:
    production = load(PRODUCTION)
    logs = production.pop("compute_logs")
    assert production == load(PACKAGED)
    assert logs["class"] == "S3ComputeLogManager"
    assert "endpoint_url" not in logs["config"], "AWS_ENDPOINT_URL says it, where there is one"


def test_the_database_comes_from_the_environment() -> None:
    for file in (PACKAGED, PRODUCTION):
        assert load(file)["storage"] == {"postgres": {"postgres_url": {"env": "DAGSTER_POSTGRES_URL"}}}


@asset
def something() -> MaterializeResult[None]:
    print("said by the run")
    return MaterializeResult(metadata={"dagster/row_count": 3})


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A bucket that speaks S3, on loopback."""
    port = free_port()
    program = Path(sys.executable).with_name("moto_server")
    process = subprocess.Popen(
        [str(program), "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        assert wait_until(listens(port), process, 30)
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        monkeypatch.setenv("DAGSTER_LOGS_BUCKET", "analytics")
        client = boto3.client("s3")
        client.create_bucket(Bucket="analytics")
        yield client
        client.close()
    finally:
        stop_group(process, signal.SIGTERM, 5)


@pytest.fixture
def dagster_url(engines: Any) -> Iterator[str]:
    """A database of its own for Dagster, in the form that the image's environment has it."""
    name = f"dagster_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(engines.postgres_url("postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield engines.postgres_url(name)
    with psycopg.connect(engines.postgres_url("postgres"), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def home_of(config: Path, folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """DAGSTER_HOME with this file."""
    folder.mkdir()
    (folder / "dagster.yaml").write_bytes(config.read_bytes())
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", url)
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "1")


def run_once(instance: DagsterInstance) -> str:
    """Materialize one asset and return the run's id; everything must be in Postgres afterwards."""
    result = materialize([something], instance=instance)
    assert result.success
    found = instance.get_latest_materialization_event(AssetKey("something"))
    assert found is not None
    assert found.run_id == result.run_id
    assert instance.get_run_by_id(result.run_id) is not None
    return result.run_id


@pytest.mark.engines
def test_the_packaged_instance_runs_on_postgres(
    tmp_path: Path, dagster_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    home_of(PACKAGED, tmp_path / "home", psycopg2(dagster_url), monkeypatch)
    with DagsterInstance.get() as instance:
        run_once(instance)
        assert isinstance(instance.compute_log_manager, LocalComputeLogManager)
        assert_settings(instance)


@pytest.mark.engines
def test_the_production_instance_keeps_the_output_of_runs_in_the_bucket(
    tmp_path: Path, dagster_url: str, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    home_of(PRODUCTION, tmp_path / "home", psycopg2(dagster_url), monkeypatch)
    with DagsterInstance.get() as instance:
        run_id = run_once(instance)
        assert isinstance(instance.compute_log_manager, S3ComputeLogManager)
        assert_settings(instance)
    listed = bucket.list_objects_v2(Bucket="analytics", Prefix=f"dagster/storage/{run_id}/compute_logs/")
    bodies = [bucket.get_object(Bucket="analytics", Key=found["Key"])["Body"].read() for found in listed["Contents"]]
    assert any(b"said by the run" in body for body in bodies)


@pytest.mark.engines
def test_without_psycopg2_in_the_url_dagster_fails(
    tmp_path: Path, dagster_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Why the URL has that form; when this begins to pass, it may be the plain one."""
    home_of(PACKAGED, tmp_path / "home", dagster_url, monkeypatch)
    with DagsterInstance.get() as instance, pytest.raises(Exception, match="NOTIFY"):
        materialize([something], instance=instance, raise_on_error=True)
