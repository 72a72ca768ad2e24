"""The proxy that fails on purpose does what its plan says, and nothing else."""

import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from faultproxy import FaultProxy


class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bodies: list[bytes]

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding"):
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers["Content-Length"]))
        self.bodies.append(body)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def echo() -> Iterator[tuple[int, list[bytes]]]:
    class Handler(_Echo):
        bodies: list[bytes] = []  # noqa: RUF012

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server.server_address[1], Handler.bodies
    server.shutdown()
    server.server_close()
    thread.join(5)


def post(connection: http.client.HTTPConnection, body: bytes, path: str = "/") -> tuple[int, bytes]:
    connection.request("POST", path, body)
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_each_request_takes_the_next_action_of_the_plan(echo: tuple[int, list[bytes]]) -> None:
    port, bodies = echo
    with FaultProxy(port, ["pass", "503", "reset", "lose", "slow:0.05", "hang"]) as proxy:
        connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=0.3)
        assert post(connection, b"1") == (200, b"1")
        assert post(connection, b"2") == (503, b"")
        for body in (b"3", b"4"):
            with pytest.raises(ConnectionError):
                post(connection, body)
            connection.close()
        assert post(connection, b"5") == (200, b"5")
        with pytest.raises(TimeoutError):
            post(connection, b"6")
        connection.close()
        assert post(connection, b"7") == (200, b"7")
        connection.close()
    assert bodies == [b"1", b"4", b"5", b"7"]
    assert [action for action, _ in proxy.seen] == ["pass", "503", "reset", "lose", "slow:0.05", "hang", "pass"]


def test_only_requests_that_are_meant_use_up_the_plan(echo: tuple[int, list[bytes]]) -> None:
    port, _ = echo
    with FaultProxy(port, ["500"], meant=lambda line: line.startswith("POST /e/")) as proxy:
        connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=5)
        assert post(connection, b"a", "/flags/") == (200, b"a")
        assert post(connection, b"b", "/e/?x=1") == (500, b"")
        assert post(connection, b"c", "/e/") == (200, b"c")
        connection.close()
    assert [line for _, line in proxy.seen] == ["POST /e/?x=1 HTTP/1.1", "POST /e/ HTTP/1.1"]


def test_bodies_without_a_length_and_answers_without_a_body_pass(echo: tuple[int, list[bytes]]) -> None:
    port, bodies = echo
    with FaultProxy(port) as proxy:
        connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=5)
        connection.request("POST", "/", iter([b"in ", b"pieces"]), encode_chunked=True)
        assert connection.getresponse().read() == b"in pieces"
        connection.request("HEAD", "/")
        answer = connection.getresponse()
        assert (answer.headers["Content-Length"], answer.read()) == ("1000", b"")
        assert post(connection, b"") == (200, b"")
        connection.close()
    assert bodies == [b"in pieces", b""]
