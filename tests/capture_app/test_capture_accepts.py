"""What capture takes, and that it is stored before the sender is told so."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.events.keys import is_raw_key, received_at

pytestmark = pytest.mark.engines

EVENT = {"event": "page", "distinct_id": "ada", "properties": {"plan": "pro", "text": "Zürich 😀"}}


def taken(answer: Any) -> bool:
    return (answer.status_code, answer.data, answer.mimetype) == (200, b'{"status":"Ok"}', "application/json")


@pytest.mark.parametrize("path", ["/batch", "/batch/", "/i/v0/e", "/i/v0/e/", "/e", "/e/", "/capture", "/capture/"])
@pytest.mark.parametrize("form", ["batch", "list", "single"])
@pytest.mark.parametrize(
    ("packed", "headers"),
    [
        (False, {"Content-Type": "application/json"}),
        (False, {}),
        (True, {"Content-Type": "application/json", "Content-Encoding": "gzip"}),
        (True, {"Content-Type": "text/plain"}),
        (True, {}),
    ],
)
def test_events_are_taken_on_every_path_in_every_wrapping(
    capture: Any, path: str, form: str, packed: bool, headers: dict[str, str]
) -> None:
    body: Any = {
        "batch": {"api_key": capture.token, "batch": [EVENT]},
        "list": [{**EVENT, "token": capture.token}],
        "single": {**EVENT, "api_key": capture.token},
    }[form]
    text = json.dumps(body).encode()
    query = "?compression=gzip-js&_=1795429815123&ver=1.2.3" if packed else ""
    assert taken(capture.send(gzip.compress(text) if packed else text, path + query, headers=headers))
    (line,) = capture.stored()
    sent = body["batch"][0] if form == "batch" else body[0] if form == "list" else body
    assert line["event"] == sent
    assert line["path"] == path


def test_a_line_carries_what_capture_knows_of_the_request(capture: Any) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    given = "0190c1f0-0000-7000-8000-000000000001"
    capture.send(
        {"api_key": capture.token, "sent_at": "2026-11-23T10:00:00Z", "batch": [{**EVENT, "uuid": given}]},
        headers={"User-Agent": "posthog-python/7", "X-Forwarded-For": "192.0.2.7, 10.0.0.1"},
    )
    (line,) = capture.stored()
    received = datetime.fromtimestamp(line["received_at"] / 1000, UTC)
    assert before <= received <= datetime.now(UTC)
    assert (line["ip"], line["user_agent"], line["sent_at"]) == (
        "192.0.2.7",
        "posthog-python/7",
        "2026-11-23T10:00:00Z",
    )
    assert (line["token"], line["uuid"]) == (capture.token, given)
    (stored,) = capture.store.objects("raw")
    assert is_raw_key(stored.key)
    assert received_at(stored.key) == received


def test_a_request_is_one_object_with_its_events_in_order(capture: Any) -> None:
    assert taken(capture.batch(*({**EVENT, "event": f"page {place}"} for place in range(50))))
    assert len(capture.store.objects("raw")) == 1
    assert [line["event"]["event"] for line in capture.stored()] == [f"page {place}" for place in range(50)]


def test_a_small_body_with_much_in_it_is_taken_like_a_large_one(capture: Any) -> None:
    body = {"api_key": capture.token, "batch": [{**EVENT, "text": "x" * 150_000}]}
    packed = gzip.compress(json.dumps(body).encode())
    assert len(packed) < 2000
    assert taken(capture.send(packed))
    (line,) = capture.stored()
    assert line["event"] == body["batch"][0]


def test_what_is_no_event_is_kept_with_the_events_beside_it(capture: Any) -> None:
    odd = ["text", None, {}, {"event": ""}]
    assert taken(capture.batch(EVENT, *odd))
    assert [line["event"] for line in capture.stored()] == [EVENT, *odd]


def test_an_event_of_long_ago_is_taken(capture: Any) -> None:
    assert taken(capture.batch({**EVENT, "timestamp": "2001-01-01T00:00:00Z"}))


def test_lines_carry_the_project_of_their_key(capture: Any, accounts: Any) -> None:
    other = Projects(accounts.postgres).create("Another")
    capture.batch(EVENT)
    capture.send({"api_key": other.api_token, "batch": [EVENT]})
    assert [line["project"] for line in capture.stored()] == [accounts.project.id, other.id]


def test_the_key_of_a_new_project_works_at_once(capture: Any, accounts: Any) -> None:
    capture.batch(EVENT)
    made = Projects(accounts.postgres).create("New")
    assert taken(capture.send({"api_key": made.api_token, "batch": [EVENT]}))


def test_a_sender_may_be_on_any_site(capture: Any) -> None:
    client = capture.app.test_client()
    origin = {"Origin": "https://shop.example"}
    preflight = client.options(
        "/i/v0/e/",
        headers={
            **origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type,x-one",
        },
    )
    refused = capture.send(b"{", headers=origin)
    assert taken(preflight)
    assert refused.status_code == 400
    for answer in (preflight, capture.batch(EVENT, headers=origin), refused):
        assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert {"GET", "POST", "OPTIONS"} == set(answer.headers["Access-Control-Allow-Methods"].split(", "))
        assert "Origin" in answer.headers["Vary"]
    assert preflight.headers["Access-Control-Allow-Headers"] == "content-type,x-one"
    assert "Access-Control-Allow-Origin" not in capture.batch(EVENT).headers


def test_a_healthy_capture_says_so(capture: Any) -> None:
    client = capture.app.test_client()
    assert client.get("/livez").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json) == (200, {"status": "ready"})
