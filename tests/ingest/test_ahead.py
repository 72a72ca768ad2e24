"""The batch after the one that is being loaded is made ready beside it, and lost with nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event
from typing import Any

import pytest

from analytics_pipelines.ingest.ahead import Ahead
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.ingest.ledger import Batch
from resources.clickhouse import ClickHouse, ClickHouseUnavailable
from resources.object_store import ObjectStore, StoredObject
from resources.postgres import Postgres
from tests.ingest.test_drain import count, event, line, put

RECEIVED = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
FIRST, SECOND = (Batch((StoredObject(f"raw/v1/dt=2026-11-23/hour=10/{n}-n-{n}.jsonl.zst", 1),)) for n in (1, 2))


class Preparing:
    """Makes batches ready, and remembers which are open."""

    def __init__(self) -> None:
        self.begun, self.open = list[Batch](), list[Batch]()
        self.may_go_on = Event()
        self.may_go_on.set()
        self.trouble: Exception | None = None

    @contextmanager
    def __call__(self, batch: Batch) -> Iterator[Any]:
        self.begun.append(batch)
        self.may_go_on.wait(10)
        if self.trouble:
            raise self.trouble
        self.open.append(batch)
        try:
            yield batch
        finally:
            self.open.remove(batch)


def test_a_batch_that_was_begun_is_not_made_ready_again() -> None:
    prepare = Preparing()
    with Ahead(prepare) as ahead:
        with ahead.take(FIRST) as ready:
            assert ready is FIRST
            ahead.begin(SECOND)
        with ahead.take(SECOND) as ready:
            assert ready is SECOND
    assert prepare.begun == [FIRST, SECOND]
    assert prepare.open == []


def test_what_is_begun_and_not_taken_is_let_go() -> None:
    prepare = Preparing()
    with Ahead(prepare) as ahead:
        ahead.begin(FIRST)
        with ahead.take(SECOND):
            pass
        ahead.begin(SECOND)
    assert prepare.open == []


def test_what_goes_wrong_ahead_is_raised_when_it_is_taken() -> None:
    prepare = Preparing()
    prepare.trouble = ClickHouseUnavailable("gone")
    with Ahead(prepare) as ahead:
        ahead.begin(FIRST)
        with pytest.raises(ClickHouseUnavailable, match="gone"), ahead.take(FIRST):
            pass
    ahead = Ahead(prepare)
    with ahead:
        ahead.begin(FIRST)  # and not taken: nobody is told


def test_a_load_that_fails_waits_for_what_is_being_made_ready_and_lets_it_go() -> None:
    prepare = Preparing()

    def load() -> None:
        with Ahead(prepare) as ahead, ahead.take(FIRST):
            ahead.begin(SECOND)
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        load()
    assert prepare.open == []


@pytest.mark.engines
def test_many_batches_leave_every_event_once_and_no_table_in_memory(
    store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse
) -> None:
    drain = Drain(store, postgres, clickhouse, batch_objects=1, batch_bytes=10_000_000, now=lambda: RECEIVED)
    again = line(event())
    for _ in range(5):
        put(store, [line(event()), again])
    drain.everything()
    assert count(clickhouse) == 6
    assert sum(tally.batches for tally in drain.tallies.values()) == 5
    left = clickhouse.query("SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'Memory'")
    assert left.rows == []
