"""Destinations over the API."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hook_receiver import receiving
from hostile_urls import HOSTILE_URLS

from analytics_pipelines.accounts.keys import ApiKeys
from analytics_pipelines.accounts.projects import Project, Projects
from analytics_pipelines.outbound.addresses import REFUSED
from analytics_pipelines.outbound.urls import WrongUrl, parsed

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def made(site: Any) -> Project:
    return Projects(site.postgres).create("Of destinations")


@pytest.fixture
def allowing(site: Any) -> Iterator[Any]:
    """The operator allows loopback while the test runs."""
    services = site.app.extensions["analytics"]
    settings = services.settings.model_copy(update={"outbound_allowed": "127.0.0.1"})
    site.app.extensions["analytics"] = replace(services, settings=settings)
    yield
    site.app.extensions["analytics"] = services


@pytest.fixture(scope="module")
def call(site: Any, made: Project) -> Any:
    keys = {project.id: ApiKeys(site.postgres).create(project.id, ["*"]) for project in (made, site.theirs)}

    def request(method: str, path: str = "", project: Project = made, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {keys[project.id]}"}
        address = f"/api/projects/{project.id}/destinations/{path}"
        return site.app.test_client().open(address, method=method, headers=headers, **more)

    return request


def test_a_destination_is_made_shown_changed_and_deleted(call: Any, allowing: None) -> None:
    sent = {
        "name": "CRM",
        "url": "http://127.0.0.1:9/hook",
        "headers": {"Authorization": "Bearer secret-of-crm"},
        "body": {"who": "{person.properties.email}", "n": "{event.properties.n}"},
        "filters": {"events": [{"id": "buy", "type": "events"}], "filter_test_accounts": True},
    }
    answer = call("POST", json=sent)
    assert answer.status_code == 201, answer.json
    made = answer.json
    assert made["signing_secret"].startswith("whsec_")
    assert made["headers"] == {"Authorization": "********"}
    assert made["health"]["state"] == "healthy"
    shown = call("GET", f"{made['id']}/").json
    assert shown == {name: value for name, value in made.items() if name != "signing_secret"}
    assert "secret-of-crm" not in json.dumps(call("GET").json)
    changed = call("PATCH", f"{made['id']}/", json={"name": "New", "headers": {**made["headers"], "X-B": "c"}})
    assert (changed.json["name"], changed.json["headers"]) == ("New", {"Authorization": "********", "X-B": "********"})
    assert call("PATCH", f"{made['id']}/", json={"enabled": False}).json["health"]["state"] == "disabled"
    assert call("DELETE", f"{made['id']}/").status_code == 204
    assert call("GET", f"{made['id']}/").status_code == 404
    assert made["id"] not in [each["id"] for each in call("GET").json["results"]]


@pytest.mark.parametrize(
    ("fields", "attr"),
    [
        ({"body": {"a": "{evnt.name}"}}, "body"),
        ({"body": "{not json"}, "body"),
        ({"headers": {"Host": "x"}}, "headers"),
        ({"headers": {"X-A": "a\r\nX-B: c"}}, "headers"),
        ({"filters": {"actions": [{"id": 987654, "type": "actions"}]}}, "filters"),
        ({"filters": {"properties": [{"key": "a", "value": 1, "operator": "nonsense"}]}}, "filters"),
        ({"filters": {"events": "all"}}, "filters.events"),
        ({"filters": {"unknown": ["x"]}}, "filters"),
        ({"filters": {"properties": [{"type": "hogql", "key": "nonsense("}]}}, "filters"),
        ({"method": "DELETE"}, "method"),
        ({"preset": "fax"}, "preset"),
        ({"name": ""}, "name"),
    ],
)
def test_what_cannot_be_used_is_said_when_it_is_saved(
    call: Any, allowing: None, fields: dict[str, Any], attr: str
) -> None:
    answer = call("POST", json={"name": "Hook", "url": "http://127.0.0.1:9/", **fields})
    assert (answer.status_code, answer.json["attr"]) == (400, attr), answer.json


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_a_url_that_leads_inside_is_refused_when_saved_changed_and_tested(call: Any, site: Any, url: str) -> None:
    answer = call("POST", json={"name": "Hook", "url": url})
    assert (answer.status_code, answer.json["attr"]) == (400, "url")
    try:
        parsed(url)
    except WrongUrl:
        pass
    else:
        assert answer.json["detail"] == REFUSED
    site.postgres.execute("UPDATE webhook_destinations SET url = %s WHERE id = %s", [url, _saved(call, site)])
    assert call("PATCH", f"{_saved(call, site)}/", json={"url": url}).status_code == 400
    tested = call("POST", f"{_saved(call, site)}/test/").json
    assert (tested["success"], tested["status"], tested["answer"]) == (False, None, None)
    assert tested["error"] == answer.json["detail"] or not url


_KEPT: list[int] = []


def _saved(call: Any, site: Any) -> int:
    """A destination that was saved when its URL led elsewhere."""
    if not _KEPT:
        services = site.app.extensions["analytics"]
        settings = services.settings.model_copy(update={"outbound_allowed": "127.0.0.1"})
        site.app.extensions["analytics"] = replace(services, settings=settings)
        _KEPT.append(call("POST", json={"name": "Kept", "url": "http://127.0.0.1:9/"}).json["id"])
        site.app.extensions["analytics"] = services
    return _KEPT[0]


def test_a_test_sends_a_signed_sample_and_shows_the_answer(call: Any, allowing: None) -> None:
    with receiving(lambda number, _: 200 if number == 0 else (404, {}, b"no such hook")) as receiver:
        made = call("POST", json={"name": "Hook", "url": receiver.url, "body": {"did": "{event.event}"}}).json
        tested = call("POST", f"{made['id']}/test/").json
        assert tested["milliseconds"] >= 0
        assert {name: value for name, value in tested.items() if name != "milliseconds"} == {
            "success": True,
            "status": 200,
            "answer": "ok",
            "error": None,
            "request_body": {"did": "$test"},
        }
        assert json.loads(receiver.got[0].body) == {"did": "$test"}
        assert receiver.got[0].headers["webhook-signature"].startswith("v1,")
        tested = call("POST", f"{made['id']}/test/").json
        assert (tested["success"], tested["status"], tested["answer"]) == (False, 404, "no such hook")


def test_parked_deliveries_are_listed_redriven_and_discarded(call: Any, site: Any, made: Project) -> None:
    id_ = _saved(call, site)
    for _ in range(3):
        site.postgres.execute(
            "INSERT INTO webhook_deliveries (team_id, destination_id, event_uuid, event_name, distinct_id, person_id,"
            " event, state, attempts, status, error, parked_why, parked_at, found_at)"
            " VALUES (%s, %s, gen_random_uuid(), 'buy', 'ada', gen_random_uuid(), '{}', 'parked', 1, 400, 'no',"
            " 'refused', now(), now())",
            [made.id, id_],
        )
    listed = call("GET", f"{id_}/deliveries/?limit=2").json
    assert (listed["count"], len(listed["results"]), listed["health"]["state"]) == (3, 2, "parked")
    assert listed["results"][0]["error"] == "no"
    assert call("POST", f"{id_}/redrive/", json={"ids": [listed["results"][0]["id"]]}).json == {"count": 1}
    assert call("POST", f"{id_}/discard/", json={"ids": [listed["results"][1]["id"]]}).json == {"count": 1}
    assert call("POST", f"{id_}/redrive/").json == {"count": 1}
    assert call("GET", f"{id_}/").json["health"]["backlog"] == 2


def test_a_rotated_secret_is_shown_once_and_the_old_one_has_an_end(call: Any, site: Any) -> None:
    id_ = _saved(call, site)
    rotated = call("POST", f"{id_}/rotate_secret/").json
    assert rotated["signing_secret"].startswith("whsec_")
    assert call("GET", f"{id_}/").json["old_secret_until"] == rotated["old_secret_until"]


def test_destinations_of_another_project_are_not_there(call: Any, site: Any) -> None:
    id_ = _saved(call, site)
    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "test/"),
        ("GET", "deliveries/"),
        ("POST", "redrive/"),
        ("POST", "discard/"),
        ("POST", "rotate_secret/"),
    ):
        answer = call(method, f"{id_}/{path}", project=site.theirs, json={} if method in ("PATCH",) else None)
        assert answer.status_code == 404, (method, path, answer.json)
    assert call("GET", f"{2**70}/").status_code == 404
