"""One shape for everything that goes wrong: `{"type", "code", "detail", "attr"}`."""

import logging
import uuid
from typing import Any

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from analytics_pipelines.queries.failure import QueryFailed
from resources.clickhouse import ClickHouseUnavailable
from resources.object_store import StoreUnavailable
from resources.postgres import PostgresUnavailable

log = logging.getLogger("web")

_TRY_AGAIN = {"Retry-After": "5"}
_KINDS = {400: "validation_error", 401: "authentication_error", 429: "throttled_error", 503: "server_error"}


class ApiError(Exception):
    """An answer that is not the one asked for."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        attr: str | None = None,
        kind: str = "invalid_request",
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.body = {"type": _KINDS.get(status, kind), "code": code, "detail": detail, "attr": attr, **more}


def _answer(error: ApiError) -> tuple[Response, int]:
    return jsonify(error.body), error.status


def register(app: Flask) -> None:
    """Make every error of the application come out in this shape."""

    @app.errorhandler(ApiError)
    def api_error(error: ApiError) -> ResponseReturnValue:
        return _answer(error)

    @app.errorhandler(QueryFailed)
    def query_failed(error: QueryFailed) -> ResponseReturnValue:
        where: dict[str, Any] = {"start": error.start, "end": error.end} if error.start is not None else {}
        answer = _answer(ApiError(error.status, error.code, error.detail, attr=error.attr, **where))
        return (*answer, _TRY_AGAIN) if error.status in (429, 503) else answer

    @app.errorhandler(PostgresUnavailable)
    @app.errorhandler(ClickHouseUnavailable)
    @app.errorhandler(StoreUnavailable)
    def unavailable(error: Exception) -> ResponseReturnValue:
        log.warning("%s %s: %s", request.method, request.path, error)
        detail = "A part of the platform does not answer; try again soon."
        return *_answer(ApiError(503, "unavailable", detail)), _TRY_AGAIN

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> ResponseReturnValue:
        code = (error.name or "error").lower().replace(" ", "_")
        answer = _answer(ApiError(error.code or 500, code, error.description or error.name))
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            return *answer, {"Allow": ", ".join(sorted(error.valid_methods))}
        return answer

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> ResponseReturnValue:
        reference = uuid.uuid4().hex[:12]
        log.error("%s %s failed (%s)", request.method, request.path, reference, exc_info=error)
        detail = f"Something broke here; the log has it as {reference}."
        return _answer(ApiError(500, "internal_error", detail, kind="server_error"))
