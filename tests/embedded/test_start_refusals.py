"""What `analytics start` says when it can't start: one line for the cause, one for the mend, no trace."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.engines


def start(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ANALYTICS_")}
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "analytics_pipelines.cli", "start", *arguments],
        cwd=folder,
        env={**clean, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 2, lines
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize("name", ["capture", "web", "dagster", "clickhouse"])
def test_a_port_in_use(tmp_path: Path, name: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        others = [f"--{each}-port=0" for each in ("capture", "web", "dagster", "clickhouse") if each != name]
        refused(start(tmp_path, f"--{name}-port", port, *others), f"Port {port}", "in use", f"--{name}-port")


def test_a_folder_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused(start(tmp_path, "--data-dir", str(tmp_path / "file")), "can't be used", "--data-dir")


def test_a_setting_that_makes_no_sense(tmp_path: Path) -> None:
    refused(start(tmp_path, ANALYTICS_WEB_PORT="many"), "ANALYTICS_WEB_PORT")


def test_a_part_that_is_none(tmp_path: Path) -> None:
    done = start(tmp_path, "--only", "kafka")
    assert done.returncode == 1
    assert "kafka" in done.stderr


def test_a_given_postgres_that_is_away(tmp_path: Path) -> None:
    ports = [f"--{each}-port=0" for each in ("capture", "web", "dagster", "clickhouse")]
    done = start(tmp_path, *ports, ANALYTICS_POSTGRES_URL="postgresql://a:b@127.0.0.1:1/x")
    refused(done, "Postgres at 127.0.0.1:1", "ANALYTICS_POSTGRES_URL")


def test_an_engine_that_can_not_run(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "postgres").mkdir(parents=True)
    (data / "postgres" / "PG_VERSION").write_text("9.6\n")
    ports = [f"--{each}-port=0" for each in ("capture", "web", "dagster", "clickhouse")]
    refused(start(tmp_path, "--data-dir", str(data), *ports), "postgres ended", "log")
