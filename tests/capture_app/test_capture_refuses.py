"""What capture does not take: told in plain text, nothing kept."""

import gzip
import json
from typing import Any

import pytest

pytestmark = pytest.mark.engines

EVENT = {"event": "page", "distinct_id": "ada"}


def refused(answer: Any, status: int) -> bool:
    return answer.status_code == status and answer.mimetype == "text/plain" and 0 < len(answer.data) < 300


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe",
        b"\x1f\x8b\x08broken",
        gzip.compress(b'{"event": "page"}')[:-4],
        b"[" * 50_000,
        b'{"a":' * 15_000,
    ],
)
def test_a_body_that_is_no_request_is_refused(capture: Any, body: bytes) -> None:
    assert refused(capture.send(body), 400)
    assert capture.stored() == []


@pytest.mark.parametrize("token", [None, "", "phc_" + "x" * 43, "phx_" + "a" * 43, "a" * 65, "phc_ä", "phc_\0", 7, {}])
def test_a_key_that_is_no_projects_is_refused(capture: Any, token: object) -> None:
    assert refused(capture.send({"api_key": token, "batch": [EVENT]}), 401)
    assert refused(capture.send({**EVENT, "token": token}, "/i/v0/e/"), 401)
    assert capture.stored() == []


def test_a_request_of_two_projects_is_refused(capture: Any) -> None:
    assert refused(capture.send([{**EVENT, "token": capture.token}, {**EVENT, "token": "phc_other"}]), 401)
    assert capture.stored() == []


def test_a_body_that_is_too_large_is_refused_by_its_length(capture: Any) -> None:
    big = {**EVENT, "properties": {"text": "x" * 100_000}}
    assert refused(capture.batch(big), 413)


def test_a_body_that_is_too_large_once_unpacked_is_refused(capture: Any) -> None:
    body = {"api_key": capture.token, "batch": [{**EVENT, "text": "x" * 200_000}]}
    assert refused(capture.send(gzip.compress(json.dumps(body).encode())), 413)
    assert capture.stored() == []


@pytest.mark.parametrize("depth", range(880, 1000, 3))
def test_deep_json_is_taken_or_refused_and_never_breaks_capture(capture: Any, depth: int) -> None:
    nested = b"[" * depth + b"\n" + b"]" * depth
    answer = capture.send(b'{"api_key":"%s","event":"a","properties":{"a":%s}}' % (capture.token.encode(), nested))
    assert answer.status_code in {200, 400}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("POST", "/nowhere", 404), ("PUT", "/batch/", 405), ("DELETE", "/i/v0/e/", 405)],
)
def test_other_requests_are_refused_in_plain_text(capture: Any, method: str, path: str, status: int) -> None:
    answer = capture.app.test_client().open(path, method=method)
    assert refused(answer, status)
    assert status != 405 or "POST" in answer.headers["Allow"]
