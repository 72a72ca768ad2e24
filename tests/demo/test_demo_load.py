"""The demo's events through the ordinary pipeline."""

from datetime import datetime, timedelta

import pytest

from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.demo import load as load_module
from analytics_pipelines.demo.load import load
from analytics_pipelines.demo.shop import events
from analytics_pipelines.events import zstd
from analytics_pipelines.ingest.drain import Drain
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore

pytestmark = pytest.mark.engines

SCALE = 0.03


def count(clickhouse: ClickHouse, team: int, table: str = "events") -> int:
    return clickhouse.query(f"SELECT count() FROM {table} WHERE team_id = {team}").one()[0]


def keys(store: ObjectStore) -> list[str]:
    return [each.key for each in store.objects("raw/v1")]


def test_every_event_is_accepted_and_can_be_queried(
    store: ObjectStore, projects: Projects, drain: Drain, clickhouse: ClickHouse, now: datetime
) -> None:
    told: list[tuple[int, int]] = []
    project = load(store, projects, now=now, scale=0.2, progress=lambda *step: told.append(step))
    drain.everything()
    expected = list(events(now, scale=0.2))
    assert (project.name, project.is_demo) == ("Demo shop", True)
    assert count(clickhouse, project.id) == len(expected)
    assert count(clickhouse, project.id, "dead_letters") == 0
    assert clickhouse.query(
        "SELECT uniqExact(uuid), max(timestamp) <= {now:DateTime64(6)} FROM events", {"now": now}
    ).one() == (len(expected), 1)
    assert told[0][0] == 0
    assert told[-1][0] == told[-1][1]
    assert told == sorted(told)
    assert len(keys(store)) == len(told) - 2
    first = expected[0]
    row = clickhouse.query(f"SELECT distinct_id, timestamp, elements_chain FROM events WHERE uuid = '{first['uuid']}'")
    assert row.one() == (first["properties"]["distinct_id"], datetime.fromisoformat(first["timestamp"]), "")
    assert clickhouse.query("SELECT count() FROM events WHERE elements_chain LIKE 'button.add-to-cart:%'").one()[0] > 0


def test_loading_again_adds_nothing(
    store: ObjectStore, projects: Projects, drain: Drain, clickhouse: ClickHouse, now: datetime
) -> None:
    project = load(store, projects, now=now, scale=SCALE)
    drain.everything()
    before = count(clickhouse, project.id)
    assert load(store, projects, now=now, scale=SCALE) == project
    drain.everything()
    assert load(store, projects, now=now + timedelta(milliseconds=5), scale=SCALE) == project
    drain.everything()
    assert count(clickhouse, project.id) == before
    assert len(keys(store)) == 2


def test_a_project_that_only_has_the_name_is_left_alone(store: ObjectStore, projects: Projects, now: datetime) -> None:
    real = projects.create("Demo shop")
    assert load(store, projects, now=now, scale=0.01).id != real.id


def test_an_object_holds_a_few_thousand_lines(
    store: ObjectStore, projects: Projects, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_module, "_LINES_AN_OBJECT", 100)
    load(store, projects, now=now, scale=0.01)
    sizes = [zstd.decompress(store.get(key)).count(b"\n") for key in keys(store)]
    assert len(sizes) > 3
    assert all(100 <= size < 300 for size in sorted(sizes)[1:])
