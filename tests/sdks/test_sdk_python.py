"""posthog-python, unmodified: what it sends is what can be queried."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from faultproxy import FaultProxy
from posthog import AsyncPosthog, Posthog
from posthog import capture_v1 as sdk_v1
from posthog import consumer as sdk_consumer
from receiver import Receiver, Stored

pytestmark = pytest.mark.engines

# Between the SDK's `timestamp` and `sent_at`, and from there to capture. The clock is one.
ON_THE_WAY = timedelta(seconds=3)
LONG_AGO = datetime(2019, 2, 28, 23, 59, 59, 123456, tzinfo=UTC)


@dataclass
class Sending:
    """What was handed to the SDK, by uuid, and what it complained about."""

    receiver: Receiver
    errors: list[Any] = field(default_factory=list)
    uuids: list[str] = field(default_factory=list)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def sdk(self, kind: Callable[..., Any] = Posthog, **options: Any) -> Any:
        options = {"host": self.receiver.url, "on_error": lambda *error: self.errors.append(error), **options}
        return kind(self.receiver.token, **options)

    def note(self, uuid: str | None) -> str:
        assert uuid is not None
        self.uuids.append(uuid)
        return uuid

    def stored(self) -> dict[str, Stored]:
        """By uuid: exactly what was sent, and at the time it was sent unless it says another."""
        assert self.errors == []
        found = self.receiver.stored()
        assert sorted(each.uuid for each in found) == sorted(self.uuids)
        return {each.uuid: each for each in found}


@pytest.fixture
def sending(receiver: Receiver) -> Sending:
    return Sending(receiver)


def is_now(stored: Stored, sending: Sending) -> bool:
    return sending.began - ON_THE_WAY < stored.timestamp < datetime.now(UTC) + ON_THE_WAY


def send_all_kinds(sdk: Posthog, note: Callable[[str | None], str]) -> dict[str, str]:
    """One call of each kind; the uuid of each by a name for it."""
    given = uuid4()
    sent = {
        "event": sdk.capture("my event", distinct_id="user-1", uuid=str(given), properties={
            "text": "Zürich 😀 \u0000 \"quoted\"\n", "list": [1, {"a": None}], "big": 2**53, "inf": float("inf"),
            "date": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "uuid": UUID(int=5),
        }),
        "set": sdk.set(distinct_id="user-1", properties={"email": "a@example.com"}),
        "set_once": sdk.set_once(distinct_id="user-1", properties={"first": "x"}),
        "alias": sdk.alias("anon-1", "user-1"),
        "group": sdk.group_identify("company", "acme", {"name": "Acme", "n": 3}),
        "in group": sdk.capture("with groups", distinct_id="user-1", groups={"company": "acme"}),
        "personless": sdk.capture("anonymous"),
        "long ago": sdk.capture("old", distinct_id="user-1", timestamp=LONG_AGO, disable_geoip=False),
    }  # fmt: skip
    try:
        raise ZeroDivisionError("division by zero")
    except ZeroDivisionError as error:
        sent["exception"] = sdk.capture_exception(error, distinct_id="user-1")
    assert sent["event"] == str(given)
    return {name: note(uuid) for name, uuid in sent.items()}


@pytest.mark.parametrize("options", [
    pytest.param({}, id="threads"),
    pytest.param({"gzip": True}, id="threads, gzip"),
    pytest.param({"sync_mode": True}, id="sync"),
    pytest.param({"sync_mode": True, "gzip": True}, id="sync, gzip"),
    pytest.param({"historical_migration": True, "gzip": True}, id="historical"),
    pytest.param({"capture_mode": "v1"}, id="v1"),
    pytest.param({"capture_mode": "v1", "gzip": True}, id="v1, gzip"),
    pytest.param({"capture_mode": "v1", "capture_compression": "deflate"}, id="v1, deflate"),
    pytest.param({"capture_mode": "v1", "sync_mode": True, "historical_migration": True}, id="v1, sync, historical"),
])  # fmt: skip
def test_every_kind_of_call_can_be_queried(sending: Sending, options: dict[str, Any]) -> None:
    sdk = sending.sdk(**options)
    sent = send_all_kinds(sdk, sending.note)
    sdk.shutdown()
    stored = sending.stored()
    by = {name: stored[uuid] for name, uuid in sent.items()}

    assert {
        name: (each.event, each.distinct_id) for name, each in by.items() if name not in ("group", "personless")
    } == {
        "event": ("my event", "user-1"),
        "set": ("$set", "user-1"),
        "set_once": ("$set_once", "user-1"),
        "alias": ("$create_alias", "anon-1"),
        "in group": ("with groups", "user-1"),
        "long ago": ("old", "user-1"),
        "exception": ("$exception", "user-1"),
    }
    assert all(is_now(each, sending) for name, each in by.items() if name != "long ago")
    assert abs(by["long ago"].timestamp - LONG_AGO) < ON_THE_WAY
    for each in stored.values():
        assert each.properties["$lib"] == "posthog-python"
        assert each.properties["$lib_version"]
    properties = by["event"].properties
    assert properties["text"] == 'Zürich 😀 \u0000 "quoted"\n'
    assert (properties["list"], properties["big"], properties["inf"]) == ([1, {"a": None}], 2**53, None)
    assert properties["date"].startswith("2026-01-02T03:04:05")
    assert properties["uuid"] == str(UUID(int=5))
    assert properties["$geoip_disable"] is True
    assert "$geoip_disable" not in by["long ago"].properties
    assert by["alias"].properties["alias"] == "user-1"
    assert by["group"].event == "$groupidentify"
    assert UUID(by["group"].distinct_id)
    assert by["group"].properties["$group_set"] == {"name": "Acme", "n": 3}
    assert by["in group"].properties["$groups"] == {"company": "acme"}
    assert UUID(by["personless"].distinct_id)
    assert by["personless"].properties["$process_person_profile"] is False
    (exception,) = by["exception"].properties["$exception_list"]
    assert (exception["type"], exception["value"]) == ("ZeroDivisionError", "division by zero")


@pytest.mark.parametrize("mode", ["v0", "v1"])
def test_what_is_said_of_a_person_is_among_the_properties(sending: Sending, mode: str) -> None:
    sdk = sending.sdk(capture_mode=mode)
    sent = send_all_kinds(sdk, sending.note)
    sdk.shutdown()
    stored = sending.stored()
    assert stored[sent["set"]].properties["$set"] == {"email": "a@example.com"}
    assert stored[sent["set_once"]].properties["$set_once"] == {"first": "x"}


def test_the_sdk_for_asyncio(sending: Sending) -> None:
    async def send() -> None:
        async with sending.sdk(AsyncPosthog, gzip=True) as sdk:
            for place in range(30):
                sending.note(sdk.capture("bought", distinct_id=f"user-{place}", properties={"place": place}))
            sending.note(sdk.set(distinct_id="user-1", properties={"email": "a@example.com"}))
            await sdk.capture_immediate("at once", distinct_id="user-1", uuid=sending.note(str(uuid4())))

    asyncio.run(send())
    stored = sending.stored().values()
    assert {(each.distinct_id, each.properties["place"]) for each in stored if each.event == "bought"} == {
        (f"user-{place}", place) for place in range(30)
    }
    assert all(is_now(each, sending) for each in stored)


def test_a_session_goes_with_its_events_in_both_protocols(sending: Sending) -> None:
    for mode in ("v0", "v1"):
        sdk = sending.sdk(capture_mode=mode)
        properties = {"mode": mode, "$session_id": "0190a1b2-0000-7000-8000-000000000001", "$window_id": "w1"}
        sending.note(sdk.capture("in session", distinct_id="user-1", properties=properties))
        sdk.shutdown()
    stored = sending.stored().values()
    assert {each.properties["mode"] for each in stored} == {"v0", "v1"}
    for each in stored:
        assert each.properties["$session_id"] == "0190a1b2-0000-7000-8000-000000000001"
        assert each.properties["$window_id"] == "w1"


def test_events_of_language_models_take_their_own_way(sending: Sending) -> None:
    for mode in ("v0", "v1"):
        sdk = sending.sdk(capture_mode=mode, enable_full_ai_capture=True)
        sending.note(sdk.capture_ai("$ai_generation", distinct_id="user-1", properties={"$ai_input": "x" * 1_000_000}))
        sdk.shutdown()
    assert [len(each.properties["$ai_input"]) for each in sending.stored().values()] == [1_000_000] * 2


def test_the_sdk_is_told_which_event_was_dropped_and_the_others_are_kept(sending: Sending) -> None:
    sdk = sending.sdk(capture_mode="v1")
    sending.note(sdk.capture("before", distinct_id="user-1"))
    dropped = sdk.capture("ü" * 101, distinct_id="user-1")
    sending.note(sdk.capture("after", distinct_id="user-1"))
    sdk.shutdown()
    ((error, _),) = sending.errors
    assert (error.status, error.drops) == (200, [(dropped, "event_name_too_long")])
    stored = sending.receiver.stored(dead=["event_name_too_long"])
    assert sorted(each.uuid for each in stored) == sorted(sending.uuids)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's pauses between attempts, of seconds, become moments."""
    for module in (sdk_consumer, sdk_v1):
        monkeypatch.setattr(module, "_backoff", lambda attempt, retry_after: None)


FAULTS = [
    pytest.param(["503", "reset", "lose"], id="in a row"),
    pytest.param(["lose", "pass", "lose", "pass", "reset", "503"], id="answers lost"),
    pytest.param(["hang", "slow:0.3", "lose", "pass", "503", "hang", "lose"], id="slow and silent"),
]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("mode", ["v0", "v1"])
@pytest.mark.parametrize("plan", FAULTS)
def test_faults_on_the_way_neither_lose_nor_double_an_event(sending: Sending, mode: str, plan: list[str]) -> None:
    with FaultProxy(sending.receiver.port, plan) as proxy:
        sdk = sending.sdk(host=proxy.url, capture_mode=mode, timeout=0.7, flush_at=10, gzip=True, max_retries=5)
        for place in range(60):
            sending.note(sdk.capture("bought", distinct_id=f"user-{place % 7}", properties={"place": place}))
        sdk.shutdown()
    assert not proxy.plan, "every fault happened"
    stored = sending.stored().values()
    assert sorted(each.properties["place"] for each in stored) == list(range(60))
    assert all(is_now(each, sending) for each in stored)
