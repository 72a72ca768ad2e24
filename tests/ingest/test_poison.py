"""Data that can't be loaded stops nobody else's, and is not lost."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import raw_key
from analytics_pipelines.ingest import staging
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.ingest.flush import flush
from analytics_pipelines.migrations.apply import migrate
from resources.clickhouse import ClickHouse, ClickHouseRefused
from resources.object_store import ObjectStore
from resources.postgres import Postgres

pytestmark = pytest.mark.engines

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)


@pytest.fixture
def drain(store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse) -> Drain:
    return Drain(store, postgres, clickhouse, batch_objects=100, batch_bytes=10_000_000, now=lambda: NOW)


def put(store: ObjectStore, events: list[dict], *, after: int = 0, sent_at: str | None = None) -> str:
    received = NOW + timedelta(milliseconds=after)
    lines = [
        {
            "received_at": int(received.timestamp() * 1000),
            "sent_at": sent_at,
            "project": 1,
            "uuid": str(uuid4()),
            "event": {"event": "page", "distinct_id": "ada", **event},
        }
        for event in events
    ]
    payload = zstd.compress("".join(json.dumps(line) + "\n" for line in lines).encode())
    key = raw_key(received, "node", payload)
    store.put(key, payload)
    return key


def count(clickhouse: ClickHouse, table: str = "events") -> int:
    return clickhouse.query(f"SELECT count() FROM {table}").one()[0]


@pytest.mark.parametrize("sent_at", [None, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-11-23T10:30:00Z"])
def test_moments_that_no_calendar_holds_stop_nothing(
    drain: Drain, store: ObjectStore, clickhouse: ClickHouse, sent_at: str | None
) -> None:
    strange = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1601-01-01", "-5", "99999999999999999", "2299-12-31"]
    offsets = [9223372036854775807, -9223372036854775808, 10**18, -9223372036854775, 10**15, -(10**12)]
    put(store, [{"timestamp": each} for each in strange] + [{"offset": each} for each in offsets], sent_at=sent_at)
    put(store, [{"timestamp": "2001-05-06T07:08:09Z"}], after=1)
    drain.everything()
    assert count(clickhouse) == 13
    years = {moment.year for (moment,) in clickhouse.query("SELECT timestamp FROM events").rows}
    assert 2001 in years
    assert all(1900 <= year <= 2026 for year in years)


def test_a_number_beyond_all_doubles_costs_the_number_and_not_the_event(
    drain: Drain, store: ObjectStore, clickhouse: ClickHouse
) -> None:
    text = '{"received_at":%d,"project":1,"uuid":"%s","event":{"event":"page","distinct_id":"ada","properties":%s}}\n'
    properties = '{"a":1e400,"b":[-1E+999,2.5e4000, 1],"c":"1e400","d":1e3,"e":1e-400}'
    line = text % (int(NOW.timestamp() * 1000), uuid4(), properties)
    payload = zstd.compress(line.encode())
    store.put(raw_key(NOW, "node", payload), payload)
    drain.everything()
    (found,) = clickhouse.query("SELECT properties FROM events").one()
    assert json.loads(found) == {"a": None, "b": [None, None, 1], "c": "1e400", "d": 1e3, "e": 0}
    assert count(clickhouse, "dead_letters") == 0


def test_what_is_said_of_the_person_beside_the_properties_stands_among_them(
    drain: Drain, store: ObjectStore, clickhouse: ClickHouse
) -> None:
    odd = 'a "key"\\'
    inside = {"n": 1.5, "$set": {"plan": "free", "seats": 3, odd: 1}, "$set_once": {"first": 1}}
    put(store, [{"properties": inside, "$set": {"plan": None, "email": "a@b.c", "deep": {"x": [1]}, odd: 2}}])
    put(store, [{"$set": {"plan": "pro"}, "$set_once": {"first": "x"}}], after=1)
    put(store, [{"properties": inside, "$set": "no object"}], after=2)
    drain.everything()
    found = [
        json.loads(text) for (text,) in clickhouse.query("SELECT properties FROM events ORDER BY received_at").rows
    ]
    person = {"plan": None, "seats": 3, "email": "a@b.c", "deep": {"x": [1]}, odd: 2}
    assert found == [
        {"n": 1.5, "$set": person, "$set_once": {"first": 1}},
        {"$set": {"plan": "pro"}, "$set_once": {"first": "x"}},
        inside,
    ]


def test_a_damaged_object_is_buried_and_the_others_load(
    drain: Drain, store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse
) -> None:
    for number in range(3):
        put(store, [{}], after=number)
    damaged = raw_key(NOW, "node", b"not zstd at all")
    store.put(damaged, b"not zstd at all")
    put(store, [{}], after=9)
    drain.everything()
    assert count(clickhouse) == 4
    reason, line = clickhouse.query("SELECT reason, line FROM dead_letters").one()
    assert reason == "unreadable_object"
    assert line.startswith(damaged)
    assert drain.ledger.open_batches() == []
    sums = postgres.row(
        "SELECT sum(lines)::int AS lines, sum(events)::int AS events, sum(objects)::int AS objects FROM ingest_batches"
    )
    assert sums == {"lines": 5, "events": 4, "objects": 5}


def test_a_batch_that_would_fill_the_memory_is_loaded_in_parts(
    drain: Drain, store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "MOST_LINE_BYTES", 3000)
    for number in range(10):
        put(store, [{"properties": {"padding": "x" * 900}}], after=number)
    drain.everything()
    assert count(clickhouse) == 10
    row = postgres.row("SELECT count(*) AS batches, max(objects) AS most FROM ingest_batches WHERE state = 'loaded'")
    assert row == {"batches": 5, "most": 2}


def test_a_fault_that_is_not_the_datas_buries_nothing(
    drain: Drain, store: ObjectStore, clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, [{}])
    real = ClickHouse.insert

    def refuse(self: ClickHouse, *_: object, **__: object) -> None:
        raise ClickHouseRefused(241, "memory limit exceeded")

    monkeypatch.setattr(ClickHouse, "insert", refuse)
    with pytest.raises(ClickHouseRefused):
        drain.everything()
    monkeypatch.setattr(ClickHouse, "insert", real)
    drain.everything()
    assert (count(clickhouse), count(clickhouse, "dead_letters")) == (1, 0)


def test_a_clock_that_was_ahead_for_a_while_hides_nothing(
    drain: Drain, store: ObjectStore, clickhouse: ClickHouse
) -> None:
    put(store, [{}])
    drain.now = lambda: NOW + timedelta(hours=31)
    drain.everything()
    drain.now = lambda: NOW
    put(store, [{}], after=1)
    flush(drain, timeout=30)
    assert count(clickhouse) == 2


def test_new_tables_are_filled_again_from_the_bucket(
    drain: Drain, store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse
) -> None:
    for number in range(3):
        put(store, [{}, {}], after=number)
    drain.everything()
    assert migrate(postgres, clickhouse, None).reopened == 0
    clickhouse.command(f"DROP DATABASE {clickhouse.database} SYNC")
    assert migrate(postgres, clickhouse, None).reopened == 1
    drain.everything()
    assert count(clickhouse) == 6
    assert drain.ledger.open_batches() == []


def test_a_large_batch_is_read_by_two_statements_and_each_line_counts_once(
    drain: Drain, store: ObjectStore, clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "_MUCH", 1)
    read: list[str] = []
    insert_stream = ClickHouse.insert_stream

    def noted(self: ClickHouse, sql: str, *arguments: Any, **named: Any) -> None:
        if "staged_" in sql:
            read.append(sql)
        insert_stream(self, sql, *arguments, **named)

    monkeypatch.setattr(ClickHouse, "insert_stream", noted)
    for number in range(6):
        put(store, [{"distinct_id": f"{number} {each}"} for each in range(10)], after=number)
    drain.everything()
    assert len(read) == 2
    assert clickhouse.query("SELECT count(), uniqExact(uuid) FROM events").one() == (60, 60)


def test_a_poison_event_in_one_half_of_a_large_batch_leaves_the_other_whole(
    drain: Drain, store: ObjectStore, clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "_MUCH", 1)
    for number in range(4):
        put(store, [{"distinct_id": f"{number} {each}"} for each in range(5)], after=number)
    put(store, [{"distinct_id": ""}], after=9)
    drain.everything()
    assert (count(clickhouse), count(clickhouse, "dead_letters")) == (20, 1)


def test_parts_are_about_equal_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    assert staging._parts([b"aa", b"b"]) == [b"aab"]
    monkeypatch.setattr(staging, "_MUCH", 3)
    assert staging._parts([b"aa", b"bb", b"c"]) == [b"aabb", b"c"]
    assert staging._parts([b"a", b"b", b"cc"]) == [b"ab", b"cc"]
    assert staging._parts([b"long", b"b"]) == [b"long", b"b"]
    assert staging._parts([b"long"]) == [b"long"]
