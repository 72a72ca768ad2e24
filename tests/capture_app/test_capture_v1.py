"""The second protocol over HTTP: an answer for each event."""

import gzip
import json
from typing import Any
from uuid import uuid4

import pytest

from capture_app.app import create_app
from resources.object_store import StoreUnavailable

pytestmark = pytest.mark.engines

PATH = "/i/v1/analytics/events"
NOW = "2026-11-22T11:06:24.685351+00:00"


def headers(capture: Any, **more: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {capture.token}",
        "Content-Type": "application/json",
        "PostHog-Sdk-Info": "posthog-python/7.91.1",
        "PostHog-Attempt": "1",
        "PostHog-Request-Id": "50f414d2-0000-4000-8000-000000000000",
        "PostHog-Request-Timestamp": NOW,
        **more,
    }


def event(**more: Any) -> dict[str, Any]:
    return {"event": "page", "uuid": str(uuid4()), "distinct_id": "ada", "timestamp": NOW, "properties": {}, **more}


def send(capture: Any, *events: Any, path: str = PATH, **more: str) -> Any:
    body = json.dumps({"created_at": NOW, "batch": events}).encode()
    if more.get("Content-Encoding"):
        body = gzip.compress(body)
    return capture.app.test_client().post(path, data=body, headers=headers(capture, **more))


@pytest.mark.parametrize("path", [PATH, f"{PATH}/"])
@pytest.mark.parametrize("encoding", [{}, {"Content-Encoding": "gzip"}])
def test_each_event_is_answered_and_stored(capture: Any, path: str, encoding: dict[str, str]) -> None:
    good, odd, bad = event(), event(distinct_id="null"), event(event="")
    answer = send(capture, good, odd, bad, path=path, **encoding)
    assert answer.status_code == 200
    assert answer.json == {
        "results": {
            good["uuid"]: {"result": "ok"},
            odd["uuid"]: {"result": "warning", "details": "person_processing_disabled"},
            bad["uuid"]: {"result": "drop", "details": "missing_event_name"},
        }
    }
    lines = capture.stored()
    assert [line["uuid"] for line in lines] == [each["uuid"] for each in (good, odd, bad)]
    assert [line.get("refused") for line in lines] == [None, None, "missing_event_name"]
    assert [line["sent_at"] for line in lines] == [NOW] * 3
    assert json.loads(lines[2]["event"]) == bad


def test_events_that_rules_drop_are_told_so(capture: Any, accounts: Any) -> None:
    with accounts.rules(denied_events=["noise"]):
        capture.process.projects.refresh()
        noise, good = event(event="noise"), event()
        answer = send(capture, noise, good)
    assert answer.json["results"] == {
        noise["uuid"]: {"result": "drop", "details": "event_restriction_drop"},
        good["uuid"]: {"result": "ok"},
    }


@pytest.mark.parametrize(
    ("changed", "status", "tag"),
    [
        ({"Authorization": ""}, 400, "missing_required_headers"),
        ({"Authorization": "Bearer phc_unknown"}, 401, "invalid_api_token"),
        ({"Content-Type": "text/plain"}, 415, "unsupported_content_type"),
    ],
)
def test_a_request_that_is_refused_says_why_in_json(
    capture: Any, changed: dict[str, str], status: int, tag: str
) -> None:
    answer = send(capture, event(), **changed)
    assert (answer.status_code, answer.json["error"]) == (status, tag)
    assert set(answer.json) == {"error", "error_description", "error_uri"}
    assert answer.headers["X-Request-Id"] == "50f414d2-0000-4000-8000-000000000000"
    assert capture.stored() == []


def test_what_is_not_stored_is_to_be_sent_again(capture: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(capture.process.store, "put", away)
    answer = send(capture, event())
    assert (answer.status_code, answer.json["error"]) == (503, "service_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    monkeypatch.undo()
    assert send(capture, event()).status_code == 200


def test_browsers_may_send_from_any_site(capture: Any) -> None:
    origin = {"Origin": "https://shop.example"}
    preflight = create_app(capture.process).test_client().options(PATH, headers=origin)
    assert preflight.status_code == 200
    for answer in (preflight, send(capture, event(), **origin), send(capture, **origin)):
        assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
