"""Rules of a project at the edge: what is dropped is counted, what is hidden is never stored."""

import gzip
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from analytics_pipelines.events import zstd

pytestmark = pytest.mark.engines

SECRET = {"email": "ada@example.com", "plan": "pro"}


def event(name: str = "page", **more: Any) -> dict[str, Any]:
    return {"event": name, "distinct_id": "ada", "properties": {"plan": "pro"}, **more}


def everything_stored(capture: Any) -> bytes:
    return b"".join(zstd.decompress(capture.store.get(item.key)) for item in capture.store.objects(""))


def test_denied_events_are_answered_and_counted_and_not_stored(capture: Any, accounts: Any) -> None:
    with accounts.rules(denied_events=["noise"]):
        capture.process.projects.refresh()
        assert capture.batch(event("noise"), event(), event("noise")).status_code == 200
    kept, dropped = capture.stored()
    assert kept["event"]["event"] == "page"
    assert {name: dropped[name] for name in ("dropped", "name", "count", "project", "path")} == {
        "dropped": "denied_event",
        "name": "noise",
        "count": 2,
        "project": capture.project_id,
        "path": "/batch/",
    }


def test_hidden_properties_and_addresses_are_nowhere_in_the_bucket(capture: Any, accounts: Any) -> None:
    body = {**event(properties={**SECRET, "$ip": "192.0.2.7", "$set": SECRET}), "$set_once": SECRET}
    escaped = json.dumps({"api_key": capture.token, "batch": [body]}).replace('"email"', '"\\u0065mail"').encode()
    with accounts.rules(denied_properties=["email"], anonymize_ips=True):
        capture.process.projects.refresh()
        for sent in (capture.batch(body), capture.send(escaped), capture.send(gzip.compress(escaped), "/e/")):
            assert sent.status_code == 200
        deep = {"event": "deep", "distinct_id": "ada", "properties": {**SECRET, "a": json.loads("[" * 250 + "]" * 250)}}
        assert capture.batch(deep, headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 200
    stored = everything_stored(capture)
    assert b"plan" in stored
    for secret in (b"ada@example.com", b"192.0.2.7", b"127.0.0.1"):
        assert secret not in stored


def test_beyond_the_quota_events_are_dropped_and_counted(capture: Any, accounts: Any) -> None:
    today = datetime.now(UTC).date()
    capture.process.usage.exchange(today)
    used = capture.process.usage.used(capture.project_id, today)
    with accounts.rules(daily_event_quota=used + 3):
        capture.process.projects.refresh()
        for _ in range(2):
            assert capture.batch(event("a"), event("b")).status_code == 200
        assert capture.batch(event("c")).status_code == 200
    lines = capture.stored()
    assert [line["event"]["event"] for line in lines if "event" in line] == ["a", "b", "a"]
    assert [(line["dropped"], line["name"], line["count"]) for line in lines if "dropped" in line] == [
        ("quota", "b", 1),
        ("quota", "c", 1),
    ]


def test_use_is_added_up_over_processes_and_survives_a_restart(capture: Any, accounts: Any) -> None:
    today = datetime.now(UTC).date()
    accounts.postgres.execute("DELETE FROM event_usage")
    accounts.postgres.execute(
        "INSERT INTO event_usage (project_id, day, events) VALUES (%s, %s, 5)", [capture.project_id, today]
    )
    capture.batch(event(), event())
    capture.process.usage.exchange(today)
    assert capture.process.usage.used(capture.project_id, today) >= 7
    rows = accounts.postgres.rows("SELECT events FROM event_usage WHERE project_id = %s", [capture.project_id])
    assert [row["events"] for row in rows] == [7]
    capture.process.usage.exchange(today)  # nothing new is added twice
    assert capture.process.usage.used(capture.project_id, today) == 7
    accounts.postgres.execute("DELETE FROM event_usage")


def test_use_of_a_project_that_is_gone_is_forgotten(capture: Any) -> None:
    today = datetime.now(UTC).date()
    capture.process.usage.add(999_999, today, 3)
    capture.process.usage.exchange(today)
    assert capture.process.usage.used(999_999, today) == 0


def test_drops_and_dead_letters_are_numbers_for_operators(capture: Any, accounts: Any) -> None:
    with accounts.rules(denied_events=["noise"]):
        capture.process.projects.refresh()
        capture.batch(event("noise"), event(properties={"a": json.loads("[" * 250 + "]" * 250)}))
        capture.send(b"{")
    numbers = capture.app.test_client().get("/metrics").text
    assert 'capture_events_dropped_total{rule="denied_event"}' in numbers
    assert 'capture_events_dead_lettered_total{reason="nested_too_deep"}' in numbers
    assert 'capture_requests_rejected_total{reason="request_parsing_error"}' in numbers
    assert "capture_projects_age_seconds" in numbers
