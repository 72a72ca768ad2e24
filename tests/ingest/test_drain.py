"""From objects in the bucket to rows in ClickHouse: once, whatever is killed or repeated."""

import json
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest

from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import hour_of, raw_key
from analytics_pipelines.identity.person_id import person_id
from analytics_pipelines.ingest import backlog
from analytics_pipelines.ingest import drain as drain_module
from analytics_pipelines.ingest.drain import Drain
from resources.clickhouse import ClickHouse, ClickHouseUnavailable
from resources.object_store import ObjectStore, StoredObject
from resources.postgres import Postgres

pytestmark = pytest.mark.engines

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)


def line(
    event: object, *, received: datetime = NOW, project: int = 1, sent_at: str | None = None, **more: object
) -> dict:
    return {
        "received_at": int(received.timestamp() * 1000),
        "sent_at": sent_at,
        "project": project,
        "uuid": str(uuid4()),
        "event": event,
        **more,
    }


def event(**fields: object) -> dict:
    return {"event": "page", "distinct_id": "ada", "properties": {"plan": "pro"}, **fields}


def put(store: ObjectStore, lines: list[dict | str], received: datetime = NOW) -> str:
    text = "".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in lines)
    payload = zstd.compress(text.encode())
    key = raw_key(received, "node", payload)
    store.put(key, payload)
    return key


@pytest.fixture
def drain(store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse) -> Drain:
    return Drain(
        store, postgres, clickhouse, batch_objects=100, batch_bytes=10_000_000, run_id="run-1", now=lambda: NOW
    )


def count(clickhouse: ClickHouse, table: str = "events") -> int:
    return clickhouse.query(f"SELECT count() FROM {table}").one()[0]


def test_lines_of_raw_objects_become_events(drain: Drain, store: ObjectStore, clickhouse: ClickHouse) -> None:
    sent = line(
        event(timestamp="2026-11-23T10:29:50.5Z", properties={"plan": "pro", "$elements_chain": "a:b"}),
        sent_at="2026-11-23T10:29:55Z",  # a clock that is 5 s behind
    )
    put(store, [sent])
    drain.everything()
    row = clickhouse.query(
        "SELECT team_id, uuid, event, distinct_id, person_id, timestamp, properties, elements_chain, received_at,"
        " arrival_day, has_person, is_bot FROM events"
    ).one()
    assert row == (
        1,
        UUID(sent["uuid"]),
        "page",
        "ada",
        person_id(1, "ada"),
        NOW - timedelta(seconds=4.5),
        '{"plan": "pro", "$elements_chain": "a:b"}',
        "a:b",
        NOW,
        NOW.date(),
        True,
        False,
    )


def test_a_second_drain_adds_nothing(drain: Drain, store: ObjectStore, clickhouse: ClickHouse) -> None:
    put(store, [line(event()) for _ in range(5)])
    drain.everything()
    drain.everything()
    assert count(clickhouse) == 5
    assert drain.tallies[hour_of(NOW)].events == 5


def test_an_event_sent_twice_is_stored_once_even_with_another_timestamp(
    drain: Drain, store: ObjectStore, clickhouse: ClickHouse
) -> None:
    first = line(event(timestamp="2026-11-20T00:00:00Z"))
    again = {**first, "event": event(timestamp="2026-11-21T00:00:00Z"), "received_at": first["received_at"] + 1}
    other_team = {**first, "project": 2}
    put(store, [first, again])
    drain.everything()
    put(store, [again, other_team], received=NOW + timedelta(seconds=1))
    drain.everything()
    assert clickhouse.query("SELECT team_id, timestamp FROM events ORDER BY team_id").rows == [
        (1, datetime(2026, 11, 20, tzinfo=UTC)),
        (2, datetime(2026, 11, 20, tzinfo=UTC)),
    ]
    assert drain.tallies[hour_of(NOW)].duplicates == 2


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ('{"received_at": 17', "malformed_line"),
        (line({"distinct_id": "ada"}), "missing_event_name"),
        (line({"event": "page"}), "missing_distinct_id"),
        (line("text"), "event_is_not_an_object"),
        (line(event(), uuid=None), "missing_uuid"),
    ],
)
def test_a_line_that_breaks_a_rule_is_kept_with_its_reason_and_the_rest_loads(
    drain: Drain, store: ObjectStore, clickhouse: ClickHouse, bad: dict | str, reason: str
) -> None:
    put(store, [line(event()), bad, line(event())])
    drain.everything()
    assert count(clickhouse) == 2
    kept_reason, kept = clickhouse.query("SELECT reason, line FROM dead_letters").one()
    assert kept_reason == reason
    assert kept == bad if isinstance(bad, str) else json.loads(kept) == bad


def test_the_ledger_accounts_for_every_line(
    drain: Drain, store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse
) -> None:
    same = line(event())
    put(store, [same, same, line(event()), line({"event": "x"})])
    drain.everything()
    row = postgres.row("SELECT state, lines, events, duplicates, dead_letters, run_id FROM ingest_batches")
    assert row == {
        "state": "loaded",
        "lines": 4,
        "events": 2,
        "duplicates": 1,
        "dead_letters": 1,
        "run_id": "run-1",
    }
    tally = drain.tallies[hour_of(NOW)]
    assert (tally.lines, tally.batches, tally.objects) == (4, 1, 1)


@pytest.mark.parametrize(
    "point",
    [
        "drain.after_claim",
        "loader.after_stage",
        "loader.after_events",
        "loader.after_dead_letters",
        "drain.before_close",
        "drain.after_close",
    ],
)
def test_a_load_broken_off_anywhere_is_finished_by_the_next_drain(
    drain: Drain,
    store: ObjectStore,
    postgres: Postgres,
    clickhouse: ClickHouse,
    monkeypatch: pytest.MonkeyPatch,
    point: str,
) -> None:
    from analytics_pipelines import faults

    put(store, [line(event()) for _ in range(10)] + [line({"event": "x"})])
    monkeypatch.setattr(faults, "_plan", {point: ("raise", 1)})
    monkeypatch.setattr(faults, "_passes", {})
    with pytest.raises(faults.InjectedFault):
        drain.everything()
    drain.everything()
    assert (count(clickhouse), count(clickhouse, "dead_letters")) == (10, 1)
    row = postgres.row("SELECT state, lines, events, duplicates, dead_letters FROM ingest_batches")
    assert row == {"state": "loaded", "lines": 11, "events": 10, "duplicates": 0, "dead_letters": 1}


def test_objects_of_hours_missed_while_ingestion_was_away_are_found(
    drain: Drain, store: ObjectStore, clickhouse: ClickHouse
) -> None:
    drain.now = lambda: NOW - timedelta(hours=40)
    put(store, [line(event())], received=NOW - timedelta(hours=40))
    drain.everything()
    drain.now = lambda: NOW
    for hours in (30, 5, 0):
        put(store, [line(event())], received=NOW - timedelta(hours=hours))
    drain.everything()
    assert count(clickhouse) == 4
    assert len(drain.tallies) == 4


def test_draining_one_hour_leaves_the_others_alone(drain: Drain, store: ObjectStore, clickhouse: ClickHouse) -> None:
    put(store, [line(event())], received=NOW - timedelta(hours=3))
    put(store, [line(event())])
    drain.hours([hour_of(NOW)])
    assert list(drain.tallies) == [hour_of(NOW)]
    assert count(clickhouse) == 1


def test_a_lingering_drain_ends_when_its_successor_waits(
    drain: Drain, store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse
) -> None:
    import threading

    put(store, [line(event())])
    successor = Drain(store, postgres, clickhouse, batch_objects=100, batch_bytes=10_000_000, now=lambda: NOW)
    first = threading.Thread(target=lambda: drain.linger(60, 0.05))
    first.start()
    with postgres.session() as session:
        while not drain_module.someone_lingers(session):
            pass
    second = threading.Thread(target=lambda: successor.linger(0, 0.05))
    second.start()
    first.join(10)
    second.join(10)
    assert not first.is_alive()
    assert not second.is_alive()
    assert count(clickhouse) == 1


def test_batches_hold_objects_of_one_hour_and_keep_the_limits(
    drain: Drain, store: ObjectStore, postgres: Postgres
) -> None:
    drain.batch_objects = 2
    for minute in range(5):
        put(store, [line(event())], received=NOW + timedelta(minutes=minute))
    put(store, [line(event())], received=NOW - timedelta(hours=1))
    drain.everything()
    rows = postgres.rows("SELECT objects FROM ingest_batches ORDER BY arrival_hour, objects DESC")
    assert [row["objects"] for row in rows] == [1, 2, 2, 1]


def test_a_foreign_file_in_the_bucket_is_left_alone(drain: Drain, store: ObjectStore, clickhouse: ClickHouse) -> None:
    store.put("raw/v1/dt=2026-11-23/hour=10/readme.txt", b"hello")
    put(store, [line(event())])
    drain.everything()
    assert count(clickhouse) == 1


def test_an_object_that_has_gone_is_noted_and_the_others_load(
    drain: Drain, store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = put(store, [line(event())])
    put(store, [line(event())], received=NOW + timedelta(seconds=1))
    look = drain_module.waiting

    def look_and_lose(*arguments: object, **named: object) -> list[StoredObject]:
        found = look(*arguments, **named)  # type: ignore[arg-type]
        store.delete([gone])
        return found

    monkeypatch.setattr(drain_module, "waiting", look_and_lose)
    drain.everything()
    assert count(clickhouse) == 1
    assert postgres.rows("SELECT key FROM ingest_objects WHERE is_lost") == [{"key": gone}]
    assert drain.tallies[hour_of(NOW)].lost_objects == 1


def test_a_lingering_drain_outlives_an_absence_of_clickhouse(
    drain: Drain, store: ObjectStore, clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, [line(event()) for _ in range(3)])
    real = ClickHouse.insert
    absences = iter([True, True])

    def sometimes(self: ClickHouse, *arguments: object, **named: object) -> None:
        real(self, *arguments, **named)  # type: ignore[arg-type]
        if next(absences, False):
            raise ClickHouseUnavailable("broken off after the insert")

    monkeypatch.setattr(ClickHouse, "insert", sometimes)
    troubles: list[Exception] = []

    class LoadedAtLast(Exception):
        pass

    def stop() -> None:
        raise LoadedAtLast

    with pytest.raises(LoadedAtLast):
        drain.linger(60, 0.05, between=stop, trouble=troubles.append)
    assert len(troubles) == 2
    assert count(clickhouse) == 3


def test_a_load_is_followed_by_a_rest_and_an_empty_look_by_a_pause(
    drain: Drain, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[float] = []
    monkeypatch.setattr(drain_module, "time", SimpleNamespace(monotonic=time.monotonic, sleep=rests.append))
    put(store, [line(event())])
    looks = iter(range(3))

    def between() -> None:
        if next(looks) == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        drain.linger(60, 0.05, between=between)
    after_load, after_nothing = rests
    assert 0.05 < after_load <= 2.0
    assert after_nothing == 0.05


def test_loading_a_newer_hour_first_leaves_no_older_one_behind(
    drain: Drain, store: ObjectStore, clickhouse: ClickHouse
) -> None:
    drain.now = lambda: NOW - timedelta(hours=50)
    put(store, [line(event())], received=NOW - timedelta(hours=50))
    drain.everything()
    drain.now = lambda: NOW
    put(store, [line(event())], received=NOW - timedelta(hours=20))
    put(store, [line(event())])
    drain.hours([hour_of(NOW)])
    assert len(backlog.unloaded(store, drain.ledger)) == 1
    drain.everything()
    assert count(clickhouse) == 3


def test_hours_that_are_loaded_whole_are_not_looked_at_again(drain: Drain, store: ObjectStore) -> None:
    for hours in (30, 5, 0):
        put(store, [line(event())], received=NOW - timedelta(hours=hours))
    drain.everything()
    assert backlog.open_hours(store, drain.ledger) == [hour_of(NOW)]


def test_an_object_of_a_host_whose_clock_is_hours_behind_is_found_by_the_next_run(
    drain: Drain, store: ObjectStore, clickhouse: ClickHouse
) -> None:
    put(store, [line(event())])
    drain.everything()
    put(store, [line(event())], received=NOW - timedelta(hours=9))
    drain.linger(0, 0.05)
    assert count(clickhouse) == 2


def test_a_line_that_can_not_be_read_arrived_with_its_batch(
    drain: Drain, store: ObjectStore, clickhouse: ClickHouse
) -> None:
    put(store, ["not json", "not json", "neither"])
    drain.everything()
    assert clickhouse.query("SELECT count(), uniq(received_at), any(received_at) FROM dead_letters").one() == (
        3,
        1,
        hour_of(NOW),
    )


def test_new_events_carry_the_person_that_a_squash_wrote_into_the_old_ones(
    drain: Drain, store: ObjectStore, clickhouse: ClickHouse
) -> None:
    clickhouse.insert_rows(
        "squashed_ids",
        [[1, "ada", person_id(1, "bob"), 1], [2, "eve", person_id(2, "bob"), 1]],
        ["team_id", "distinct_id", "person_id", "version"],
    )
    put(store, [line(event()), line(event(distinct_id="eve")), line(event(), project=2)])
    drain.everything()
    rows = clickhouse.query("SELECT team_id, distinct_id, person_id FROM events ORDER BY team_id, distinct_id").rows
    assert rows == [
        (1, "ada", person_id(1, "bob")),
        (1, "eve", person_id(1, "eve")),
        (2, "ada", person_id(2, "ada")),
    ]
