"""With engines of one's own, `analytics start` starts none, and the same events come out."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from conftest import Stack, processes_below, request

from resources.object_store import ObjectStore

pytestmark = [pytest.mark.e2e, pytest.mark.engines, pytest.mark.timeout(200)]


def test_given_engines_are_used_as_they_are(databases: Any, s3: ObjectStore, tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    stack.env |= {
        "ANALYTICS_POSTGRES_URL": databases.postgres_url,
        "ANALYTICS_CLICKHOUSE_URL": databases.clickhouse_url,
        "ANALYTICS_CLICKHOUSE_READER_URL": databases.reader_url,
        "ANALYTICS_OBJECT_STORE_URL": s3.url,
        **{name: value for name, value in os.environ.items() if name.startswith("AWS_")},
    }
    stack.start("--only", "capture,web")
    try:
        services = stack.services()
        assert {name: service["state"] for name, service in services.items()} == {
            "postgres": "given",
            "clickhouse": "given",
            "capture": "healthy",
            "web": "healthy",
        }
        commands = " ".join(processes_below(stack.data_dir).values())
        assert "clickhouse_server" not in commands
        assert "postgres -D" not in commands
        events = [{"event": "page", "distinct_id": f"user-{n}"} for n in range(20)]
        status, _ = request(f"{stack.capture_url}/batch/", {"api_key": stack.api_token, "batch": events})
        assert status == 200
        assert len(s3.objects("raw/v1")) == 1
        stack.run("flush", "--timeout", "60")
        assert stack.count() == 20
        findings = json.loads(stack.run("doctor", "--json").stdout)
        assert all(finding["well"] for finding in findings)
        assert not (stack.data_dir / "clickhouse").exists()
        assert not (stack.data_dir / "bucket").exists()
    finally:
        assert stack.stop() == 0
