"""What goes wrong has one shape, and tells nothing of our insides."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from analytics_pipelines.settings import Settings
from analytics_pipelines.web.app import create_app
from analytics_pipelines.web.identify import public
from resources import postgres as postgres_module

pytestmark = pytest.mark.engines

INSIDES = re.compile(
    rf"{re.escape(str(Path(__file__).parents[2]))}|"
    r"Traceback|DB::|File \"|\.py\b|site-packages|/home/|/root/|/tmp/|__table|_cte_|team_id|127\.0\.0\.1|psycopg"
)


def is_error(answer: Any, status: int) -> bool:
    body = answer.json
    return (
        answer.status_code == status
        and answer.mimetype == "application/json"
        and set(body) - {"start", "end"} == {"type", "code", "detail", "attr"}
        and all(isinstance(body[name], str) and body[name] for name in ("type", "code", "detail"))
        and not INSIDES.search(answer.get_data(as_text=True))
    )


def test_every_error_has_the_same_shape(site: Any) -> None:
    client = site.app.test_client()
    query = f"/api/projects/{site.ours.id}/query/"
    key = {"Authorization": f"Bearer {site.key}"}
    assert is_error(client.get("/api/nowhere/"), 404)
    assert is_error(client.get("/nowhere"), 404)
    assert is_error(client.get("/static/../app.py"), 404)
    assert is_error(client.get("/static/%2e%2e/app.py"), 404)
    assert is_error(client.get("/static/..%2fapp.py"), 404)
    assert is_error(client.get(query), 405)
    assert is_error(client.delete("/login"), 405)
    assert is_error(client.post(query, data=b"x" * 5_000_000, headers=key), 413)
    assert is_error(client.post(query, data=b"{", headers=key), 400)
    assert is_error(client.post(query, data=b"{}", headers=key), 400)
    assert is_error(client.post(query), 401)
    assert is_error(client.get("/api/users/@me/", headers=key), 403)


def test_a_refused_method_tells_those_that_are_not(site: Any) -> None:
    assert "POST" in site.app.test_client().get(f"/api/projects/{site.ours.id}/query/").headers["Allow"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"17",
        b"\xff\xfe",
        b"{}",
        b'{"query": NaN}',
        b'{"query": null}',
        b'{"query": []}',
        b'{"query": "select 1"}',
        b'{"query": {}}',
        b'{"query": {"kind": "NoQuery"}}',
        b'{"query": {"kind": ["HogQLQuery"]}}',
        b'{"query": {"kind": "HogQLQuery"}}',
        b'{"query": {"kind": "HogQLQuery", "query": 17}}',
        b'{"query": {"kind": "HogQLQuery", "query": %s}}' % (b"9" * 5000),
        b"[" * 100_000,
        b'{"query":' * 100_000,
    ],
)
def test_a_body_that_is_no_question_is_refused(site: Any, body: bytes) -> None:
    answer = site.app.test_client().post(
        f"/api/projects/{site.ours.id}/query/", data=body, headers={"Authorization": f"Bearer {site.key}"}
    )
    assert is_error(answer, 400)
    assert answer.json["type"] == "validation_error"


def test_what_breaks_in_us_is_told_by_a_reference_into_the_log(site: Any, caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(site.settings)

    @app.get("/broken")
    @public
    def broken() -> str:
        raise RuntimeError("the password is hunter2")

    answer = app.test_client().get("/broken")
    assert is_error(answer, 500)
    assert "hunter2" not in answer.get_data(as_text=True)
    reference = re.search(r"[0-9a-f]{12}", answer.json["detail"])
    assert reference is not None
    assert reference[0] in caplog.text


def without(site: Any, **changed: str) -> Any:
    return create_app(Settings(**{**site.settings.model_dump(exclude_unset=True), **changed}))


def test_without_clickhouse_a_question_gets_no_answer_instead_of_an_empty_one(site: Any) -> None:
    app = without(site, clickhouse_reader_url="http://reader:secret@127.0.0.1:1/none")
    client = app.test_client()
    key = {"Authorization": f"Bearer {site.key}"}
    trends = {"kind": "TrendsQuery", "series": [{"kind": "EventsNode", "event": "page"}]}
    for question in ({"kind": "HogQLQuery", "query": "select 1"}, trends):
        answer = client.post(f"/api/projects/{site.ours.id}/query/", json={"query": question}, headers=key)
        assert is_error(answer, 503)
        assert int(answer.headers["Retry-After"]) > 0
    answer = client.get(f"/api/projects/{site.ours.id}/ingestion/", headers=key)
    assert is_error(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0
    ready = client.get("/readyz")
    assert (ready.status_code, list(ready.json)) == (503, ["clickhouse"])
    assert client.get("/livez").status_code == 200
    app.extensions["analytics"].postgres.close()


def test_a_wrong_password_of_ours_is_not_the_askers_fault(site: Any) -> None:
    url = site.settings.clickhouse_reader_url.get_secret_value()
    app = without(site, clickhouse_reader_url=url.replace("reader:", "reader:wrong"))
    answer = app.test_client().post(
        f"/api/projects/{site.ours.id}/query/",
        json={"query": {"kind": "HogQLQuery", "query": "select 1"}},
        headers={"Authorization": f"Bearer {site.key}"},
    )
    app.extensions["analytics"].postgres.close()
    assert is_error(answer, 503)


def test_tables_that_are_missing_are_not_the_askers_fault(site: Any) -> None:
    url = site.settings.clickhouse_reader_url.get_secret_value()
    app = without(site, clickhouse_reader_url=url.rsplit("/", 1)[0] + "/no_such_database")
    answer = app.test_client().post(
        f"/api/projects/{site.ours.id}/query/",
        json={"query": {"kind": "HogQLQuery", "query": "select count() from events"}},
        headers={"Authorization": f"Bearer {site.key}"},
    )
    app.extensions["analytics"].postgres.close()
    assert is_error(answer, 503)


def test_without_postgres_nobody_is_let_in_and_everybody_is_told_to_come_back(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_module, "CONNECT_SECONDS", 0.3)
    app = without(site, postgres_url="postgresql://nobody:secret@127.0.0.1:1/none")
    client = app.test_client()
    for answer in (
        client.get("/api/projects/", headers={"Authorization": f"Bearer {site.key}"}),
        client.get("/login?token=x"),
    ):
        assert is_error(answer, 503)
        assert int(answer.headers["Retry-After"]) > 0
    ready = client.get("/readyz")
    assert (ready.status_code, list(ready.json)) == (503, ["postgres"])
    app.extensions["analytics"].postgres.close()


def test_numbers_in_paths_may_be_of_any_size(site: Any) -> None:
    browser = site.signed_in()
    for number in ("0", str(2**31), str(2**63), "9" * 400):
        assert is_error(browser.get(f"/api/projects/{number}/"), 404)
    for text in ("-1", "1.5", "abc", "1%00"):
        assert is_error(browser.get(f"/api/projects/{text}/"), 404)


def test_errors_survive_a_round_of_json(site: Any) -> None:
    answer = site.sql('select nope("\ud83d\ude00\x00")')
    assert json.loads(answer.data)["code"] == "invalid_query"
