"""Actions over the API."""

from typing import Any

import pytest

from analytics_pipelines.accounts.keys import ApiKeys
from analytics_pipelines.accounts.projects import Project, Projects

pytestmark = pytest.mark.engines
STEP = {
    "event": "$autocapture",
    "selector": "a.buy > span",
    "url": "/shop",
    "url_matching": "contains",
    "properties": [{"key": "plan", "value": ["pro"], "operator": "exact", "type": "event"}],
}


@pytest.fixture(scope="module")
def made(site: Any) -> Project:
    return Projects(site.postgres).create("Of actions")


@pytest.fixture(scope="module")
def call(site: Any, made: Project) -> Any:
    """A request to the API of this project, or another one."""
    keys = {project.id: ApiKeys(site.postgres).create(project.id, ["*"]) for project in (made, site.theirs)}

    def request(
        method: str, path: str = "", project: Project = made, key_of: Project | None = None, **more: Any
    ) -> Any:
        headers = {"Authorization": f"Bearer {keys[(key_of or project).id]}"}
        address = path if path.startswith("http") else f"/api/projects/{project.id}/actions/{path}"
        return site.app.test_client().open(address, method=method, headers=headers, **more)

    return request


def create(call: Any, **fields: Any) -> Any:
    answer = call("POST", json={"name": "Bought", "steps": [STEP], **fields})
    assert answer.status_code == 201, answer.json
    return answer.json


def test_an_action_is_made_read_changed_and_deleted(call: Any) -> None:
    made = create(call, description="by hand", tags=["shop"])
    assert (made["name"], made["description"], made["tags"], made["deleted"]) == ("Bought", "by hand", ["shop"], False)
    (step,) = made["steps"]
    assert {name: value for name, value in step.items() if value is not None} == STEP
    assert {"tag_name", "href", "href_matching", "text", "text_matching"} <= set(step)
    path = f"{made['id']}/"
    assert call("GET", path).json == made
    changed = call("PATCH", path, json={"name": "Sold", "steps": [{"event": "a"}, {"event": "b"}]}).json
    assert (changed["name"], [step["event"] for step in changed["steps"]]) == ("Sold", ["a", "b"])
    assert changed["description"] == "by hand"
    assert call("DELETE", path).status_code == 204
    assert call("GET", path).status_code == 404
    assert call("PATCH", path, json={"name": "x"}).status_code == 404
    assert call("DELETE", path).status_code == 404
    assert call("PATCH", path, json={"deleted": False}).json["name"] == "Sold"
    assert call("PATCH", path, json={"deleted": True}).json["deleted"] is True
    assert call("GET", path).status_code == 404


def test_actions_are_listed_page_by_page_newest_first(call: Any) -> None:
    ids = [create(call, name=f"Listed {number}")["id"] for number in range(3)]
    create(call, name="Another")
    first = call("GET", "?search=listed&limit=2").json
    assert (first["count"], first["previous"]) == (3, None)
    second = call("GET", first["next"]).json
    assert [each["id"] for each in first["results"] + second["results"]] == ids[::-1]


@pytest.mark.parametrize(
    ("fields", "attr"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"name": "a\0"}, None),
        ({"steps": {}}, "steps"),
        ({"steps": [5]}, "steps.0"),
        ({"steps": [{"event": {}}]}, "steps.0.event"),
        ({"steps": [{"url_matching": "like"}]}, "steps.0.url_matching"),
        ({"steps": [{"colour": "red"}]}, "steps.0.colour"),
        ({"steps": [{"event": "$autocapture", "selector": "a:hover"}]}, "steps"),
        ({"steps": [{"properties": [{"key": "a", "value": 1, "operator": "around", "type": "event"}]}]}, "steps"),
        ({"steps": [{"properties": [{"key": "a", "value": 1, "type": "moon"}]}]}, "steps"),
    ],
)
def test_what_can_not_be_saved_is_refused(call: Any, fields: dict[str, Any], attr: str | None) -> None:
    action = create(call)
    for answer in (
        call("POST", json={"name": "a", **fields}),
        call("PATCH", f"{action['id']}/", json=fields),
    ):
        assert (answer.status_code, answer.json["attr"]) == (400, attr), answer.json
    assert call("POST", json={"steps": []}).json["code"] == "required"


def test_projects_do_not_see_each_others_actions(call: Any, site: Any, made: Project) -> None:
    action = create(call)
    for method in ("GET", "PATCH", "DELETE"):
        assert call(method, f"{action['id']}/", site.theirs, json={"name": "mine"}).status_code == 404
        assert call(method, f"{action['id']}/", made, key_of=site.theirs, json={"name": "mine"}).status_code == 403
    assert call("GET", project=site.theirs).json["results"] == []
    assert call("GET", f"{action['id']}/").json == action
    assert call("GET", f"{2**70}/").status_code == 404
