"""The command line against real engines, whose addresses it gets from its environment."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.secret import new_project_token
from analytics_pipelines.cli.main import cli
from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import raw_key
from analytics_pipelines.migrations.apply import migrate
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres


@pytest.fixture
def analytics(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Runs a verb in this process: `analytics("sql", "select 1")`."""
    monkeypatch.setenv("ANALYTICS_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments: str) -> Result:
        found = CliRunner().invoke(cli, list(arguments), prog_name="analytics")
        assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
        return found

    return run


@pytest.fixture
def program(analytics: Any) -> Any:
    """Runs a verb in a process of its own."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "analytics_pipelines.cli", *arguments],
            capture_output=True,
            text=True,
            env=os.environ,
            timeout=60,
        )

    return run


@dataclass(frozen=True)
class Stack:
    """Migrated engines with one project; the bucket of each test is its own."""

    postgres_url: str
    clickhouse_url: str
    reader_url: str
    postgres: Postgres
    clickhouse: ClickHouse
    project: int

    def environment(self) -> dict[str, str]:
        return {
            "ANALYTICS_POSTGRES_URL": self.postgres_url,
            "ANALYTICS_CLICKHOUSE_URL": self.clickhouse_url,
            "ANALYTICS_CLICKHOUSE_READER_URL": self.reader_url,
        }


@pytest.fixture(scope="package")
def stack(engines: Any) -> Iterator[Stack]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    maintenance = engines.postgres_url("postgres")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    postgres, clickhouse = Postgres(engines.postgres_url(name)), ClickHouse(engines.clickhouse_url(name))
    migrate(postgres, clickhouse, None)
    People(postgres).ensure_first("Us", "Ours", new_project_token(), "admin@example.com")
    row = postgres.row("SELECT id FROM projects")
    assert row is not None
    yield Stack(
        engines.postgres_url(name),
        engines.clickhouse_url(name),
        engines.clickhouse_url(name, "reader"),
        postgres,
        clickhouse,
        row["id"],
    )
    postgres.close()
    clickhouse.command(f"DROP DATABASE {name} SYNC")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@dataclass(frozen=True)
class Running:
    stack: Stack
    store: ObjectStore

    def put(self, *events: str, project: int | None = None, received: datetime | None = None) -> None:
        """An object of these events, as capture leaves it."""
        at = received or datetime.now(UTC)
        lines = [
            {
                "received_at": int(at.timestamp() * 1000),
                "sent_at": None,
                "project": project or self.stack.project,
                "uuid": str(uuid.uuid4()),
                "event": {"event": name, "distinct_id": "ada", "properties": {}},
            }
            for name in events
        ]
        payload = zstd.compress("".join(json.dumps(line) + "\n" for line in lines).encode())
        self.store.put(raw_key(at, "node", payload), payload)


@pytest.fixture
def running(stack: Stack, analytics: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Running:
    """The environment names the engines."""
    for name, value in stack.environment().items():
        monkeypatch.setenv(name, value)
    return Running(stack, ObjectStore((tmp_path / "data" / "bucket").as_uri()))
