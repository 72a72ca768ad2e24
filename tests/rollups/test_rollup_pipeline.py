"""From raw objects to rollups: what the loader stores is what is summed up."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from rollup_world import DAY, NOON, World, session_id

from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import raw_key
from analytics_pipelines.ingest.drain import Drain
from resources.object_store import ObjectStore

pytestmark = pytest.mark.engines

ARRIVAL = NOON + timedelta(days=10)


@pytest.fixture
def drain(world: World, store: ObjectStore) -> Drain:
    return Drain(
        store=store,
        postgres=world.postgres,
        clickhouse=world.clickhouse,
        batch_objects=100,
        batch_bytes=1 << 20,
        now=lambda: ARRIVAL,
    )


def send(drain: Drain, *events: tuple[int, datetime, dict[str, Any]], after: int = 0) -> None:
    received = ARRIVAL + timedelta(seconds=after)
    lines = [
        {
            "received_at": int(received.timestamp() * 1000),
            "sent_at": None,
            "project": 1,
            "uuid": str(UUID(int=number)),
            "event": {
                "event": "$pageview",
                "distinct_id": "ada",
                "timestamp": moment.isoformat(),
                "properties": properties,
            },
        }
        for number, moment, properties in events
    ]
    payload = zstd.compress("".join(json.dumps(line) + "\n" for line in lines).encode())
    drain.store.put(raw_key(received, "node", payload), payload)
    drain.everything()


def page(path: str, moment: datetime = NOON) -> dict[str, Any]:
    return {
        "$session_id": session_id(moment, 1),
        "$current_url": f"https://shop.example{path}",
        "$pathname": path,
        "$referring_domain": "www.google.com",
    }


def test_events_that_arrive_are_summed_up_and_nothing_stays_dirty(world: World, drain: Drain) -> None:
    send(drain, (1, NOON, page("/a")), (2, NOON + timedelta(seconds=30), page("/b")))
    assert world.dirty() == {DAY}
    world.refresh()
    assert world.dirty() == set()
    assert world.session("pageviews, duration, entry_pathname, exit_pathname, channel_type, is_bounce") == (
        *(2, 30, "/a", "/b", "Organic Search", False),
    )
    assert world.rows("SELECT sum(events), uniqExactMerge(people) FROM event_counts_hourly") == [(2, 1)]
    assert world.rows("SELECT uniqExactMerge(visitors), sum(views) FROM web_stats_daily WHERE dimension = ''") == [
        (1, 2)
    ]


def test_an_event_that_is_sent_again_changes_no_sum(world: World, drain: Drain) -> None:
    send(drain, (1, NOON, page("/a")))
    world.refresh()
    send(drain, (1, NOON, page("/a")), after=1)
    world.refresh()
    assert world.rows("SELECT sum(events) FROM event_counts_hourly") == [(1,)]
    assert world.session("events") == (1,)


def test_an_event_that_comes_late_is_in_the_sums_of_its_day(world: World, drain: Drain) -> None:
    send(drain, (1, NOON, page("/a")))
    world.refresh()
    old = NOON - timedelta(days=400)
    send(drain, (2, old, page("/old", old)), after=1)
    assert world.dirty() == {old.date()}
    world.refresh(old.date())
    assert world.rows("SELECT day, sum(events) FROM event_counts_hourly GROUP BY day ORDER BY day") == [
        (old.date(), 1),
        (DAY, 1),
    ]
