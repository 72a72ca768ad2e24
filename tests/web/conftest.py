"""The web application over real engines, with two projects that hold the same events."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from analytics_pipelines.accounts.keys import ApiKeys
from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Project, Projects
from analytics_pipelines.accounts.secret import new_project_token
from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import raw_key
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.migrations.apply import migrate
from analytics_pipelines.settings import Settings
from analytics_pipelines.web.app import create_app
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

SAME_UUID = "0190c1f0-0000-7000-8000-000000000001"
RECEIVED = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Site:
    """A running application. `ours` and `theirs` are projects of one organization, `foreign` is another's."""

    app: Flask
    settings: Settings
    postgres: Postgres
    ours: Project
    theirs: Project
    foreign: Project
    key: str
    key_of_theirs: str
    key_without_scope: str

    def ask(self, query: Any, *, key: str | None = None, project: int | None = None, **headers: str) -> Any:
        """POST a question; the test response."""
        return self.app.test_client().post(
            f"/api/projects/{project or self.ours.id}/query/",
            json={"query": query},
            headers={"Authorization": f"Bearer {key or self.key}", **headers},
        )

    def sql(self, text: str, **more: Any) -> Any:
        return self.ask({"kind": "HogQLQuery", "query": text}, **more)

    def signed_in(self) -> FlaskClient:
        """A browser of the admin."""
        client = self.app.test_client()
        secret = People(self.postgres).login_link_secret()
        assert client.get(f"/login?token={secret}").status_code == 303
        return client


def _line(project: int, event: str, distinct_id: str, timestamp: str, secret: str, given: str | None) -> str:
    return json.dumps(
        {
            "received_at": int(RECEIVED.timestamp() * 1000),
            "sent_at": None,
            "project": project,
            "uuid": given or str(uuid.uuid4()),
            "event": {
                "event": event,
                "distinct_id": distinct_id,
                "timestamp": timestamp,
                "properties": {"secret": secret, "amount": 12.5},
            },
        }
    )


def _seed(store: ObjectStore, ours: int, theirs: int) -> None:
    lines = [
        _line(ours, "page", "ada", "2026-11-20T10:00:00Z", "ours", SAME_UUID),
        _line(ours, "page", "ada", "2026-11-20T12:00:00Z", "ours", None),
        _line(ours, "page", "bob", "2026-11-21T10:00:00Z", "ours", None),
        _line(ours, "buy", "ada", "2026-11-21T11:00:00Z", "ours", None),
        _line(theirs, "page", "ada", "2026-11-20T10:00:00Z", "theirs", SAME_UUID),
        _line(theirs, "only theirs", "eve", "2026-11-22T10:00:00Z", "theirs", None),
    ]
    payload = zstd.compress("".join(line + "\n" for line in lines).encode())
    store.put(raw_key(RECEIVED, "node", payload), payload)


@pytest.fixture(scope="package")
def site(engines: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("web")
    name = f"test_{uuid.uuid4().hex[:12]}"
    maintenance = engines.postgres_url("postgres")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    settings = Settings(
        data_dir=folder,
        postgres_url=engines.postgres_url(name),
        clickhouse_url=engines.clickhouse_url(name),
        clickhouse_reader_url=engines.clickhouse_url(name, "reader"),
        object_store_url=(folder / "bucket").as_uri(),
        web_url="https://analytics.example",
    )
    postgres, clickhouse = Postgres(engines.postgres_url(name)), ClickHouse(engines.clickhouse_url(name))
    migrate(postgres, clickhouse, None)
    People(postgres).ensure_first("Us", "Ours", new_project_token(), "admin@example.com")
    projects = Projects(postgres)
    (ours,) = projects.all()
    theirs = projects.create("Theirs")
    other = postgres.row("INSERT INTO organizations (name, created_at) VALUES ('Them', now()) RETURNING id")
    assert other is not None
    foreign = projects.create("Foreign", organization_id=other["id"])
    keys = ApiKeys(postgres)
    store = ObjectStore(settings.bucket_url)
    _seed(store, ours.id, theirs.id)
    Drain(store, postgres, clickhouse, batch_objects=100, batch_bytes=10_000_000).everything()
    app = create_app(settings)
    yield Site(
        app=app,
        settings=settings,
        postgres=postgres,
        ours=ours,
        theirs=theirs,
        foreign=foreign,
        key=keys.create(ours.id, ["query:read", "project:read"]),
        key_of_theirs=keys.create(theirs.id, ["*"]),
        key_without_scope=keys.create(ours.id, ["annotation:read"]),
    )
    app.extensions["analytics"].postgres.close()
    postgres.close()
    clickhouse.command(f"DROP DATABASE {name} SYNC")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
