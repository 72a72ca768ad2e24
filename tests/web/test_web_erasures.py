"""Erasures over the API."""

import io
import json
import uuid
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest

from analytics_pipelines.accounts.keys import ApiKeys
from analytics_pipelines.accounts.projects import Project, Projects
from analytics_pipelines.erasures.eraser import Eraser
from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import raw_key
from analytics_pipelines.identity.person_id import person_id
from analytics_pipelines.ingest.drain import Drain
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore

pytestmark = pytest.mark.engines
RECEIVED = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(site: Any) -> Project:
    """A project with two people."""
    project = Projects(site.postgres).create("Of erasures")
    events = [
        {"event": "page", "distinct_id": who, "properties": {"$set": {"name": who}, "$groups": {"company": "acme"}}}
        for who in ("ada", "bob")
    ]
    at = int(RECEIVED.timestamp() * 1000)
    lines = [{"received_at": at, "project": project.id, "uuid": str(uuid.uuid4()), "event": event} for event in events]
    store = ObjectStore(site.settings.bucket_url)
    payload = zstd.compress("".join(json.dumps(line) + "\n" for line in lines).encode())
    store.put(raw_key(RECEIVED, "node", payload), payload)
    Drain(store, site.postgres, ClickHouse(site.settings.need_clickhouse()), 100, 10_000_000).everything()
    return project


@pytest.fixture(scope="module")
def call(site: Any, made: Project) -> Any:
    key = ApiKeys(site.postgres).create(made.id, ["person:write"])

    def request(path: str, method: str = "GET", body: Any = None, *, key: str = key) -> Any:
        return site.app.test_client().open(
            f"/api/projects/{made.id}/{path}", method=method, json=body, headers={"Authorization": f"Bearer {key}"}
        )

    return request


def test_what_can_not_be_meant_is_refused(call: Any) -> None:
    for body, attr in (
        ({}, "kind"),
        ({"kind": "person"}, "distinct_id"),
        ({"kind": "person", "distinct_id": "a", "person_id": str(uuid.uuid4())}, "distinct_id"),
        ({"kind": "person", "person_id": "nobody"}, "person_id"),
        ({"kind": "group", "group_type_index": 0}, "group_key"),
        ({"kind": "events"}, None),
        ({"kind": "events", "filter": {"date_from": "soon"}}, "filter.date_from"),
        ({"kind": "events", "filter": {"properties": [{"type": "hogql", "key": "nonsense("}]}}, "filter.properties"),
        ({"kind": "events", "filter": {"name": "a"}}, "filter.name"),
    ):
        answer = call("erasures/", "POST", body)
        assert (answer.status_code, answer.json["attr"]) == (400, attr), answer.json
    assert call("erasures/", "POST", {"kind": "person", "person_id": str(uuid.uuid4())}).status_code == 404
    assert call("erasures/", "POST", {"kind": "group", "group_type_index": 4, "group_key": "a"}).status_code == 404
    assert call("erasures/99999/").status_code == 404


def test_a_project_is_erased_by_those_alone_who_may_change_it(site: Any, call: Any, made: Project) -> None:
    assert call("erasures/", "POST", {"kind": "project"}).status_code == 403
    assert site.postgres.row("SELECT count(*) AS n FROM erasures WHERE kind = 'project'") == {"n": 0}
    assert call("erasures/", "POST", {"kind": "events", "filter": {"events": ["never"]}}).status_code == 202


def test_everything_that_is_held_of_a_person_comes_as_a_zip(call: Any, made: Project) -> None:
    answer = call(f"persons/{person_id(made.id, 'bob')}/export/")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        (event,) = [json.loads(line) for line in archive.read("events.jsonl").splitlines()]
        assert b"ada" not in b"".join(archive.read(name) for name in archive.namelist())
    assert (event["distinct_id"], event["properties"]["$set"]) == ("bob", {"name": "bob"})
    assert call(f"persons/{uuid.uuid4()}/export/").status_code == 404


def test_a_person_that_is_deleted_with_its_events_is_erased(site: Any, call: Any, made: Project) -> None:
    ada = person_id(made.id, "ada")
    assert call(f"persons/{ada}/?delete_events=true", "DELETE").status_code == 202
    assert call(f"persons/{ada}/").status_code == 404
    listed = call("erasures/").json
    asked = listed["results"][0]
    assert (asked["kind"], asked["state"], asked["report"]) == ("person", "requested", None)
    assert "ada" not in json.dumps(listed)
    eraser = Eraser.of(site.settings, {})
    done = eraser.run()
    eraser.postgres.close()
    assert {each.state for each in done} == {"verified"}
    found = call(f"erasures/{asked['id']}/").json
    assert found["state"] == "verified"
    assert {"place": "clickhouse.events", "found": 1, "left": 0} in found["report"]["places"]
    events = ClickHouse(site.settings.need_clickhouse()).query(
        "SELECT distinct_id FROM events WHERE team_id = {team:Int64}", {"team": made.id}
    )
    assert events.rows == [("bob",)]
    assert datetime.fromisoformat(found["finished_at"]) <= datetime.now(UTC)
