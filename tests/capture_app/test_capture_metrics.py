"""Capture's numbers: what was asked, answered and stored, over all of its processes."""

import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from analytics_pipelines.embedded.service import answers_http, free_port, wait_until

pytestmark = pytest.mark.engines


def numbers(text: str) -> dict[str, float]:
    return {name: float(value) for name, value in re.findall(r"^(capture_\S+) (\S+)$", text, re.MULTILINE)}


def test_requests_and_events_of_all_processes_are_counted(accounts: Any, tmp_path: Path) -> None:
    (tmp_path / "numbers").mkdir()
    port = free_port()
    server = subprocess.Popen(
        [
            *(sys.executable, "-W", "ignore", "-m", "granian", "--interface", "rsgi", "--host", "127.0.0.1"),
            *(
                "--port",
                str(port),
                "--workers",
                "2",
                "--workers-kill-timeout",
                "3",
                "--log-level",
                "error",
                "capture_app.rsgi:app",
            ),
        ],
        env={
            **os.environ,
            "ANALYTICS_POSTGRES_URL": accounts.url,
            "ANALYTICS_OBJECT_STORE_URL": (tmp_path / "bucket").as_uri(),
            "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "numbers"),
        },
        cwd=Path(__file__).parents[2],
    )
    url = f"http://127.0.0.1:{port}"
    try:
        assert wait_until(answers_http(port, "/livez"), server, 30)
        body = b'{"api_key": "%s", "batch": [{"event": "a", "distinct_id": "b"}, {"event": "a", "distinct_id": "b"}]}'
        for _ in range(10):
            urllib.request.urlopen(f"{url}/batch/", body % accounts.project.api_token.encode(), timeout=10).close()
        for path in ("/batch/", "/some/strange/path", "/another"):
            with pytest.raises(urllib.error.HTTPError):
                urllib.request.urlopen(f"{url}{path}", b"{}", timeout=10)
        with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
            found = numbers(answer.read().decode())
    finally:
        server.terminate()
        server.wait(15)
    assert found['capture_requests_total{path="/batch/",status="200"}'] == 10
    assert found['capture_requests_total{path="/batch/",status="401"}'] == 1
    assert found['capture_requests_total{path="other",status="404"}'] == 2
    assert found["capture_events_stored_total"] == 20
    assert found["capture_commit_seconds_count"] == found["capture_commit_bytes_count"] <= 10
    assert found["capture_waiting_bytes"] == 0
