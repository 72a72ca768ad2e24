"""The capture application of this process's settings, for granian: `granian --interface rsgi capture_app.rsgi:app`.

Events are taken on the server's event loop, where a request that waits for its group holds nothing but memory.
Everything else is Flask's, on threads.
"""

import asyncio
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import TYPE_CHECKING, Any

from analytics_pipelines.events.rejection import Rejected
from analytics_pipelines.logs import configure_logs
from analytics_pipelines.settings import Settings, settings_of_process
from capture_app import metrics
from capture_app.answers import ALIVE, Answer, again, cors, refusal
from capture_app.bodies import Bodies
from capture_app.intake import Sent
from capture_app.process import Process
from capture_app.room import NoRoom

if TYPE_CHECKING:
    from flask import Flask

_METHODS = frozenset({"GET", "POST", "OPTIONS"})
_FLASK_THREADS = 8
_WARM_UP_SECONDS = 3.0

# Two threads want the interpreter: the loop, and the writer when its put is done. The writer waits this long at most.
_SWITCH_SECONDS = 0.0005


class Application:
    """An RSGI application. `scope` and `protocol` are granian's."""

    def __init__(self, settings: Settings) -> None:
        self._process = Process(settings)
        self._bodies = Bodies(
            most=self._process.limits.body_bytes,
            most_held=settings.capture_max_inflight_bytes,
            seconds=settings.capture_body_seconds,
        )
        self._threads = ThreadPoolExecutor(_FLASK_THREADS, thread_name_prefix="flask")
        self._flask: Flask | None = None
        self._routes: Mapping[str, Any] = {}

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        sys.setswitchinterval(_SWITCH_SECONDS)
        self._process.start(loop)
        self._routes = self._process.intake.routes
        self._threads.submit(self._warm_up)

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._process.stop()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        if scope.path == "/livez":  # asked from the first moment on, when Flask is not there yet
            protocol.response_bytes(ALIVE.status, ALIVE.headers, ALIVE.body)
            return
        served = scope.path in self._routes and scope.method in _METHODS
        header = scope.headers.get
        try:
            body = await self._bodies.read(protocol, header("content-length"))
        except Rejected as error:
            self._refuse(scope, protocol, refusal(error))
            return
        except NoRoom:
            self._refuse(scope, protocol, again("inflight_bytes"))
            return
        try:
            if served:
                sent = Sent(
                    scope.method,
                    scope.path,
                    scope.query_string.encode("latin-1", "replace"),
                    lambda name: header(name) or "",
                    body,
                    scope.client.rpartition(":")[0],
                )
                answer = await self._process.intake.answer(sent)
            else:
                loop = asyncio.get_running_loop()
                answer = await loop.run_in_executor(self._threads, self._asked_of_flask, scope, body)
        finally:
            self._bodies.release(body)
        protocol.response_bytes(answer.status, answer.headers, answer.body)

    def _refuse(self, scope: Any, protocol: Any, answer: Answer) -> None:
        metrics.count(scope.path if scope.path in self._routes else "other", answer, 0)
        origin = cors(lambda name: scope.headers.get(name) or "")
        protocol.response_bytes(answer.status, [*answer.headers, *origin], answer.body)

    def _warm_up(self) -> None:
        """Events come first: what else there is gets imported when projects are known."""
        self._process.knows_projects.wait(_WARM_UP_SECONDS)
        self._application()

    def _application(self) -> "Flask":
        """Flask is imported on a thread: events can be taken before it is there."""
        if self._flask is None:
            from capture_app.app import create_app

            self._flask = create_app(self._process)
        return self._flask

    def _asked_of_flask(self, scope: Any, body: bytes) -> Answer:
        from werkzeug.test import run_wsgi_app

        pieces, status, headers = run_wsgi_app(self._application().wsgi_app, _environ(scope, body), buffered=True)
        return Answer(
            int(status.split(" ", 1)[0]), b"".join(pieces), [(name.lower(), value) for name, value in headers]
        )


def _environ(scope: Any, body: bytes) -> dict[str, Any]:
    """What WSGI calls a request."""
    host, _, port = scope.server.rpartition(":")
    environ = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0],
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    environ.pop("HTTP_CONTENT_LENGTH", None)
    return environ


configure_logs(settings_of_process())
app = Application(settings_of_process())
