"""Request bodies of SDKs, well-formed and otherwise."""

import json
import tracemalloc
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_pipelines.events.parse import parse
from analytics_pipelines.events.rejection import Rejected

TOKEN = "phc_" + "a" * 43


def body(value: object) -> bytes:
    return json.dumps(value).encode()


def refused(text: bytes) -> Rejected:
    with pytest.raises(Rejected) as caught:
        parse(text)
    return caught.value


EVENT = {"event": "page", "distinct_id": "ada", "properties": {"plan": "pro"}}


@pytest.mark.parametrize("name", ["api_key", "token"])
def test_a_batch_is_its_events_in_order(name: str) -> None:
    events = [{**EVENT, "event": f"page {place}"} for place in range(5)]
    found = parse(body({name: TOKEN, "sent_at": "2026-11-23T10:00:00Z", "batch": events}))
    assert found.token == TOKEN
    assert found.sent_at == "2026-11-23T10:00:00Z"
    assert [json.loads(event.raw) for event in found.events] == events


def test_a_list_is_its_events_in_order() -> None:
    events = [{**EVENT, "event": f"page {place}", "token": TOKEN} for place in range(3)]
    found = parse(b" \n\t" + body(events))
    assert (found.token, found.sent_at) == (TOKEN, None)
    assert [json.loads(event.raw) for event in found.events] == events


@pytest.mark.parametrize("name", ["api_key", "token", "$token"])
def test_a_single_event_is_itself(name: str) -> None:
    event = {**EVENT, name: TOKEN, "sent_at": "2026-11-23T10:00:00Z"}
    found = parse(body(event))
    assert (found.token, found.sent_at) == (TOKEN, "2026-11-23T10:00:00Z")
    assert [json.loads(each.raw) for each in found.events] == [event]


def test_the_key_may_stand_in_the_properties() -> None:
    event = {**EVENT, "properties": {"token": TOKEN}}
    assert parse(body(event)).token == TOKEN
    assert parse(body([event, {**event, "event": "other"}])).token == TOKEN
    assert parse(body({"batch": [event]})).token == TOKEN


def test_the_key_of_the_batch_wins_over_those_of_its_events() -> None:
    assert parse(body({"api_key": TOKEN, "batch": [{**EVENT, "token": "phc_other"}]})).token == TOKEN


def test_events_without_a_key_go_along_with_those_that_have_one() -> None:
    assert parse(body([EVENT, {**EVENT, "token": TOKEN}])).token == TOKEN


def test_keys_that_differ_within_a_request_are_refused() -> None:
    error = refused(body([{**EVENT, "token": TOKEN}, {**EVENT, "properties": {"token": "phc_other"}}]))
    assert (error.status, "more than one" in error.message) == (401, True)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param("  ", id="blank"),
        pytest.param(5, id="a number"),
        pytest.param(["phc_a"], id="a list"),
        pytest.param("phx_" + "a" * 43, id="a personal key"),
        pytest.param(" phx_" + "a" * 43, id="a personal key behind a space"),
        pytest.param("phc_" + "a" * 61, id="too long"),
        pytest.param("phc_ä", id="not ASCII"),
        pytest.param("phc_\0", id="NUL"),
    ],
)
def test_a_key_that_can_be_no_projects_is_refused(token: object) -> None:
    assert refused(body({"api_key": token, "batch": [EVENT]})).status == 401
    assert refused(body({**EVENT, "token": token})).status == 401


def test_spaces_around_a_key_are_no_part_of_it() -> None:
    assert parse(body({"api_key": f" {TOKEN}\n", "batch": [EVENT]})).token == TOKEN


def test_an_id_that_the_sdk_gave_is_kept() -> None:
    given = "0190c1f0-0000-7000-8000-000000000001"
    (event,) = parse(body({**EVENT, "api_key": TOKEN, "uuid": given})).events
    assert event.uuid == UUID(given)


@pytest.mark.parametrize("uuid", [{}, {"uuid": ""}, {"uuid": None}, {"uuid": 17}])
def test_an_event_without_an_id_gets_a_new_one_that_sorts_by_time(uuid: dict[str, object]) -> None:
    first, second = parse(body({"api_key": TOKEN, "batch": [{**EVENT, **uuid}] * 2})).events
    assert first.uuid != second.uuid
    assert (first.uuid.version, first.uuid.variant) == (7, "specified in RFC 4122")


def test_an_id_that_is_no_uuid_becomes_the_same_one_each_time() -> None:
    ids = [parse(body({**EVENT, "api_key": TOKEN, "uuid": given})).events[0].uuid for given in ("a", "a", "b")]
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize("odd", ["text", 17, None, True, [], ["event"], {}])
def test_what_is_no_event_is_kept_beside_the_others(odd: object) -> None:
    events = parse(body({"api_key": TOKEN, "batch": [EVENT, odd]})).events
    assert [json.loads(event.raw) for event in events] == [EVENT, odd]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b" \n",
        b"hello",
        b"{",
        b"null",
        b"17",
        b'"text"',
        b"[]",
        b'{"api_key": "phc_a", "batch": []}',
        b'{"api_key": "phc_a", "batch": "text"}',
        b'{"api_key": "phc_a", "batch": [{}]} more',
        b'{"api_key": "phc_a", "event": "\\q"}',
    ],
)
def test_what_is_no_request_is_refused(text: bytes) -> None:
    assert refused(text).status == 400


@pytest.mark.parametrize("field", ["event", "uuid", "distinct_id", "token"])
@pytest.mark.parametrize("form", [b'{"api_key":"phc_a","batch":[%s]}', b"[%s]"])
def test_bytes_that_are_not_utf8_cost_the_character_and_not_the_request(field: str, form: bytes) -> None:
    found = parse(
        form
        % (
            b'{"token":"phc_a","%s":"Mur\xfcz"}' % field.encode()
            if field != "token"
            else b'{"$token":"phc_a","text":"Mur\xfcz"}'
        )
    )
    assert found.repaired
    assert "Mur\ufffdz" in json.loads(found.events[0].raw).values()


@pytest.mark.parametrize("half", [r"\ud83d", r"\uDE00", r"\ud83d\ud83d", r"\ud83d\u0041"])
def test_half_of_a_character_costs_the_character_and_not_the_request(half: str) -> None:
    sent = r'{"api_key":"phc_a","batch":[{"event":"a","text":"x%s y","kept":"\\ud83d \ud83d\ude00"},{"event":"b"}]}'
    events = [json.loads(event.raw) for event in parse((sent % half).encode()).events]
    assert events[0]["text"].startswith("x\ufffd")
    assert events[0]["text"].endswith(" y")
    assert events[0]["kept"] == "\\ud83d 😀"
    assert events[1] == {"event": "b"}


DEEP = b"[" * 200_000 + b"]" * 200_000


@pytest.mark.parametrize(
    "form",
    [
        b"%s",
        b'{"api_key":"phc_a","batch":[%s]}',
        b'{"api_key":"phc_a","event":"a","properties":{"a":%s}}',
        b'[{"token":"phc_a","uuid":%s}]',
        b'[{"properties":{"token":%s}}]',
        b'{"api_key":%s}',
    ],
)
def test_json_that_is_nested_too_deep_is_refused(form: bytes) -> None:
    assert refused(form % DEEP).status == 400


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_refused(text: bytes) -> None:
    with suppress(Rejected):
        parse(text)


ANY_JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
FIELDS = st.sampled_from(["event", "uuid", "token", "api_key", "properties", "batch", "sent_at", "distinct_id"])


@given(st.lists(st.dictionaries(FIELDS, ANY_JSON), max_size=3) | st.dictionaries(FIELDS, ANY_JSON))
def test_any_json_is_a_request_or_refused(value: object) -> None:
    with suppress(Rejected):
        assert parse(json.dumps(value).encode()).events


def test_a_list_of_millions_of_nothings_is_refused_before_it_costs_memory() -> None:
    text = b'{"api_key": "phc_a", "batch": [' + b"0," * 5_000_000 + b"0]}"
    tracemalloc.start()
    with pytest.raises(Rejected) as refused:
        parse(text)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    assert refused.value.status == 413
