"""Lines of raw objects: what they keep of an event, and that each is one line."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from analytics_pipelines.events.envelope import Arrival, to_lines
from analytics_pipelines.events.parse import Incoming, Request, parse

ARRIVAL = Arrival(
    received_at=datetime(2026, 11, 23, 10, 30, 15, 123000, tzinfo=UTC),
    ip="192.0.2.7",
    user_agent="posthog-python/7",
    path="/batch/",
    project=3,
)


def request(*raws: bytes) -> Request:
    return Request("phc_a", "2026-11-23T10:30:14Z", [Incoming(uuid4(), raw) for raw in raws])


def lines(found: bytes) -> list[bytes]:
    assert found.endswith(b"\n")
    return found.removesuffix(b"\n").split(b"\n")


def test_a_line_carries_what_capture_knows() -> None:
    given = UUID("0190c1f0-0000-7000-8000-000000000001")
    (line,) = lines(to_lines(Request("phc_a", "when", [Incoming(given, b'{"event":"page"}')]), ARRIVAL))
    assert json.loads(line) == {
        "received_at": 1795429815123,
        "sent_at": "when",
        "ip": "192.0.2.7",
        "user_agent": "posthog-python/7",
        "token": "phc_a",
        "project": 3,
        "path": "/batch/",
        "uuid": str(given),
        "event": {"event": "page"},
    }


def test_the_bytes_of_an_event_are_copied() -> None:
    raws = [
        rb'{"event" : "caf\u00e9\/", "n":1.0, "big":123456789012345678901234567890, "e":1E5}',
        b'{"a":1,"a":2}',
        '{"emoji":"😀\u2028"}'.encode(),
        b'"text"',
    ]
    found = lines(to_lines(request(*raws), ARRIVAL))
    assert [line.endswith(b',"event":' + raw + b"}") for line, raw in zip(found, raws, strict=True)] == [True] * 4


def test_line_breaks_between_tokens_go_and_those_within_strings_stay() -> None:
    event = {"event": "page", "properties": {"text": "two\nlines\r\n", "n": 1.0, "list": [1, {"a": None}]}}
    pretty = json.dumps(event, indent=2).replace("\n", "\r\n").encode()
    found = lines(to_lines(request(pretty, json.dumps(event, indent="\t").encode()), ARRIVAL))
    assert [json.loads(line)["event"] for line in found] == [event, event]


JSON: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.lists(JSON, min_size=1, max_size=4), st.sampled_from([None, 1, "\t"]), st.booleans())
def test_any_json_comes_back_from_its_line(events: list[Any], indent: Any, ascii_only: bool) -> None:
    sent = [json.dumps(event, indent=indent, ensure_ascii=ascii_only).encode() for event in events]
    text = b'{"api_key":"phc_a","batch":[' + b",\n".join(sent) + b"]}"
    found = [json.loads(line) for line in lines(to_lines(parse(text), ARRIVAL))]
    assert [line["event"] for line in found] == events


@given(st.text(), st.text(), st.text())
def test_headers_can_not_break_a_line(ip: str, agent: str, sent_at: str) -> None:
    arrival = Arrival(ARRIVAL.received_at, ip, agent, "/batch/", 3)
    (line,) = lines(to_lines(Request("phc_a", sent_at, [Incoming(uuid4(), b"{}")]), arrival))
    assert (json.loads(line)["ip"], json.loads(line)["user_agent"]) == (ip, agent)
