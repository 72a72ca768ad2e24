"""Who may call what. The matrix comes from the routes and the OpenAPI file, so a new route is in it by itself."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from analytics_pipelines.accounts.keys import SCOPES, ApiKeys
from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.accounts.secret import new_api_key
from analytics_pipelines.web.identify import public, scope, signed_in

pytestmark = pytest.mark.engines

INVALID = (b"{", b"[]", b"\xff", b'{"query": {"kind": "HogQLQuery", "query": "select 1"}}')


def operations(app: Flask) -> Iterator[tuple[str, str, str]]:
    """(method, path with `{project}` for a project's id, policy) of every rule; other parameters are filled."""
    for rule in app.url_map.iter_rules():
        policy = getattr(app.view_functions[rule.endpoint], "policy", "none")
        values = {name: "{project}" if name == "project_id" else "1" for name in rule.arguments}
        with app.test_request_context():
            path = rule.rule
            for name, value in values.items():
                path = path.replace(next(part for part in _parameters(path) if part.endswith(f"{name}>")), value)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, path, policy


def _parameters(path: str) -> list[str]:
    return [part.split(">")[0] + ">" for part in path.split("<")[1:] for part in [f"<{part}"]]


def guarded(site: Any) -> list[tuple[str, str, str]]:
    found = [operation for operation in operations(site.app) if operation[2] != "public"]
    assert len(found) >= 7
    return found


def refusals(site: Any, method: str, path: str, headers: dict[str, str], project: int) -> set[int]:
    """The statuses of a request with each body."""
    found = set()
    for body in INVALID:
        answer = site.app.test_client().open(
            path.format(project=project), method=method, headers=headers, data=body, content_type="application/json"
        )
        assert set(answer.json) >= {"type", "code", "detail", "attr"}
        found.add(answer.status_code)
    return found


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_nobody_gets_in_without_a_key(site: Any) -> None:
    strangers = [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic YTpi"},
        {"Authorization": f"Basic {site.key}"},
        {"Authorization": site.key},
        {"Cookie": "analytics_session="},
        {"Cookie": f"analytics_session={site.key}"},
        bearer(new_api_key()),
        bearer(site.key[:-1]),
        bearer(site.key + "a"),
        bearer("\xff"),
        bearer("phx_'; DROP TABLE api_keys; --"),
        bearer(site.ours.api_token),
        bearer(site.theirs.api_token),
    ]
    for method, path, _ in guarded(site):
        for headers in strangers:
            assert refusals(site, method, path, headers, site.ours.id) <= {401, 403}, (method, path, headers)


def test_a_project_token_in_other_places_opens_nothing(site: Any) -> None:
    token = site.ours.api_token
    for method, path, _ in guarded(site):
        for query in (f"?token={token}", f"?api_key={token}", f"?personal_api_key={site.key}"):
            assert refusals(site, method, path + query, {"X-Api-Key": site.key}, site.ours.id) <= {401, 403}


def test_a_key_opens_its_own_project_only(site: Any) -> None:
    for method, path, policy in guarded(site):
        if "{project}" in path:
            assert refusals(site, method, path, bearer(site.key_of_theirs), site.ours.id) == {403}
            assert refusals(site, method, path, bearer(site.key_of_theirs), site.foreign.id) == {403}
            assert refusals(site, method, path, bearer(site.key_of_theirs), 2**70) == {403}
        elif policy == "signed_in":
            assert refusals(site, method, path, bearer(site.key_of_theirs), 0) == {403}


def test_a_key_opens_what_its_scopes_say(site: Any) -> None:
    for method, path, policy in guarded(site):
        assert refusals(site, method, path, bearer(site.key_without_scope), site.ours.id) == {403}, (method, path)
        if policy in SCOPES:
            others = sorted(SCOPES - {policy, policy.replace(":read", ":write"), "*"})
            key = ApiKeys(site.postgres).create(site.ours.id, others)
            assert refusals(site, method, path, bearer(key), site.ours.id) == {403}, (method, path)
        else:
            assert policy in {"signed_in", "none"}


def test_a_key_lists_its_own_project_only(site: Any) -> None:
    answer = site.app.test_client().get("/api/projects/", headers=bearer(site.key))
    assert [each["id"] for each in answer.json["results"]] == [site.ours.id]


def test_a_revoked_key_opens_nothing_at_once(site: Any) -> None:
    key = ApiKeys(site.postgres).create(site.ours.id, ["*"])
    assert site.sql("select 1", key=key).status_code == 200
    site.postgres.execute("DELETE FROM api_keys WHERE mask = %s", [f"{key[:4]}…{key[-4:]}"])
    for method, path, _ in guarded(site):
        assert refusals(site, method, path, bearer(key), site.ours.id) == {401}


def test_keys_end_with_their_project(site: Any) -> None:
    made = Projects(site.postgres).create("Soon gone")
    key = ApiKeys(site.postgres).create(made.id, ["*"])
    Projects(site.postgres).delete(made.id)
    assert site.sql("select 1", key=key, project=made.id).status_code == 401


def test_a_person_sees_the_projects_of_the_own_organization(site: Any) -> None:
    browser = site.signed_in()
    same_site = {"Sec-Fetch-Site": "same-origin"}
    shown = {each["id"] for each in browser.get("/api/projects/").json["results"]}
    assert {site.ours.id, site.theirs.id} <= shown
    assert site.foreign.id not in shown
    for method, path, _ in guarded(site):
        if "{project}" in path:
            for project in (site.foreign.id, 0, 2**70):
                answer = browser.open(path.format(project=project), method=method, headers=same_site, data=b"{")
                assert answer.status_code == 404, (method, path, project)


def test_a_route_without_a_policy_is_open_to_nobody(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(method, path) for method, path, policy in operations(site.app) if policy == "none"]
    assert {path for _, path in found} <= {"/spectree/openapi.json"}, "a route was added without a policy"
    for method, path in found:
        for headers, status in (({}, 401), (bearer(site.key_of_theirs), 403)):
            assert site.app.test_client().open(path, method=method, headers=headers).status_code == status
        assert site.signed_in().open(path, method=method).status_code == 403


def test_an_operation_is_public_in_the_description_exactly_when_it_is_in_the_code(site: Any) -> None:
    description = site.app.test_client().get("/api/schema.json").json
    assert description["security"]
    described = {
        (method.upper(), re.sub(r"\{(?!project_id)\w+\}", "1", path)): operation.get("security") == []
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    }
    for method, path, policy in operations(site.app):
        told = described.get((method, path.replace("{project}", "{project_id}")))
        if path.startswith("/api/") and path != "/api/schema.json":
            assert told is not None, f"{method} {path} is not described"
        if told is not None:
            assert told == (policy == "public"), (method, path)


def test_marks_leave_the_view_as_it_is() -> None:
    def view() -> str:
        return "answer"

    assert public(view) is view
    assert signed_in(view) is view
    assert scope("query:read")(view)() == "answer"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Origin": "http://localhost"}, 200),
        ({}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Origin": "http://localhost:8081"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
    ],
)
def test_a_session_counts_for_our_own_pages_only(site: Any, headers: dict[str, str], status: int) -> None:
    answer = site.signed_in().post(
        f"/api/projects/{site.ours.id}/query/",
        json={"query": {"kind": "HogQLQuery", "query": "select 1"}},
        headers=headers,
    )
    assert answer.status_code == status


def test_every_unsafe_operation_refuses_other_sites(site: Any) -> None:
    browser = site.signed_in()
    for method, path, _ in guarded(site):
        if method != "GET":
            answer = browser.open(
                path.format(project=site.ours.id), method=method, headers={"Sec-Fetch-Site": "cross-site"}
            )
            assert answer.status_code == 403, (method, path)
    assert browser.get("/api/users/@me/").status_code == 200
