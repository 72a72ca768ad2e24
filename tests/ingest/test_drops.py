"""What the edge refused or dropped: kept with its reason, or counted, once."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from analytics_pipelines import faults
from analytics_pipelines.events import zstd
from analytics_pipelines.events.envelope import Arrival, to_lines
from analytics_pipelines.events.keys import hour_of, raw_key
from analytics_pipelines.events.parse import Incoming, Request
from analytics_pipelines.events.rules import Drop
from analytics_pipelines.ingest.checks import mismatched_batches
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.migrations.apply import migrate
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

pytestmark = pytest.mark.engines

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
SUMS = "SELECT rule, event, count(), sum(events) FROM dropped_events GROUP BY rule, event ORDER BY rule, event"


@pytest.fixture
def drain(store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse) -> Drain:
    return Drain(store, postgres, clickhouse, batch_objects=100, batch_bytes=10_000_000, run_id="run", now=lambda: NOW)


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def event(**more: Any) -> dict[str, Any]:
    return {
        "received_at": milliseconds(NOW),
        "sent_at": None,
        "project": 1,
        "uuid": str(uuid4()),
        "event": {"event": "page", "distinct_id": "ada", "properties": {}},
        **more,
    }


def drop(rule: str = "quota", name: str = "page", count: Any = 1, **more: Any) -> dict[str, Any]:
    return {
        "received_at": milliseconds(NOW),
        "token": "phc_x",
        "project": 1,
        "path": "/e/",
        "dropped": rule,
        "name": name,
        "count": count,
        **more,
    }


def put(store: ObjectStore, lines: list[dict[str, Any]], received: datetime = NOW) -> None:
    payload = zstd.compress("".join(json.dumps(line) + "\n" for line in lines).encode())
    store.put(raw_key(received, "node", payload), payload)


def count(clickhouse: ClickHouse, table: str) -> int:
    return int(clickhouse.query(f"SELECT count() FROM {table}").one()[0])


def test_a_drop_line_becomes_a_row_and_no_event(
    drain: Drain, store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse
) -> None:
    put(store, [event(), drop("denied_event", "noisy", 3, project=2)])
    drain.everything()
    rows = clickhouse.query("SELECT * EXCEPT (batch_id, arrival_day) FROM dropped_events").rows
    assert rows == [(2, NOW, "denied_event", "noisy", 3)]
    assert (count(clickhouse, "events"), count(clickhouse, "dead_letters")) == (1, 0)
    assert postgres.rows("SELECT team_id FROM dirty_days") == [{"team_id": 1}]


def test_drop_lines_that_are_the_same_count_each(drain: Drain, store: ObjectStore, clickhouse: ClickHouse) -> None:
    put(store, [drop(count=2), drop(count=2), drop(count=2)])
    put(store, [drop(count=2)], received=NOW + timedelta(seconds=1))
    drain.everything()
    put(store, [drop(count=2)], received=NOW + timedelta(seconds=2))
    drain.everything()
    assert clickhouse.query(SUMS).rows == [("quota", "page", 5, 10)]


@pytest.mark.parametrize(
    "point",
    [
        "drain.after_claim",
        "loader.after_stage",
        "loader.after_events",
        "loader.after_dead_letters",
        "loader.after_dropped_events",
        "drain.before_close",
        "drain.after_close",
    ],
)
def test_a_load_broken_off_anywhere_counts_each_drop_once(
    drain: Drain,
    store: ObjectStore,
    postgres: Postgres,
    clickhouse: ClickHouse,
    monkeypatch: pytest.MonkeyPatch,
    point: str,
) -> None:
    put(store, [event(), event(refused="event_too_large"), drop(count=4), drop(count=4), drop("denied_event", "x")])
    monkeypatch.setattr(faults, "_plan", {point: ("raise", 1)})
    monkeypatch.setattr(faults, "_passes", {})
    with pytest.raises(faults.InjectedFault):
        drain.everything()
    drain.everything()
    assert clickhouse.query(SUMS).rows == [("denied_event", "x", 1, 1), ("quota", "page", 2, 8)]
    assert (count(clickhouse, "events"), count(clickhouse, "dead_letters")) == (1, 1)
    assert postgres.row("SELECT lines, events, duplicates, dead_letters, dropped FROM ingest_batches") == {
        "lines": 5,
        "events": 1,
        "duplicates": 0,
        "dead_letters": 1,
        "dropped": 3,
    }


def test_a_batch_of_two_months_is_stored_whole(
    drain: Drain, store: ObjectStore, clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    midnight = datetime(2026, 12, 1, tzinfo=UTC)
    before, after = milliseconds(midnight - timedelta(seconds=1)), milliseconds(midnight)
    put(store, [drop(received_at=before)] * 2 + [drop(received_at=after)] * 3, received=midnight)
    drain.now = lambda: midnight
    monkeypatch.setattr(faults, "_plan", {"drain.before_close": ("raise", 1)})
    monkeypatch.setattr(faults, "_passes", {})
    with pytest.raises(faults.InjectedFault):
        drain.everything()
    clickhouse.command("ALTER TABLE dropped_events MODIFY SETTING non_replicated_deduplication_window = 0")
    drain.everything()
    months = clickhouse.query(
        "SELECT toYYYYMM(received_at) AS month, count() FROM dropped_events GROUP BY 1 ORDER BY 1"
    )
    assert months.rows == [(202611, 2), (202612, 3)]


@pytest.mark.parametrize(
    "held", [{"event": "page", "distinct_id": "ada"}, '{"event": "page", "properties": {"x": "aaa']
)
def test_what_capture_refused_is_a_dead_letter_of_its_stage(
    drain: Drain, store: ObjectStore, clickhouse: ClickHouse, held: object
) -> None:
    refused = event(event=held, refused="event_too_large")
    put(store, [refused, event(event={"event": "no id"}), event()])
    drain.everything()
    rows = clickhouse.query("SELECT team_id, reason, stage, line FROM dead_letters ORDER BY reason").rows
    assert [row[:3] for row in rows] == [(1, "event_too_large", "capture"), (1, "missing_distinct_id", "ingest")]
    assert json.loads(rows[0][3]) == refused
    assert count(clickhouse, "events") == 1


@pytest.mark.parametrize("number", [0, -3, None, "many", 2**70])
def test_a_drop_line_without_a_count_is_a_dead_letter(
    drain: Drain, store: ObjectStore, clickhouse: ClickHouse, number: Any
) -> None:
    put(store, [drop(count=number), drop()])
    drain.everything()
    assert clickhouse.query("SELECT reason, stage FROM dead_letters").rows == [("malformed_line", "ingest")]
    assert count(clickhouse, "dropped_events") == 1


def test_the_tally_accounts_for_drop_lines(drain: Drain, store: ObjectStore) -> None:
    same = event()
    put(store, [same, same, event(refused="too_many_keys"), drop(count=7), drop(count=7)])
    drain.everything()
    tally = drain.tallies[hour_of(NOW)]
    assert (tally.lines, tally.events, tally.duplicates, tally.dead_letters, tally.dropped) == (5, 1, 1, 1, 2)


def test_the_check_sees_a_drop_that_is_missing(
    drain: Drain, store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse
) -> None:
    put(store, [event(), drop(), drop("denied_event")])
    drain.everything()
    assert mismatched_batches(postgres, clickhouse, run_id="run") == []
    clickhouse.command("DELETE FROM dropped_events WHERE rule = 'quota'")
    (mismatch,) = mismatched_batches(postgres, clickhouse, run_id="run")
    assert (mismatch["table"], mismatch["ledger"], mismatch["stored"]) == ("dropped_events", 2, 1)


def test_new_tables_are_filled_with_drops_again(
    drain: Drain, store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse
) -> None:
    put(store, [event(), drop(count=5), drop(count=5)])
    drain.everything()
    clickhouse.command(f"DROP DATABASE {clickhouse.database} SYNC")
    assert migrate(postgres, clickhouse, None).reopened == 1
    drain.everything()
    assert clickhouse.query(SUMS).rows == [("quota", "page", 2, 10)]
    assert count(clickhouse, "events") == 1


def test_lines_are_read_as_capture_writes_them(drain: Drain, store: ObjectStore, clickhouse: ClickHouse) -> None:
    events = [
        Incoming(uuid4(), b'{"event": "page", "distinct_id": "ada"}'),
        Incoming(uuid4(), b'{"event": "big", "distinct_id": "ada", "properties": {', refused="event_too_large"),
    ]
    arrival = Arrival(received_at=NOW, ip="192.0.2.1", user_agent="test", path="/e/", project=7)
    lines = to_lines(Request("phc_x", None, events), arrival, [Drop("denied_event", 'n"o\nisy', 3)])
    payload = zstd.compress(lines)
    store.put(raw_key(NOW, "node", payload), payload)
    drain.everything()
    assert clickhouse.query("SELECT team_id, event FROM events").rows == [(7, "page")]
    assert clickhouse.query("SELECT team_id, reason, stage FROM dead_letters").rows == [
        (7, "event_too_large", "capture")
    ]
    assert clickhouse.query("SELECT team_id, rule, event, events FROM dropped_events").rows == [
        (7, "denied_event", 'n"o\nisy', 3)
    ]


def test_a_name_of_a_dropped_event_is_cut_as_that_of_a_stored_one(
    drain: Drain, store: ObjectStore, clickhouse: ClickHouse
) -> None:
    put(store, [drop(name="ü" * 300), drop(name="")])
    drain.everything()
    assert clickhouse.query("SELECT event FROM dropped_events ORDER BY event").rows == [("",), ("ü" * 200,)]
