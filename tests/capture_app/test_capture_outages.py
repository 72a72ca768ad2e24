"""When the bucket or Postgres is away, and when capture breaks off after it stored."""

import json
import shutil
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from analytics_pipelines import faults
from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.accounts.secret import new_project_token
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.settings import Settings
from capture_app.app import create_app
from capture_app.process import running
from capture_app.projects import Projects as KnownProjects
from capture_app.projects import ProjectsUnavailable
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres, PostgresUnavailable

pytestmark = pytest.mark.engines

EVENT = {"event": "page", "distinct_id": "ada"}


def postponed(answer: Any) -> bool:
    return answer.status_code == 503 and answer.mimetype == "text/plain" and int(answer.headers["Retry-After"]) > 0


def test_what_can_not_be_stored_is_not_acknowledged(capture: Any, tmp_path: Path) -> None:
    in_the_way = tmp_path / "bucket" / "raw"
    in_the_way.write_text("a file where the folder should be")
    assert postponed(capture.batch(EVENT))
    in_the_way.unlink()
    assert capture.stored() == []
    assert capture.batch(EVENT).status_code == 200
    assert [line["event"] for line in capture.stored()] == [EVENT]


def test_a_bucket_that_is_gone_makes_capture_unready_but_not_dead(capture: Any, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "bucket")
    (tmp_path / "bucket").write_text("a file where the folder should be")
    client = capture.app.test_client()
    assert postponed(capture.batch(EVENT))
    ready = client.get("/readyz")
    assert (ready.status_code, list(ready.json)) == (503, ["bucket"])
    assert client.get("/livez").status_code == 200


@pytest.mark.usefixtures("impatient")
def test_without_postgres_known_keys_go_on_and_unknown_ones_are_postponed(capture: Any, accounts: Any) -> None:
    assert capture.batch(EVENT).status_code == 200
    with accounts.away():
        assert capture.batch(EVENT).status_code == 200
        assert postponed(capture.send({"api_key": "phc_unseen", "batch": [EVENT]}))
        ready = capture.app.test_client().get("/readyz")
        assert (ready.status_code, list(ready.json)) == (503, ["postgres"])
        assert capture.app.test_client().get("/livez").status_code == 200
    assert len(capture.stored()) == 2


def _wait_for(postgres: Postgres) -> None:
    end = time.monotonic() + 10
    while True:
        try:
            postgres.check()
        except PostgresUnavailable:
            assert time.monotonic() < end
            postgres.close()
        else:
            return


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def known(accounts: Any, clock: Clock) -> Any:
    postgres = Postgres(accounts.url)
    yield KnownProjects(lambda: postgres, fresh=30, stale=3600, clock=clock)
    postgres.close()


def asked(known: KnownProjects, token: str) -> int | None:
    """As a request does it: what is known, and Postgres only for what is not."""
    project = known.known(token) or known.look_up(token)
    return project.id if project else None


@pytest.mark.usefixtures("impatient")
def test_a_known_key_is_trusted_for_an_hour_without_postgres_and_no_longer(
    known: KnownProjects, accounts: Any, clock: Clock
) -> None:
    token = accounts.project.api_token
    assert asked(known, token) == accounts.project.id
    with accounts.away():
        for later in (300, 2000, 1290):
            clock.now += later
            known.refresh_if_due()
            assert asked(known, token) == accounts.project.id
        clock.now += 20
        with pytest.raises(ProjectsUnavailable):
            asked(known, token)
    clock.now += 10
    _wait_for(accounts.postgres)
    known._postgres().close()  # its pool waits before it connects again
    assert asked(known, token) == accounts.project.id


@pytest.mark.usefixtures("impatient")
def test_an_absent_postgres_is_asked_now_and_then_and_not_by_every_request(
    known: KnownProjects, accounts: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = []
    rows = Postgres.rows
    monkeypatch.setattr(Postgres, "rows", lambda self, *given: (questions.append(clock.now), rows(self, *given))[1])
    token = accounts.project.api_token
    asked(known, token)
    clock.now += 400
    with accounts.away():
        for _ in range(20):
            assert asked(known, token) == accounts.project.id
            with pytest.raises(ProjectsUnavailable):
                asked(known, "phc_unseen")
            clock.now += 0.5
    assert len(questions) == 3
    clock.now += 5
    _wait_for(accounts.postgres)
    known._postgres().close()
    assert asked(known, "phc_unseen") is None


def test_a_deleted_project_is_forgotten_with_the_next_look(known: KnownProjects, accounts: Any, clock: Clock) -> None:
    made = Projects(accounts.postgres).create("Soon gone")
    assert asked(known, made.api_token) == made.id
    Projects(accounts.postgres).delete(made.id)
    clock.now += 31
    known.refresh_if_due()
    assert asked(known, made.api_token) is None


def test_rules_that_change_are_known_with_the_next_look(known: KnownProjects, accounts: Any, clock: Clock) -> None:
    made = Projects(accounts.postgres).create("Careful")
    assert asked(known, made.api_token) == made.id
    accounts.postgres.execute("UPDATE projects SET anonymize_ips = true WHERE id = %s", [made.id])
    clock.now += 31
    known.refresh_if_due()
    found = known.known(made.api_token)
    assert found is not None
    assert found.rules.anonymize_ips


def test_a_flood_of_unknown_keys_does_not_become_a_flood_of_questions(
    known: KnownProjects, accounts: Any, clock: Clock
) -> None:
    assert asked(known, accounts.project.api_token) == accounts.project.id
    for number in range(50):
        assert asked(known, f"phc_{number}") is None
    with pytest.raises(ProjectsUnavailable):
        asked(known, "phc_one_more")
    assert asked(known, accounts.project.api_token) == accounts.project.id
    clock.now += 1
    assert asked(known, "phc_one_more") is None


def test_an_unknown_key_is_asked_for_again_soon(known: KnownProjects, accounts: Any, clock: Clock) -> None:
    early = new_project_token()
    assert asked(known, early) is None
    accounts.postgres.execute(
        "INSERT INTO projects (organization_id, name, api_token, created_at)"
        " SELECT min(id), 'Late', %s, now() FROM organizations",
        [early],
    )
    assert asked(known, early) is None
    clock.now += 5
    assert asked(known, early) is not None


def test_what_goes_wrong_beside_the_requests_does_not_stop_the_look_at_projects(
    accounts: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capture_app.process._KEEP_SECONDS", 0.01)
    looks = []

    def stumble(_: KnownProjects) -> None:
        looks.append(1)
        raise ValueError("a bug")

    monkeypatch.setattr(KnownProjects, "refresh_if_due", stumble)
    settings = Settings(data_dir=tmp_path, postgres_url=accounts.url, object_store_url=(tmp_path / "bucket").as_uri())
    with running(settings):
        end = time.monotonic() + 10
        while len(looks) < 3:
            assert time.monotonic() < end
            time.sleep(0.01)


def test_a_retry_after_a_lost_answer_is_the_same_event(
    migrated: Any, postgres: Postgres, clickhouse: ClickHouse, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    People(postgres).ensure_first("Us", "Ours", new_project_token(), "admin@example.com")
    (project,) = Projects(postgres).all()
    settings = Settings(data_dir=Path("data"), postgres_url=migrated.postgres_url, object_store_url=store.url)
    monkeypatch.setattr(faults, "_plan", {"capture.after_commit": ("raise", 1)})
    monkeypatch.setattr(faults, "_passes", {})
    events = [{**EVENT, "event": name, "uuid": str(uuid4())} for name in ("one", "two")]
    answers = []
    with running(settings) as process:
        client = create_app(process).test_client()
        for sent_at in ("2026-11-23T10:00:00Z", "2026-11-23T10:00:03Z"):
            body = json.dumps({"api_key": project.api_token, "sent_at": sent_at, "batch": events})
            answers.append(client.post("/batch/", data=body).status_code)
    assert answers == [500, 200]
    assert len(store.objects("raw")) == 2
    Drain(store, postgres, clickhouse, batch_objects=100, batch_bytes=10_000_000).everything()
    rows = clickhouse.query("SELECT event, toString(uuid) FROM events ORDER BY event").rows
    assert rows == [(event["event"], event["uuid"]) for event in events]
