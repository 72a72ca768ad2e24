"""S3 that fails in every way it can, and one that is slow."""

import json
import random
import socket
import socketserver
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from faultproxy import FaultProxy
from ledger_client import Answer, Ledger, Load, Message, message
from served import Served, check_books, in_s3, serving, settings_of, uuids_of, wait_for

from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.embedded.service import free_port

pytestmark = [pytest.mark.engines, pytest.mark.slow]

# What capture is told to try; a request may have to wait for a put that fails before its own fails.
COMMIT_SECONDS = 3.0
PATIENCE_SECONDS = 2 * COMMIT_SECONDS + 2

# A slow bucket: a request waits for the put that goes on and for its own, and shares the processor with the flood.
PUT_SECONDS = 0.3
MOST_PUTS = 5


class Door(socketserver.ThreadingTCPServer):
    """Passes connections on to another port. Can be closed, so that connections are refused, and cut answers."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, upstream: int) -> None:
        self.port = free_port()
        self.upstream = upstream
        self.cut_after: list[int] = []  # bytes of the next connections' first answers
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", self.port), _Passage, bind_and_activate=False)
        self.socket.close()

    def open(self) -> None:
        self.socket = socket.socket()
        self.server_bind()
        self.server_activate()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """Refuse connections, and break those that there are."""
        self.shutdown()
        self.server_close()
        self.hang_up()

    def hang_up(self) -> None:
        for connection in list(self._connections):
            _end(connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, *_: object) -> None:
        """Either side may go away."""


class _Passage(socketserver.BaseRequestHandler):
    server: Door

    def handle(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.upstream)) as upstream:
            back = threading.Thread(target=self._answers, args=(upstream,), daemon=True)
            back.start()
            while data := self.request.recv(1 << 16):
                upstream.sendall(data)
            _end(upstream)
            back.join()

    def _answers(self, upstream: socket.socket) -> None:
        try:
            while data := upstream.recv(1 << 16):
                if self.server.cut_after and not data.startswith(b"HTTP/1.1 100"):
                    self.request.sendall(data[: self.server.cut_after.pop()])
                    break
                self.request.sendall(data)
        except OSError:
            pass
        _end(self.request)


def _end(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


@dataclass(frozen=True)
class Remote:
    """Capture that reaches its bucket through a door and a proxy that fails by plan."""

    served: Served
    proxy: FaultProxy
    door: Door
    token: str
    s3_port: int
    bucket: str

    def objects(self) -> dict[str, bytes]:
        return in_s3(self.s3_port, self.bucket)

    def check(self, ledger: Ledger) -> None:
        """The books of a test, whose objects are those with events that it sent."""
        ours = {name: text for name, text in self.objects().items() if set(uuids_of([text])) & ledger.sent}
        check_books(ledger, ours)
        assert ledger.untyped() == []
        assert ledger.broken == 0
        assert max(answer.seconds for answer in ledger.answers) < PATIENCE_SECONDS


@pytest.fixture(scope="module")
def remote(accounts: Any, s3_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    bucket = f"b-{uuid4().hex}"
    made = urllib.request.Request(f"http://127.0.0.1:{s3_port}/{bucket}", method="PUT")
    urllib.request.urlopen(made, timeout=10).close()
    with (
        FaultProxy(s3_port, meant=lambda line: line.startswith("PUT ")) as proxy,
        pytest.MonkeyPatch.context() as patch,
    ):
        door = Door(proxy.port)
        door.open()
        for name, value in {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{door.port}",
        }.items():
            patch.setenv(name, value)
        settings = settings_of(
            accounts,
            tmp_path_factory.mktemp("s3"),
            f"s3://{bucket}/some/prefix",
            capture_workers=1,
            capture_commit_seconds=COMMIT_SECONDS,
        )
        with serving(settings) as served:
            workers = served.workers()
            yield Remote(served, proxy, door, accounts.project.api_token, s3_port, bucket)
            assert served.workers() == workers
        door.close()


def one(remote: Remote) -> tuple[Answer, Ledger, int]:
    """Send one event; its answer, the books, and how many objects that made."""
    before = len(remote.objects())
    uuid = str(uuid4())
    body = json.dumps({"api_key": remote.token, "event": "page", "distinct_id": "ada", "uuid": uuid}).encode()
    with Load(remote.served.port, lambda _: Message(body, [uuid], "/i/v0/e/"), connections=1, most=1) as load:
        load.wait()
    remote.check(load.ledger)
    return load.ledger.answers[0], load.ledger, len(remote.objects()) - before


SLOWER = COMMIT_SECONDS / 2 + 0.5  # than what one request may take


@pytest.mark.parametrize(
    "plan",
    [
        ["500", "500"],
        ["503", "503"],
        ["reset"],
        ["lose"],
        ["reset", "500", "lose"],
        [f"slow:{SLOWER}"],
        ["hang"],
    ],
    ids=",".join,
)
def test_what_passes_soon_ends_in_an_acceptance_and_one_object(remote: Remote, plan: list[str]) -> None:
    remote.proxy.plan.extend(plan)
    answer, _, made = one(remote)
    assert not remote.proxy.plan
    assert (answer.status, made) == (200, 1)
    print(f"\n{plan}: {answer.seconds:.2f} s")


def test_a_cut_answer_ends_in_an_acceptance_and_one_object(remote: Remote) -> None:
    remote.door.hang_up()
    remote.door.cut_after.append(20)
    answer, _, made = one(remote)
    assert not remote.door.cut_after
    assert (answer.status, made) == (200, 1)
    print(f"\ncut: {answer.seconds:.2f} s")


@pytest.mark.parametrize("action", ["500", "503", "reset", "lose", f"slow:{SLOWER}", "hang"])
def test_what_does_not_pass_is_told_in_time_and_heals_by_itself(remote: Remote, action: str) -> None:
    remote.proxy.plan.extend([action] * 100)
    ledger = Ledger()
    with Load(remote.served.port, partial(message, remote.token), connections=8, ledger=ledger):
        wait_for(lambda: ledger.statuses[503] >= 8 or (action == "lose" and ledger.statuses[200] >= 8), 30)
        remote.proxy.plan.clear()
        known = ledger.statuses[200]
        wait_for(lambda: ledger.statuses[200] > known + 8, 30)
    remote.check(ledger)
    refused = ledger.seconds(503)
    print(f"\n{action}: {ledger.statuses}, a 503 took {refused[:1]} to {refused[-1:]} s")


def test_a_bucket_that_refuses_connections_is_told_in_time_and_heals_by_itself(remote: Remote) -> None:
    ledger = Ledger()
    with Load(remote.served.port, partial(message, remote.token), connections=8, ledger=ledger):
        wait_for(lambda: ledger.statuses[200] >= 8, 10)
        remote.door.close()
        wait_for(lambda: ledger.statuses[503] >= 16, 30)
        remote.door.open()
        known = ledger.statuses[200]
        wait_for(lambda: ledger.statuses[200] > known + 8, 30)
    remote.check(ledger)
    print(f"\nrefused: {ledger.statuses}, a 503 took at most {ledger.seconds(503)[-1]:.2f} s")


def test_a_flood_before_a_slow_bucket_is_slowed_and_others_are_not(remote: Remote, accounts: Any) -> None:
    other = Projects(accounts.postgres).create("Small one").api_token
    text = json.dumps({"event": "page", "distinct_id": "ada", "properties": {"text": "some words " * 2000}})

    def flood(chance: random.Random) -> Message:
        event = f'{text[:-1]}, "uuid": "%s"}}'
        uuids = [str(uuid4()) for _ in range(chance.choice((1, 10, 100, 180)))]
        batch = ",".join(event % uuid for uuid in uuids)
        return Message(f'{{"api_key":"{remote.token}","batch":[{batch}]}}'.encode(), uuids)

    remote.proxy.plan.extend([f"slow:{PUT_SECONDS}"] * 10_000)
    flooded, small = Ledger(), Ledger()
    with (
        Load(remote.served.port, partial(message, other), connections=1, pause=0.1, ledger=small),
        Load(remote.served.port, flood, connections=48, ledger=flooded),
    ):
        wait_for(lambda: len(small.answers) >= 10, 60)
    remote.proxy.plan.clear()
    slowest = small.seconds()
    print(
        f"\nflood: {flooded.statuses}, broken {flooded.broken};"
        f" small: {small.statuses}, {slowest[0]:.2f} to {slowest[-1]:.2f} s"
    )
    assert set(small.statuses) == {200}
    assert flooded.statuses[503] > 0
    assert flooded.untyped() == []
    for ledger in (flooded, small):
        ours = {name: text for name, text in remote.objects().items() if set(uuids_of([text])) & ledger.sent}
        assert ledger.acknowledged <= set(uuids_of(ours.values()))
    assert slowest[int(len(slowest) * 0.99)] < MOST_PUTS * PUT_SECONDS
