"""Many small objects of an hour become few large ones: the same lines, and the same tables when they are replayed."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from buckets import in_turn
from raw_lines import RECEIVED, line, put

from analytics_pipelines.demo.traces import NODE as DEMO
from analytics_pipelines.events.keys import raw_key
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.ingest.moved import lines_of, packed
from analytics_pipelines.ingest.replay import Replay
from analytics_pipelines.upkeep.compaction import Compaction
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

pytestmark = pytest.mark.engines

DAY = RECEIVED.date()
LATER = RECEIVED + timedelta(days=3)
MADE_OF_LINES = (
    "SELECT * EXCEPT batch_id FROM events ORDER BY ALL",
    "SELECT * EXCEPT (batch_id, object_key) FROM dead_letters ORDER BY ALL",
    "SELECT * EXCEPT batch_id FROM dropped_events ORDER BY ALL",
    "SELECT * EXCEPT version FROM persons FINAL ORDER BY team_id, id",
)


@pytest.fixture
def compaction(store: ObjectStore, postgres: Postgres) -> Compaction:
    return Compaction(store, postgres, timedelta(hours=48), 4000, lambda: LATER)


@pytest.fixture
def hours(store: ObjectStore, postgres: Postgres, drain: Drain) -> list[bytes]:
    """Two closed hours of small objects and one that is not; the lines of all, in order."""
    for hour in (0, 1, 71):
        for number in range(9):
            received = RECEIVED + timedelta(hours=hour, seconds=number)
            drop = {"received_at": int(received.timestamp() * 1000), "project": 1, "dropped": "denied_event"}
            more: list[dict[str, Any]] = [line("")] if number == 3 else [{**drop, "name": "noise", "count": number}]
            put(store, line(f"e{number}", received=received, set={"n": number}), *more, received=received)
    put(store, line("x" * 5000), received=RECEIVED + timedelta(seconds=4, milliseconds=1))
    drain.everything()
    return lines(store)


def lines(store: ObjectStore) -> list[bytes]:
    return [each for item in store.objects("raw/v1") for each in lines_of(store.get(item.key))]


def objects(store: ObjectStore, hour: datetime) -> int:
    return len(store.objects(f"raw/v1/dt={hour:%Y-%m-%d}/hour={hour:%H}"))


def tables(clickhouse: ClickHouse) -> list[list[tuple[Any, ...]]]:
    return [clickhouse.query(sql).rows for sql in MADE_OF_LINES]


def test_closed_hours_become_few_objects_with_the_same_lines_in_their_order(
    store: ObjectStore, compaction: Compaction, hours: list[bytes]
) -> None:
    found = compaction.run()
    assert lines(store) == hours
    assert (found.hours, found.objects_before) == (2, 19)
    assert objects(store, RECEIVED) + objects(store, RECEIVED + timedelta(hours=1)) == found.objects_after < 8
    assert objects(store, RECEIVED + timedelta(hours=71)) == 9
    assert found.bytes_after == sum(item.size for item in store.objects(f"raw/v1/dt={DAY}")) < found.bytes_before


def test_what_is_large_enough_stays_as_it_is(store: ObjectStore, compaction: Compaction, hours: list[bytes]) -> None:
    (large,) = [item for item in store.objects("raw/v1") if b"x" * 5000 in b"".join(lines_of(store.get(item.key)))]
    compaction.run()
    assert large in store.objects("raw/v1")


def test_the_demos_objects_stay_so_that_it_can_be_cleared(
    store: ObjectStore, compaction: Compaction, drain: Drain, hours: list[bytes]
) -> None:
    payloads = [packed([json.dumps(line(f"demo{number}")).encode()]) for number in range(2)]
    keys = {raw_key(RECEIVED, DEMO, payload): payload for payload in payloads}
    for key, payload in keys.items():
        store.put(key, payload)
    drain.hours([RECEIVED.replace(minute=0)])
    compaction.run()
    assert keys.keys() < {item.key for item in store.objects("raw/v1")}


def test_a_compacted_day_loaded_again_gives_the_same_tables(
    compaction: Compaction, drain: Drain, replay: Replay, clickhouse: ClickHouse, hours: list[bytes]
) -> None:
    before = tables(clickhouse)
    compaction.run()
    drain.everything()
    assert tables(clickhouse) == before
    for _ in range(2):
        replay.days(DAY, DAY)
        assert tables(clickhouse) == before


def test_compacted_again_nothing_is_left_to_do_until_something_is_loaded_late(
    store: ObjectStore, compaction: Compaction, drain: Drain, hours: list[bytes]
) -> None:
    compaction.run()
    assert compaction.due() == []
    put(store, line("late"), received=RECEIVED + timedelta(seconds=20))
    drain.now = lambda: LATER + timedelta(seconds=1)
    drain.hours([RECEIVED.replace(minute=0)])
    assert compaction.due() == [RECEIVED.replace(minute=0)]
    compaction.run()
    assert sorted([*hours, *(each for each in lines(store) if b'"late"' in each)]) == sorted(lines(store))


def test_hours_that_are_not_loaded_whole_wait(
    store: ObjectStore, postgres: Postgres, compaction: Compaction, hours: list[bytes]
) -> None:
    postgres.execute(
        "UPDATE ingest_batches SET state = 'loading' WHERE arrival_hour = %s", [RECEIVED.replace(minute=0)]
    )
    assert compaction.due() == [RECEIVED.replace(minute=0) + timedelta(hours=1)]


@in_turn(
    (
        "replacements.after_put@1",
        "replacements.after_delete@2",
        "replacements.after_done@2",
        "compaction.after_hour@1",
    )
)
def test_broken_off_anywhere_the_next_run_ends_where_one_would_have(
    point: str,
    store: ObjectStore,
    compaction: Compaction,
    drain: Drain,
    replay: Replay,
    clickhouse: ClickHouse,
    hours: list[bytes],
    broken_off_at: Callable[[str, Callable[[], object]], None],
) -> None:
    before = tables(clickhouse)
    broken_off_at(point, compaction.run)
    drain.everything()
    assert tables(clickhouse) == before
    compaction.run()
    assert lines(store) == hours
    assert len(store.objects(f"raw/v1/dt={DAY}")) < 8
    replay.days(DAY, DAY)
    assert tables(clickhouse) == before
