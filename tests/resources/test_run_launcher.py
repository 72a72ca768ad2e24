"""Runs that died are noticed, also when nobody is left who saw them die."""

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.launcher.base import WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG

from analytics_pipelines.embedded.service import free_port
from resources.run_launcher import HealthCheckedRunLauncher


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    launcher = {"module": "resources.run_launcher", "class": "HealthCheckedRunLauncher"}
    (tmp_path / "dagster.yaml").write_text(json.dumps({"run_launcher": launcher, "telemetry": {"enabled": False}}))
    with dg.DagsterInstance.from_config(str(tmp_path)) as made:
        yield made


def started_run(instance: dg.DagsterInstance, tags: dict[str, str]) -> dg.DagsterRun:
    return instance.run_storage.add_run(
        dg.DagsterRun(job_name="ingest_job", run_id="0" * 32, status=dg.DagsterRunStatus.STARTED, tags=tags)
    )


def test_run_monitoring_may_ask_about_runs(instance: dg.DagsterInstance) -> None:
    assert isinstance(instance.run_launcher, HealthCheckedRunLauncher)
    assert instance.run_launcher.supports_check_run_worker_health


def test_a_run_whose_code_server_is_gone_has_failed(instance: dg.DagsterInstance) -> None:
    where = json.dumps({"host": "127.0.0.1", "port": free_port()})
    run = started_run(instance, {GRPC_INFO_TAG: where})
    health = instance.run_launcher.check_run_worker_health(run)
    assert health.status == WorkerStatus.FAILED
    assert "code server" in str(health.msg)


def test_nothing_is_said_of_a_run_that_was_never_launched(instance: dg.DagsterInstance) -> None:
    run = started_run(instance, {})
    assert instance.run_launcher.check_run_worker_health(run).status == WorkerStatus.UNKNOWN
