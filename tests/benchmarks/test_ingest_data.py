"""The events of `make bench-ingest`: what ClickHouse makes is what capture would have stored."""

from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import is_raw_key, received_at
from analytics_pipelines.ingest.drain import Drain
from benchmarks.ingest_data import OBJECT_EVENTS, Traffic, ask, lines_sql, write_objects
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres
from tests.conftest import Databases

pytestmark = pytest.mark.engines

EVENTS = 40_000
TRAFFIC = Traffic(per_day=24_000_000)


@pytest.fixture
def lines(databases: Databases) -> list[dict[str, Any]]:
    ClickHouse(databases.clickhouse_url).create_database()
    made = ask(databases.clickhouse_url, lines_sql(), TRAFFIC.parameters(0, EVENTS))
    assert 1000 < len(made) / EVENTS < 1600
    return [msgspec.json.decode(line) for line in made.splitlines()]


def test_events_look_like_those_of_a_browser(lines: list[dict[str, Any]]) -> None:
    events = [line["event"] for line in lines]
    assert len(events) == EVENTS
    assert 25 <= sum(len(event["properties"]) for event in events) / EVENTS <= 35
    assert [line["received_at"] for line in lines] == sorted(line["received_at"] for line in lines)

    repeated = EVENTS - len({line["uuid"] for line in lines})
    assert 0.005 < repeated / EVENTS < 0.015

    personless = sum(not event["properties"]["$process_person_profile"] for event in events)
    assert 0.4 < personless / EVENTS < 0.6
    names = Counter(event["event"] for event in events)
    assert 0.01 < names["$identify"] / EVENTS < 0.04
    assert all("$anon_distinct_id" in event["properties"] for event in events if event["event"] == "$identify")
    for holder in ("$set", "$groups"):
        assert any(holder in event["properties"] for event in events)
        assert all(event["properties"]["$process_person_profile"] for event in events if holder in event["properties"])


def test_a_session_has_up_to_25_events_of_one_visitor(lines: list[dict[str, Any]]) -> None:
    sessions = defaultdict(dict)
    for line in lines:
        sessions[line["event"]["properties"]["$session_id"]][line["uuid"]] = line["event"]
    assert max(map(len, sessions.values())) <= 25
    # one before signing in, one after
    assert {len({event["distinct_id"] for event in session.values()}) for session in sessions.values()} <= {1, 2}


def test_the_same_seed_makes_the_same_events(databases: Databases) -> None:
    ClickHouse(databases.clickhouse_url).create_database()
    url = databases.clickhouse_url
    first, again, other = (ask(url, lines_sql(), Traffic(1_000_000, seed).parameters(9000, 10)) for seed in (1, 1, 2))
    assert first == again != other
    assert ask(url, lines_sql(), Traffic(1_000_000).parameters(9003, 1)) == first.splitlines(keepends=True)[3]


def test_objects_load_without_a_dead_letter(
    migrated: Databases, store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse
) -> None:
    events = 2 * OBJECT_EVENTS + 100
    written = write_objects(migrated.clickhouse_url, store, TRAFFIC, 0, events)
    objects = list(store.objects("raw/v1"))
    assert (written.objects, written.events, len(objects)) == (3, events, 3)
    assert written.object_bytes == sum(item.size for item in objects)
    assert all(is_raw_key(item.key) for item in objects)
    last = [msgspec.json.decode(zstd.decompress(store.get(item.key)).splitlines()[-1]) for item in objects]
    for item, line in zip(objects, last, strict=True):
        assert abs(received_at(item.key).timestamp() * 1000 - line["received_at"]) <= 1

    drain = Drain(store, postgres, clickhouse, batch_objects=100, batch_bytes=1 << 30)
    drain.everything()
    (tally,) = drain.tallies.values()
    assert (tally.lines, tally.dead_letters, tally.dropped) == (events, 0, 0)
    assert tally.duplicates > 0
    late = clickhouse.query("SELECT max(received_at - timestamp) FROM events").one()[0]
    assert timedelta(days=1) < timedelta(seconds=float(late)) < timedelta(days=3, minutes=1)
