"""The web application: dashboards and the JSON API."""

from flask import Flask, Response, jsonify, render_template
from flask.typing import ResponseReturnValue

from analytics_pipelines.settings import Settings
from analytics_pipelines.web import errors
from analytics_pipelines.web.actions import actions
from analytics_pipelines.web.api import api
from analytics_pipelines.web.cohorts import cohorts
from analytics_pipelines.web.dashboards import dashboards
from analytics_pipelines.web.definitions import definitions
from analytics_pipelines.web.destinations import destinations
from analytics_pipelines.web.environments import EnvironmentsAreProjects
from analytics_pipelines.web.erasures import erasures
from analytics_pipelines.web.exports import exports
from analytics_pipelines.web.identify import check_policy, public
from analytics_pipelines.web.insights import insights
from analytics_pipelines.web.metrics import metrics
from analytics_pipelines.web.pages import pages
from analytics_pipelines.web.persons import persons
from analytics_pipelines.web.query import questions
from analytics_pipelines.web.services import open_services
from analytics_pipelines.web.spec import spec

_MAX_BODY_BYTES = 4 * 1024 * 1024

_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def create_app(settings: Settings) -> Flask:
    """The application over the engines of these settings."""
    app = Flask("analytics_pipelines.web", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY_BYTES
    app.wsgi_app = EnvironmentsAreProjects(app.wsgi_app)  # type: ignore[method-assign]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["analytics"] = open_services(settings)
    app.before_request(check_policy)
    app.register_blueprint(api)
    app.register_blueprint(definitions)
    app.register_blueprint(questions)
    app.register_blueprint(insights)
    app.register_blueprint(dashboards)
    app.register_blueprint(actions)
    app.register_blueprint(destinations)
    app.register_blueprint(cohorts)
    app.register_blueprint(exports)
    app.register_blueprint(persons)
    app.register_blueprint(erasures)
    app.register_blueprint(pages)
    app.register_blueprint(metrics)
    errors.register(app)
    spec.register(app)

    @app.get("/api/schema.json")
    @public
    def schema() -> ResponseReturnValue:
        return jsonify(spec.spec)

    @app.get("/pages.css")
    @public
    def pages_css() -> ResponseReturnValue:
        return Response(render_template("pages.css"), mimetype="text/css")

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if response.mimetype == "application/json":
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return app
