"""Days of arrival loaded again: today's transformation for all of history, and no reader notices."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from raw_lines import EVENT_NAME, LAST_RULE, RECEIVED, change_stage, line, put
from thorough import some

from analytics_pipelines import faults
from analytics_pipelines.ingest import replayed_ids, takers
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.ingest.replay import Progress, Replay
from analytics_pipelines.ingest.replay_log import ReplayLog
from analytics_pipelines.ingest.staged import Staged
from analytics_pipelines.migrations.apply import migrate
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

pytestmark = pytest.mark.engines

DAY = RECEIVED.date()
NEXT_DAY = DAY + timedelta(days=1)


@pytest.fixture
def drain(store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse) -> Drain:
    return Drain(
        store, postgres, clickhouse, batch_objects=2, batch_bytes=10_000_000, run_id="run-1", now=lambda: RECEIVED
    )


@pytest.fixture
def replay(store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse) -> Replay:
    return Replay(
        store, postgres, clickhouse, batch_objects=100, batch_bytes=10_000_000, run_id="run-2", now=lambda: RECEIVED
    )


def rows(clickhouse: ClickHouse) -> list[tuple[Any, ...]]:
    return clickhouse.query("SELECT * EXCEPT batch_id FROM events ORDER BY team_id, uuid").rows


def names(clickhouse: ClickHouse) -> list[str]:
    return [name for (name,) in clickhouse.query("SELECT event FROM events ORDER BY event").rows]


def tables(clickhouse: ClickHouse) -> set[str]:
    found = clickhouse.query("SELECT name FROM system.tables WHERE database = currentDatabase()").rows
    return {name for (name,) in found}


def assert_ledger_holds(postgres: Postgres, clickhouse: ClickHouse) -> None:
    """All batches are closed, and each has as many rows in each table as the ledger says."""
    batches = postgres.rows("SELECT * FROM ingest_batches")
    for batch in batches:
        assert batch["state"] == "loaded"
        assert batch["duplicates"] >= 0
        for table, column in (("events", "events"), ("dead_letters", "dead_letters"), ("dropped_events", "dropped")):
            stored = clickhouse.query(
                f"SELECT count() FROM {table} WHERE batch_id = {{batch:UUID}}", {"batch": str(batch["id"])}
            ).one()[0]
            assert stored == batch[column], (table, batch)
    ids = {str(batch["id"]) for batch in batches}
    for table in ("events", "dead_letters", "dropped_events"):
        assert {str(each) for (each,) in clickhouse.query(f"SELECT DISTINCT batch_id FROM {table}").rows} <= ids


def put_a_day(store: ObjectStore, received: datetime = RECEIVED) -> None:
    """Four objects: events, one of them twice, a dead letter and a drop."""
    same = line("same", received=received)
    put(store, line("a", received=received), same, received=received)
    put(store, same, line("b", received=received), received=received + timedelta(seconds=1))
    put(store, line("", received=received), received=received + timedelta(seconds=2))
    put(
        store,
        {
            "received_at": int(received.timestamp() * 1000),
            "project": 1,
            "dropped": "denied_event",
            "name": "noise",
            "count": 7,
        },
        received=received + timedelta(seconds=3),
    )


def test_a_day_loaded_again_is_the_same_and_its_ledger_too(
    drain: Drain, replay: Replay, store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse
) -> None:
    put_a_day(store)
    drain.everything()
    before, had = rows(clickhouse), tables(clickhouse)
    (found,) = replay.days(DAY, DAY)
    assert rows(clickhouse) == before
    assert found.public()["differences"] == {
        "before": 3,
        "after": 3,
        "added": 0,
        "removed": 0,
        "changed": 0,
        "by_event": {},
        "columns": {},
    }
    assert tables(clickhouse) == had
    assert_ledger_holds(postgres, clickhouse)
    sums = postgres.row(
        "SELECT count(*) AS batches, sum(objects)::int AS objects, sum(lines)::int AS lines,"
        " sum(events)::int AS events,"
        " sum(duplicates)::int AS duplicates, sum(dead_letters)::int AS dead, sum(dropped)::int AS dropped,"
        " min(run_id) AS run FROM ingest_batches"
    )
    assert sums == {
        "batches": 1,  # what came in many small batches is one
        "objects": 4,
        "lines": 6,
        "events": 3,
        "duplicates": 1,
        "dead": 1,
        "dropped": 1,
        "run": "run-2",
    }
    drain.everything()
    assert rows(clickhouse) == before


def test_a_changed_transformation_changes_history_and_says_what(
    drain: Drain,
    replay: Replay,
    store: ObjectStore,
    postgres: Postgres,
    clickhouse: ClickHouse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(store, line("a", timestamp="2026-11-20T00:00:00Z"), line("b"), line("ghost", distinct_id="eve"))
    drain.everything()
    postgres.execute("DELETE FROM dirty_days")
    change_stage(monkeypatch, EVENT_NAME, f"if(event_name = 'a', 'A', {EVENT_NAME})")
    change_stage(monkeypatch, LAST_RULE, f"{LAST_RULE} sent_name = 'ghost', 'ghost',")
    (found,) = replay.days(DAY, DAY)
    assert names(clickhouse) == ["A", "b"]
    assert found.public()["differences"] == {
        "before": 3,
        "after": 2,
        "added": 0,
        "removed": 1,
        "changed": 1,
        "by_event": {"A": {"added": 0, "removed": 0, "changed": 1}, "ghost": {"added": 0, "removed": 1, "changed": 0}},
        "columns": {"event": 1},
    }
    assert {row["day"] for row in postgres.rows("SELECT day FROM dirty_days")} == {date(2026, 11, 20), DAY}
    assert_ledger_holds(postgres, clickhouse)


def test_a_dry_run_says_what_would_differ_and_changes_nothing(
    drain: Drain, replay: Replay, store: ObjectStore, clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_a_day(store)
    drain.everything()
    before, had = rows(clickhouse), tables(clickhouse)
    taken: list[Staged] = []
    monkeypatch.setattr(takers, "take_all", lambda staged, *_: taken.append(staged))
    change_stage(monkeypatch, EVENT_NAME, f"upper({EVENT_NAME})")
    (found,) = replay.days(DAY, DAY, dry_run=True)
    assert found.differences is not None
    assert found.differences.counts.changed == 3
    assert rows(clickhouse) == before
    assert tables(clickhouse) == had
    assert taken == []


def test_a_lost_clickhouse_is_filled_with_the_same_rows(
    drain: Drain, replay: Replay, store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse
) -> None:
    put_a_day(store)
    put_a_day(store, RECEIVED + timedelta(days=1))
    drain.everything()
    before = rows(clickhouse)
    clickhouse.command(f"DROP DATABASE {clickhouse.database} SYNC")
    migrate(postgres, clickhouse, None)
    assert rows(clickhouse) == []
    found = replay.days(DAY, NEXT_DAY)
    assert rows(clickhouse) == before
    assert [day.differences.counts.added for day in found if day.differences] == [3, 3]
    assert_ledger_holds(postgres, clickhouse)
    drain.everything()
    assert rows(clickhouse) == before


# What is asked of each table that follows from events; numbers of versions and batches say when, and not what.
MADE_OF_EVENTS = (
    "SELECT * EXCEPT batch_id FROM events ORDER BY ALL",
    "SELECT * EXCEPT batch_id FROM dead_letters ORDER BY ALL",
    "SELECT * EXCEPT batch_id FROM dropped_events ORDER BY ALL",
    "SELECT * EXCEPT version FROM persons FINAL ORDER BY team_id, id",
    "SELECT * EXCEPT version FROM person_distinct_ids FINAL ORDER BY team_id, distinct_id",
    "SELECT * EXCEPT version FROM person_overrides FINAL ORDER BY team_id, distinct_id",
    "SELECT team_id, index, type, key, properties, created_at FROM groups ORDER BY ALL",
    "SELECT * EXCEPT batch_id FROM ingestion_warnings FINAL ORDER BY ALL",
)


def test_a_lost_clickhouse_is_filled_with_all_that_is_made_of_events(
    drain: Drain, replay: Replay, store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse
) -> None:
    later = RECEIVED + timedelta(days=1)
    put_a_day(store)
    put(
        store,
        line("page", distinct_id="visitor-1", properties={"$groups": {"company": "acme"}}),
        line("$groupidentify", properties={"$group_type": "company", "$group_key": "acme", "$group_set": {"seats": 3}}),
        line("page", distinct_id="x" * 300),
    )
    put(
        store,
        line("$identify", received=later, distinct_id="ada", properties={"$anon_distinct_id": "visitor-1"}),
        line("page", received=later, set={"plan": "pro"}),
        received=later,
    )
    drain.everything()
    before = [clickhouse.query(sql).rows for sql in MADE_OF_EVENTS]
    assert all(before)
    clickhouse.command(f"DROP DATABASE {clickhouse.database} SYNC")
    migrate(postgres, clickhouse, None)
    replay.days(DAY, NEXT_DAY)
    for sql, rows_before in zip(MADE_OF_EVENTS, before, strict=True):
        assert clickhouse.query(sql).rows == rows_before, sql
    replay.days(DAY, NEXT_DAY)
    for sql, rows_before in zip(MADE_OF_EVENTS, before, strict=True):
        assert clickhouse.query(sql).rows == rows_before, sql


def test_days_outside_the_range_stay_as_they_are(
    drain: Drain, replay: Replay, store: ObjectStore, clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    for days in range(4):
        put(store, line(f"day {days}"), received=RECEIVED + timedelta(days=days))
    drain.everything()
    change_stage(monkeypatch, EVENT_NAME, f"upper({EVENT_NAME})")
    replay.days(NEXT_DAY, NEXT_DAY + timedelta(days=1))
    assert names(clickhouse) == ["DAY 1", "DAY 2", "day 0", "day 3"]


def test_what_arrives_meanwhile_is_there_once(
    drain: Drain, replay: Replay, store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse
) -> None:
    put(store, line("before"))
    drain.everything()
    late = line("late")

    def arrive(_: Progress) -> None:
        if late:
            put(store, dict(late), line("loaded meanwhile"), received=RECEIVED + timedelta(minutes=1))
            late.clear()
            threading.Thread(target=drain.everything).start()

    replay.progress = arrive
    replay.days(DAY, DAY)
    drain.everything()
    assert names(clickhouse) == ["before", "late", "loaded meanwhile"]
    assert_ledger_holds(postgres, clickhouse)


def test_readers_see_the_whole_day_all_the_time(
    drain: Drain, replay: Replay, store: ObjectStore, clickhouse: ClickHouse
) -> None:
    for number in range(6):
        put(store, *(line() for _ in range(10)), received=RECEIVED + timedelta(seconds=number))
    drain.everything()
    replay.batch_objects = 1
    seen: set[int] = set()
    done = threading.Event()

    def read() -> None:
        mine = ClickHouse(clickhouse.url)
        while not done.is_set():
            seen.add(mine.query("SELECT count() FROM events").one()[0])

    reader = threading.Thread(target=read)
    reader.start()
    replay.days(DAY, DAY)
    done.set()
    reader.join(30)
    assert seen == {60}


def test_the_event_received_first_counts_across_days(
    drain: Drain, replay: Replay, store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse
) -> None:
    uuid = str(uuid4())
    put(store, line("first", uuid=uuid))
    put(store, line("second", uuid=uuid, received=RECEIVED + timedelta(days=1)), received=RECEIVED + timedelta(days=1))
    drain.everything()
    replay.days(NEXT_DAY, NEXT_DAY)
    assert names(clickhouse) == ["first"]
    replay.days(DAY, DAY)
    assert names(clickhouse) == ["first"]
    assert_ledger_holds(postgres, clickhouse)


def test_an_event_that_becomes_one_takes_the_place_of_a_later_day(
    drain: Drain,
    replay: Replay,
    store: ObjectStore,
    postgres: Postgres,
    clickhouse: ClickHouse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    uuid = str(uuid4())
    later = RECEIVED + timedelta(days=1)
    put(store, line("first", uuid=uuid))
    put(store, line("second", uuid=uuid, received=later, timestamp="2026-11-02T00:00:00Z"), received=later)
    mend = change_stage(monkeypatch, LAST_RULE, f"{LAST_RULE} sent_name = 'first', 'a bug',")
    drain.everything()
    assert names(clickhouse) == ["second"]
    postgres.execute("DELETE FROM dirty_days")
    mend()
    replay.days(DAY, DAY)
    assert names(clickhouse) == ["first"]
    assert {row["day"] for row in postgres.rows("SELECT day FROM dirty_days")} == {DAY, date(2026, 11, 2)}
    assert_ledger_holds(postgres, clickhouse)


def test_an_event_that_is_none_any_more_lets_the_one_sent_again_count(
    drain: Drain,
    replay: Replay,
    store: ObjectStore,
    postgres: Postgres,
    clickhouse: ClickHouse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    uuid, later = str(uuid4()), RECEIVED + timedelta(days=2)
    put(store, line("first", uuid=uuid))
    put(store, line("second", uuid=uuid, received=later), line("other"), received=later)
    drain.everything()
    assert names(clickhouse) == ["first", "other"]
    change_stage(monkeypatch, LAST_RULE, f"{LAST_RULE} sent_name = 'first', 'refused by now',")
    replay.days(DAY, DAY)
    assert names(clickhouse) == ["other", "second"]
    assert_ledger_holds(postgres, clickhouse)


def test_batches_whose_objects_are_gone_keep_their_rows(
    drain: Drain,
    replay: Replay,
    store: ObjectStore,
    postgres: Postgres,
    clickhouse: ClickHouse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drain.batch_objects = 1
    gone = put(store, line("kept"), line(""))
    put(store, line("again"), received=RECEIVED + timedelta(seconds=1))
    drain.everything()
    store.delete([gone])
    change_stage(monkeypatch, EVENT_NAME, f"upper({EVENT_NAME})")
    (found,) = replay.days(DAY, DAY)
    assert found.kept_batches == 1
    assert names(clickhouse) == ["AGAIN", "kept"]
    assert_ledger_holds(postgres, clickhouse)


def test_a_day_that_is_gone_from_the_bucket_is_left_alone(
    drain: Drain, replay: Replay, store: ObjectStore, clickhouse: ClickHouse
) -> None:
    gone = put(store, line("kept"))
    drain.everything()
    store.delete([gone])
    (found,) = replay.days(DAY, DAY)
    assert (found.kept_batches, found.differences) == (1, None)
    assert names(clickhouse) == ["kept"]


def test_takers_run_again_and_persons_of_changed_events_are_made_anew(
    drain: Drain, replay: Replay, store: ObjectStore, clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    rebuilt: list[Any] = []

    def take(staged: Staged, clickhouse: ClickHouse, _: Postgres) -> None:
        taken.append(clickhouse.query(f"SELECT count() FROM {staged.published}").one()[0])

    put(store, line("a"), line("b", distinct_id="bob"))
    drain.everything()
    monkeypatch.setattr(takers, "take_all", take)
    monkeypatch.setattr(replayed_ids, "rebuild_ids", lambda _, __, ids, ___: rebuilt.extend(ids))
    replay.days(DAY, DAY)
    assert (taken, rebuilt) == ([2], [])
    change_stage(monkeypatch, EVENT_NAME, f"if(event_name = 'b', 'B', {EVENT_NAME})")
    replay.days(DAY, DAY)
    assert (taken, rebuilt) == ([2, 2], [(1, "bob")])
    monkeypatch.setattr(replayed_ids, "MOST_IDS", 0)
    monkeypatch.setattr(replayed_ids, "rebuild_all", lambda *_: rebuilt.append("all"))
    change_stage(monkeypatch, EVENT_NAME, f"upper({EVENT_NAME})")
    replay.days(DAY, DAY)
    assert rebuilt == [(1, "bob"), "all"]
    assert "replayed_ids" not in tables(clickhouse)


def test_what_a_bug_said_of_persons_is_gone_from_them(
    drain: Drain, replay: Replay, store: ObjectStore, clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, line("page", set={"plan": "pro"}))
    mend = change_stage(monkeypatch, "startsWith(tupleElement(event, '$set'), '{{')", "0 = 1")
    drain.everything()
    properties = "SELECT properties FROM persons FINAL WHERE is_deleted = 0"
    assert clickhouse.query(properties).rows == [("{}",)]
    mend()
    replay.days(DAY, DAY)
    assert clickhouse.query(properties).rows == [('{"plan":"pro"}',)]
    change_stage(monkeypatch, "startsWith(tupleElement(event, '$set'), '{{')", "0 = 1")
    replay.days(DAY, DAY)
    assert clickhouse.query(properties).rows == [("{}",)]


def test_a_person_that_was_folded_into_events_stays_in_them(
    drain: Drain, replay: Replay, store: ObjectStore, clickhouse: ClickHouse
) -> None:
    person = UUID(int=7)
    put(store, line("a"), line("b", distinct_id="bob"))
    drain.everything()
    clickhouse.insert_rows("squashed_ids", [[1, "bob", person, 1]], ["team_id", "distinct_id", "person_id", "version"])
    replay.days(DAY, DAY)
    assert clickhouse.query("SELECT person_id FROM events WHERE distinct_id = 'bob'").rows == [(person,)]
    assert len(names(clickhouse)) == 2


POINTS = [
    ("replay.after_make", 1),
    ("loader.after_stage", 1),
    ("loader.after_events", 1),
    ("loader.after_dead_letters", 1),
    ("replay.after_load", 1),
    ("replay.after_batch", 1),
    ("replay.before_swap", 1),
    ("replay.after_swap_begins", 1),
    ("replay.after_lost", 1),
    ("replay.after_uuids", 1),
    ("replay.after_partition", 1),
    ("replay.after_partition", 2),
    ("replay.after_swap", 1),
    ("replay.before_ledger_commit", 1),
    ("replay.after_ledger", 1),
    ("replay.after_days", 1),
    ("replay.after_ids", 1),
    ("replay.after_rebuild", 1),
    ("replay.before_drop", 1),
    ("replay.before_forget", 1),
]


@pytest.fixture
def broken_off(
    drain: Drain,
    replay: Replay,
    store: ObjectStore,
    postgres: Postgres,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Callable[[], None]:
    """A replay that changes one event, removes one, and brings one that another day gives way to; it breaks off."""
    point, at = request.param
    uuid, later = str(uuid4()), RECEIVED + timedelta(days=1)
    put(store, line("a"), line("ghost"), line("first", uuid=uuid), line(""))
    put(store, line("second", uuid=uuid, received=later), line("other day"), received=later)
    mend = change_stage(monkeypatch, LAST_RULE, f"{LAST_RULE} sent_name = 'first', 'a bug',")
    drain.everything()
    mend()
    change_stage(monkeypatch, EVENT_NAME, f"if(event_name = 'a', 'A', {EVENT_NAME})")
    change_stage(monkeypatch, LAST_RULE, f"{LAST_RULE} sent_name = 'ghost', 'ghost',")
    postgres.execute("DELETE FROM dirty_days")

    def break_off() -> None:
        monkeypatch.setattr(faults, "_plan", {point: ("raise", at)})
        monkeypatch.setattr(faults, "_passes", {})
        with pytest.raises(faults.InjectedFault):
            replay.days(DAY, DAY)
        monkeypatch.setattr(faults, "_plan", {})

    return break_off


# Each point once: tests/pipeline kills at all of them.
@pytest.mark.parametrize("broken_off", some(POINTS[::2], 3), indirect=True)
def test_a_replay_broken_off_anywhere_is_done_by_the_next(
    broken_off: Callable[[], None], replay: Replay, postgres: Postgres, clickhouse: ClickHouse
) -> None:
    broken_off()
    replay.days(DAY, DAY)
    assert names(clickhouse) == ["A", "first", "other day"]
    assert_ledger_holds(postgres, clickhouse)
    assert postgres.rows("SELECT day FROM replays") == []
    assert {row["day"] for row in postgres.rows("SELECT day FROM dirty_days")} == {DAY, NEXT_DAY}
    assert not [name for name in tables(clickhouse) if "20261123" in name]


@pytest.mark.parametrize("broken_off", some(POINTS[1::2], 3), indirect=True)
def test_a_replay_broken_off_anywhere_leaves_the_old_day_or_the_new_one_to_the_drain(
    broken_off: Callable[[], None],
    drain: Drain,
    store: ObjectStore,
    postgres: Postgres,
    clickhouse: ClickHouse,
) -> None:
    broken_off()
    swapping = bool(ReplayLog(postgres).begun("swapping", "swapped"))
    put(store, line("meanwhile"), received=RECEIVED + timedelta(minutes=1))
    drain.everything()
    old, new = ["a", "ghost", "meanwhile", "other day", "second"], ["A", "first", "meanwhile", "other day"]
    assert names(clickhouse) == (new if swapping or "first" in names(clickhouse) else old)
    assert_ledger_holds(postgres, clickhouse)
    assert postgres.rows("SELECT day FROM replays") == []
    assert not [name for name in tables(clickhouse) if "20261123" in name]


def test_a_clickhouse_that_is_lost_in_the_middle_of_a_swap_is_filled_by_the_drain(
    drain: Drain,
    replay: Replay,
    store: ObjectStore,
    postgres: Postgres,
    clickhouse: ClickHouse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put_a_day(store)
    drain.everything()
    before = rows(clickhouse)
    monkeypatch.setattr(faults, "_plan", {"replay.after_partition": ("raise", 1)})
    monkeypatch.setattr(faults, "_passes", {})
    with pytest.raises(faults.InjectedFault):
        replay.days(DAY, DAY)
    monkeypatch.setattr(faults, "_plan", {})
    clickhouse.command(f"DROP DATABASE {clickhouse.database} SYNC")
    migrate(postgres, clickhouse, None)
    drain.everything()
    assert rows(clickhouse) == before
    assert postgres.rows("SELECT day FROM replays") == []


def test_progress_counts_objects_to_the_end(drain: Drain, replay: Replay, store: ObjectStore) -> None:
    for number in range(3):
        put(store, line(), received=RECEIVED + timedelta(seconds=number))
    drain.everything()
    replay.batch_objects = 1
    told: list[Progress] = []
    replay.progress = told.append
    replay.days(DAY, DAY)
    assert [(each.done, each.objects) for each in told] == [(1, 3), (2, 3), (3, 3)]
    assert told[-1].lines == 3


def test_an_empty_range_is_nothing_to_do(replay: Replay, store: ObjectStore) -> None:
    assert replay.days(date(2015, 1, 1), date(2026, 12, 31)) == []
    assert replay.now().tzinfo is UTC
