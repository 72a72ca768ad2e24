"""Batch exports through the API."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from analytics_pipelines.accounts.keys import ApiKeys
from tests.web.conftest import Site

pytestmark = pytest.mark.engines
SECRET = "watermelon/secret+key="
S3 = {"bucket_name": "lake", "aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": SECRET}
NEW = {"name": "Lake", "interval": "hour", "destination": {"type": "S3", "config": S3}}


class Client:
    def __init__(self, site: Site) -> None:
        self._client = site.app.test_client()
        self._base = f"/api/projects/{site.ours.id}/batch_exports/"
        key = ApiKeys(site.postgres).create(site.ours.id, ["batch_export:write"])
        self._headers = {"Authorization": f"Bearer {key}"}

    def ask(self, method: str, path: str = "", body: Any = None, status: int = 200) -> Any:
        answer = self._client.open(f"{self._base}{path}", method=method, json=body, headers=self._headers)
        assert answer.status_code == status, answer.text
        assert SECRET not in answer.text
        assert "AKIAEXAMPLE" not in answer.text
        return answer.get_json(silent=True)


@pytest.fixture
def api(site: Site) -> Iterator[Client]:
    yield Client(site)
    site.postgres.execute("DELETE FROM batch_exports")


def test_an_export_is_made_changed_paused_and_deleted(api: Client) -> None:
    made = api.ask("POST", body=NEW, status=201)
    assert made["destination"] == {
        "type": "S3",
        "config": {
            "include_events": [],
            "exclude_events": [],
            "prefix": "",
            "file_format": "Parquet",
            "compression": "zstd",
            "max_file_size_mb": None,
            "bucket_name": "lake",
            "region": "us-east-1",
            "endpoint_url": None,
        },
    }
    path = f"{made['id']}/"
    changed = api.ask("PATCH", path, {"name": "Sea", "destination": {"type": "S3", "config": {"prefix": "sea"}}})
    assert (changed["name"], changed["destination"]["config"]["prefix"]) == ("Sea", "sea")
    assert api.ask("POST", f"{path}pause/")["paused"] is True
    assert api.ask("POST", f"{path}unpause/")["paused"] is False
    assert [each["name"] for each in api.ask("GET")["results"]] == ["Sea"]
    api.ask("DELETE", path, status=204)
    api.ask("GET", path, status=404)
    assert api.ask("GET")["count"] == 0


def test_secrets_are_sealed_in_postgres(api: Client, site: Site) -> None:
    api.ask("POST", body=NEW, status=201)
    (row,) = site.postgres.rows("SELECT to_jsonb(e)::text AS everything, secrets FROM batch_exports e")
    assert SECRET not in row["everything"]
    assert SECRET.encode() not in bytes(row["secrets"])


@pytest.mark.parametrize(
    ("change", "attr"),
    [
        ({"interval": "week"}, "interval"),
        ({"model": "secrets"}, "model"),
        ({"columns": ["password"]}, "columns"),
        ({"filters": [{"key": "a", "value": 1, "type": "nonsense"}]}, "filters"),
        ({"model": "sql", "hogql_query": "SELECT * FROM system.users"}, "hogql_query"),
        ({"model": "sql", "hogql_query": "SELECT 1 AS a, 2 AS a"}, "hogql_query"),
        ({"model": "cohort", "cohort_id": 12345}, "cohort_id"),
        ({"destination": {"type": "S3", "config": {**S3, "prefix": "../x"}}}, "destination.config.prefix"),
        ({"destination": {"type": "S3", "config": {**S3, "endpoint_url": "http://127.0.0.1"}}}, "destination.config"),
        ({"destination": {"type": "S3", "config": {**S3, "endpoint_url": "http://[::ffff:10.0.0.1]"}}}, None),
        ({"destination": {"type": "Floppy", "config": {}}}, "destination.type"),
        (
            {
                "destination": {
                    "type": "Postgres",
                    "config": {"host": "localhost", "database": "d", "user": "u", "password": "p", "table_name": "t"},
                }
            },
            "destination.config",
        ),
    ],
)
def test_what_can_not_be_exported_is_refused(api: Client, change: dict[str, Any], attr: str | None) -> None:
    found = api.ask("POST", body={**NEW, **change}, status=400)
    assert attr is None or found["attr"] == attr, found


def test_two_exports_do_not_write_the_same_files(api: Client) -> None:
    folder = {**NEW, "destination": {"type": "Folder", "config": {"prefix": "lake"}}}
    api.ask("POST", body=folder, status=201)
    assert api.ask("POST", body=folder, status=400)["attr"] == "destination.config.prefix"
    same = {"type": "Folder", "config": {"prefix": "lake/date={year}-{month}-{day}/hour={hour}"}}
    api.ask("POST", body={**NEW, "destination": same}, status=400)


def test_a_private_address_is_refused_on_change_too(api: Client) -> None:
    made = api.ask("POST", body=NEW, status=201)
    config = {**S3, "endpoint_url": "http://10.0.0.1:9000"}
    body = {"destination": {"type": "S3", "config": config}}
    assert api.ask("PATCH", f"{made['id']}/", body, status=400)["attr"] == "destination.config"


def test_runs_and_backfills_are_shown_with_how_far_they_are(api: Client, site: Site) -> None:
    made = api.ask("POST", body=NEW, status=201)
    path = f"{made['id']}/"
    span = {"start_at": "2026-11-20T00:00:00Z", "end_at": "2026-11-20T05:00:00Z"}
    backfill = api.ask("POST", f"{path}backfills/", span, status=201)
    assert (backfill["status"], backfill["total_runs"], backfill["progress"]) == ("Starting", 5, 0.0)
    runs = api.ask("GET", f"{path}runs/")
    assert runs["count"] == 5
    assert runs["results"][0]["data_interval_start"] == "2026-11-20T04:00:00+00:00"
    site.postgres.execute("UPDATE export_runs SET status = 'Completed' WHERE interval_start < '2026-11-20 02:00Z'")
    again = api.ask("GET", f"{path}backfills/{backfill['id']}/")
    assert (again["status"], again["finished_runs"], again["progress"]) == ("Running", 2, 0.4)
    one = runs["results"][-1]
    assert api.ask("POST", f"{path}runs/{one['id']}/retry/")["why"] == "asked"
    assert api.ask("POST", f"{path}backfills/{backfill['id']}/cancel/")["status"] == "Cancelled"
    api.ask("POST", f"{path}backfills/", {"start_at": "2027-11-20T00:00:00Z"}, status=400)
    api.ask("GET", f"{path}runs/nonsense/", status=404)


def test_another_project_sees_nothing_of_it(api: Client, site: Site) -> None:
    made = api.ask("POST", body=NEW, status=201)
    answer = site.app.test_client().get(
        f"/api/projects/{site.theirs.id}/batch_exports/{made['id']}/",
        headers={"Authorization": f"Bearer {site.key_of_theirs}"},
    )
    assert answer.status_code == 404


def test_a_start_is_a_whole_interval(api: Client) -> None:
    made = api.ask("POST", body={**NEW, "interval": "day", "start_at": "2026-11-20T07:30:00+02:00"}, status=201)
    assert datetime.fromisoformat(made["start_at"]) == datetime(2026, 11, 21, tzinfo=UTC)


def test_a_destination_is_tried(api: Client) -> None:
    folder = {**NEW, "destination": {"type": "Folder", "config": {}}}
    made = api.ask("POST", body=folder, status=201)
    found = api.ask("POST", f"{made['id']}/test/")
    assert found["status"] == "Failed"  # this site's folder is out of the engine's reach
    assert "/" not in found["message"]
