"""The lists of events, properties and groups over the API."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from staging import RECEIVED, Event, stage

from analytics_pipelines.accounts.keys import ApiKeys
from analytics_pipelines.accounts.projects import Project, Projects
from analytics_pipelines.catalog.taker import take_catalog
from analytics_pipelines.groups.taker import take_groups
from resources.clickhouse import ClickHouse

pytestmark = pytest.mark.engines

LISTS = ("event_definitions", "property_definitions", "groups_types", "groups", "groups/find")


@pytest.fixture
def made(site: Any) -> Iterator[Project]:
    projects = Projects(site.postgres)
    found = projects.create("Of this test")
    yield found
    projects.delete(found.id)


def take(site: Any, *events: Event) -> None:
    clickhouse = ClickHouse(site.settings.need_clickhouse())
    staged = stage(clickhouse, events)
    take_groups(staged, clickhouse, site.postgres)
    take_catalog(staged, clickhouse, site.postgres)
    clickhouse.command(f"DROP TABLE {staged.table}")
    clickhouse.command(f"DROP TABLE {staged.numbers}")


def call(site: Any, project: Project, path: str, method: str = "GET", scopes: str = "*", **more: Any) -> Any:
    key = ApiKeys(site.postgres).create(project.id, [scopes])
    address = path if path.startswith("http") else f"/api/projects/{project.id}/{path}"
    return site.app.test_client().open(address, method=method, headers={"Authorization": f"Bearer {key}"}, **more)


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.json
    return [each["name"] for each in answer.json["results"]]


def test_properties_are_listed_in_posthogs_shape(site: Any, made: Project) -> None:
    take(site, Event(properties={"price": 5}, team_id=made.id, timestamp=RECEIVED - timedelta(days=1)))
    take(site, Event(properties={"price": 6, "$set": {"email": "x"}}, team_id=made.id))
    answer = call(site, made, "property_definitions/?type=event", scopes="property_definition:read").json
    (price,) = answer["results"]
    assert {**price, "id": None} == {
        "id": None,
        "name": "price",
        "type": "event",
        "group_type_index": None,
        "property_type": "Numeric",
        "is_property_type_set": False,
        "is_numerical": True,
        "created_at": "2026-11-22T10:30:00+00:00",
        "last_seen_at": "2026-11-23T10:30:00+00:00",
        "volume": 2,
    }
    assert (answer["count"], answer["next"], answer["previous"]) == (1, None, None)
    assert names(call(site, made, "property_definitions/?type=person")) == ["email"]
    assert call(site, made, f"property_definitions/{price['id']}/").json == price


def test_lists_go_on_page_by_page(site: Any, made: Project) -> None:
    take(site, Event(properties=dict.fromkeys("edcba", 1), team_id=made.id))
    first = call(site, made, "property_definitions/?limit=2")
    second = call(site, made, first.json["next"])
    third = call(site, made, second.json["next"])
    assert [names(page) for page in (first, second, third)] == [["a", "b"], ["c", "d"], ["e"]]
    assert (third.json["next"], third.json["count"]) == (None, 5)
    assert names(call(site, made, third.json["previous"])) == ["c", "d"]


def test_lists_are_searched_by_any_part_of_a_name(site: Any, made: Project) -> None:
    hostile = {"100% <b>sure</b>": 1, "Größe": 1, "a'; DROP TABLE events; --": 1, "under_score": 1}
    take(site, Event("Signed Up", hostile, team_id=made.id))
    for search, found in {
        "größe": ["Größe"],
        "%": ["100% <b>sure</b>"],
        "'; drop": ["a'; DROP TABLE events; --"],
        "_": ["under_score"],
        "\\": [],
    }.items():
        query = {"search": search}
        assert names(call(site, made, "property_definitions/", query_string=query)) == found, search
    assert names(call(site, made, "event_definitions/?search=signed")) == ["Signed Up"]


def test_events_are_ordered_as_asked(site: Any, made: Project) -> None:
    take(site, *(Event(name, team_id=made.id) for name in ("b", "a", "b")))
    assert names(call(site, made, "event_definitions/", scopes="event_definition:read")) == ["a", "b"]
    assert names(call(site, made, "event_definitions/?ordering=-volume")) == ["b", "a"]


def test_people_say_what_type_a_property_has(site: Any, made: Project) -> None:
    take(site, Event(properties={"zip": 10115, "city": "x"}, team_id=made.id))
    (zip_code,) = call(site, made, "property_definitions/?search=zip").json["results"]
    address = f"property_definitions/{zip_code['id']}/"
    changed = call(site, made, address, "PATCH", scopes="property_definition:write", json={"property_type": "String"})
    assert changed.status_code == 200
    assert (changed.json["property_type"], changed.json["is_property_type_set"]) == ("String", True)
    assert call(site, made, "property_definitions/?search=zip").json["results"] == [changed.json]
    call(site, made, address, "PATCH", json={"property_type": "DateTime"})
    assert call(site, made, address).json["property_type"] == "DateTime"
    assert call(site, made, address, "PATCH", json={"property_type": None}).json == zip_code


def test_a_wrong_type_is_refused(site: Any, made: Project) -> None:
    take(site, Event(properties={"zip": 10115}, team_id=made.id))
    (zip_code,) = call(site, made, "property_definitions/").json["results"]
    for body in ({"property_type": "Text"}, {"property_type": ["String"]}, {"property_type": 1}, {}, []):
        answer = call(site, made, f"property_definitions/{zip_code['id']}/", "PATCH", json=body)
        assert answer.status_code == 400, body


def test_a_property_may_have_a_nul_in_its_name(site: Any, made: Project) -> None:
    take(site, Event(properties={"nul\0l": 1}, team_id=made.id))
    (found,) = call(site, made, "property_definitions/").json["results"]
    answer = call(site, made, f"property_definitions/{found['id']}/", "PATCH", json={"property_type": "String"})
    assert (answer.json["name"], answer.json["property_type"]) == ("nul\0l", "String")


def test_reading_does_not_let_write(site: Any, made: Project) -> None:
    address = f"property_definitions/{uuid4()}/"
    body = {"property_type": "String"}
    assert call(site, made, address, "PATCH", scopes="property_definition:read", json=body).status_code == 403
    assert call(site, made, address, "PATCH", scopes="property_definition:write", json=body).status_code == 404


def test_a_property_of_another_project_does_not_exist(site: Any, made: Project) -> None:
    take(site, Event(properties={"secret": 1}, team_id=site.theirs.id))
    (theirs,) = call(site, site.theirs, "property_definitions/?search=secret&limit=1").json["results"]
    address = f"property_definitions/{theirs['id']}/"
    assert call(site, made, address).status_code == 404
    assert call(site, made, address, "PATCH", json={"property_type": "Boolean"}).status_code == 404
    assert call(site, site.theirs, address).json == theirs
    assert call(site, made, "property_definitions/?search=secret").json["results"] == []


@pytest.mark.parametrize("identifier", ["1", "None", "%27", "0" * 32])
def test_an_id_that_is_none_is_not_found(site: Any, made: Project, identifier: str) -> None:
    assert call(site, made, f"property_definitions/{identifier}/").status_code == 404


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "offset=-1", "offset=%D9%A1", "ordering=id;", "search=" + "a" * 1001]
)
def test_a_wrong_page_is_refused(site: Any, made: Project, query: str) -> None:
    for path in ("event_definitions", "property_definitions"):
        answer = call(site, made, f"{path}/?{query}")
        assert (answer.status_code, answer.json["attr"]) == (400, query.split("=")[0])
    assert call(site, made, "property_definitions/?type=cohort").status_code == 400


def test_groups_are_listed_by_kind(site: Any, made: Project) -> None:
    said = {"$group_type": "company", "$group_key": "acme", "$group_set": {"name": "Acme Inc", "seats": 7}}
    take(
        site,
        Event("$groupidentify", said, team_id=made.id),
        Event(groups={"team": "red", "company": "zeta"}, team_id=made.id, received_at=RECEIVED + timedelta(minutes=1)),
    )
    kinds = call(site, made, "groups_types/", scopes="group:read").json
    assert kinds == [
        {"group_type": "company", "group_type_index": 0},
        {"group_type": "team", "group_type_index": 1},
    ]
    acme = {
        "group_type_index": 0,
        "group_key": "acme",
        "group_properties": {"name": "Acme Inc", "seats": 7},
        "created_at": "2026-11-23T10:30:00+00:00",
    }
    answer = call(site, made, "groups/?group_type_index=0&limit=1", scopes="group:read").json
    assert (answer["results"], answer["count"]) == ([acme], 2)
    assert [each["group_key"] for each in call(site, made, answer["next"]).json["results"]] == ["zeta"]
    assert call(site, made, "groups/?group_type_index=0&search=inc").json["results"] == [acme]
    assert call(site, made, "groups/find/?group_type_index=0&group_key=acme").json == acme
    assert call(site, made, "groups/find/?group_type_index=1&group_key=acme").status_code == 404
    properties = call(site, made, "property_definitions/?type=group&group_type_index=0").json["results"]
    assert [(each["name"], each["group_type_index"]) for each in properties] == [("name", 0), ("seats", 0)]
    assert names(call(site, made, "property_definitions/?type=group&group_type_index=1")) == []


def test_groups_need_a_kind(site: Any, made: Project) -> None:
    for query in ("", "?group_type_index=5", "?group_type_index=company"):
        assert call(site, made, f"groups/{query}").status_code == 400
    assert call(site, made, "groups/find/?group_type_index=0").status_code == 400


def test_each_list_needs_its_scope(site: Any, made: Project) -> None:
    for path in LISTS:
        assert call(site, made, f"{path}/", scopes="query:read").status_code == 403
        key = ApiKeys(site.postgres).create(made.id, ["*"])
        other = site.app.test_client().get(
            f"/api/projects/{site.ours.id}/{path}/", headers={"Authorization": f"Bearer {key}"}
        )
        assert other.status_code == 403
