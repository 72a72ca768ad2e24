"""The second protocol's requests: what becomes of each event, and of the whole."""

import gzip
import json
import zlib
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_pipelines.events import zstd
from analytics_pipelines.events.limits import Limits
from analytics_pipelines.events.rejection import Rejected
from analytics_pipelines.events.v1 import Batch, Headers, parse_v1

HEADERS = Headers(
    authorization="Bearer phc_a",
    content_type="application/json",
    content_encoding="",
    sdk_info="posthog-python/7.91.1",
    attempt="1",
    request_id="50f414d2-0000-4000-8000-000000000000",
    sent_at="2026-11-22T11:06:24.686025+00:00",
)
NOW = "2026-11-22T11:06:24.685351+00:00"


def event(**more: Any) -> dict[str, Any]:
    return {"event": "page", "uuid": str(uuid4()), "distinct_id": "ada", "timestamp": NOW, "properties": {}, **more}


def body(*events: Any, **more: Any) -> bytes:
    return json.dumps({"created_at": NOW, "batch": list(events), **more}).encode()


def one(**more: Any) -> tuple[dict[str, Any], tuple[str, str]]:
    """What is stored of an event, and what is said of it."""
    batch = parse_v1(body(event(**more)), HEADERS)
    (incoming,), (outcome,) = batch.request.events, batch.outcomes.values()
    return json.loads(incoming.raw), (outcome.result, outcome.details)


def refused(sent: bytes, headers: Headers = HEADERS) -> tuple[int, str]:
    with pytest.raises(Rejected) as caught:
        parse_v1(sent, headers)
    return caught.value.status, caught.value.tag


def test_what_the_sdk_moved_out_of_the_properties_is_put_back() -> None:
    stored, said = one(
        properties={"plan": "pro", "$lib": "mine"},
        session_id="s1",
        window_id="w1",
        options={
            "process_person_profile": False,
            "cookieless_mode": "true",
            "disable_skew_correction": 1,
            "product_tour_id": 7,
        },
    )
    assert said == ("ok", "")
    assert stored["properties"] == {
        "plan": "pro",
        "$lib": "posthog-python",
        "$lib_version": "7.91.1",
        "$session_id": "s1",
        "$window_id": "w1",
        "$process_person_profile": False,
        "$cookieless_mode": True,
        "$ignore_sent_at": True,
        "$product_tour_id": "7",
    }
    assert (stored["event"], stored["distinct_id"], stored["timestamp"]) == ("page", "ada", NOW)


def test_the_request_says_when_it_was_sent_and_whose_it_is() -> None:
    batch = parse_v1(body(event(), historical_migration=True), HEADERS)
    assert (batch.request.token, batch.request.sent_at, batch.request.historical) == ("phc_a", HEADERS.sent_at, True)


def test_ids_are_taken_without_the_spaces_around_them() -> None:
    uuid = uuid4()
    batch = parse_v1(body(event(uuid=f" {uuid} ", distinct_id=" ada\t")), HEADERS)
    assert list(batch.outcomes) == [uuid]
    assert json.loads(batch.request.events[0].raw)["distinct_id"] == "ada"


@pytest.mark.parametrize(
    "name", ["anonymous", " NULL ", "[object Object]", "0", "00000000-0000-0000-0000-000000000000"]
)
def test_an_illegal_distinct_id_makes_no_person(name: str) -> None:
    stored, said = one(distinct_id=name, options={"process_person_profile": True})
    assert said == ("warning", "person_processing_disabled")
    assert stored["properties"]["$process_person_profile"] is False


@pytest.mark.parametrize(
    ("more", "details"),
    [
        ({"event": ""}, "missing_event_name"),
        ({"event": 7}, "missing_event_name"),
        ({"event": "ä" * 101}, "event_name_too_long"),
        ({"distinct_id": " "}, "missing_distinct_id"),
        ({"distinct_id": None}, "missing_distinct_id"),
        ({"distinct_id": "ä" * 101}, "distinct_id_too_large"),
        ({"timestamp": "yesterday"}, "invalid_event_timestamp"),
        ({"timestamp": "2026-11-22T11:06:24"}, "invalid_event_timestamp"),
        ({"timestamp": None}, "invalid_event_timestamp"),
        ({"properties": [1]}, "malformed_event_properties"),
        ({"properties": None}, "malformed_event_properties"),
        ({"options": {"cookieless_mode": "perhaps"}}, "invalid_options"),
        ({"options": {"product_tour_id": {}}}, "invalid_options"),
        ({"options": "all"}, "invalid_options"),
    ],
)
def test_an_event_that_breaks_a_rule_is_dropped_alone_and_kept_as_a_dead_letter(
    more: dict[str, Any], details: str
) -> None:
    good, bad = event(), event(**more)
    batch = parse_v1(body(good, bad), HEADERS)
    assert [(each.result, each.details) for each in batch.outcomes.values()] == [("ok", ""), ("drop", details)]
    assert [each.refused for each in batch.request.events] == ["", details]
    assert json.loads(batch.request.events[1].raw) == bad


def test_names_and_ids_of_just_the_longest_are_taken() -> None:
    assert one(event="ä" * 100, distinct_id="ä" * 100)[1] == ("ok", "")


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"", (400, "empty_body")),
        (b"{", (400, "request_parsing_error")),
        (b"[]", (400, "request_parsing_error")),
        (body(), (400, "empty_batch")),
        (body(event(), created_at="now"), (400, "invalid_batch")),
        (body(event(), created_at=None), (400, "invalid_batch")),
        (body(event(), "text"), (400, "invalid_batch")),
        (body(event(), event(uuid="")), (400, "missing_event_uuid")),
        (body(event(), event(uuid="17")), (400, "invalid_batch")),
        (body(event(), event(uuid=17)), (400, "invalid_batch")),
        (body(*[event(uuid="0190c1f0-0000-7000-8000-000000000001")] * 2), (400, "duplicate_event_uuid")),
        (body(event())[:-1] + b',"x":' + b"[" * 100_000, (400, "request_parsing_error")),
    ],
)
def test_a_request_that_can_not_be_answered_by_event_is_refused_whole(sent: bytes, answer: tuple[int, str]) -> None:
    assert refused(sent) == answer


@pytest.mark.parametrize(
    ("changed", "answer"),
    [
        ({"authorization": ""}, (400, "missing_required_headers")),
        ({"sdk_info": ""}, (400, "missing_required_headers")),
        ({"attempt": ""}, (400, "missing_required_headers")),
        ({"request_id": ""}, (400, "missing_required_headers")),
        ({"sent_at": ""}, (400, "missing_required_headers")),
        ({"attempt": "first"}, (400, "invalid_header_value")),
        ({"sent_at": "yesterday"}, (400, "invalid_header_value")),
        ({"authorization": "Basic phc_a"}, (401, "invalid_api_token")),
        ({"authorization": "Bearer phx_a"}, (401, "invalid_api_token")),
        ({"content_type": "text/plain"}, (415, "unsupported_content_type")),
        ({"content_encoding": "br"}, (415, "unsupported_encoding")),
        ({"content_encoding": "gzip, gzip"}, (415, "unsupported_encoding")),
        ({"content_encoding": "zstd"}, (400, "request_decoding_error")),
        ({"content_encoding": "deflate"}, (400, "request_decoding_error")),
    ],
)
def test_headers_that_do_not_fit_are_told(changed: dict[str, str], answer: tuple[int, str]) -> None:
    assert refused(body(event()), replace(HEADERS, **changed)) == answer


PACKED = {"": bytes, "gzip": gzip.compress, "deflate": zlib.compress, "zstd": zstd.compress}


@pytest.mark.parametrize("encoding", PACKED)
def test_packed_bodies_are_unpacked_up_to_the_limit(encoding: str) -> None:
    headers = replace(HEADERS, content_encoding=encoding, content_type="application/json; charset=utf-8")
    assert len(parse_v1(PACKED[encoding](body(event())), headers).request.events) == 1
    bomb = PACKED[encoding](body(event(properties={"text": "x" * 100_000})))
    with pytest.raises(Rejected) as caught:
        parse_v1(bomb, headers, Limits(text_bytes=50_000))
    assert caught.value.status == 413
    if encoding:
        assert refused(PACKED[encoding](body(event()))[:-3], headers)[0] == 400


def test_what_strict_readers_refuse_is_repaired_here_too() -> None:
    sent = body(event(properties={"n": 1})).replace(b'{"n": 1}', b'{"n": NaN}')
    batch = parse_v1(sent, HEADERS)
    assert batch.request.repaired
    assert json.loads(batch.request.events[0].raw)["properties"]["n"] is None


ANY: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=3,
)
FIELDS = st.sampled_from(["event", "distinct_id", "timestamp", "properties", "options", "session_id", "window_id"])


@given(st.lists(st.dictionaries(FIELDS, ANY, max_size=4), min_size=1, max_size=4))
def test_every_event_has_its_answer_and_nothing_vanishes(changes: list[dict[str, Any]]) -> None:
    sent = [event(**changed) for changed in changes]
    batch: Batch = parse_v1(body(*sent), HEADERS)
    ids = [UUID(each["uuid"]) for each in sent]
    assert list(batch.outcomes) == ids
    assert [each.uuid for each in batch.request.events] == ids
    for incoming, outcome in zip(batch.request.events, batch.outcomes.values(), strict=True):
        assert bool(incoming.refused) == (outcome.result == "drop")
