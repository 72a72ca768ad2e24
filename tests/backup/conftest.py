"""An installation with something of everything, and an empty machine to restore it on."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from raw_lines import line, put

from analytics_pipelines.accounts.keys import ApiKeys
from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.accounts.sealed import Sealer
from analytics_pipelines.accounts.secret import new_project_token
from analytics_pipelines.backup.archive import opened
from analytics_pipelines.backup.make import Backup, Made
from analytics_pipelines.backup.restore import Restore, Restored
from analytics_pipelines.cohorts.calculate import Calculator
from analytics_pipelines.dashboards.apply import give_default
from analytics_pipelines.erasures.component import component
from analytics_pipelines.erasures.eraser import Eraser
from analytics_pipelines.erasures.requests import Erasures
from analytics_pipelines.erasures.subject import Subject
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.persons.squash import Squash
from analytics_pipelines.persons.undo import unmerge
from analytics_pipelines.settings import Settings
from analytics_pipelines.upkeep.compaction import Compaction
from analytics_pipelines.web.app import create_app
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres
from tests.conftest import s3_bucket

ARRIVED = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=6)
WRONG_MERGE = "33333333-3333-4333-8333-333333333333"


@dataclass
class Place:
    """An installation."""

    settings: Settings
    postgres: Postgres
    clickhouse: ClickHouse
    store: ObjectStore
    app: Flask

    def backup(self, file: Path, **how: Any) -> Made:
        return Backup(self.store, self.postgres, self.clickhouse, self.settings).make(file, **how)

    def restore(self, file: Path, passphrase: str | None = None) -> Restored:
        with opened(file) as archive:
            return Restore(self.store, self.postgres, self.clickhouse, self.settings).run(archive, passphrase)

    def drain(self) -> None:
        Drain(self.store, self.postgres, self.clickhouse, 3, 10_000_000).everything()

    def ask(self, key: str, method: str, path: str, **more: Any) -> Any:
        found = self.app.test_client().open(path, method=method, headers={"Authorization": f"Bearer {key}"}, **more)
        assert found.status_code < 300, found.text
        return found.json

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.clickhouse.query(sql).rows


@pytest.fixture(scope="module")
def new_place(spares: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Place]]:
    """Makes empty installations; `bucket` is one that is there already, and otherwise a folder."""
    taken: list[tuple[Any, Place]] = []

    def make(bucket: ObjectStore | None = None) -> Place:
        databases, folder = spares.take(), tmp_path_factory.mktemp("place")
        settings = Settings(
            data_dir=folder,
            postgres_url=databases.postgres_url,
            clickhouse_url=databases.clickhouse_url,
            clickhouse_reader_url=databases.reader_url,
            object_store_url=bucket.url if bucket else (folder / "bucket").as_uri(),
            exports_folder=folder / "exports",
            arrival_start=ARRIVED.date(),
        )
        place = Place(
            settings,
            Postgres(databases.postgres_url),
            ClickHouse(databases.clickhouse_url),
            ObjectStore(settings.bucket_url),
            create_app(settings),
        )
        taken.append((databases, place))
        return place

    yield make
    for databases, place in taken:
        place.app.extensions["analytics"].postgres.close()
        place.postgres.close()
        spares.give_back(databases)


@dataclass(frozen=True)
class World:
    """`key` opens everything of the project; `cohort` is a static one; `before` is what is asked, and its answers."""

    place: Place
    project: int
    key: str
    cohort: int
    before: dict[str, Any]


def answers(place: Place, key: str, project: int) -> dict[str, Any]:
    """What a person sees: dashboards with their numbers, members of cohorts, and who people are."""
    api = f"/api/projects/{project}"
    boards = place.ask(key, "GET", f"{api}/dashboards/")["results"]
    found: dict[str, Any] = {"boards": [board["name"] for board in boards]}
    for board in boards:
        for tile in place.ask(key, "GET", f"{api}/dashboards/{board['id']}/")["tiles"]:
            insight = tile.get("insight")
            if insight:
                query = insight["query"].get("source", insight["query"])
                asked = {"query": query, "refresh": "force_blocking"}
                answer = place.ask(key, "POST", f"{api}/query/", json=asked)
                found[insight["name"]] = answer.get("results")
    sql = {
        "events": "SELECT event, distinct_id, person_id, count() FROM events"
        " GROUP BY event, distinct_id, person_id ORDER BY event, distinct_id",
        "persons": "SELECT id, properties FROM persons ORDER BY id",
        "sessions": "SELECT count(), uniq(distinct_id) FROM events WHERE event = 'page'",
    }
    for name, text in sql.items():
        asked = {"query": {"kind": "HogQLQuery", "query": text}, "refresh": "force_blocking"}
        found[name] = place.ask(key, "POST", f"{api}/query/", json=asked)["results"]
    return found


@pytest.fixture(scope="module")
def in_s3(s3_port: int) -> Iterator[ObjectStore]:
    with pytest.MonkeyPatch.context() as environment:
        yield s3_bucket(s3_port, f"backups-{uuid4()}", environment)


@pytest.fixture(scope="module")
def world(in_s3: ObjectStore, new_place: Callable[..., Place]) -> World:
    """Three days of arrival in S3; a merge, one that was undone, a squash, a static cohort, an erasure, and compaction.

    All tests share it, and change nothing of it.
    """
    place = new_place(in_s3)
    People(place.postgres).ensure_first("Us", "Ours", new_project_token(), "admin@example.com")
    (project,) = Projects(place.postgres).all()
    give_default("project", place.postgres, project)
    key = ApiKeys(place.postgres).create(project.id, ["*"])
    Sealer.of(place.postgres)
    for day in range(3):
        at = ARRIVED + timedelta(days=day)
        for number, name in enumerate(("page", "page", "buy")):
            received = at + timedelta(seconds=number)
            put(
                place.store,
                line(name, project=project.id, received=received, timestamp=received.isoformat(), set={"day": day}),
                line(name, project=project.id, received=received, distinct_id="eve", timestamp=received.isoformat()),
                line("", project=project.id, received=received),
                received=received,
            )
    merge = {"received": ARRIVED + timedelta(seconds=9), "project": project.id}
    put(
        place.store,
        line("$identify", distinct_id="ada", properties={"$anon_distinct_id": "phone"}, **merge),
        line("page", distinct_id="phone", **merge),
        line("$identify", distinct_id="bob", properties={"$anon_distinct_id": "tablet"}, uuid=WRONG_MERGE, **merge),
        received=ARRIVED + timedelta(seconds=9),
    )
    place.drain()
    squash = Squash(place.postgres, place.clickhouse, lambda: datetime.now(UTC))
    squash.snapshot()
    squash.rewrite()
    squash.fold()
    edge = UUID(WRONG_MERGE)
    assert unmerge(place.postgres, place.clickhouse, project.id, [edge], by="test", now=datetime.now(UTC))
    made = place.ask(
        key,
        "POST",
        f"/api/projects/{project.id}/cohorts/",
        data={"name": "Listed", "is_static": "true", "csv": (io.BytesIO(b"distinct_id\nada\n"), "ids.csv")},
    )
    Calculator(place.postgres, place.clickhouse).calculate(made["id"])
    subject = Subject("person", component(place.postgres, project.id, ["eve"], datetime.now(UTC)))
    erasure = Erasures(place.postgres).request(project.id, subject, by="test", now=datetime.now(UTC))
    (done,) = Eraser(place.store, place.postgres, place.clickhouse, place.settings).run(erasure.id)
    assert done.state == "verified", done.error
    assert Compaction(place.store, place.postgres, timedelta(hours=48), 1 << 20).run().objects_after
    before = answers(place, key, project.id)
    assert before["events"]
    assert "eve" not in json.dumps(before["events"])
    return World(place, project.id, key, made["id"], before)
