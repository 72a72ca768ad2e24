"""Pages: signing in, the single-page application, and what machines ask about this process."""

from pathlib import Path

from flask import Blueprint, Response, current_app, redirect, render_template, request, send_from_directory
from flask.typing import ResponseReturnValue
from spectree import Response as Answers

from analytics_pipelines.accounts.people import SESSION_LIFETIME, People
from analytics_pipelines.web.identify import SESSION_COOKIE, public
from analytics_pipelines.web.spec import spec
from resources.clickhouse import ClickHouseRefused, ClickHouseUnavailable
from resources.postgres import PostgresUnavailable

pages = Blueprint("pages", __name__)
STATIC = Path(__file__).parent / "static"


@pages.get("/")
@pages.get("/project/<path:_page>")
@public
def application(_page: str = "") -> ResponseReturnValue:
    """The dashboards; their data asks for who you are, the page itself does not."""
    if not (STATIC / "index.html").exists():
        return render_template("message.html", title="No front end", message="Build it with `make frontend`."), 503
    response = send_from_directory(STATIC, "index.html")
    response.headers["Cache-Control"] = "no-cache"
    return response


@pages.get("/static/<path:name>")
@public
def static_file(name: str) -> ResponseReturnValue:
    """Built files; their names change with their content."""
    response = send_from_directory(STATIC, name)
    hashed = name.startswith("assets/")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if hashed else "no-cache"
    return response


@pages.get("/login")
@public
def log_in() -> ResponseReturnValue:
    """Use a one-time link, or learn how to get one."""
    token = request.args.get("token")
    services = current_app.extensions["analytics"]
    if not token or request.method == "HEAD":  # whoever only looks does not use the link up
        return render_template("login.html", failed=False)
    session = People(services.postgres).redeem(token)
    if session is None:
        return render_template("login.html", failed=True), 403
    response = redirect("/", 303)
    response.set_cookie(
        SESSION_COOKIE,
        session,
        max_age=int(SESSION_LIFETIME.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=services.settings.browser_url.startswith("https://"),
    )
    return response


@pages.get("/livez")
@public
@spec.validate(resp=Answers("HTTP_200"), security=[], tags=["health"])
def livez() -> ResponseReturnValue:
    """The process lives."""
    return Response("ok\n", mimetype="text/plain")


@pages.get("/readyz")
@public
@spec.validate(resp=Answers("HTTP_200", "HTTP_503"), security=[], tags=["health"])
def readyz() -> ResponseReturnValue:
    """What it needs answers; otherwise 503 with the reasons."""
    services = current_app.extensions["analytics"]
    reasons = {}
    try:
        services.postgres.check()
    except PostgresUnavailable as error:
        reasons["postgres"] = str(error)
    try:
        services.reader.check()
    except (ClickHouseUnavailable, ClickHouseRefused) as error:
        reasons["clickhouse"] = str(error)
    return (reasons, 503) if reasons else ({"status": "ready"}, 200)
