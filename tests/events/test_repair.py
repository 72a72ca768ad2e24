"""JSON that is not quite JSON is taken, with a mark; JSON that is nested too deep is not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_pipelines.events.depth import depth, is_too_deep, keys
from analytics_pipelines.events.limits import Limits
from analytics_pipelines.events.parse import Request, parse
from analytics_pipelines.events.rejection import Rejected
from analytics_pipelines.events.repair import repaired


def of(value: bytes) -> Request:
    return parse(b'{"api_key":"phc_a","batch":[{"event":"a","v":%s,"w":1.5},{"event":"b"}]}' % value)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"NaN", None),
        (b"[Infinity, -Infinity, NaN, 1e400, -1e400]", [None] * 5),
        (b"[NaN, 18446744073709551615, -9223372036854775808]", [None, 2**64 - 1, -(2**63)]),
        (b"[NaN, 18446744073709551616, -9223372036854775809]", [None, str(2**64), str(-(2**63) - 1)]),
        (b"[NaN, " + b"7" * 5000 + b"]", [None, "7" * 5000]),
        (rb'"x\ud83dy"', "x\ufffdy"),
        (rb'{"\udc00":"\ud83d\ude00"}', {"\ufffd": "😀"}),
        (b'"x\0y"', "x\ufffdy"),
        (b'"a\nb\tc\x01"', "a\nb\tc\x01"),
        (b'"Mur\xfcz"', "Mur\ufffdz"),
        (b'{"a":NaN,"a":2}', {"a": 2}),
    ],
)
def test_what_strict_readers_refuse_is_repaired_and_marked(sent: bytes, kept: Any) -> None:
    found = of(sent)
    assert found.repaired
    assert [json.loads(event.raw) for event in found.events] == [{"event": "a", "v": kept, "w": 1.5}, {"event": "b"}]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_and_other_encodings_are_read(encoding: str) -> None:
    found = parse('{"api_key":"phc_a","event":"Zürich"}'.encode(encoding))
    assert (found.repaired, json.loads(found.events[0].raw)["event"]) == (True, "Zürich")


@pytest.mark.parametrize("sent", [b'"\xc3\xbc"', b"1e5", b'{"a":1,"a":2}', rb'"\u0000"', b"1" * 5000])
def test_what_is_json_is_copied_and_not_marked(sent: bytes) -> None:
    found = of(sent)
    assert not found.repaired
    assert b'"v":' + sent + b"," in found.events[0].raw


@pytest.mark.parametrize("sent", [b"", b"NaN, ", b"01", b"'a'", b"{a:1}", b'"\\q"', b"nan", b"+1"])
def test_what_python_refuses_too_is_refused(sent: bytes) -> None:
    with pytest.raises(Rejected) as refused:
        of(sent)
    assert refused.value.status == 400


def test_more_than_is_repaired_is_refused_as_too_large() -> None:
    with pytest.raises(Rejected) as refused:
        repaired(b"[NaN, 1]", 7)
    assert refused.value.status == 413
    assert repaired(b"[NaN, 1]", 8) == b"[null,1]"


def nested(levels: int, first: bytes = b"") -> bytes:
    return b"[" + first + b"[" * (levels - 1) + b'"]"' + b"]" * levels


def test_an_event_of_two_hundred_levels_is_taken_and_one_more_is_kept_as_a_dead_letter() -> None:
    assert [event.refused for event in of(nested(199)).events] == ["", ""]
    for levels in (200, 201, 400):
        assert [event.refused for event in of(nested(levels)).events] == ["nested_too_deep", ""]


@pytest.mark.parametrize("levels", [200, 201, 400, 1_000_000])
def test_deep_json_that_needs_repair_is_refused(levels: int) -> None:
    assert len(of(nested(199, b"NaN,")).events) == 2
    with pytest.raises(Rejected) as refused:
        of(nested(levels, b"NaN,"))
    assert refused.value.status == 400


def test_json_that_is_too_deep_to_read_is_refused() -> None:
    with pytest.raises(Rejected) as refused:
        of(nested(1_000_000))
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(event_bytes=2000), "event_too_large"),
        (Limits(keys=100), "too_many_keys"),
    ],
)
def test_an_event_over_a_limit_is_kept_beside_the_others(limits: Limits, reason: str) -> None:
    many = json.dumps({f'key": {number}': '": "' for number in range(200)}).encode()
    found = parse(b'{"api_key":"phc_a","batch":[{"event":"a","v":%s},{"event":"b"}]}' % many, limits)
    assert [event.refused for event in found.events] == [reason, ""]
    assert len(parse(b'{"api_key":"phc_a","batch":[{"event":"a","v":%s}]}' % many, Limits(keys=202)).events) == 1


@given(st.recursive(st.text('":\\{}'), lambda inner: st.dictionaries(st.text('":\\{}'), inner, max_size=4)))
def test_keys_are_counted_whatever_is_in_strings(value: Any) -> None:
    def count(each: Any) -> int:
        return sum(1 + count(inner) for inner in each.values()) if isinstance(each, dict) else 0

    assert keys(json.dumps(value).encode()) == count(value)


JSON: Any = st.recursive(
    st.text(st.sampled_from('[]{}"\\a')) | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.sampled_from('[]{}"\\')), inner, max_size=3),
)


def levels(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(levels, inner), default=0)


@given(JSON)
def test_depth_is_that_of_lists_and_objects_and_not_of_texts(value: Any) -> None:
    text = json.dumps(value).encode()
    assert depth(text) == levels(value)
    assert is_too_deep(text, 2) == (levels(value) > 2)


def test_too_many_events_are_refused_as_too_large() -> None:
    with pytest.raises(Rejected) as refused:
        parse(b'{"api_key":"phc_a","batch":[1,2,3]}', Limits(events=2))
    assert refused.value.status == 413


@pytest.mark.parametrize("sent", [b'{"a": 1.0, "b":[ ]}', b'{"event":null,"a":1}', b"{}"])
def test_events_without_a_name_get_the_one_that_is_meant(sent: bytes) -> None:
    (event,) = parse(b'{"api_key":"phc_a","batch":[%s]}' % sent, nameless="$identify").events
    assert json.loads(event.raw) == {**json.loads(sent), "event": "$identify"}


@pytest.mark.parametrize("sent", [b'{"event": "a", "n":1.0}', b"17", b'{"event":""}', b'["event"]'])
def test_what_has_a_name_or_can_have_none_stays_as_it_is(sent: bytes) -> None:
    (event,) = parse(b'{"api_key":"phc_a","batch":[%s]}' % sent, nameless="$identify").events
    assert event.raw == sent
