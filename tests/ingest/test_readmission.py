"""Dead letters tried again: what is an event by now is stored once, and the rest stays where it is."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from raw_lines import LAST_RULE, RECEIVED, change_stage, line, put
from thorough import some

from analytics_pipelines import faults
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.ingest.readmission import Readmission, Wanted
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

pytestmark = pytest.mark.engines


@pytest.fixture
def drain(store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse) -> Drain:
    return Drain(store, postgres, clickhouse, batch_objects=100, batch_bytes=10_000_000, now=lambda: RECEIVED)


@pytest.fixture
def readmission(store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse) -> Readmission:
    return Readmission(store, postgres, clickhouse, now=lambda: RECEIVED)


@pytest.fixture
def bug(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The transformation throws for events named `poison`, until it is mended by what is returned."""
    throws = "toInt64(if(sent_name = 'poison', sent_name, '0')) = 1"
    return change_stage(monkeypatch, LAST_RULE, f"{LAST_RULE} {throws}, 'never',")


def poison(**more: Any) -> dict[str, Any]:
    return line("poison", **more)


def names(clickhouse: ClickHouse) -> list[str]:
    return [name for (name,) in clickhouse.query("SELECT event FROM events ORDER BY event").rows]


def reasons(clickhouse: ClickHouse) -> list[str]:
    return [reason for (reason,) in clickhouse.query("SELECT reason FROM dead_letters ORDER BY reason").rows]


def sums(postgres: Postgres) -> dict[str, int] | None:
    return postgres.row(
        "SELECT sum(lines)::int AS lines, sum(events)::int AS events, sum(duplicates)::int AS duplicates,"
        " sum(dead_letters)::int AS dead, sum(dropped)::int AS dropped FROM ingest_batches WHERE state = 'loaded'"
    )


def test_a_poison_event_lies_among_the_dead_letters_and_is_an_event_once_the_bug_is_mended(
    drain: Drain,
    readmission: Readmission,
    store: ObjectStore,
    postgres: Postgres,
    clickhouse: ClickHouse,
    bug: Callable[[], None],
) -> None:
    bad = poison()
    put(store, *(line(f"page {number}") for number in range(4)))
    key = put(store, line("beside it"), bad, line("after it"), received=RECEIVED + timedelta(seconds=1))
    drain.everything()
    assert len(names(clickhouse)) == 6
    reason, stage, text, where = clickhouse.query("SELECT reason, stage, line, object_key FROM dead_letters").one()
    assert (reason, stage, where) == ("cannot_be_loaded", "ingest", key)
    assert json.loads(text) == bad
    assert readmission.run(Wanted()).public() == {
        "tried": 1,
        "events": 0,
        "duplicates": 0,
        "gone": 0,
        "left": {"cannot_be_loaded": 1},
    }
    bug()
    postgres.execute("DELETE FROM dirty_days")
    assert readmission.run(Wanted()).public() == {"tried": 1, "events": 1, "duplicates": 0, "gone": 0, "left": {}}
    assert names(clickhouse)[-1] == "poison"
    assert reasons(clickhouse) == []
    assert sums(postgres) == {"lines": 7, "events": 7, "duplicates": 0, "dead": 0, "dropped": 0}
    assert [row["day"] for row in postgres.rows("SELECT day FROM dirty_days")] == [RECEIVED.date()]
    assert readmission.run(Wanted()).tried == 0
    assert len(names(clickhouse)) == 7


def test_what_is_still_no_event_stays(
    drain: Drain,
    readmission: Readmission,
    store: ObjectStore,
    postgres: Postgres,
    clickhouse: ClickHouse,
    bug: Callable[[], None],
) -> None:
    put(store, poison(), line(""), "no json", "no json", line("good"))
    drain.everything()
    before = clickhouse.query("SELECT * FROM dead_letters WHERE reason != 'cannot_be_loaded' ORDER BY ALL").rows
    bug()
    done = readmission.run(Wanted())
    assert (done.tried, done.events) == (4, 1)
    assert dict(done.left) == {"missing_event_name": 1, "malformed_line": 2}
    assert clickhouse.query("SELECT * FROM dead_letters ORDER BY ALL").rows == before
    assert sums(postgres) == {"lines": 5, "events": 2, "duplicates": 0, "dead": 3, "dropped": 0}


def test_a_dead_letter_whose_event_was_sent_again_and_stored_is_a_duplicate(
    drain: Drain,
    readmission: Readmission,
    store: ObjectStore,
    postgres: Postgres,
    clickhouse: ClickHouse,
    bug: Callable[[], None],
) -> None:
    uuid, later = str(uuid4()), RECEIVED + timedelta(seconds=9)
    put(store, poison(uuid=uuid, received=later), received=later)
    put(store, line("the same, better", uuid=uuid))
    drain.everything()
    bug()
    done = readmission.run(Wanted())
    assert (done.tried, done.events, done.duplicates) == (1, 0, 1)
    assert names(clickhouse) == ["the same, better"]
    assert sums(postgres) == {"lines": 2, "events": 1, "duplicates": 1, "dead": 0, "dropped": 0}


def test_range_project_and_reason_choose_what_is_tried(
    drain: Drain, readmission: Readmission, store: ObjectStore, clickhouse: ClickHouse, bug: Callable[[], None]
) -> None:
    later = RECEIVED + timedelta(days=1)
    put(store, poison(), poison(project=2), line(""))
    put(store, poison(received=later), received=later)
    drain.everything()
    bug()
    assert readmission.run(Wanted(reason="missing_event_name")).events == 0
    assert readmission.run(Wanted(team_id=2)).events == 1
    assert readmission.run(Wanted(first=later.date())).events == 1
    assert readmission.run(Wanted(last=RECEIVED.date() - timedelta(days=1))).tried == 0
    assert len(names(clickhouse)) == 2
    assert reasons(clickhouse) == ["cannot_be_loaded", "missing_event_name"]


def test_a_dead_letter_whose_object_is_gone_stays(
    drain: Drain, readmission: Readmission, store: ObjectStore, clickhouse: ClickHouse, bug: Callable[[], None]
) -> None:
    key = put(store, poison())
    drain.everything()
    store.delete([key])
    bug()
    done = readmission.run(Wanted())
    assert (done.tried, done.events, done.gone) == (1, 0, 1)
    assert reasons(clickhouse) == ["cannot_be_loaded"]


@pytest.mark.parametrize(
    "point",
    some(
        [
            "loader.before_supersede",
            "loader.after_supersede",
            "admit.after_own",
            "admit.after_events",
            "admit.after_days",
            "admit.after_takers",
            "readmit.after_forget",
            "readmit.after_batch",
        ],
        2,
    ),
)
def test_a_readmission_broken_off_anywhere_is_done_by_the_next(
    drain: Drain,
    readmission: Readmission,
    store: ObjectStore,
    postgres: Postgres,
    clickhouse: ClickHouse,
    monkeypatch: pytest.MonkeyPatch,
    bug: Callable[[], None],
    point: str,
) -> None:
    uuid, later = str(uuid4()), RECEIVED + timedelta(seconds=9)
    same_batch = str(uuid4())
    put(store, poison(uuid=uuid), poison(uuid=same_batch), line(""), line("good"))
    put(store, line("gives way, too", uuid=same_batch, received=later), received=later)
    drain.everything()
    put(store, line("gives way", uuid=uuid, received=later), received=later)
    drain.everything()
    assert names(clickhouse) == ["gives way", "gives way, too", "good"]
    bug()
    monkeypatch.setattr(faults, "_plan", {point: ("raise", 1)})
    monkeypatch.setattr(faults, "_passes", {})
    with pytest.raises(faults.InjectedFault):
        readmission.run(Wanted())
    monkeypatch.setattr(faults, "_plan", {})
    readmission.run(Wanted())
    drain.everything()
    assert names(clickhouse) == ["good", "poison", "poison"]
    assert reasons(clickhouse) == ["missing_event_name"]
    assert sums(postgres) == {"lines": 6, "events": 3, "duplicates": 2, "dead": 1, "dropped": 0}
    assert {row["day"] for row in postgres.rows("SELECT day FROM dirty_days")} == {RECEIVED.date()}
