"""A receiver on loopback that answers as a plan says, and remembers what reached it."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Got:
    """A request that arrived."""

    path: str
    headers: dict[str, str]
    body: bytes
    method: str = "POST"


Answer = int | tuple[int, dict[str, str], bytes] | str
"""A status; with headers and body; or `hang`, `reset`, `drip`."""


@dataclass
class Receiver:
    """`plan` decides by the number of the request (from 0) and what it is; the default is 200."""

    port: int = 0
    plan: Callable[[int, Got], Answer] = lambda _number, _got: 200
    got: list[Got] = field(default_factory=list)
    connections: int = 0
    hang_seconds: float = 30.0
    lock: threading.Lock = field(default_factory=threading.Lock)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def allowed(self) -> str:
        return f"127.0.0.1:{self.port}"


@contextmanager
def receiving(plan: Callable[[int, Got], Answer] | None = None) -> Iterator[Receiver]:
    """A receiver while the block lasts."""
    receiver = Receiver()
    if plan:
        receiver.plan = plan

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            receiver.connections += 1
            super().setup()

        def log_message(self, *_: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            got = Got(self.path, {name.lower(): value for name, value in self.headers.items()}, body, self.command)
            with receiver.lock:
                number = len(receiver.got)
                receiver.got.append(got)
            answer = receiver.plan(number, got)
            if answer == "hang":
                receiver.closing.wait(receiver.hang_seconds)
                self.close_connection = True
            elif answer == "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                self.connection.close()
                self.close_connection = True
            elif answer == "drip":
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                while not receiver.closing.is_set():
                    try:
                        self.wfile.write(b".")
                        self.wfile.flush()
                    except OSError:
                        break
                    time.sleep(0.05)
                self.close_connection = True
            else:
                status, headers, text = (answer, {}, b"ok") if isinstance(answer, int) else answer  # type: ignore[misc]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

        do_GET = do_PUT = do_POST  # noqa: N815

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.closing.set()
        server.shutdown()
        server.server_close()
