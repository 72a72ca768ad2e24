"""Flask at the edge: every route that SDKs and operators ask for."""

import re
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge

from analytics_pipelines.events.payload import payload
from analytics_pipelines.events.rejection import Rejected
from analytics_pipelines.problems import Fault
from capture_app import metrics
from capture_app.answers import ALIVE, Answer, again, as_json, cors, refusal
from capture_app.intake import Sent
from capture_app.process import Process
from capture_app.projects import Project, ProjectsUnavailable
from capture_app.remote_config import config_script, decided, flags, remote_config

# Lists of what does not exist here yet; SDKs that ask are told that there is none.
_EMPTY = {
    "/api/surveys": {"surveys": [], "survey_config": None},
    "/api/early_access_features": {"earlyAccessFeatures": []},
    "/api/web_experiments": {"experiments": []},
    "/api/product_tours": {"product_tours": []},
    "/flags/definitions": {"flags": [], "group_type_mapping": {}, "cohorts": {}},
    "/api/feature_flag/local_evaluation": {"flags": [], "group_type_mapping": {}, "cohorts": {}},
}
_TOKEN = re.compile(r'"(?:token|api_key)"\s*:\s*"([^"\\]{1,64})"')
_ANY = ["GET", "POST", "OPTIONS"]


def create_app(process: Process) -> Flask:
    """The capture application of a started process."""
    app = Flask("capture", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = process.limits.body_bytes
    app.url_map.strict_slashes = False

    def capture() -> Response:
        headers = request.headers  # not of the context: it is asked on other threads
        sent = Sent(
            method=request.method,
            path=request.path,
            query=request.query_string,
            header=lambda name: headers.get(name, ""),
            body=body(),
            ip=request.remote_addr or "",
        )
        return _response(process.run(process.intake.answer(sent)))

    def body() -> bytes:
        received = request.get_data(cache=False)
        if request.content_length is None and len(received) >= process.limits.body_bytes:
            raise RequestEntityTooLarge  # a body that does not tell its length is cut there, without a word
        return received

    for path in process.intake.routes:
        app.add_url_rule(
            path, f"capture {path}", capture, methods=_ANY, provide_automatic_options=False, strict_slashes=True
        )

    def project_of(token: str) -> Project:
        project = process.run(process.intake.project(token)) if token else None
        if project is None:
            raise Rejected(401, "no project has this API key")
        return project

    def token_in_body() -> str:
        """Of a request for flags; it may be packed as events are."""
        sent = body()
        if not sent and not request.query_string:
            return ""
        packed = payload(sent, request.query_string, request.headers.get("Content-Encoding", ""), most=1 << 20)
        found = _TOKEN.search(packed.text.decode("utf-8", "replace"))
        return found[1] if found else ""

    @app.route("/flags", methods=[*_ANY, "HEAD"], provide_automatic_options=False)
    @app.route("/decide", methods=[*_ANY, "HEAD"], provide_automatic_options=False)
    def flags_of_person() -> Response:
        if request.method != "POST":
            return _json({} if request.method == "OPTIONS" else {"config": {"enable_collect_everything": True}})
        token = token_in_body()
        config = remote_config(token, project_of(token))
        version = _version(request.args.get("v", ""))
        if request.path.startswith("/decide"):
            return _json(decided(version or 1, config))
        wants_config = request.args.get("config") == "true" or not {"v", "config"} & set(request.args)
        return _json(flags(2 if version is None else version, config if wants_config else None))

    @app.get("/array/<token>/config")
    def config(token: str) -> Response:
        return _json(remote_config(token, project_of(token)))

    @app.get("/array/<token>/config.js")
    def script(token: str) -> Response:
        made = config_script(token, remote_config(token, project_of(token)))
        return Response(made, mimetype="application/javascript", headers={"Cache-Control": "public, max-age=60"})

    def nothing_yet() -> Response:
        project_of(request.args.get("token", ""))
        response = _json(_EMPTY[request.path.rstrip("/")])
        response.add_etag()
        response.headers["Cache-Control"] = "private, must-revalidate"
        response.make_conditional(request)
        return response

    for path in _EMPTY:
        app.add_url_rule(path, f"empty {path}", nothing_yet, methods=["GET"])

    @app.get("/livez")
    def livez() -> Response:
        return _response(ALIVE)

    @app.get("/readyz")
    def readyz() -> tuple[dict[str, str], int]:
        reasons = {}
        for part, check in (("bucket", process.store.check), ("postgres", process.postgres.check)):
            try:
                check()
            except Fault as error:
                reasons[part] = str(error)
        return reasons or {"status": "ready"}, 503 if reasons else 200

    @app.get("/metrics")
    def numbers() -> Response:
        text, content_type = metrics.exposition()
        return Response(text, content_type=content_type)

    @app.errorhandler(Rejected)
    def rejected(error: Rejected) -> Response:
        said = {"type": "validation_error", "code": error.tag, "detail": error.message, "attr": None}
        if error.status == 401:
            said["type"] = "authentication_error"
        return _json(said, error.status)

    @app.errorhandler(ProjectsUnavailable)
    def untellable(_: ProjectsUnavailable) -> Response:
        return _response(again("ProjectsUnavailable"))

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        response = Response(error.name.lower(), error.code or 500, mimetype="text/plain")
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return response

    @app.errorhandler(RequestEntityTooLarge)
    def too_large(_: RequestEntityTooLarge) -> Response:
        return _response(refusal(Rejected(413, f"the body is larger than {process.limits.body_bytes} bytes")))

    @app.after_request
    def finish(response: Response) -> Response:
        if request.path in process.intake.routes and request.method in _ANY:
            return response  # the intake has done it
        known = request.url_rule.rule if request.url_rule else "other"
        metrics.count_other(known, response.status_code)
        for name, value in cors(lambda name: request.headers.get(name, "")):
            response.headers[name] = value
        return response

    return app


def _version(text: str) -> int | None:
    return int(text) if text.isdigit() and len(text) < 4 else None


def _json(value: Any, status: int = 200) -> Response:
    return _response(as_json(value, status))


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, headers=answer.headers)
