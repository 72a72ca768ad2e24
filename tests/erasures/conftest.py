"""The installation of these tests."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from erasure_place import Place

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.accounts.secret import new_project_token
from analytics_pipelines.settings import Settings
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres


@pytest.fixture
def place(migrated: Any, engines: Any, store: ObjectStore, tmp_path: Path) -> Iterator[Place]:
    settings = Settings(
        data_dir=tmp_path,
        postgres_url=migrated.postgres_url,
        clickhouse_url=migrated.clickhouse_url,
        clickhouse_reader_url=migrated.reader_url,
        object_store_url=store.url,
        outbound_allowed="127.0.0.1",
        exports_folder=engines.folder / "exports" / uuid4().hex,
    )
    postgres, clickhouse = Postgres(migrated.postgres_url), ClickHouse(migrated.clickhouse_url)
    People(postgres).ensure_first("Us", "Ours", new_project_token(), "admin@example.com")
    (ours,) = Projects(postgres).all()
    theirs = Projects(postgres).create("Theirs")
    yield Place(
        settings,
        postgres,
        clickhouse,
        store,
        ours.id,
        theirs.id,
        engines.folder,
    )
    postgres.close()
