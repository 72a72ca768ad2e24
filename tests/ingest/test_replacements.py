"""Objects that take the place of others: nothing is loaded twice or lost, wherever that is broken off."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from buckets import in_both, in_turn
from raw_lines import RECEIVED, line, put

from analytics_pipelines import faults
from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import REPLAY_PREFIX, raw_key
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.ingest.moved import MovedObjects, lines_of, packed
from analytics_pipelines.ingest.readmission import Readmission, Wanted
from analytics_pipelines.ingest.replacements import NotReplaceable, Replacements
from analytics_pipelines.ingest.replay import Replay
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

pytestmark = pytest.mark.engines

DAY = RECEIVED.date()
LATER = RECEIVED + timedelta(hours=5)
TABLES = ("events", "dead_letters", "dropped_events")
POINTS = ("after_plan", "after_put", "after_swap", "after_delete@1", "after_delete@3", "after_done")


@pytest.fixture
def drain(store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse) -> Drain:
    return Drain(store, postgres, clickhouse, batch_objects=2, batch_bytes=10_000_000, now=lambda: LATER)


@pytest.fixture
def replay(store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse) -> Replay:
    return Replay(store, postgres, clickhouse, batch_objects=100, batch_bytes=10_000_000, now=lambda: LATER)


@pytest.fixture
def replacements(store: ObjectStore, postgres: Postgres) -> Replacements:
    return Replacements(store, postgres, lambda: LATER)


@pytest.fixture
def keys(store: ObjectStore, drain: Drain) -> list[str]:
    """Three objects of an hour in two batches, with an event that was sent twice, a dead letter and a drop."""
    same = line("same", uuid="11111111-1111-4111-8111-111111111111")
    drop = {"received_at": int(RECEIVED.timestamp() * 1000), "project": 1, "dropped": "denied_event", "name": "noise"}
    found = [
        put(store, line("a", uuid="a1111111-1111-4111-8111-111111111111"), same, {**drop, "count": 7}),
        put(store, same, line("b", distinct_id="eve"), received=RECEIVED + timedelta(seconds=1)),
        put(store, line(""), line("c"), {**drop, "count": 9}, received=RECEIVED + timedelta(seconds=2)),
    ]
    drain.everything()
    return found


@pytest.fixture(autouse=True)
def _no_faults_stay() -> Iterator[None]:
    yield
    faults._plan.clear()
    faults._passes.clear()


def break_at(point: str) -> None:
    name, _, at = point.partition("@")
    faults._plan[f"replacements.{name}"] = ("raise", int(at or 1))
    faults._passes.clear()


def stored(clickhouse: ClickHouse) -> list[list[tuple[Any, ...]]]:
    columns = {"dead_letters": "batch_id, object_key"}
    return [
        clickhouse.query(f"SELECT * EXCEPT ({columns.get(table, 'batch_id')}) FROM {table} ORDER BY ALL").rows
        for table in TABLES
    ]


def everything(store: ObjectStore, keys: list[str]) -> list[bytes]:
    return [each for key in keys for each in lines_of(store.get(key))]


def in_bucket(store: ObjectStore) -> list[str]:
    return [item.key for item in store.objects("raw/v1")]


def test_one_object_takes_the_place_of_many_and_nothing_is_loaded_twice(
    store: ObjectStore, drain: Drain, replacements: Replacements, clickhouse: ClickHouse, keys: list[str]
) -> None:
    before, lines = stored(clickhouse), everything(store, keys)
    new = replacements.replace(keys, packed(lines), why="test", node="compact")
    assert new is not None
    assert in_bucket(store) == [new]
    assert lines_of(store.get(new)) == lines
    drain.everything()
    assert stored(clickhouse) == before


def test_a_day_of_replaced_objects_loaded_again_is_the_same(
    store: ObjectStore,
    drain: Drain,
    replay: Replay,
    replacements: Replacements,
    clickhouse: ClickHouse,
    keys: list[str],
) -> None:
    before = stored(clickhouse)
    replacements.replace(keys, packed(everything(store, keys)), why="test", node="compact")
    for _ in range(2):  # of old keys in the ledger, then of the new one
        (found,) = replay.days(DAY, DAY)
        assert found.kept_batches == 0
        assert found.tally.lost_objects == 0
        assert stored(clickhouse) == before
        drain.everything()
        assert stored(clickhouse) == before


@in_turn(POINTS)
def test_broken_off_anywhere_it_is_healed_and_no_line_counts_twice(
    point: str,
    store: ObjectStore,
    drain: Drain,
    replay: Replay,
    replacements: Replacements,
    postgres: Postgres,
    clickhouse: ClickHouse,
    keys: list[str],
) -> None:
    before, lines = stored(clickhouse), everything(store, keys)
    break_at(point)
    with pytest.raises(faults.InjectedFault):
        replacements.replace(keys, packed(lines), why="test", node="compact")
    faults._plan.clear()
    drain.everything()
    replay.days(DAY, DAY)
    assert stored(clickhouse) == before
    again = Replacements(store, postgres, lambda: LATER)
    again.heal()
    if point == "after_plan":
        assert in_bucket(store) == keys
        again.replace(keys, packed(lines), why="test", node="compact")
    assert len(in_bucket(store)) == 1
    assert everything(store, in_bucket(store)) == lines
    drain.everything()
    replay.days(DAY, DAY)
    assert stored(clickhouse) == before
    assert [row["state"] for row in postgres.rows("SELECT state FROM raw_replacements")] == ["done"]


@in_both
def test_an_object_that_came_after_its_plan_was_given_up_does_not_count(
    store: ObjectStore,
    drain: Drain,
    replay: Replay,
    replacements: Replacements,
    clickhouse: ClickHouse,
    keys: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, payload = stored(clickhouse), packed(everything(store, keys))
    on_its_way: list[tuple[str, bytes]] = []
    with monkeypatch.context() as slow:
        slow.setattr(store, "put", lambda key, payload: on_its_way.append((key, payload)))
        with pytest.raises(FileNotFoundError):
            replacements.replace(keys, payload, why="test", node="compact")
    replacements.heal()
    store.put(*on_its_way[0])
    drain.everything()
    replay.days(DAY, DAY)
    assert stored(clickhouse) == before
    assert replacements.replace(keys, payload, why="test", node="compact") == on_its_way[0][0]
    assert in_bucket(store) == [on_its_way[0][0]]


def test_lines_left_out_are_gone_and_the_others_are_found_in_their_batches(
    store: ObjectStore,
    replay: Replay,
    replacements: Replacements,
    postgres: Postgres,
    clickhouse: ClickHouse,
    keys: list[str],
) -> None:
    whole = replacements.replace(keys, packed(everything(store, keys)), why="test", node="compact")
    assert whole is not None
    of_keys = MovedObjects(store, postgres)
    assert [len(lines_of(of_keys.get(key))) for key in keys] == [3, 2, 3]
    kept = [each for each in everything(store, [whole]) if b'"eve"' not in each and b'"same"' not in each]
    rest = replacements.replace([whole], packed(kept), why="erasure")
    assert rest is not None
    of_keys = MovedObjects(store, postgres)
    assert [len(lines_of(of_keys.get(key))) for key in keys] == [2, 0, 3]
    assert [b'"b"' in each for each in lines_of(of_keys.get(keys[2]))] == [False, False, False]
    replay.days(DAY, DAY)
    names = clickhouse.query("SELECT event FROM events ORDER BY event").rows
    assert names == [("a",), ("c",)]


def test_an_object_of_which_nothing_stays_is_gone(
    store: ObjectStore,
    drain: Drain,
    replay: Replay,
    replacements: Replacements,
    clickhouse: ClickHouse,
    keys: list[str],
) -> None:
    assert replacements.replace([keys[1]], None, why="erasure") is None
    assert in_bucket(store) == [keys[0], keys[2]]
    (found,) = replay.days(DAY, DAY)
    assert found.kept_batches == 0
    drain.everything()
    assert [name for (name,) in clickhouse.query("SELECT event FROM events ORDER BY event").rows] == ["a", "c", "same"]


def test_batches_that_are_opened_again_find_their_lines_and_no_others(
    store: ObjectStore,
    drain: Drain,
    replacements: Replacements,
    postgres: Postgres,
    clickhouse: ClickHouse,
    keys: list[str],
) -> None:
    counts = "SELECT id, lines, events, duplicates, dead_letters, dropped FROM ingest_batches ORDER BY id"
    before, ledger = stored(clickhouse), postgres.rows(counts)
    replacements.replace(keys, packed(everything(store, keys)), why="test", node="compact")
    for table in TABLES:
        clickhouse.command(f"TRUNCATE TABLE {table}")
    postgres.execute("UPDATE ingest_batches SET state = 'loading'")
    drain.everything()
    assert stored(clickhouse) == before
    assert postgres.rows(counts) == ledger


def test_dead_letters_of_replaced_objects_can_be_tried_again(
    store: ObjectStore, replacements: Replacements, postgres: Postgres, clickhouse: ClickHouse, keys: list[str]
) -> None:
    replacements.replace(keys, packed(everything(store, keys)), why="test", node="compact")
    found = Readmission(store, postgres, clickhouse, lambda: LATER).run(Wanted())
    assert (found.tried, found.gone) == (1, 0)


def test_what_is_not_loaded_or_not_theirs_is_refused(
    store: ObjectStore, replacements: Replacements, keys: list[str]
) -> None:
    waiting = put(store, line("late"), received=RECEIVED + timedelta(seconds=9))
    with pytest.raises(NotReplaceable, match="not loaded"):
        replacements.replace([waiting], None, why="test")
    with pytest.raises(NotReplaceable, match="none of the objects"):
        replacements.replace([keys[0]], packed([b'{"made": "up"}']), why="test")
    store.delete([keys[2]])
    with pytest.raises(FileNotFoundError):
        replacements.replace(keys, None, why="test")
    assert in_bucket(store) == [*keys[:2], waiting]


@in_both
def test_parts_of_session_recordings_are_replaced_too(store: ObjectStore, replacements: Replacements) -> None:
    payload = zstd.compress(b"one\ntwo\n")
    key = raw_key(RECEIVED, "node", payload, prefix=REPLAY_PREFIX)
    store.put(key, payload)
    new = replacements.replace([key], packed([b"two"]), why="erasure")
    assert new is not None
    assert [item.key for item in store.objects(REPLAY_PREFIX)] == [new]
    assert lines_of(store.get(new)) == [b"two"]
