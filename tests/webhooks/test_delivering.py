"""Events reach receivers: those that match, in order, at least once, with the same id each time."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from hook_receiver import Receiver, receiving

from analytics_pipelines.outbound.addresses import REFUSED
from analytics_pipelines.webhooks.store import Destinations

pytestmark = pytest.mark.engines


def told(receiver: Receiver) -> list[str]:
    """The uuids of the events that arrived, in order."""
    return [json.loads(got.body)["event"]["uuid"] for got in receiver.got]


def test_what_arrives_after_the_destination_is_told_once_and_in_order(world: Any, receiver: Receiver) -> None:
    world.arrive("before")
    destination = world.destination(receiver)
    first = world.arrive("a", "b", "c")
    second = world.arrive("d")
    world.deliver()
    world.deliver()
    assert told(receiver) == [*first, *second]
    assert world.health(destination) | {"last_success_at": None, "lag_seconds": 0.0} == {
        "state": "healthy",
        "sent": 4,
        "last_success_at": None,
        "last_failure_at": None,
        "last_error": None,
        "failures_in_a_row": 0,
        "next_attempt_at": None,
        "backlog": 0,
        "parked": 0,
        "batches_waiting": 0,
        "lag_seconds": 0.0,
    }


def test_a_body_says_who_did_what_in_which_project(world: Any, receiver: Receiver) -> None:
    world.destination(receiver)
    group = {"event": "$groupidentify", "properties": {"$group_type": "company", "$group_key": "acme"}}
    group["properties"]["$group_set"] = {"name": "Acme"}
    world.arrive(group)
    world.arrive(
        {
            "event": "buy",
            "properties": {"amount": 3, "$set": {"email": "ada@example.com"}, "$groups": {"company": "acme"}},
        }
    )
    world.deliver()
    body = json.loads(receiver.got[-1].body)
    assert set(body) == {"event", "person", "groups", "project", "source"}
    assert (body["event"]["event"], body["event"]["properties"]["amount"]) == ("buy", 3)
    assert body["event"]["url"].startswith(f"https://analytics.example/project/{world.team_id}/sql?q=SELECT")
    assert body["person"]["name"] == "ada@example.com"
    assert body["person"]["properties"]["email"] == "ada@example.com"
    assert body["groups"]["company"]["id"] == "acme"
    assert body["groups"]["company"]["properties"] == {"name": "Acme"}
    assert body["project"]["id"] == world.team_id
    assert body["source"]["name"] == "Hook"


def test_filters_choose_by_event_action_property_and_test_account(world: Any, receiver: Receiver) -> None:
    action = world.postgres.row(
        "INSERT INTO actions (team_id, name, steps) VALUES (%s, 'Big', %s) RETURNING id",
        [
            world.team_id,
            json.dumps([{"event": "buy", "properties": [{"key": "n", "value": 5, "operator": "gt", "type": "event"}]}]),
        ],
    )["id"]
    world.postgres.execute(
        "UPDATE projects SET test_account_filters = %s WHERE id = %s",
        [json.dumps([{"key": "email", "value": "@us", "operator": "not_icontains", "type": "person"}]), world.team_id],
    )
    world.destination(
        receiver,
        filters={
            "events": [{"id": "page", "type": "events"}],
            "actions": [{"id": action, "type": "actions"}],
            "properties": [{"key": "plan", "value": ["pro"], "operator": "exact", "type": "event"}],
            "filter_test_accounts": True,
        },
    )
    yes = [
        {"event": "page", "properties": {"plan": "pro"}},
        {"event": "buy", "properties": {"plan": "pro", "n": 6}},
    ]
    no = [
        {"event": "page", "properties": {"plan": "free"}},
        {"event": "buy", "properties": {"plan": "pro", "n": 5}},
        {"event": "other", "properties": {"plan": "pro"}},
        {
            "event": "page",
            "distinct_id": "dev",
            "properties": {"plan": "pro", "$set": {"email": "dev@us.example"}},
        },
    ]
    ids = world.arrive(*yes, *no)
    world.deliver()
    assert told(receiver) == ids[:2]


def test_another_project_is_told_nothing(world: Any, receiver: Receiver) -> None:
    from analytics_pipelines.accounts.projects import Projects

    other = Projects(world.postgres).create("Other")
    world.destination(receiver)
    world.arrive("theirs", team_id=other.id)
    ours = world.arrive("ours")
    world.deliver()
    assert told(receiver) == ours
    Projects(world.postgres).delete(other.id)


def test_history_that_is_loaded_now_is_not_told(world: Any, receiver: Receiver) -> None:
    world.destination(receiver)
    world.arrive({"event": "old", "timestamp": "2020-01-01T00:00:00Z"})
    new = world.arrive("new")
    world.deliver()
    assert told(receiver) == new


def test_a_batch_of_many_pages_is_told_whole(world: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analytics_pipelines.webhooks.matching.PAGE", 3)
    world.destination(receiver)
    ids = world.arrive(*(f"e{number}" for number in range(10)))
    world.deliver()
    assert told(receiver) == ids


def test_a_receiver_can_tell_that_a_message_is_ours_also_while_the_secret_changes(
    world: Any, receiver: Receiver
) -> None:
    destinations = Destinations(world.postgres, world.team_id)
    made, secret = destinations.create({"name": "Hook", "preset": "generic", "url": receiver.url}, None)
    world.arrive("one")
    world.deliver()
    other = destinations.rotate_secret(made.id)
    world.arrive("two")
    world.deliver()
    world.later = __import__("datetime").timedelta(hours=25)
    world.arrive("three")
    world.deliver()

    def signed(got: Any, with_: str) -> bool:
        content = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
        key = base64.b64decode(with_.removeprefix("whsec_"))
        wanted = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        return wanted in got.headers["webhook-signature"].split(" ")

    assert [(signed(got, secret), signed(got, other)) for got in receiver.got] == [
        (True, False),
        (True, True),
        (False, True),
    ]
    stored = world.postgres.row("SELECT sealed_secret FROM webhook_destinations WHERE id = %s", [made.id])
    assert secret.encode() not in bytes(stored["sealed_secret"])


@pytest.mark.parametrize("way", [500, 503, 429, 408, "hang", "reset"])
def test_what_fails_for_a_while_is_tried_again_with_the_same_id(world: Any, way: Any) -> None:
    world.total_seconds = 0.3
    with receiving(lambda number, _: way if number in (1, 2) else 200) as receiver:
        destination = world.destination(receiver)
        ids = world.arrive("a", "b", "c")
        for _ in range(4):
            world.deliver(destination)
        assert told(receiver) == [ids[0], ids[1], ids[1], ids[1], ids[2]]
        sent = [got.headers["webhook-id"] for got in receiver.got]
        assert len({sent[1], sent[2], sent[3]}) == 1
        assert len(set(sent)) == 3
        health = world.health(destination)
        assert (health["state"], health["sent"], health["backlog"]) == ("healthy", 3, 0)
        assert len(world.queue(destination).failures()) == 2


def test_what_the_receiver_refuses_is_parked_at_once_and_sent_again_by_hand(world: Any) -> None:
    refusing = [True]
    with receiving(lambda _, got: 422 if refusing[0] and b'"bad"' in got.body else 200) as receiver:
        destination = world.destination(receiver)
        ids = world.arrive("good", "bad", "fine")
        world.deliver(destination)
        assert told(receiver) == ids
        parked, count = world.queue(destination).parked(10, 0)
        assert (count, parked[0]["event_uuid"], parked[0]["status"], parked[0]["why"]) == (1, ids[1], 422, "refused")
        assert world.health(destination)["state"] == "parked"
        refusing[0] = False
        assert world.queue(destination).redrive() == 1
        world.deliver(destination)
        assert told(receiver) == [*ids, ids[1]]
        assert world.health(destination)["state"] == "healthy"
        assert receiver.got[1].headers["webhook-id"] == receiver.got[3].headers["webhook-id"]


def test_what_a_receiver_repeats_of_an_event_stays_with_the_event(world: Any) -> None:
    with receiving(lambda *_: (400, {}, b"bad email ada@example.com")) as receiver:
        destination = world.destination(receiver)
        world.arrive("a")
        world.deliver(destination)
        assert world.queue(destination).parked(1, 0)[0][0]["error"] == "It answered 400: bad email ada@example.com"
        assert world.health(destination)["last_error"] == "It answered 400."


def test_an_event_that_fails_too_often_makes_room_for_those_behind_it(world: Any) -> None:
    with receiving(lambda _, got: 500 if b'"poison"' in got.body else 200) as receiver:
        destination = world.destination(receiver)
        ids = world.arrive("a", "poison", "b")
        for _ in range(4):
            world.deliver(destination)
        assert told(receiver) == [ids[0], *[ids[1]] * world.patience.most_attempts, ids[2]]
        parked, _ = world.queue(destination).parked(10, 0)
        assert [(each["event_uuid"], each["why"]) for each in parked] == [(ids[1], "gave up")]


def test_a_receiver_that_is_away_for_long_is_parked_probed_and_told_all_when_it_is_back(world: Any) -> None:
    away = [True]
    with receiving(lambda *_: 503 if away[0] else 200) as receiver:
        destination = world.destination(receiver)
        ids = world.arrive(*"abcdef")
        world.patience = type(world.patience)(0.0, 0.0, most_attempts=2, parked_events=2, parked_pause=600.0)
        world.deliver(destination)
        health = world.health(destination)
        assert (health["state"], health["backlog"], health["parked"]) == ("parked", 4, 2)
        attempts = len(receiver.got)
        world.deliver(destination)
        assert len(receiver.got) == attempts  # left alone
        away[0] = False
        world.later = __import__("datetime").timedelta(hours=1)
        world.deliver(destination)
        arrived = told(receiver)[attempts:]
        assert sorted(arrived) == sorted(ids)
        assert arrived[1:] == sorted(set(ids) - {arrived[0]}, key=ids.index)  # after the probe in order
        assert world.health(destination)["state"] == "healthy"


def test_a_receiver_that_wants_to_be_left_alone_is(world: Any) -> None:
    with receiving(lambda number, _: (429, {"Retry-After": "120"}, b"") if number == 0 else 200) as receiver:
        destination = world.destination(receiver)
        world.arrive("a")
        world.deliver(destination)
        world.deliver(destination)
        assert len(receiver.got) == 1
        wait = world.health(destination)["next_attempt_at"] - world.now()
        assert 110 < wait.total_seconds() <= 120
        world.later = __import__("datetime").timedelta(seconds=121)
        world.deliver(destination)
        assert len(receiver.got) == 2


def test_a_redirect_inside_is_not_followed_and_said(world: Any, receiver: Receiver) -> None:
    with receiving(lambda *_: (302, {"Location": receiver.url}, b"")) as redirecting:
        destination = world.destination(redirecting)
        world.arrive("a")
        world.deliver(destination)
        assert receiver.connections == 0
        parked, _ = world.queue(destination).parked(1, 0)
        assert (parked[0]["status"], "redirects are not followed" in parked[0]["error"]) == (302, True)


def test_an_address_inside_is_never_contacted_and_its_events_wait(world: Any, receiver: Receiver) -> None:
    world.settings = world.settings.model_copy(update={"outbound_allowed": ""})
    destination = world.destination(receiver)
    world.arrive("a")
    world.deliver(destination)
    assert receiver.connections == 0
    assert world.health(destination)["last_error"] == REFUSED


def test_a_receiver_that_hangs_does_not_delay_another(world: Any, receiver: Receiver) -> None:
    world.total_seconds = 5.0
    with receiving(lambda *_: "hang") as hanging:
        stuck, quick = world.destination(hanging), world.destination(receiver)
        world.arrive("a")
        deliverer, ended = world.deliverer(), []
        import threading

        thread = threading.Thread(target=lambda: ended.append(deliverer.linger(4.0, 0.05)))
        thread.start()
        started = time.monotonic()
        while time.monotonic() - started < 3 and not (receiver.got and hanging.got):
            time.sleep(0.02)
        seconds = time.monotonic() - started
        later = world.arrive("b")
        while time.monotonic() - started < 4 and len(receiver.got) < 2:
            time.sleep(0.02)
        hanging.closing.set()
        thread.join(20)
        assert seconds < 2
        assert told(receiver)[1:] == later
        assert world.health(quick)["state"] == "healthy"
        assert world.health(stuck)["sent"] == 0


def test_disabled_destinations_are_told_nothing_of_the_time_in_between(world: Any, receiver: Receiver) -> None:
    destination = world.destination(receiver)
    destinations = Destinations(world.postgres, world.team_id)
    destinations.change(destination.id, {"enabled": False})
    world.arrive("meanwhile")
    world.deliver()
    assert world.health(destination)["state"] == "disabled"
    destinations.change(destination.id, {"enabled": True})
    ids = world.arrive("again")
    world.deliver()
    assert told(receiver) == ids
