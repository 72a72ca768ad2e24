"""An event that was sent again is found, whenever its uuid was made and whenever its copies arrived."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID, uuid4

import pytest

from analytics_pipelines.ingest.drain import Drain
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres
from tests.ingest.test_drain import count, event, line, put

pytestmark = pytest.mark.engines

DAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
ARRIVALS = (-40, -2, -1, 0, 1, 40)


def made_at(moment: datetime) -> UUID:
    """A uuid of version 7."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62) | (uuid4().int & ((1 << 62) - 1)))


def uuids() -> dict[str, UUID]:
    return {
        "random": uuid4(),
        "made on the day": made_at(DAY),
        "made a second before midnight": made_at(DAY.replace(hour=23, minute=59, second=59)),
        "made a month before": made_at(DAY - timedelta(days=30)),
        "made in three days": made_at(DAY + timedelta(days=3)),
        "made in a year": made_at(DAY + timedelta(days=365)),
        "made in the first millisecond": UUID("00000000-0000-7000-8000-000000000001"),
        "made at the end of time": UUID("ffffffff-ffff-7fff-8fff-fffffffffffe"),
    }


@pytest.mark.parametrize("newest_first", [False, True], ids=["in order", "newest first"])
def test_copies_of_any_uuid_are_one_event_whenever_they_arrive(
    store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse, newest_first: bool
) -> None:
    drain = Drain(store, postgres, clickhouse, batch_objects=100, batch_bytes=10_000_000, now=lambda: DAY)
    lines: dict[int, list[dict | str]] = {day: [] for day in ARRIVALS}
    expected: dict[UUID, datetime] = {}
    for first, second in permutations(ARRIVALS, 2):
        for kind, each in uuids().items():
            if each in expected:  # of the two that can't be made anew
                each = UUID(int=each.int ^ (len(expected) << 2))
            expected[each] = DAY + timedelta(days=min(first, second))
            for day in (first, second):
                received = DAY + timedelta(days=day)
                lines[day].append(line(event(event=kind), received=received, uuid=str(each)))
    for day in sorted(ARRIVALS, reverse=newest_first):
        put(store, lines[day], DAY + timedelta(days=day))
        drain.hours([(DAY + timedelta(days=day)).replace(minute=0)])
    assert count(clickhouse) == len(expected)
    stored = dict(clickhouse.query("SELECT uuid, received_at FROM events").rows)
    assert stored == expected
