"""Parts of session recordings: stored as they came, apart from the events."""

import gzip
import json
from typing import Any

import pytest

from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import REPLAY_PREFIX

pytestmark = pytest.mark.engines


def snapshot(capture: Any, session: Any = "0190c1f0-aaaa-7000-8000-000000000001", **more: Any) -> dict[str, Any]:
    properties = {
        "token": capture.token,
        "distinct_id": "ada",
        "$session_id": session,
        "$window_id": "w1",
        # posthog-js packs what is large as a string of the characters U+0000 to U+00FF
        "$snapshot_data": [{"type": 2, "data": "\x1f\x8b\x08\x00\xff\n", "timestamp": 1795429815123, "cv": "2024-10"}],
        **more,
    }
    return {"event": "$snapshot", "uuid": "0190c1f0-0000-7000-8000-000000000001", "properties": properties}


def recorded(capture: Any) -> list[dict[str, Any]]:
    texts = [zstd.decompress(capture.store.get(item.key)) for item in capture.store.objects(REPLAY_PREFIX)]
    return [json.loads(line) for text in texts for line in text.splitlines()]


@pytest.mark.parametrize("path", ["/s", "/s/", "/s/?compression=gzip-js&ver=1.2.3"])
@pytest.mark.parametrize("form", ["list", "single", "batch"])
def test_parts_of_a_recording_are_stored_as_they_came(capture: Any, path: str, form: str) -> None:
    part = snapshot(capture)
    body = {"list": [part, part], "single": part, "batch": {"api_key": capture.token, "batch": [part]}}[form]
    answer = capture.send(gzip.compress(json.dumps(body).encode()), path, headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.json) == (200, {"status": "Ok"})
    lines = recorded(capture)
    assert [line["event"] for line in lines] == [part] * len(lines)
    assert len(lines) == (2 if form == "list" else 1)
    assert lines[0]["project"] == capture.project_id
    assert capture.store.objects("raw") == []


@pytest.mark.parametrize(
    ("session", "more", "reason"),
    [
        (None, {}, "invalid_session_id"),
        ("", {}, "invalid_session_id"),
        ("../../etc", {}, "invalid_session_id"),
        ("a" * 71, {}, "invalid_session_id"),
        (17, {}, "invalid_session_id"),
        ("s1", {"$snapshot_data": None}, "missing_snapshot_data"),
        ("s1", {"$snapshot_data": "text"}, "missing_snapshot_data"),
    ],
)
def test_what_is_no_part_of_a_recording_is_refused_alone(
    capture: Any, session: Any, more: dict[str, Any], reason: str
) -> None:
    bad = snapshot(capture, session, **more)
    refused = capture.send([bad], "/s/")
    assert (refused.status_code, reason in refused.text) == (400, True)
    assert recorded(capture) == []
    assert capture.send([snapshot(capture), bad], "/s/").status_code == 200
    assert [line.get("refused") for line in recorded(capture)] == [None, reason]


def test_a_recording_of_nobodys_project_is_refused(capture: Any) -> None:
    assert capture.send([snapshot(capture, token="phc_other")], "/s/").status_code == 401


def test_a_beacon_is_answered_without_a_body(capture: Any) -> None:
    answer = capture.send([snapshot(capture)], "/s/?beacon=1")
    assert (answer.status_code, answer.data) == (204, b"")
