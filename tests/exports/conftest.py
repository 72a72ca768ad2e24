"""The fixtures of exports."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from export_world import World

from analytics_pipelines import faults
from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.accounts.secret import new_project_token
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres


@pytest.fixture
def world(engines: Any, postgres: Postgres, clickhouse: ClickHouse, store: ObjectStore) -> World:
    People(postgres).ensure_first("Us", "Ours", new_project_token(), "admin@example.com")
    (project,) = Projects(postgres).all()
    return World(postgres, clickhouse, store, engines.folder / "exports" / uuid.uuid4().hex, project.id)


@pytest.fixture
def broken_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Breaks off at the nth pass of a point, as a kill would: nothing catches it. Without a point, never."""

    def plan(point: str = "", at: int = 1) -> None:
        monkeypatch.setattr(faults, "_plan", {point: ("raise", at)} if point else {})
        monkeypatch.setattr(faults, "_passes", {})

    yield plan
    plan()
