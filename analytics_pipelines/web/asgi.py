"""The web application of this process's settings, for an ASGI server:
`granian --interface asgi analytics_pipelines.web.asgi:app`."""

from typing import Any

from a2wsgi import WSGIMiddleware

from analytics_pipelines.web.disconnects import telling_of_disconnects
from analytics_pipelines.web.wsgi import app as flask_app

# Some wait for ClickHouse, or for other questions of their project.
_THREADS = 32

_wsgi: Any = flask_app  # its types of WSGI and of ASGI are narrower than Flask's and granian's
_bridge: Any = WSGIMiddleware(_wsgi, workers=_THREADS)
app = telling_of_disconnects(_bridge)
