"""Signing in and out, and what browsers are told about our pages."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analytics_pipelines.accounts.people import SESSION_IDLE, SESSION_LIFETIME, People
from analytics_pipelines.settings import Settings
from analytics_pipelines.web.app import create_app

pytestmark = pytest.mark.engines


def link(site: Any) -> str:
    secret = People(site.postgres).login_link_secret()
    return f"/login?token={secret}"


def cookie_of(answer: Any) -> list[str]:
    return [part.strip() for part in answer.headers["Set-Cookie"].split(";")]


def test_a_link_signs_in_once(site: Any) -> None:
    url = link(site)
    browser, other = site.app.test_client(), site.app.test_client()
    answer = browser.get(url)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    me = browser.get("/api/users/@me/")
    assert me.json["email"] == "admin@example.com"
    assert me.json["organization"]["name"] == "Us"
    again = other.get(url)
    assert again.status_code == 403
    assert b"has been used" in again.data
    assert "Set-Cookie" not in again.headers
    assert other.get("/api/users/@me/").status_code == 401


def test_a_new_link_ends_the_one_before(site: Any) -> None:
    first, second = link(site), link(site)
    assert site.app.test_client().get(first).status_code == 403
    assert site.app.test_client().get(second).status_code == 303


def test_a_link_that_is_a_day_old_is_refused(site: Any) -> None:
    url = link(site)
    site.postgres.execute("UPDATE login_links SET expires_at = %s", [datetime.now(UTC) - timedelta(seconds=1)])
    assert site.app.test_client().get(url).status_code == 403


@pytest.mark.parametrize("token", ["", "x", "%00", "%ff", "'--", "a" * 5000])
def test_a_link_that_was_never_made_is_refused(site: Any, token: str) -> None:
    answer = site.app.test_client().get(f"/login?token={token}")
    assert answer.status_code == (403 if token else 200)
    assert "Set-Cookie" not in answer.headers


def test_a_look_at_the_link_without_opening_it_does_not_use_it_up(site: Any) -> None:
    url = link(site)
    site.app.test_client().head(url)
    assert site.app.test_client().get(url).status_code == 303


def test_the_session_cookie_is_for_our_pages_only(site: Any) -> None:
    cookie = cookie_of(site.app.test_client().get(link(site)))
    assert {"HttpOnly", "SameSite=Lax", "Secure", "Path=/"} <= set(cookie)
    assert f"Max-Age={SESSION_LIFETIME.days * 86400}" in cookie
    assert not any(part.startswith("Domain") for part in cookie)
    assert len(cookie[0]) >= 43


def test_the_cookie_is_not_secure_where_pages_are_not(site: Any) -> None:
    settings = Settings(**{**site.settings.model_dump(exclude_unset=True), "web_url": "http://localhost:8080"})
    app = create_app(settings)
    cookie = cookie_of(app.test_client().get(link(site)))
    app.extensions["analytics"].postgres.close()
    assert "Secure" not in cookie
    assert "HttpOnly" in cookie


def test_each_sign_in_is_a_session_of_its_own(site: Any) -> None:
    first, second = site.signed_in(), site.signed_in()
    assert first.get_cookie("analytics_session").value != second.get_cookie("analytics_session").value
    assert first.post("/api/logout/").status_code == 204
    assert second.get("/api/users/@me/").status_code == 200


def test_signing_out_ends_the_session_and_not_only_its_cookie(site: Any) -> None:
    browser = site.signed_in()
    secret = browser.get_cookie("analytics_session").value
    assert browser.post("/api/logout/").status_code == 204
    assert browser.get_cookie("analytics_session") is None
    kept = site.app.test_client()
    kept.set_cookie("analytics_session", secret)
    assert kept.get("/api/users/@me/").status_code == 401


@pytest.mark.parametrize(("column", "age"), [("created_at", SESSION_LIFETIME), ("last_seen_at", SESSION_IDLE)])
def test_a_session_ends_by_itself(site: Any, column: str, age: timedelta) -> None:
    browser = site.signed_in()
    statement = {
        "created_at": "UPDATE browser_sessions SET created_at = %s",
        "last_seen_at": "UPDATE browser_sessions SET last_seen_at = %s",
    }[column]
    site.postgres.execute(statement, [datetime.now(UTC) - age + timedelta(minutes=1)])
    assert browser.get("/api/users/@me/").status_code == 200
    site.postgres.execute(statement, [datetime.now(UTC) - age - timedelta(minutes=1)])
    assert browser.get("/api/users/@me/").status_code == 401


def test_a_person_who_is_no_longer_active_is_out(site: Any) -> None:
    browser = site.signed_in()
    site.postgres.execute("UPDATE users SET is_active = false")
    try:
        assert browser.get("/api/users/@me/").status_code == 401
    finally:
        site.postgres.execute("UPDATE users SET is_active = true")


@pytest.mark.parametrize("path", ["/", "/login", "/login?token=x", "/project/1/sql", "/nowhere", "/api/projects/"])
def test_browsers_are_told_to_be_careful(site: Any, path: str) -> None:
    answer = site.app.test_client().get(path, buffered=True)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["script-src"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert not any(name.startswith("Access-Control") for name in dict(answer.headers))
    answer.close()


@pytest.mark.parametrize("path", ["/login", "/login?token=<script>alert(1)</script>"])
def test_pages_hold_no_scripts_of_others(site: Any, path: str) -> None:
    page = site.app.test_client().get(path).get_data(as_text=True)
    assert "<script" not in page
    assert "style=" not in page


def test_answers_of_the_api_are_not_kept_by_browsers(site: Any) -> None:
    assert site.signed_in().get("/api/users/@me/").headers["Cache-Control"] == "no-store"
    assert site.sql("select 1").headers["Cache-Control"] == "no-store"
