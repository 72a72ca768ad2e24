"""The capture application over a bucket in a folder and a real Postgres."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Project, Projects
from analytics_pipelines.accounts.secret import new_project_token
from analytics_pipelines.events import zstd
from analytics_pipelines.migrations.apply import migrate
from analytics_pipelines.settings import Settings
from capture_app.app import create_app
from capture_app.process import Process, running
from resources import postgres as postgres_module
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres


@dataclass(frozen=True)
class Accounts:
    """A migrated Postgres with one project. `away()` is a time in which it answers nobody, `rules(…)` one in which
    the project has these."""

    url: str
    postgres: Postgres
    project: Project
    away: Callable[[], AbstractContextManager[None]]
    rules: Callable[..., AbstractContextManager[None]]


@pytest.fixture(scope="package")
def accounts(engines: Any) -> Iterator[Accounts]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    maintenance, url = engines.postgres_url("postgres"), engines.postgres_url(name)
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    postgres, clickhouse = Postgres(url), ClickHouse(engines.clickhouse_url(name))
    migrate(postgres, clickhouse, None)
    People(postgres).ensure_first("Us", "Ours", new_project_token(), "admin@example.com")
    (project,) = Projects(postgres).all()

    @contextmanager
    def away() -> Iterator[None]:
        postgres.close()
        with psycopg.connect(maintenance, autocommit=True) as connection:
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            try:
                yield
            finally:
                connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')

    @contextmanager
    def rules(**wanted: Any) -> Iterator[None]:
        Projects(postgres).update(project.id, wanted)
        try:
            yield
        finally:
            Projects(postgres).update(project.id, {name: getattr(project, name) for name in wanted})

    yield Accounts(url, postgres, project, away, rules)
    postgres.close()
    clickhouse.command(f"DROP DATABASE {name} SYNC")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits for an absent Postgres for a moment only."""
    monkeypatch.setattr(postgres_module, "CONNECT_SECONDS", 0.4)


@dataclass(frozen=True)
class Capture:
    """A capture application and what it stored."""

    app: Flask
    process: Process
    token: str
    project_id: int
    store: ObjectStore

    def send(self, body: Any, path: str = "/batch/", **more: Any) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.app.test_client().post(path, data=data, **more)

    def batch(self, *events: Any, **more: Any) -> Any:
        return self.send({"api_key": self.token, "batch": list(events) or [event()]}, **more)

    def stored(self) -> list[dict[str, Any]]:
        """All lines of all objects, in the order of their keys."""
        texts = [zstd.decompress(self.store.get(item.key)) for item in self.store.objects("raw")]
        return [json.loads(line) for text in texts for line in text.splitlines()]


def event(name: str = "page", **more: Any) -> dict[str, Any]:
    return {"event": name, "distinct_id": "ada", "properties": {"plan": "pro"}, **more}


@pytest.fixture
def capture(accounts: Accounts, tmp_path: Path) -> Iterator[Capture]:
    settings = Settings(
        data_dir=tmp_path / "data",
        postgres_url=accounts.url,
        object_store_url=(tmp_path / "bucket").as_uri(),
        capture_max_body_bytes=100_000,
        capture_max_decompressed_bytes=200_000,
    )
    with running(settings) as process:
        project = accounts.project
        yield Capture(create_app(process), process, project.api_token, project.id, ObjectStore(settings.bucket_url))
