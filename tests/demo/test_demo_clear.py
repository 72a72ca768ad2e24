"""The demo out of everything again, and nothing else with it."""

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from analytics_pipelines import faults
from analytics_pipelines.accounts.projects import Project, Projects
from analytics_pipelines.demo.load import clear, load
from analytics_pipelines.erasures.eraser import Eraser
from analytics_pipelines.erasures.requests import Erasures
from analytics_pipelines.erasures.subject import Subject
from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import raw_key
from analytics_pipelines.ingest import drain as drain_module
from analytics_pipelines.ingest.checks import mismatched_batches
from analytics_pipelines.ingest.drain import LOAD, LOCK_CLASS, Drain
from analytics_pipelines.ingest.ledger import COUNTED
from analytics_pipelines.ingest.replay import Replay
from analytics_pipelines.settings import Settings
from analytics_pipelines.upkeep.compaction import Compaction
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore, StoredObject
from resources.postgres import Postgres
from tests.conftest import Databases

pytestmark = pytest.mark.engines

SCALE = 0.03


def put(
    store: ObjectStore, project: int, received: datetime, count: int = 3, node: str = "host", drops: int = 0
) -> str:
    lines: list[dict[str, Any]] = [
        {
            "received_at": int(received.timestamp() * 1000),
            "sent_at": None,
            "project": project,
            "uuid": str(uuid4()),
            "event": {"event": "page", "distinct_id": "ada"} if number else {"event": "no one"},
        }
        for number in range(count)
    ]
    dropped = {"dropped": "quota", "name": "page", "count": 9}
    lines += [{"received_at": lines[0]["received_at"], "project": project, **dropped}] * drops
    payload = zstd.compress("".join(json.dumps(line) + "\n" for line in lines).encode())
    key = raw_key(received, node, payload)
    store.put(key, payload)
    return key


def count(clickhouse: ClickHouse, team: int, table: str = "events") -> int:
    return clickhouse.query(f"SELECT count() FROM {table} WHERE team_id = {team}").one()[0]


def keys(store: ObjectStore) -> list[str]:
    return [each.key for each in store.objects("raw/v1")]


def lines_of_project(store: ObjectStore, project: int) -> list[bytes]:
    """Its lines in the bucket, in their order."""
    lines = [line for key in keys(store) for line in zstd.decompress(store.get(key)).splitlines()]
    return [line for line in lines if json.loads(line)["project"] == project]


def known_keys(postgres: Postgres) -> list[str]:
    return [row["key"] for row in postgres.rows("SELECT key FROM ingest_objects ORDER BY key")]


def test_clear_removes_the_demo_and_nothing_else(
    store: ObjectStore,
    postgres: Postgres,
    projects: Projects,
    ours: Project,
    drain: Drain,
    clickhouse: ClickHouse,
    now: datetime,
) -> None:
    kept = put(store, ours.id, now, drops=2)  # of the same hour, so it is loaded in one batch with the demo's
    project = load(store, projects, now=now, scale=SCALE)
    put(store, project.id, now, node="demo", drops=3)  # with a dead letter
    drain.everything()
    load(store, projects, now=now + timedelta(milliseconds=5), scale=SCALE)  # waits in the bucket
    loaded = count(clickhouse, project.id)
    told: list[tuple[int, int]] = []
    assert clear(store, postgres, clickhouse, projects, lambda *step: told.append(step)) == loaded
    assert told == [(done, 3) for done in range(4)]
    assert projects.all() == [ours]
    assert [count(clickhouse, project.id, table) for table in ("sightings", "group_facts")] == [0, 0]
    assert count(clickhouse, ours.id, "sightings") > 0
    assert keys(store) == [kept]
    assert [count(clickhouse, project.id, table) for table in COUNTED] == [0, 0, 0]
    assert [count(clickhouse, ours.id, table) for table in COUNTED] == [2, 1, 2]
    assert {row["team_id"] for row in postgres.rows("SELECT team_id FROM dirty_days")} == {ours.id}
    batch = postgres.row("SELECT * FROM ingest_batches WHERE run_id = 'run-1'")
    assert batch is not None
    assert [batch[name] for name in ("objects", "lines", "events", "dead_letters", "dropped")] == [1, 5, 2, 1, 2]
    assert mismatched_batches(postgres, clickhouse, run_id="run-1") == []
    drain.everything()
    assert clear(store, postgres, clickhouse, projects) == 0
    assert count(clickhouse, ours.id) == 2


def test_after_a_clear_the_demo_can_be_loaded_again(
    store: ObjectStore, postgres: Postgres, projects: Projects, drain: Drain, clickhouse: ClickHouse, now: datetime
) -> None:
    project = load(store, projects, now=now, scale=SCALE)
    drain.everything()
    loaded = clear(store, postgres, clickhouse, projects)
    assert known_keys(postgres) == []
    again = load(store, projects, now=now, scale=SCALE)
    drain.everything()
    assert again.id != project.id
    assert count(clickhouse, again.id) == loaded > 1000


def test_an_ingestion_run_that_had_listed_the_objects_survives_their_removal(
    store: ObjectStore,
    postgres: Postgres,
    projects: Projects,
    ours: Project,
    drain: Drain,
    clickhouse: ClickHouse,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    load(store, projects, now=now, scale=SCALE)
    put(store, ours.id, now)
    listed = drain_module.waiting

    def list_and_then_clear(*arguments: Any, **more: Any) -> list[StoredObject]:
        found = listed(*arguments, **more)
        monkeypatch.setattr(drain_module, "waiting", listed)
        assert len(found) == 2
        assert clear(store, postgres, clickhouse, projects) == 0
        return found

    monkeypatch.setattr(drain_module, "waiting", list_and_then_clear)
    drain.everything()
    assert count(clickhouse, ours.id) == 2
    assert drain.ledger.open_batches() == []


def test_a_load_that_was_broken_off_is_finished_and_then_removed(
    store: ObjectStore,
    postgres: Postgres,
    projects: Projects,
    ours: Project,
    drain: Drain,
    clickhouse: ClickHouse,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = load(store, projects, now=now, scale=SCALE)
    put(store, ours.id, now)
    monkeypatch.setattr(faults, "_plan", {"loader.after_events": ("raise", 1)})
    monkeypatch.setattr(faults, "_passes", {})
    with pytest.raises(faults.InjectedFault):
        drain.everything()
    assert clear(store, postgres, clickhouse, projects) > 1000
    drain.everything()
    assert (count(clickhouse, project.id), count(clickhouse, ours.id)) == (0, 2)
    assert drain.ledger.open_batches() == []


def test_a_clear_that_was_broken_off_is_finished_by_the_next(
    store: ObjectStore,
    postgres: Postgres,
    projects: Projects,
    ours: Project,
    drain: Drain,
    clickhouse: ClickHouse,
    now: datetime,
) -> None:
    def stop(done: int, _: int) -> None:
        if done:
            raise KeyboardInterrupt

    put(store, ours.id, now)
    for moment in (now, now + timedelta(milliseconds=5)):
        project = load(store, projects, now=moment, scale=SCALE)
    drain.everything()
    load(store, projects, now=now + timedelta(milliseconds=10), scale=SCALE)  # waits in the bucket
    with pytest.raises(KeyboardInterrupt):
        clear(store, postgres, clickhouse, projects, stop)
    drain.everything()  # an object that is still there comes back
    clear(store, postgres, clickhouse, projects)
    drain.everything()
    assert count(clickhouse, project.id) == 0
    assert projects.all() == [ours]
    assert len(keys(store)) == 1
    assert mismatched_batches(postgres, clickhouse, run_id="run-1") == []


def test_objects_of_a_host_that_is_called_demo_stay(
    store: ObjectStore,
    postgres: Postgres,
    projects: Projects,
    ours: Project,
    drain: Drain,
    clickhouse: ClickHouse,
    now: datetime,
) -> None:
    load(store, projects, now=now, scale=0.01)
    kept = put(store, ours.id, now, node="demo")
    drain.everything()
    waits = put(store, ours.id, now + timedelta(milliseconds=5), node="demo")
    clear(store, postgres, clickhouse, projects)
    assert keys(store) == sorted([kept, waits])
    drain.everything()
    assert count(clickhouse, ours.id) == 4


def test_the_demo_goes_from_objects_that_an_erasure_or_compaction_made_and_others_stay(
    store: ObjectStore,
    postgres: Postgres,
    projects: Projects,
    ours: Project,
    drain: Drain,
    clickhouse: ClickHouse,
    migrated: Databases,
    now: datetime,
    tmp_path: Path,
) -> None:
    project = load(store, projects, now=now, scale=0.01)
    load(store, projects, now=now + timedelta(milliseconds=1), scale=0.01)  # nothing but duplicates
    for number in range(4):  # somebody tries the demo's token
        put(store, (ours, project)[number % 2].id, now + timedelta(milliseconds=2 + number))
    mixed = [line for key in keys(store)[-2:] for line in zstd.decompress(store.get(key)).splitlines(keepends=True)]
    payload = zstd.compress(b"".join(mixed))  # of a proxy before both
    store.put(raw_key(now + timedelta(milliseconds=9), "host", payload), payload)
    drain.everything()
    settings = Settings(
        data_dir=tmp_path,
        postgres_url=migrated.postgres_url,
        clickhouse_url=migrated.clickhouse_url,
        object_store_url=store.url,
    )
    ((customer,),) = clickhouse.query(
        f"SELECT distinct_id FROM events WHERE team_id = {project.id} AND event = 'purchase' LIMIT 1"
    ).rows
    before = set(keys(store))
    erasure = Erasures(postgres).request(
        project.id, Subject("person", frozenset({customer})), by="test", now=datetime.now(UTC)
    )
    (done,) = Eraser(store, postgres, clickhouse, settings).run(erasure.id)
    assert done.state == "verified", done.error
    assert sum("-demo-" in key for key in set(keys(store)) - before) == 2
    drain.ledger.move_watermark(now + timedelta(days=1))
    assert Compaction(store, postgres, timedelta(0), 1 << 20, lambda: now + timedelta(days=2)).run().objects_after == 1
    theirs = lines_of_project(store, ours.id)
    assert len(theirs) == 9

    def stop(done: int, _: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        clear(store, postgres, clickhouse, projects, stop)
    assert clear(store, postgres, clickhouse, projects) > 100
    assert lines_of_project(store, project.id) == []
    assert lines_of_project(store, ours.id) == theirs
    assert len(keys(store)) == 1
    drain.everything()
    assert mismatched_batches(postgres, clickhouse, run_id="run-1") == []
    assert [count(clickhouse, ours.id, table) for table in COUNTED] == [4, 3, 0]
    Replay(store, postgres, clickhouse, batch_objects=100, batch_bytes=100_000_000).days(now.date(), now.date())
    assert [count(clickhouse, ours.id, table) for table in COUNTED] == [4, 3, 0]
    assert [count(clickhouse, project.id, table) for table in COUNTED] == [0, 0, 0]


def test_clear_waits_for_a_load_in_flight(
    store: ObjectStore, postgres: Postgres, projects: Projects, clickhouse: ClickHouse, now: datetime
) -> None:
    load(store, projects, now=now, scale=0.01)
    removal = threading.Thread(target=lambda: clear(store, postgres, clickhouse, projects))
    with postgres.session() as session:
        session.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_CLASS, LOAD])
        removal.start()
        removal.join(0.5)
        assert removal.is_alive()
        assert len(projects.all()) == 1
    removal.join(20)
    assert projects.all() == []


def test_nothing_to_clear_is_fine(
    store: ObjectStore, postgres: Postgres, projects: Projects, ours: Project, clickhouse: ClickHouse
) -> None:
    assert clear(store, postgres, clickhouse, projects) == 0
    assert projects.all() == [ours]
