"""A deliverer that is killed anywhere, a day that is loaded again, people that are erased: nothing is lost."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hook_receiver import Receiver, receiving
from raw_lines import LAST_RULE, change_stage
from thorough import some

from analytics_pipelines import faults
from analytics_pipelines.erasures.eraser import Eraser
from analytics_pipelines.erasures.requests import Erasures
from analytics_pipelines.erasures.subject import Subject
from analytics_pipelines.ingest.readmission import Readmission, Readmitted, Wanted
from analytics_pipelines.ingest.replay import Replay

pytestmark = pytest.mark.engines

POINTS = [
    "webhooks.after_match@1",
    "webhooks.before_enqueue_commit@1",
    "webhooks.before_send@2",
    "webhooks.after_send@1",
    "webhooks.after_send@3",
    "webhooks.after_delivered@2",
]


@pytest.fixture(scope="module")
def deliverer() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "killed_deliverer.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        assert process.stdin
        process.stdin.close()


def _exit_code(deliverer: subprocess.Popen[str], world: Any, destination: Any, faults: str) -> int:
    """Of a process that delivers, and that a fault ends."""
    settings = {
        name: value.get_secret_value() if hasattr(value, "get_secret_value") else value
        for name in ("postgres_url", "clickhouse_url", "object_store_url", "outbound_allowed")
        for value in [getattr(world.settings, name)]
    }
    assert deliverer.stdin
    assert deliverer.stdout
    order = {"settings": settings, "only": [destination.id], "faults": faults}
    print(json.dumps(order), file=deliverer.stdin, flush=True)
    return int(deliverer.stdout.readline())


def told(receiver: Receiver) -> list[str]:
    return [json.loads(got.body)["event"]["uuid"] for got in receiver.got]


def test_a_deliverer_that_is_killed_anywhere_loses_nothing_and_says_the_same_twice(
    world: Any, receiver: Receiver, deliverer: subprocess.Popen[str]
) -> None:
    destination = world.destination(receiver)
    ids: list[str] = []
    for point in POINTS:
        ids += world.arrive("a", "b", "c")
        assert _exit_code(deliverer, world, destination, point.replace("@", "=kill@")) == -9, point
        world.deliver(destination)
        once = list(dict.fromkeys(told(receiver)))
        assert once == ids, point
    messages: dict[str, set[str]] = {}
    for got in receiver.got:
        messages.setdefault(json.loads(got.body)["event"]["uuid"], set()).add(got.headers["webhook-id"])
    assert all(len(found) == 1 for found in messages.values())
    assert len({next(iter(found)) for found in messages.values()}) == len(ids)
    assert len(receiver.got) <= len(ids) + len(POINTS)
    health = world.health(destination)
    assert (health["state"], health["backlog"], health["batches_waiting"]) == ("healthy", 0, 0)


@pytest.mark.parametrize("point", ["webhooks.after_failed", "webhooks.after_parked"])
def test_a_deliverer_that_is_killed_when_it_noted_a_failure_goes_on_from_there(
    world: Any, deliverer: subprocess.Popen[str], point: str
) -> None:
    status = 500 if point == "webhooks.after_failed" else 422
    with receiving(lambda number, _: status if number == 0 else 200) as receiver:
        destination = world.destination(receiver)
        ids = world.arrive("a", "b")
        assert _exit_code(deliverer, world, destination, f"{point}=kill@1") == -9
        world.later = timedelta(minutes=5)
        world.deliver(destination)
        if status == 422:
            assert told(receiver) == ids
            assert world.queue(destination).redrive() == 1
            world.deliver(destination)
            assert told(receiver) == [*ids, ids[0]]
        else:
            assert told(receiver) == [ids[0], *ids]
        assert len({got.headers["webhook-id"] for got in receiver.got}) == 2
        assert world.health(destination)["state"] == "healthy"


def replay(world: Any) -> None:
    today = datetime.now(UTC).date()
    made = Replay.of(world.settings, {}, None)
    try:
        made.days(today, today)
    finally:
        made.postgres.close()


def readmit(world: Any) -> Readmitted:
    return Readmission(world.store, world.postgres, world.clickhouse).run(Wanted(team_id=world.team_id))


def poisoned(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Events named `poison` are dead letters, until what is returned is called."""
    return change_stage(monkeypatch, LAST_RULE, f"{LAST_RULE} sent_name = 'poison', 'never',")


def test_a_dead_letter_that_is_an_event_by_now_is_told_once_wherever_it_is_broken_off(
    world: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.destination(receiver)
    mend = poisoned(monkeypatch)
    wanted = [*world.arrive("a", "poison"), *world.arrive("b")]
    resent = world.arrive({"event": "c"})  # the event of a dead letter that was sent again and told
    world.arrive({"event": "poison", "uuid": resent[0]})
    world.deliver()
    assert told(receiver) == [wanted[0], wanted[2], *resent]
    mend()
    for point in some(["admit.after_events", "admit.after_plan", "admit.after_takers", "admit.after_visible"], 4):
        monkeypatch.setattr(faults, "_plan", {point: ("raise", 1)})
        monkeypatch.setattr(faults, "_passes", {})
        with pytest.raises(faults.InjectedFault):
            readmit(world)
    monkeypatch.setattr(faults, "_plan", {})
    readmit(world)
    assert readmit(world).tried == 0
    world.deliver()
    assert told(receiver)[3:] == [wanted[1]]


def test_a_replay_of_a_day_tells_nothing_again_nor_what_it_adds(
    world: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.destination(receiver)
    mend = poisoned(monkeypatch)
    ids = world.arrive("a", "poison", "b")
    world.deliver()
    mend()
    replay(world)
    later = world.arrive("c")
    world.deliver()
    stored = world.clickhouse.query(f"SELECT uuid FROM events WHERE team_id = {world.team_id}").rows
    assert {str(uuid) for (uuid,) in stored} == {*ids, *later}
    assert told(receiver) == [ids[0], ids[2], *later]


def test_what_was_loaded_again_before_its_turn_is_told_all_the_same(
    world: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    destination = world.destination(receiver)
    mend = poisoned(monkeypatch)
    told_before, dead = world.arrive("a", "poison")
    world.deliver()
    mend()
    readmit(world)
    ids = world.arrive("b") + world.arrive("c")
    assert world.health(destination)["batches_waiting"] == 3
    replay(world)
    later = world.arrive("d")
    world.deliver()
    assert told(receiver)[:2] == [told_before, dead]  # of its hour only what was a dead letter is looked for
    assert list(dict.fromkeys(told(receiver))) == [told_before, dead, *ids, *later]
    assert len(receiver.got) <= 8  # the hour of the others, and the last batch in it, may be looked through whole


def test_a_batch_that_is_loaded_late_is_told(world: Any, receiver: Receiver) -> None:
    world.destination(receiver)
    late = world.arrive("late", load=False)
    early_store, world.store = world.store, type(world.store)((world.settings.data_dir / "other").as_uri())
    early = world.arrive("early")
    world.deliver()
    world.store = early_store
    world.load()
    world.deliver()
    assert told(receiver) == [*early, *late]


def test_people_that_are_erased_are_told_of_no_more(world: Any, receiver: Receiver) -> None:
    destination = world.destination(receiver)
    bob = {"event": "x", "distinct_id": "bob"}
    (_, adas, _) = world.arrive(bob, "a", bob)
    receiver.plan = lambda *_: 500
    world.patience = replace(world.patience, most_attempts=1, parked_events=9)
    world.deliver(destination)  # all are parked
    assert world.health(destination)["parked"] == 3
    world.arrive(bob)  # and one is not looked for yet
    world.later = timedelta(seconds=1)
    Erasures(world.postgres).request(world.team_id, Subject("person", frozenset({"bob"})), by="us", now=world.now())
    eraser = Eraser.of(world.settings, {})
    (erased,) = eraser.run()
    eraser.postgres.close()
    assert erased.state == "verified", erased.error
    receiver.plan = lambda *_: 200
    del receiver.got[:]
    world.queue(destination).redrive()
    world.deliver(destination)
    assert told(receiver) == [adas]
