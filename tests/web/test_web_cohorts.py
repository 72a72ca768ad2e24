"""Cohorts over the API: saved, calculated in the background, and asked about."""

import io
import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analytics_pipelines.accounts.keys import ApiKeys
from analytics_pipelines.accounts.projects import Project, Projects
from resources.clickhouse import ClickHouse

pytestmark = pytest.mark.engines
PEOPLE = {"ada": "pro", "bob": "free", "eve": "pro"}
EVENTS = {"ada": ["buy", "buy", "look"], "bob": ["look"], "eve": ["buy"]}
BUY = {"type": "behavioral", "key": "buy", "event_type": "events", "time_value": 30, "time_interval": "day"}
BOUGHT = {**BUY, "value": "performed_event"}
TWICE = {**BUY, "value": "performed_event_multiple", "operator": "gte", "operator_value": 2}
PRO = {"type": "person", "key": "plan", "value": ["pro"], "operator": "exact"}


def of(*leaves: dict[str, Any], operator: str = "AND") -> dict[str, Any]:
    return {"properties": {"type": operator, "values": list(leaves)}}


def person_id(team: int, name: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{team}:{name}")


def fill(site: Any, team: int) -> None:
    """Persons and events, and the note that their days are not summed up."""
    clickhouse, now = ClickHouse(site.settings.need_clickhouse()), datetime.now(UTC)
    people = [
        [team, person_id(team, name), now, json.dumps({"plan": plan, "email": f"{name}@example.com"}), True, 1, 0]
        for name, plan in PEOPLE.items()
    ]
    clickhouse.insert_rows(
        "persons", people, ["team_id", "id", "created_at", "properties", "is_identified", "version", "is_deleted"]
    )
    clickhouse.insert_rows(
        "person_distinct_ids",
        [[team, name, person_id(team, name), True, 1, 0] for name in PEOPLE],
        ["team_id", "distinct_id", "person_id", "is_personful", "version", "is_deleted"],
    )
    clickhouse.insert_rows(
        "events",
        [
            [team, uuid.uuid4(), event, name, person_id(team, name), now - timedelta(days=2), "{}", now]
            for name, events in EVENTS.items()
            for event in events
        ],
        ["team_id", "uuid", "event", "distinct_id", "person_id", "timestamp", "properties", "received_at"],
    )
    site.postgres.execute(
        "INSERT INTO dirty_days (team_id, day, touched_at) VALUES (%s, %s, %s)",
        [team, (now - timedelta(days=2)).date(), now],
    )


class Api:
    """The API of one project, as a key of it sees it."""

    def __init__(self, site: Any, project: Project) -> None:
        self.site, self.project = site, project
        self.key = ApiKeys(site.postgres).create(project.id, ["*"])

    def __call__(self, method: str, path: str = "", *, under: str = "cohorts", **more: Any) -> Any:
        address = path if path.startswith("http") else f"/api/projects/{self.project.id}/{under}/{path}"
        headers = {"Authorization": f"Bearer {self.key}"}
        return self.site.app.test_client().open(address, method=method, headers=headers, **more)

    def create(self, **fields: Any) -> dict[str, Any]:
        answer = self("POST", json={"name": "it", **fields})
        assert answer.status_code == 201, answer.json
        found: dict[str, Any] = answer.json
        return found

    def ready(self, cohort: dict[str, Any]) -> dict[str, Any]:
        for _ in range(200):
            found: dict[str, Any] = self("GET", f"{cohort['id']}/").json
            if not found["is_calculating"]:
                return found
            time.sleep(0.05)
        raise AssertionError(found)

    def members(self, cohort: dict[str, Any]) -> set[str]:
        self.ready(cohort)
        answer = self("GET", f"{cohort['id']}/persons/").json
        names = {each["distinct_ids"][0] for each in answer["results"]}
        assert answer["count"] == len(names)
        return names

    def sql(self, text: str) -> Any:
        query = {"query": {"kind": "HogQLQuery", "query": text}, "refresh": "force_blocking"}
        answer = self("POST", under="query", json=query)
        assert answer.status_code == 200, answer.json
        return answer.json["results"]


@pytest.fixture(scope="module")
def ours(site: Any) -> Api:
    project = Projects(site.postgres).create("Of cohorts")
    fill(site, project.id)
    return Api(site, project)


@pytest.fixture(scope="module")
def theirs(site: Any) -> Api:
    project = Projects(site.postgres).create("Of their cohorts")
    fill(site, project.id)
    return Api(site, project)


def test_a_cohort_is_saved_and_its_members_are_found(ours: Api) -> None:
    made = ours.create(name="Buyers", description="who bought", filters=of(BOUGHT))
    assert {"is_static": False, "count": None, "filters": of(BOUGHT), "deleted": False, "version": None}.items() <= (
        made.items()
    )
    assert made["is_calculating"]
    ready = ours.ready(made)
    assert (ready["count"], ready["version"], ready["errors_calculating"]) == (2, 1, 0)
    assert ready["last_calculation"]
    assert ours.members(made) == {"ada", "eve"}
    first = ours("GET", f"{made['id']}/persons/?limit=1").json
    assert len(ours("GET", first["next"]).json["results"]) == 1


def test_a_changed_cohort_has_other_members(ours: Api) -> None:
    made = ours.create(filters=of(BOUGHT))
    ours.ready(made)
    changed = ours("PATCH", f"{made['id']}/", json={"name": "Twice", "filters": of(TWICE)}).json
    assert (changed["name"], changed["is_calculating"], changed["pending_version"]) == ("Twice", True, 2)
    assert ours.members(made) == {"ada"}
    renamed = ours("PATCH", f"{made['id']}/", json={"name": "Again"}).json
    assert (renamed["is_calculating"], renamed["pending_version"]) == (False, 2)


def test_a_cohort_of_cohorts_follows_them(ours: Api) -> None:
    inner = ours.create(filters=of(BOUGHT))
    middle = ours.create(filters=of({"type": "cohort", "key": "id", "value": inner["id"]}))
    outer = ours.create(filters=of({"type": "cohort", "key": "id", "value": middle["id"], "negation": True}, PRO))
    assert (ours.members(middle), ours.members(outer)) == ({"ada", "eve"}, set())
    ours("PATCH", f"{inner['id']}/", json={"filters": of(TWICE)})
    assert (ours.members(middle), ours.members(outer)) == ({"ada"}, {"eve"})
    circle = of({"type": "cohort", "key": "id", "value": outer["id"]})
    answer = ours("PATCH", f"{inner['id']}/", json={"filters": circle})
    assert (answer.status_code, answer.json["attr"]) == (400, "filters")
    assert "circle" in answer.json["detail"]
    assert ours("DELETE", f"{inner['id']}/").status_code == 204
    assert (ours.members(middle), ours.members(outer)) == (set(), {"ada", "eve"})
    assert ours("PATCH", f"{inner['id']}/", json={"deleted": False}).status_code == 200
    assert ours.members(middle) == {"ada"}


def test_members_who_merge_are_one_before_they_are_found_anew(ours: Api, site: Any) -> None:
    made = ours.create(filters=of(BOUGHT))
    ours.ready(made)
    clickhouse, team = ClickHouse(site.settings.need_clickhouse()), ours.project.id
    override = [team, "eve", person_id(team, "eve"), person_id(team, "ada"), 1]
    columns = ["team_id", "distinct_id", "stored_person_id", "person_id", "version", "is_deleted"]
    counted = f"SELECT uniqExact(person_id) FROM events WHERE person_id IN COHORT {made['id']}"
    clickhouse.insert_rows("person_overrides", [[*override, 0]], columns)
    assert ours.sql(counted) == [[1]]
    assert ours.sql(f"SELECT uniqExact(person_id) FROM cohort_people WHERE cohort_id = {made['id']}") == [[1]]
    clickhouse.insert_rows("person_overrides", [[*override[:-1], 2, 1]], columns)
    assert ours.sql(counted) == [[2]]


def test_a_deleted_cohort_is_gone(ours: Api) -> None:
    made = ours.create(filters=of(PRO))
    ours.ready(made)
    assert ours("DELETE", f"{made['id']}/").status_code == 204
    for method, path in (("GET", ""), ("DELETE", ""), ("PATCH", ""), ("GET", "persons/")):
        assert ours(method, f"{made['id']}/{path}", json={"name": "x"}).status_code == 404
    assert made["id"] not in [each["id"] for each in ours("GET").json["results"]]
    for _ in range(200):
        if ours.sql(f"SELECT count() FROM cohort_people WHERE cohort_id = {made['id']}") == [[0]]:
            break
        time.sleep(0.05)
    else:
        raise AssertionError("its members are still there")


def test_cohorts_are_listed_page_by_page_newest_first(ours: Api) -> None:
    ids = [ours.create(name=f"Listed {number}", filters=of(PRO))["id"] for number in range(3)]
    first = ours("GET", "?search=LISTED&limit=2").json
    assert (first["count"], first["previous"]) == (3, None)
    second = ours("GET", first["next"]).json
    assert [each["id"] for each in first["results"] + second["results"]] == ids[::-1]


def test_a_static_cohort_is_made_of_a_file(ours: Api) -> None:
    def sent(text: str, method: str = "POST", path: str = "", **fields: str) -> Any:
        return ours(method, path, data={**fields, "csv": (io.BytesIO(text.encode()), "ids.csv")})

    made = sent("distinct_id,note\nada,x\nada,y\nnobody,z\n", name="Listed", is_static="true")
    assert (made.status_code, made.json["is_static"], made.json["filters"]) == (201, True, {})
    assert ours.members(made.json) == {"ada"}
    path = f"{made.json['id']}/"
    assert sent("bob\n", "PATCH", path, name="More").json["name"] == "More"
    assert ours.members(made.json) == {"ada", "bob"}
    wrong = sent("a,b\nc,d\n", "PATCH", path)
    assert (wrong.status_code, wrong.json["attr"]) == (400, "csv")
    assert sent("ada\n", "PATCH", f"{ours.create(filters=of(PRO))['id']}/").json["attr"] == "csv"


def test_a_file_may_be_long(ours: Api) -> None:
    text = "distinct_id,note\nada,\n" + "".join(f"{number},{'x' * 5000}\n" for number in range(1000))
    assert len(text) > 4 * 1024 * 1024
    fields = {'name="name"': "Long", 'name="is_static"': "true", 'name="csv"; filename="ids.csv"': text}
    parts = [f"--cut\r\nContent-Disposition: form-data; {name}\r\n\r\n{value}\r\n" for name, value in fields.items()]
    body = "".join([*parts, "--cut--\r\n"]).encode()
    made = ours("POST", data=body, content_type="multipart/form-data; boundary=cut")
    assert made.status_code == 201
    assert ours.members(made.json) == {"ada"}


def test_a_static_cohort_is_made_of_persons(ours: Api) -> None:
    ada, bob, eve = (str(person_id(ours.project.id, name)) for name in PEOPLE)
    made = ours.create(is_static=True, _create_static_person_ids=[ada, str(uuid.uuid4())])
    assert ours.members(made) == {"ada"}
    path = f"{made['id']}/"
    added = ours("PATCH", f"{path}add_persons_to_static_cohort/", json={"person_ids": [bob, eve]})
    assert added.status_code == 200
    assert ours.members(made) == {"ada", "bob", "eve"}
    assert ours("PATCH", f"{path}remove_person_from_static_cohort/", json={"person_id": ada}).status_code == 200
    assert ours.members(made) == {"bob", "eve"}
    assert ours("PATCH", f"{path}remove_person_from_static_cohort/", json={"person_id": ada}).status_code == 404
    dynamic = ours.create(filters=of(PRO))
    answer = ours("PATCH", f"{dynamic['id']}/add_persons_to_static_cohort/", json={"person_ids": [bob]})
    assert answer.status_code == 400


def test_a_static_cohort_is_made_of_the_actors_of_an_insight(ours: Api) -> None:
    trend = {
        "kind": "TrendsQuery",
        "series": [{"kind": "EventsNode", "event": "look"}],
        "dateRange": {"date_from": "-7d"},
    }
    day = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    point = {"kind": "InsightActorsQuery", "source": trend, "day": day}
    for query in (point, {"kind": "ActorsQuery", "source": point, "select": ["person"]}):
        assert ours.members(ours.create(is_static=True, query=query)) == {"ada", "bob"}
    everybody = ours.create(is_static=True, query={"kind": "ActorsQuery"})
    assert ours.members(everybody) == set(PEOPLE)
    wrong = ours(
        "POST", json={"name": "a", "is_static": True, "query": {"kind": "ActorsQuery", "source": {"kind": "x"}}}
    )
    assert wrong.status_code == 400


def test_criteria_of_old_clients_are_kept_as_filters(ours: Api) -> None:
    groups = [{"properties": [{"key": "plan", "value": "free"}]}, {"event_id": "buy", "days": 7, "count": 2}]
    made = ours.create(groups=groups)
    assert made["filters"]["properties"]["type"] == "OR"
    assert ours.members(made) == {"bob", "ada"}
    assert ours("POST", json={"name": "a", "groups": [{}]}).json["attr"] == "groups"


def test_actions_are_criteria_too(ours: Api) -> None:
    steps = [{"event": "look"}]
    action = ours("POST", under="actions", json={"name": "Looked", "steps": steps}).json
    looked = {**BOUGHT, "key": action["id"], "event_type": "actions"}
    assert ours.members(ours.create(filters=of(looked))) == {"ada", "bob"}
    for matching in ("'Looked'", action["id"]):
        assert ours.sql(f"SELECT count() FROM events WHERE matchesAction({matching})") == [[2]]
    series = [{"kind": "ActionsNode", "id": action["id"], "math": "dau"}]
    trend = {"kind": "TrendsQuery", "series": series, "trendsFilter": {"display": "BoldNumber"}}
    (answer,) = ours("POST", under="query", json={"query": trend}).json["results"]
    assert answer["aggregated_value"] == 2


@pytest.mark.parametrize(
    ("fields", "attr"),
    [
        ({}, "filters"),
        ({"filters": {}}, "filters"),
        ({"filters": "all"}, "filters"),
        ({"filters": of()}, "filters"),
        ({"filters": of({**TWICE, "operator_value": 0})}, "filters"),
        ({"filters": of({**TWICE, "operator_value": -3})}, "filters"),
        ({"filters": of({**TWICE, "time_value": 10**30})}, "filters"),
        ({"filters": of({**BOUGHT, "explicit_datetime": "never"})}, "filters"),
        ({"filters": of({"type": "cohort", "key": "id", "value": 10**30})}, "filters"),
        ({"filters": of({"type": "event", "key": "a", "value": 1})}, "filters"),
        ({"filters": of({**PRO, "operator": "around"})}, "filters"),
        ({"filters": of(PRO), "name": ""}, "name"),
        ({"filters": of({**PRO, "value": "a\0"})}, None),
        ({"is_static": "perhaps"}, "is_static"),
        ({"is_static": True, "_create_static_person_ids": ["ada"]}, "_create_static_person_ids.0"),
    ],
)
def test_what_can_not_be_saved_is_refused(ours: Api, fields: dict[str, Any], attr: str | None) -> None:
    before = ours("GET").json["count"]
    answer = ours("POST", json={"name": "it", **fields})
    assert (answer.status_code, answer.json["attr"]) == (400, attr), answer.json
    assert ours("GET").json["count"] == before


@pytest.mark.parametrize("depth", [30, 300, 400, 900, 100_000])
def test_criteria_that_are_nested_too_deep_are_refused(ours: Api, depth: int) -> None:
    group = '{"type": "AND", "values": ['
    body = f'{{"name": "Deep", "filters": {{"properties": {group * depth}{"]}" * depth}}}}}'
    answer = ours("POST", data=body, content_type="application/json")
    assert answer.status_code == 400, answer.json


def test_a_cohort_that_fails_says_so(ours: Api) -> None:
    made = ours.create(filters=of({**PRO, "operator": "regex", "value": "("}))
    ready = ours.ready(made)
    assert (ready["errors_calculating"], ready["count"]) == (1, None)
    assert ready["last_error_message"]
    assert "DB::" not in ready["last_error_message"]


def test_projects_do_not_see_each_others_cohorts(ours: Api, theirs: Api) -> None:
    made = ours.create(filters=of(PRO))
    ours.ready(made)
    for method, path in (("GET", ""), ("GET", "persons/"), ("PATCH", ""), ("DELETE", "")):
        assert theirs(method, f"{made['id']}/{path}", json={"name": "mine"}).status_code == 404
    assert theirs("GET").json["results"] == []
    nested = theirs("POST", json={"name": "a", "filters": of({"type": "cohort", "key": "id", "value": made["id"]})})
    assert (nested.status_code, nested.json["attr"]) == (400, "filters")
    stolen = theirs.create(is_static=True, _create_static_person_ids=[str(person_id(ours.project.id, "ada"))])
    assert theirs.members(stolen) == set()
    assert theirs.sql("SELECT count() FROM cohort_people") == [[0]]
    assert ours.members(made) == {"ada", "eve"}
    assert ours("GET", f"{2**70}/").status_code == 404


def test_questions_know_cohorts(ours: Api) -> None:
    made = ours.create(name="Questioned", filters=of(BOUGHT))
    ours.ready(made)
    number = made["id"]
    for text in (
        f"SELECT count() FROM persons WHERE id IN COHORT {number}",
        "SELECT count() FROM persons WHERE id IN COHORT 'Questioned'",
        f"SELECT count(DISTINCT person_id) FROM events WHERE person_id IN COHORT {number}",
        f"SELECT count() FROM cohort_people WHERE cohort_id = {number}",
    ):
        assert ours.sql(text) == [[2]], text
    assert ours.sql(f"SELECT count() FROM events WHERE person_id NOT IN COHORT {number}") == [[1]]

    def trend(**fields: Any) -> Any:
        series = [{"kind": "EventsNode", "event": "look"}]
        query = {"kind": "TrendsQuery", "series": series, "dateRange": {"date_from": "-7d"}, **fields}
        answer = ours("POST", under="query", json={"query": query})
        assert answer.status_code == 200, answer.json
        return answer.json["results"]

    (filtered,) = trend(properties=[{"type": "cohort", "key": "id", "value": number, "operator": "in"}])
    assert filtered["count"] == 1
    rows = trend(breakdownFilter={"breakdown_type": "cohort", "breakdown": [number, "all"]})
    assert {row["breakdown_value"]: row["count"] for row in rows} == {number: 1, "all": 2}
