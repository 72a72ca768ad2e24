"""PostHog's own Python SDK against capture as it runs in earnest."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from posthog import Posthog

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.accounts.secret import new_project_token
from analytics_pipelines.embedded.programs import capture_service
from analytics_pipelines.embedded.service import free_port, stop_group, wait_until
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.settings import Settings
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

pytestmark = pytest.mark.engines


@dataclass(frozen=True)
class Running:
    port: int
    token: str


@pytest.fixture
def running(migrated: Any, postgres: Postgres, store: ObjectStore, tmp_path: Path) -> Iterator[Running]:
    People(postgres).ensure_first("Us", "Ours", new_project_token(), "admin@example.com")
    (project,) = Projects(postgres).all()
    settings = Settings(
        data_dir=tmp_path,
        postgres_url=migrated.postgres_url,
        object_store_url=store.url,
        capture_port=free_port(),
        capture_workers=1,
        capture_max_body_bytes=100_000,
    )
    service = capture_service(settings)
    with (tmp_path / "capture.log").open("wb") as log:
        process = service.spawn(log)
    try:
        assert wait_until(service.healthy, process, 30), (tmp_path / "capture.log").read_text()
        yield Running(settings.capture_port, project.api_token)
    finally:
        stop_group(process, service.stop_signal, service.stop_seconds)


@pytest.mark.parametrize("packed", [False, True])
def test_what_the_sdk_sends_can_be_queried(
    running: Running, store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse, packed: bool
) -> None:
    told: list[Any] = []
    sdk = Posthog(
        running.token,
        host=f"http://127.0.0.1:{running.port}",
        gzip=packed,
        on_error=lambda *error: told.append(error),
        disable_geoip=False,
    )
    began = datetime.now(UTC)
    for place in range(20):
        sdk.capture(
            "bought",
            distinct_id=f"user {place}",
            properties={"place": place, "text": "Zürich 😀", "list": [1, {"a": None}]},
            timestamp=began - timedelta(days=place),
        )
    sdk.set(distinct_id="user 1", properties={"email": "one@example.com"})
    sdk.shutdown()
    assert told == []
    Drain(store, postgres, clickhouse, batch_objects=100, batch_bytes=10_000_000).everything()
    rows = clickhouse.query(
        "SELECT distinct_id, timestamp, properties, uuid FROM events WHERE event = 'bought' ORDER BY timestamp DESC"
    ).rows
    assert [row[0] for row in rows] == [f"user {place}" for place in range(20)]
    assert len({row[3] for row in rows}) == 20
    for place, (_, timestamp, text, _) in enumerate(rows):
        properties = json.loads(text)
        # the SDK's clock and ours are one, so what the skew between them is taken for is the time on the way
        assert abs(timestamp - (began - timedelta(days=place))) < timedelta(seconds=2)
        assert (properties["place"], properties["text"]) == (place, "Zürich 😀")
        assert properties["list"] == [1, {"a": None}]
        assert properties["$lib"] == "posthog-python"
    assert clickhouse.query("SELECT count() FROM events WHERE event = '$set'").one() == (1,)
    assert clickhouse.query("SELECT count() FROM dead_letters").one() == (0,)


def answer_to(running: Running, *headers: bytes, body: bytes) -> bytes:
    """Send bytes as they are; the status line."""
    head = [b"POST /i/v0/e/ HTTP/1.1", b"Host: localhost", b"Connection: close", *headers]
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as connection:
        connection.sendall(b"\r\n".join(head) + b"\r\n\r\n" + body)
        with connection.makefile("rb") as answer:
            return answer.read().split(b"\r\n", 1)[0]


def test_requests_that_no_sdk_sends_do_not_break_capture(running: Running, store: ObjectStore) -> None:
    event = json.dumps({"api_key": running.token, "event": "page", "distinct_id": "ada"}).encode()
    odd = (b"User-Agent: \xff\xfe\xc3\x28", b"X-Forwarded-For: \xff", b"Origin: \xff")
    assert answer_to(running, b"Content-Length: %d" % len(event), *odd, body=event) == b"HTTP/1.1 200 OK"
    in_pieces = b"%x\r\n%s\r\n0\r\n\r\n"
    chunked = b"Transfer-Encoding: chunked"
    assert answer_to(running, chunked, body=in_pieces % (len(event), event)) == b"HTTP/1.1 200 OK"
    big = event.replace(b"page", b"x" * 150_000)
    assert b" 413 " in answer_to(running, chunked, body=in_pieces % (len(big), big))
    assert len(store.objects("raw")) == 2
