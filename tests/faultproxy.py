"""A proxy before an HTTP server that fails on purpose, request by request."""

import re
import socket
import socketserver
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import BinaryIO

_RESET = struct.pack("ii", 1, 0)  # linger for no time at all: the connection ends with RST


class FaultProxy:
    """Each request takes the next action of the plan; those that follow pass, and those that are not `meant`.

    `pass`            forward, and answer as the server does
    `503`             answer so without forwarding (any status)
    `reset`           break the connection without forwarding
    `lose`            forward, then break the connection instead of answering
    `slow:SECONDS`    wait, then pass
    `hang`            never answer and never forward: the client has to give up
    """

    def __init__(
        self,
        port: int,
        plan: Iterable[str] = (),
        *,
        host: str = "127.0.0.1",
        meant: Callable[[str], bool] = lambda line: True,
    ) -> None:
        self.upstream = (host, port)
        self.plan = deque(plan)
        self.meant = meant
        self.seen: list[tuple[str, str]] = []  # the action and the request line of what was meant, in order
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Connection)
        self._server.proxy = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def next(self, line: str) -> str:
        """The action for a request of this line."""
        if not self.meant(line):
            return "pass"
        with self._lock:
            action = self.plan.popleft() if self.plan else "pass"
            self.seen.append((action, line))
            return action

    def __enter__(self) -> "FaultProxy":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join(5)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = False  # joined by server_close
    proxy: FaultProxy

    def __init__(self, *arguments: object) -> None:
        self.clients: set[socket.socket] = set()
        super().__init__(*arguments)  # type: ignore[arg-type]

    def hang_up(self) -> None:
        for client in list(self.clients):
            try:
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]
        """Closes at once: telling the end first would turn a reset into a polite goodbye."""
        self.close_request(request)

    def handle_error(self, *_: object) -> None:
        """Clients go away as they like."""


class _Connection(socketserver.StreamRequestHandler):
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.clients.add(self.request)

    def finish(self) -> None:
        self.server.clients.discard(self.request)
        super().finish()

    def handle(self) -> None:
        while (request := _message(self.rfile, tell=self._go_on)) is not None:
            if not self._serve(request):
                return

    def _serve(self, request: bytes) -> bool:
        """Whether the connection goes on."""
        action, _, seconds = self.server.proxy.next(request.split(b"\r\n", 1)[0].decode("latin-1")).partition(":")
        if action == "hang":
            self.rfile.read(1)  # until the client hangs up
            return False
        if action.isdigit():
            self.wfile.write(_refusal(action, request))
            return True
        if action == "slow":
            time.sleep(float(seconds))
        answer = None if action == "reset" else self._forward(request)
        if action == "lose" or answer is None:
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            return False
        self.wfile.write(answer)
        return not re.search(rb"\r\nconnection: *close", answer.split(b"\r\n\r\n", 1)[0], re.IGNORECASE)

    def _forward(self, request: bytes) -> bytes | None:
        with socket.create_connection(self.server.proxy.upstream, timeout=60) as upstream:
            upstream.sendall(request)
            with upstream.makefile("rb") as stream:
                return _message(stream, bodiless=request.startswith(b"HEAD "))

    def _go_on(self) -> None:
        self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def _message(stream: BinaryIO, *, bodiless: bool = False, tell: Callable[[], None] = lambda: None) -> bytes | None:
    """One request or answer, byte for byte; None at the end of the stream."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return None
        head += line
    if re.match(rb"HTTP/1\.1 1\d\d ", head):
        return _message(stream, bodiless=bodiless)
    if re.search(rb"\r\nexpect: *100-continue", head, re.IGNORECASE):
        tell()
        head = re.sub(rb"\r\nexpect: *100-continue", b"", head, flags=re.IGNORECASE)
    if bodiless or re.match(rb"HTTP/1\.1 (204|304) ", head):
        return head
    if re.search(rb"\r\ntransfer-encoding: *chunked", head, re.IGNORECASE):
        body = b""
        while True:
            size = stream.readline()
            chunk = stream.read(int(size.split(b";")[0], 16) + 2)
            body += size + chunk
            if len(chunk) == 2:
                return head + body
    length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
    if length:
        return head + stream.read(int(length[1]))
    return head + (stream.read() if head.startswith(b"HTTP/") else b"")


def _refusal(status: str, request: bytes) -> bytes:
    """An answer of this status. Mirrors the origin, without which a browser's script would see no status at all."""
    origin = re.search(rb"\r\norigin: *([^\r]+)", request.split(b"\r\n\r\n", 1)[0], re.IGNORECASE)
    mirrored = b"Access-Control-Allow-Origin: %s\r\n" % origin[1] if origin else b""
    return b"HTTP/1.1 %s On purpose\r\n%sContent-Length: 0\r\n\r\n" % (status.encode(), mirrored)
