"""Flask at the edge: takes events from SDKs and answers once they are durable."""

import logging
from datetime import UTC, datetime

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge

from analytics_pipelines.events.envelope import Arrival, to_lines
from analytics_pipelines.events.parse import parse
from analytics_pipelines.events.payload import payload
from analytics_pipelines.events.rejection import Rejected
from analytics_pipelines.faults import hit
from analytics_pipelines.settings import Settings
from capture_app.objects import RawObjects
from capture_app.tokens import Tokens, TokensUnavailable
from resources.object_store import ObjectStore, StoreUnavailable
from resources.postgres import Postgres, PostgresUnavailable

log = logging.getLogger("capture")

_NAMES = ("/batch", "/i/v0/e", "/e", "/capture", "/track", "/engage")
PATHS = tuple(path + slash for path in _NAMES for slash in ("", "/"))
_ENGAGE = "/engage"  # its events are about a person and may go without a name
_RETRY_AFTER_SECONDS = "5"


def create_app(settings: Settings) -> Flask:
    """The capture application over the bucket and Postgres of these settings."""
    app = Flask("capture", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.capture_max_body_bytes
    store = ObjectStore(settings.bucket_url)
    postgres = Postgres(settings.need_postgres(), pool_size=2)
    app.extensions["postgres"] = postgres
    objects = RawObjects(store)
    tokens = Tokens(postgres, fresh=settings.token_cache_seconds, stale=settings.token_cache_max_age_seconds)

    def capture() -> Response:
        received_at = datetime.now(UTC)
        sent = payload(
            body(),
            request.query_string,
            request.headers.get("Content-Encoding", ""),
            most=settings.capture_max_decompressed_bytes,
        )
        nameless = "$identify" if request.path.rstrip("/") == _ENGAGE else None
        parsed = parse(sent.text, nameless=nameless, sent_at=sent.sent_at)
        project = tokens.project(parsed.token)
        if project is None:
            raise Rejected(401, "no project has this API key")
        arrival = Arrival(
            received_at=received_at,
            ip=_client_ip(),
            user_agent=request.headers.get("User-Agent", "")[:1000],
            path=request.path,
            project=project,
        )
        objects.commit(to_lines(parsed, arrival), received_at)
        hit("capture.after_commit")
        return Response(status=204) if sent.beacon else _ok()

    def body() -> bytes:
        received = request.get_data(cache=False)
        if request.content_length is None and len(received) >= settings.capture_max_body_bytes:
            raise RequestEntityTooLarge  # a body that does not tell its length is cut there, without a word
        return received

    def preflight() -> Response:
        return _ok()

    for path in PATHS:
        app.add_url_rule(path, f"capture {path}", capture, methods=["GET", "POST"], provide_automatic_options=False)
        app.add_url_rule(path, f"preflight {path}", preflight, methods=["OPTIONS"])

    @app.get("/livez")
    def livez() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @app.get("/readyz")
    def readyz() -> tuple[dict[str, str], int]:
        reasons = {}
        try:
            store.check()
        except StoreUnavailable as error:
            reasons["bucket"] = str(error)
        try:
            postgres.check()
        except PostgresUnavailable as error:
            reasons["postgres"] = str(error)
        return reasons or {"status": "ready"}, 503 if reasons else 200

    @app.errorhandler(Rejected)
    def rejected(error: Rejected) -> Response:
        return Response(error.message, error.status, mimetype="text/plain")

    @app.errorhandler(RecursionError)
    def too_deep(_: RecursionError) -> Response:
        return Response("the body is nested too deep", 400, mimetype="text/plain")

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        response = Response(error.name.lower(), error.code or 500, mimetype="text/plain")
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return response

    @app.errorhandler(RequestEntityTooLarge)
    def too_large(_: RequestEntityTooLarge) -> Response:
        return Response(f"the body is larger than {settings.capture_max_body_bytes} bytes", 413, mimetype="text/plain")

    @app.errorhandler(StoreUnavailable)
    @app.errorhandler(TokensUnavailable)
    def unavailable(error: Exception) -> Response:
        log.warning("not accepted, sender is told to try again: %s", error)
        return Response(
            "not stored; try again", 503, headers={"Retry-After": _RETRY_AFTER_SECONDS}, mimetype="text/plain"
        )

    @app.after_request
    def allow_any_origin(response: Response) -> Response:
        """Tokens are public and cookies ignored, so any site may send; mirrored, since `*` excludes credentials."""
        origin = request.headers.get("Origin")
        if origin:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Allow-Credentials"] = "true"
            response.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
            asked = request.headers.get("Access-Control-Request-Headers")
            if asked:
                response.headers["Access-Control-Allow-Headers"] = asked
            response.headers["Vary"] = "Origin"
        return response

    return app


def _ok() -> Response:
    return Response(b'{"status":"Ok"}', mimetype="application/json")


def _client_ip() -> str:
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")[0].strip()
    return (forwarded or request.remote_addr or "")[:64]
