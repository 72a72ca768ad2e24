"""A web site on loopback whose page runs posthog-js as npm delivers it."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

NODE_MODULES = Path(__file__).parent / "node_modules"

# What the SDK lets through is noted before it is sent.
_PAGE = """<!doctype html>
<html><head><meta charset="utf-8"><title>Shop</title><link rel="icon" href="data:,"></head>
<body>
<h1>Shop</h1>
<button id="buy" class="btn primary">Buy</button>
<script src="/posthog.js"></script>
<script>
const { token, ...config } = %s
const sent = []
posthog.init(token, { ...config, before_send: (event) => {
  const { uuid, properties } = event
  sent.push({ uuid, event: event.event, distinct_id: properties.distinct_id, at: Date.now() })
  return event
} })
</script>
</body></html>
"""
_AWAY = "<!doctype html><title>Away</title><link rel=icon href=data:,><p>Away</p>"


class Site:
    """Serves `/`, with the SDK, and `/away`, without. `package` is its name in node_modules."""

    def __init__(self, package: str, config: dict[str, Any]) -> None:
        script = (NODE_MODULES / package / "dist" / "array.full.js").read_bytes()
        page = (_PAGE % json.dumps(config)).encode()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = False
        self._server.answers = {  # type: ignore[attr-defined]
            "/": ("text/html", page),
            "/away": ("text/html", _AWAY.encode()),
            "/posthog.js": ("text/javascript", script),
        }
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        return f"http://localhost:{self._server.server_address[1]}"

    def __enter__(self) -> "Site":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        kind, body = self.server.answers.get(self.path.split("?")[0], ("text/plain", None))  # type: ignore[attr-defined]
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_: object) -> None:
        """Says nothing."""
