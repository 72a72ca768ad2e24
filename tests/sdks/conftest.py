"""One capture for all recordings; each test has a project of its own."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from receiver import Receiver

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.accounts.secret import new_project_token
from analytics_pipelines.embedded.programs import capture_service
from analytics_pipelines.embedded.service import free_port, stop_group, wait_until
from analytics_pipelines.migrations.apply import migrate
from analytics_pipelines.settings import Settings
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

NODE_MODULES = Path(__file__).parent / "node_modules"


@pytest.fixture(scope="package")
def capture_settings(engines: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A capture that runs, over migrated databases."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    maintenance, folder = engines.postgres_url("postgres"), tmp_path_factory.mktemp("sdks")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    settings = Settings(
        data_dir=folder,
        postgres_url=engines.postgres_url(name),
        clickhouse_url=engines.clickhouse_url(name),
        object_store_url=(folder / "bucket").as_uri(),
        capture_port=free_port(),
        capture_workers=1,
    )
    postgres, clickhouse = Postgres(settings.need_postgres()), ClickHouse(settings.need_clickhouse())
    migrate(postgres, clickhouse, None)
    People(postgres).ensure_first("Us", "Ours", new_project_token(), "admin@example.com")
    postgres.close()
    service = capture_service(settings)
    with (folder / "capture.log").open("wb") as log:
        process = service.spawn(log)
    try:
        assert wait_until(service.healthy, process, 30), (folder / "capture.log").read_text()
        yield settings
    finally:
        stop_group(process, service.stop_signal, service.stop_seconds)
        clickhouse.command(f"DROP DATABASE {name} SYNC")
        with psycopg.connect(maintenance, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def receiver(capture_settings: Settings, request: pytest.FixtureRequest) -> Iterator[Receiver]:
    postgres = Postgres(capture_settings.need_postgres())
    yield Receiver(
        port=capture_settings.capture_port,
        project=Projects(postgres).create(request.node.name),
        store=ObjectStore(capture_settings.bucket_url),
        postgres=postgres,
        clickhouse=ClickHouse(capture_settings.need_clickhouse()),
    )
    postgres.close()
