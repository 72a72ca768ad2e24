"""Capture starts in a moment: it imports no analytics."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

_HEAVY = (
    "dagster",
    "pandas",
    "numpy",
    "pyarrow",
    "boto3",
    "botocore",
    "sqlalchemy",
    "sqlglot",
    "clickhouse_connect",
    "chdb",
    "spectree",
)
# Imported on a thread, once it serves.
_LATE = ("flask", "werkzeug", "psycopg", "jinja2")


def test_capture_imports_nothing_heavy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYTICS_POSTGRES_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("ANALYTICS_DATA_DIR", str(tmp_path))
    script = "import capture_app.rsgi, json, sys; print(json.dumps(sorted(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    modules = {name.split(".")[0] for name in json.loads(found.stdout)}
    assert modules.isdisjoint(_HEAVY + _LATE)
    ours = {name for name in json.loads(found.stdout) if name.startswith("analytics_pipelines.")}
    assert {name.split(".")[1] for name in ours} <= {"events", "faults", "logs", "problems", "settings"}
