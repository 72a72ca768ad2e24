"""An installation with one organization, for the demo to come into."""

from datetime import UTC, datetime

import pytest

from analytics_pipelines.accounts.projects import Project, Projects
from analytics_pipelines.ingest.drain import Drain
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def projects(postgres: Postgres, now: datetime) -> Projects:
    postgres.execute("INSERT INTO organizations (name, created_at) VALUES ('Ours', %s)", [now])
    return Projects(postgres)


@pytest.fixture
def ours(projects: Projects) -> Project:
    """A project with real events; nothing that the demo does may touch it."""
    return projects.create("Ours")


@pytest.fixture
def drain(store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse) -> Drain:
    return Drain(store, postgres, clickhouse, batch_objects=100, batch_bytes=100_000_000, run_id="run-1")
