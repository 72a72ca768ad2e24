"""What a project's rules let through, drop and hide."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_pipelines.events.parse import parse
from analytics_pipelines.events.rules import Drop, Rules, kept


def sent(*events: Any) -> Any:
    return parse(json.dumps({"api_key": "phc_a", "batch": list(events)}).encode())


def event(name: str = "page", **more: Any) -> dict[str, Any]:
    return {"event": name, "distinct_id": "ada", **more}


def after(rules: Rules, *events: Any, left: int | None = None) -> tuple[list[Any], list[Drop]]:
    inside, drops = kept(sent(*events), rules, left)
    return [json.loads(each.raw) for each in inside.events], drops


def test_without_rules_a_request_is_the_same() -> None:
    request = sent(event(), "text", None)
    assert kept(request, Rules(), None) == (request, [])
    assert kept(request, Rules(), 3)[0] is request


def test_denied_events_are_dropped_and_counted() -> None:
    rules = Rules(denied_events=frozenset({"noise", "$heat"}))
    inside, drops = after(rules, event("noise"), event(), event("noise"), event("$heat"), event("Noise"))
    assert [each["event"] for each in inside] == ["page", "Noise"]
    assert drops == [Drop("denied_event", "noise", 2), Drop("denied_event", "$heat", 1)]


def test_with_allowed_events_all_others_are_dropped() -> None:
    inside, drops = after(
        Rules(allowed_events=frozenset({"page"})), event(), event("other"), {"distinct_id": "ada"}, "x"
    )
    assert inside == [event()]
    assert drops == [Drop("not_allowed_event", "other", 1), Drop("not_allowed_event", "", 2)]


@pytest.mark.parametrize(
    "place",
    [
        {"distinct_id": "bot"},
        {"distinct_id": None, "$distinct_id": "bot"},
        {"distinct_id": None, "properties": {"distinct_id": "bot"}},
    ],
)
def test_denied_distinct_ids_are_found_wherever_they_stand(place: dict[str, Any]) -> None:
    rules = Rules(denied_distinct_ids=frozenset({"bot", "17"}))
    inside, drops = after(rules, {"event": "page", **place}, event(distinct_id=17), event(distinct_id="ada"))
    assert inside == [event()]
    assert drops == [Drop("denied_distinct_id", "page", 2)]


def test_what_sdks_say_of_themselves_is_dropped_and_counted() -> None:
    inside, drops = after(Rules(), event("$performance_event"), event())
    assert inside == [event()]
    assert drops == [Drop("performance_event", "$performance_event", 1)]


def test_over_quota_the_rest_is_dropped_and_counted_by_name() -> None:
    inside, drops = after(Rules(), event("a"), event("b"), event("c"), event("c"), left=1)
    assert inside == [event("a")]
    assert drops == [Drop("quota", "b", 1), Drop("quota", "c", 2)]
    assert after(Rules(), event("a"), left=0) == ([], [Drop("quota", "a", 1)])


def test_denied_properties_are_hidden_wherever_they_stand() -> None:
    person = {"email": "a@b.c", "plan": "pro"}
    full = event(properties={**person, "$set": person, "$set_once": person, "deep": person}, **{"$set": person})
    (inside,), drops = after(Rules(denied_properties=frozenset({"email"})), full)
    assert drops == []
    left = {"plan": "pro"}
    assert inside == event(properties={**left, "$set": left, "$set_once": left, "deep": person}, **{"$set": left})


def test_a_name_that_is_written_with_escapes_is_hidden_too() -> None:
    text = rb'{"api_key":"phc_a","batch":[{"event":"page","properties":{"\u0065mail":"a@b.c","n":1.0}}]}'
    inside, _ = kept(parse(text), Rules(denied_properties=frozenset({"email"})), None)
    assert inside.events[0].raw == b'{"event":"page","properties":{"n":1.0}}'


def test_anonymous_addresses_are_hidden_from_the_properties() -> None:
    (inside,), _ = after(Rules(anonymize_ips=True), event(properties={"$ip": "192.0.2.7", "n": 1}))
    assert inside == event(properties={"n": 1})


def test_events_that_hold_nothing_hidden_stay_as_they_were_written() -> None:
    text = b'{"api_key":"phc_a","batch":[{"event" : "page","properties":{"n":1.0}}]}'
    inside, _ = kept(parse(text), Rules(denied_properties=frozenset({"email"})), None)
    assert inside.events[0].raw == b'{"event" : "page","properties":{"n":1.0}}'


NAMES = st.sampled_from(["email", "phone", "n", 'a"b', "ü", "\\"])
VALUES: Any = st.recursive(st.text("email", max_size=6) | st.integers(), lambda inner: st.dictionaries(NAMES, inner))
EVENTS = st.builds(
    lambda name, properties, person: {"event": name, "properties": properties, "$set": person},
    st.sampled_from(["a", "b", "c"]),
    st.dictionaries(NAMES, VALUES),
    VALUES,
)


@given(
    st.lists(EVENTS, min_size=1, max_size=6),
    st.frozensets(st.sampled_from("abc")),
    st.frozensets(st.sampled_from("abc")),
    st.frozensets(NAMES),
    st.none() | st.integers(0, 6),
)
def test_whatever_the_rules_each_event_is_kept_or_counted_and_no_hidden_name_is_left(
    events: list[Any], denied: frozenset[str], allowed: frozenset[str], hidden: frozenset[str], left: int | None
) -> None:
    inside, drops = after(
        Rules(denied_events=denied, allowed_events=allowed, denied_properties=hidden), *events, left=left
    )
    counted = Counter(each["event"] for each in inside)
    for drop in drops:
        counted[drop.event] += drop.count
    assert counted == Counter(each["event"] for each in events)
    assert left is None or len(inside) <= left
    for each in inside:
        assert each["event"] not in denied
        assert not allowed or each["event"] in allowed
        for holder in (each["properties"], each["$set"]):
            assert not isinstance(holder, dict) or not set(holder) & hidden
