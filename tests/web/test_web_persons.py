"""Persons over the API."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from analytics_pipelines.accounts.keys import ApiKeys
from analytics_pipelines.accounts.projects import Project, Projects
from analytics_pipelines.cohorts.calculate import Calculator
from analytics_pipelines.cohorts.static import StaticMembers
from analytics_pipelines.cohorts.store import Cohorts
from analytics_pipelines.persons.publish import publish
from resources.clickhouse import ClickHouse

pytestmark = pytest.mark.engines
PEOPLE = {
    "ada": {"email": "ada@example.com", "plan": "pro"},
    "bob": {"name": "Bob 100%", "plan": "free"},
    "eve": {"plan": "pro", "age": 40},
}


def person_id(team: int, name: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{team}:{name}")


@pytest.fixture(scope="module")
def made(site: Any) -> Project:
    project = Projects(site.postgres).create("Of persons")
    clickhouse = ClickHouse(site.settings.need_clickhouse())
    for team in (project.id, site.theirs.id):
        people = [
            [team, person_id(team, name), datetime(2024, 5, day, tzinfo=UTC), json.dumps(properties), True, 1, 0]
            for day, (name, properties) in enumerate(PEOPLE.items(), 1)
        ]
        clickhouse.insert_rows(
            "persons", people, ["team_id", "id", "created_at", "properties", "is_identified", "version", "is_deleted"]
        )
        ids = [(name, name) for name in PEOPLE] + [("ada@work", "ada")]
        clickhouse.insert_rows(
            "person_distinct_ids",
            [[team, distinct_id, person_id(team, name), True, 1, 0] for distinct_id, name in ids],
            ["team_id", "distinct_id", "person_id", "is_personful", "version", "is_deleted"],
        )
    return project


@pytest.fixture(scope="module")
def call(site: Any, made: Project) -> Any:
    key = ApiKeys(site.postgres).create(made.id, ["person:write"])

    def request(path: str = "", method: str = "GET", **query: Any) -> Any:
        address = path if path.startswith("http") else f"/api/projects/{made.id}/persons/{path}"
        return site.app.test_client().open(
            address, method=method, headers={"Authorization": f"Bearer {key}"}, query_string=query or None
        )

    return request


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.json
    return [each["distinct_ids"][0] for each in answer.json["results"]]


def test_persons_are_listed_in_posthogs_shape(call: Any, made: Project) -> None:
    answer = call()
    assert names(answer) == ["eve", "bob", "ada"]
    assert (answer.json["count"], answer.json["next"], answer.json["previous"]) == (3, None, None)
    assert answer.json["results"][2] == {
        "id": str(person_id(made.id, "ada")),
        "uuid": str(person_id(made.id, "ada")),
        "type": "person",
        "name": "ada@example.com",
        "distinct_ids": ["ada", "ada@work"],
        "properties": {"email": "ada@example.com", "plan": "pro"},
        "created_at": "2024-05-01T00:00:00+00:00",
    }
    assert [each["name"] for each in answer.json["results"][:2]] == ["eve", "Bob 100%"]
    first = call(limit=2)
    assert names(first) + names(call(first.json["next"])) == ["eve", "bob", "ada"]


def test_persons_are_found_by_what_is_known_of_them(call: Any, made: Project) -> None:
    assert names(call(search="ADA@EX")) == ["ada"]
    assert names(call(search="@work")) == ["ada"]
    assert names(call(search="0%")) == ["bob"]
    assert names(call(search="_")) == []
    assert names(call(search=str(person_id(made.id, "eve")))) == ["eve"]
    assert names(call(distinct_id="ada@work")) == ["ada"]
    assert names(call(distinct_id="ada@wor")) == []
    pro = {"key": "plan", "value": "pro", "operator": "exact", "type": "person"}
    assert names(call(properties=json.dumps([pro]))) == ["eve", "ada"]
    assert names(call(properties=json.dumps([{"key": "age", "value": 39, "operator": "gt"}]))) == ["eve"]
    assert names(call(properties=json.dumps([pro]), search="ada")) == ["ada"]


def test_members_of_a_cohort_are_found(call: Any, site: Any, made: Project) -> None:
    clickhouse = ClickHouse(site.settings.need_clickhouse())
    cohort = Cohorts(site.postgres, made.id).create("it", "", {}, is_static=True, by=None)
    StaticMembers(site.postgres, clickhouse, made.id, cohort.id).add_distinct_ids(["ada", "bob"])
    Calculator(site.postgres, clickhouse).calculate(cohort.id)
    assert names(call(cohort=cohort.id)) == ["bob", "ada"]
    assert names(call(cohort=cohort.id, search="ada")) == ["ada"]
    assert names(call(cohort=cohort.id + 1000)) == []


@pytest.mark.parametrize(
    "query",
    [
        {"properties": "{"},
        {"properties": "{}"},
        {"properties": "[5]"},
        {"properties": '[{"key": "a", "value": "b", "operator": "around"}]'},
        {"properties": '[{"key": "a", "value": "b", "type": "session"}]'},
        {"properties": '[{"key": "plan", "value": "(", "operator": "regex"}]'},
        {"cohort": "all"},
        {"limit": 0},
        {"offset": -1},
        {"search": "a" * 1001},
    ],
)
def test_what_can_not_be_asked_is_refused(call: Any, query: dict[str, Any]) -> None:
    answer = call(**query)
    assert answer.status_code == 400, answer.json
    assert "DB::" not in answer.json["detail"]


def test_one_person_is_read(call: Any, site: Any, made: Project) -> None:
    assert call(f"{person_id(made.id, 'bob')}/").json["distinct_ids"] == ["bob"]
    for unknown in (uuid.uuid4(), person_id(site.theirs.id, "bob"), "bob", "1"):
        assert call(f"{unknown}/").status_code == 404
        assert call(f"{unknown}/", "DELETE").status_code == 404


def test_a_person_is_deleted(site: Any) -> None:
    project = Projects(site.postgres).create("Of a deletion")
    zoe = uuid.uuid4()
    site.postgres.execute(
        "INSERT INTO distinct_ids (team_id, distinct_id, person_id, own_person_id, version, is_personful, created_at)"
        " VALUES (%s, 'zoe', %s, %s, nextval('person_versions'), true, now())",
        [project.id, zoe, zoe],
    )
    publish(site.postgres, ClickHouse(site.settings.need_clickhouse()), datetime.now(UTC))
    key = ApiKeys(site.postgres).create(project.id, ["person:write"])
    client, headers = site.app.test_client(), {"Authorization": f"Bearer {key}"}
    path = f"/api/projects/{project.id}/persons/{zoe}/"
    assert client.get(path, headers=headers).json["distinct_ids"] == ["zoe"]
    answer = client.delete(f"{path}?delete_events=maybe", headers=headers)
    assert (answer.status_code, answer.json["attr"]) == (400, "delete_events")
    assert client.delete(path, headers=headers).status_code == 202
    assert client.get(path, headers=headers).status_code == 404
    assert client.delete(path, headers=headers).status_code == 404
