"""A question whose client goes is ended, as the installation serves it."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from analytics_pipelines.embedded.service import answers_http, free_port
from analytics_pipelines.settings import environment_of
from tests.web.test_web_query_cache import SLOW

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def port(site: Any) -> Iterator[int]:
    """Where the application answers in a process of its own."""
    port = free_port()
    settings = site.settings
    server = subprocess.Popen(
        [
            *(sys.executable, "-W", "ignore", "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1"),
            *("--port", str(port), "--log-level", "error", "analytics_pipelines.web.asgi:app"),
        ],
        env={**os.environ, **environment_of(settings)},
        cwd=Path(__file__).parents[2],
    )
    try:
        wait_for(answers_http(port, "/livez"))
        yield port
    finally:
        server.terminate()
        server.wait(10)


def wait_for(what: Callable[[], Any]) -> None:
    ends = time.monotonic() + 30
    while not what():
        assert time.monotonic() < ends
        time.sleep(0.05)


@contextlib.contextmanager
def asked(site: Any, port: int, name: str) -> Iterator[socket.socket]:
    """The connection on which somebody waits for the answer to a slow question."""
    body = json.dumps({"query": {"kind": "HogQLQuery", "query": SLOW}, "client_query_id": name}).encode()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(
            f"POST /api/projects/{site.ours.id}/query/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {site.key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        yield connection


def test_a_question_ends_when_its_client_goes_and_no_other_does(site: Any, port: int) -> None:
    progress = site.app.extensions["analytics"].answers._progress
    with asked(site, port, "remains"):
        with asked(site, port, "goes"):
            wait_for(lambda: progress.of(site.ours.id, "goes") and progress.of(site.ours.id, "remains"))
        wait_for(lambda: not progress.of(site.ours.id, "goes"))
        assert progress.of(site.ours.id, "remains")


def test_answers_are_served_whole(site: Any, port: int) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/projects/{site.ours.id}/query/",
        json.dumps({"query": {"kind": "HogQLQuery", "query": "SELECT repeat('é', 300000)"}}).encode(),
        {"Authorization": f"Bearer {site.key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert json.loads(answer.read())["results"] == [["é" * 300_000]]
