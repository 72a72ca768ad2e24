"""Saved insights over the API."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from analytics_pipelines.accounts.keys import ApiKeys
from analytics_pipelines.accounts.projects import Project, Projects
from analytics_pipelines.dashboards import results

pytestmark = pytest.mark.engines

VIEWS = {
    "kind": "TrendsQuery",
    "series": [{"kind": "EventsNode", "event": "page"}],
    "dateRange": {"date_from": "2026-11-19", "date_to": "2026-11-22"},
}
COUNT = {"kind": "HogQLQuery", "query": "select event, count() as n from events group by event order by event"}
BROKEN = {"kind": "HogQLQuery", "query": "select intDiv(1, 0)"}


class Client:
    """Calls of one project with one key."""

    def __init__(self, site: Any, project: Project, *scopes: str) -> None:
        self._site, self._project = site, project
        self._key = ApiKeys(site.postgres).create(project.id, list(scopes or ("*",)))

    def __call__(self, method: str, path: str, body: Any = None, status: int | None = None) -> Any:
        answer = self._site.app.test_client().open(
            f"/api/projects/{self._project.id}/{path}",
            method=method,
            headers={"Authorization": f"Bearer {self._key}"},
            **({} if body is None else {"json": body}),
        )
        if status is not None:
            assert answer.status_code == status, answer.get_data(as_text=True)
        return answer.json

    def until_computed(self, path: str) -> Any:
        for _ in range(200):
            found = self("GET", path, status=200)
            if found["query_status"] is None:
                return found
            time.sleep(0.05)
        raise AssertionError("it is never computed")


@pytest.fixture
def ours(site: Any) -> Iterator[Client]:
    yield Client(site, site.ours)
    site.postgres.execute("DELETE FROM insights")
    site.postgres.execute("DELETE FROM dashboards")


def test_a_question_is_saved_and_answered_in_posthogs_shape(ours: Client) -> None:
    made = ours("POST", "insights/", {"name": "Views", "query": VIEWS, "tags": ["web"]}, 201)
    assert len(made["short_id"]) == 8
    assert (made["name"], made["query"], made["tags"], made["saved"]) == ("Views", VIEWS, ["web"], True)
    assert (made["dashboards"], made["created_by"], made["timezone"]) == ([], None, "UTC")
    found = ours.until_computed(f"insights/{made['short_id']}/")
    (series,) = found["result"]
    assert (series["label"], series["data"]) == ("page", [0, 2, 1, 0])
    assert (found["is_cached"], found["is_stale"], found["result_error"]) == (True, False, None)
    assert found["last_refresh"] < found["cache_target_age"]
    assert found["hogql"].startswith("SELECT")
    assert ours("GET", f"insights/{made['id']}/")["id"] == made["id"]


def test_sql_is_saved_with_its_columns(ours: Client) -> None:
    made = ours("POST", "insights/", {"query": {"kind": "DataVisualizationNode", "source": COUNT}}, 201)
    found = ours("GET", f"insights/{made['short_id']}/?refresh=force_blocking", status=200)
    assert (found["result"], found["columns"]) == ([["buy", 1], ["page", 3]], ["event", "n"])
    assert found["query"]["kind"] == "DataVisualizationNode"


def test_nothing_is_computed_unless_asked(ours: Client) -> None:
    made = ours("POST", "insights/", {"query": VIEWS}, 201)
    first = ours.until_computed(f"insights/{made['short_id']}/")
    for refresh in ("", "?refresh=force_cache", "?refresh=blocking", "?refresh=async"):
        assert ours("GET", f"insights/{made['short_id']}/{refresh}")["last_refresh"] == first["last_refresh"], refresh
    again = ours("GET", f"insights/{made['short_id']}/?refresh=true")
    assert again["last_refresh"] > first["last_refresh"]


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ({"kind": "HogQLQuery", "query": "select nonsense from events"}, "nonsense"),
        ({"kind": "HogQLQuery", "query": "select * from"}, ""),
        ({"kind": "TrendsQuery"}, "series"),
        ({"kind": "TrendsQuery", "series": [{"kind": "EventsNode"}], "dateRange": {"date_from": "never"}}, "never"),
        ({"kind": "Nonsense"}, "kind"),
        ({"kind": ["TrendsQuery"]}, "kind"),
        ({"kind": "InsightVizNode", "source": {"kind": "TrendsQuery", "series": []}}, "series"),
        ({}, "kind"),
        ({"kind": "HogQLQuery", "query": 5}, "query"),
    ],
)
def test_a_question_that_can_not_be_asked_is_not_saved(ours: Client, query: Any, where: str) -> None:
    answer = ours("POST", "insights/", {"query": query}, 400)
    assert (answer["type"], answer["code"], answer["attr"]) == ("validation_error", "invalid_query", "query")
    assert where in answer["detail"]
    assert ours("GET", "insights/")["count"] == 0


@pytest.mark.parametrize(
    ("body", "attr"),
    [
        ({}, "query"),
        ({"query": "select 1"}, "query"),
        ({"query": VIEWS, "name": 5}, "name"),
        ({"query": VIEWS, "name": "a" * 401}, "name"),
        ({"query": VIEWS, "tags": [""]}, "tags.0"),
        ({"query": VIEWS, "favorited": "yes"}, "favorited"),
        ({"query": VIEWS, "dashboards": [10**30]}, "dashboards.0"),
        ({"query": VIEWS, "dashboards": [10**15]}, "dashboards"),
        ({"query": {**VIEWS, "name": "\0"}}, None),
        ({"query": {**VIEWS, "name": "\ud800"}}, None),
        ({"query": {**VIEWS, "name": float("nan")}}, None),
    ],
)
def test_a_wrong_body_is_refused_by_its_field(ours: Client, body: Any, attr: str | None) -> None:
    answer = ours("POST", "insights/", body, 400)
    assert answer["attr"] == attr, answer
    assert ours("GET", "insights/")["count"] == 0


def test_an_insight_is_changed_deleted_and_had_back(ours: Client) -> None:
    made = ours("POST", "insights/", {"name": "Views", "query": VIEWS}, 201)
    address = f"insights/{made['id']}/"
    changed = ours("PATCH", address, {"name": "Pages", "favorited": True, "description": None}, 200)
    assert (changed["name"], changed["favorited"], changed["query"]) == ("Pages", True, VIEWS)
    assert changed["last_modified_at"] > made["last_modified_at"]
    ours("DELETE", address, status=204)
    ours("GET", address, status=404)
    ours("DELETE", address, status=404)
    ours("PATCH", address, {"name": "x"}, 404)
    assert ours("GET", "insights/")["count"] == 0
    assert ours("PATCH", address, {"deleted": False}, 200)["name"] == "Pages"
    ours("PATCH", address, {"deleted": True}, 200)
    ours("GET", address, status=404)


def test_another_question_has_another_answer(ours: Client) -> None:
    made = ours("POST", "insights/", {"query": VIEWS}, 201)
    address = f"insights/{made['id']}/"
    ours.until_computed(address)
    changed = ours("PATCH", address, {"query": COUNT}, 200)
    assert changed["result"] is None
    assert ours.until_computed(address)["result"] == [["buy", 1], ["page", 3]]


def test_a_failing_question_keeps_its_last_answer_and_says_why(ours: Client, site: Any) -> None:
    made = ours("POST", "insights/", {"query": BROKEN}, 201)
    found = ours.until_computed(f"insights/{made['id']}/")
    assert (found["result"], found["last_refresh"]) == (None, None)
    assert found["result_error"]["status"] == 400
    assert found["result_error"]["detail"]
    site.postgres.execute("UPDATE insights SET query = query || %s", ['{"query": "select 1"}'])
    good = ours("GET", f"insights/{made['id']}/?refresh=true")
    assert (good["result"], good["result_error"]) == ([[1]], None)


def test_an_answer_that_is_too_large_for_a_tile_is_told(ours: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "MOST_BYTES", 100)
    made = ours("POST", "insights/", {"query": COUNT}, 201)
    found = ours.until_computed(f"insights/{made['id']}/")
    assert (found["result"], found["result_error"]["code"]) == (None, "too_large")


def test_lists_are_searched_and_ordered(ours: Client) -> None:
    for name, query, tags in (("B views", VIEWS, []), ("a table", COUNT, ["money"]), ("c", VIEWS, ["100%"])):
        ours("POST", "insights/", {"name": name, "query": query, "tags": tags}, 201)
    made = {each["name"]: each for each in ours("GET", "insights/?basic=true")["results"]}
    ours("PATCH", f"insights/{made['c']['id']}/", {"favorited": True, "saved": False}, 200)
    for query, found in {
        "order=name": ["a table", "B views", "c"],
        "order=-name": ["c", "B views", "a table"],
        "order=-created_at": ["c", "a table", "B views"],
        "search=VIEW": ["B views"],
        "search=money": ["a table"],
        "search=%25": ["c"],
        "insight=SQL": ["a table"],
        "insight=TrendsQuery&order=name": ["B views", "c"],
        "favorited=true": ["c"],
        "saved=true&order=name": ["a table", "B views"],
        f"short_id={made['c']['short_id']}": ["c"],
        "order=name&limit=1&offset=1": ["B views"],
    }.items():
        answer = ours("GET", f"insights/?{query}", status=200)
        assert [each["name"] for each in answer["results"]] == found, query
    assert all(each["result"] is None for each in made.values())
    for query in ("order=query", "limit=0", "saved=maybe", "refresh=now", "dashboards=a", "search=%00"):
        ours("GET", f"insights/?{query}", status=400)
    for path in ("insights/nothing/", "insights/%00/", f"insights/{10**30}/", "insights/%F0%9F%98%80/"):
        ours("GET", path, status=404)


def test_one_project_never_sees_the_insights_of_another(ours: Client, site: Any) -> None:
    theirs = Client(site, site.theirs)
    made = theirs("POST", "insights/", {"name": "Theirs", "query": COUNT}, 201)
    board = theirs("POST", "dashboards/", {"name": "Theirs"}, 201)
    for reference in (made["id"], made["short_id"]):
        ours("GET", f"insights/{reference}/", status=404)
        ours("PATCH", f"insights/{reference}/", {"name": "Ours"}, 404)
        ours("DELETE", f"insights/{reference}/", status=404)
    assert ours("GET", "insights/")["count"] == 0
    ours("POST", "insights/", {"query": COUNT, "dashboards": [board["id"]]}, 400)
    ours("GET", f"insights/{made['id']}/?from_dashboard={board['id']}", status=400)
    assert theirs("GET", f"insights/{made['id']}/")["name"] == "Theirs"
    found = theirs("GET", f"insights/{made['id']}/?refresh=true")
    assert found["result"] == [["only theirs", 1], ["page", 1]]


def test_keys_read_and_write_as_their_scopes_say(ours: Client, site: Any) -> None:
    made = ours("POST", "insights/", {"query": VIEWS}, 201)
    reader = Client(site, site.ours, "insight:read")
    reader("GET", f"insights/{made['id']}/", status=200)
    reader("POST", "insights/", {"query": VIEWS}, 403)
    reader("PATCH", f"insights/{made['id']}/", {"name": "x"}, 403)
    reader("DELETE", f"insights/{made['id']}/", status=403)
    reader("GET", "dashboards/", status=403)


def test_a_person_is_known_by_what_they_saved_and_viewers_save_nothing(ours: Client, site: Any) -> None:
    browser = site.signed_in()
    address, headers = f"/api/projects/{site.ours.id}/insights/", {"Sec-Fetch-Site": "same-origin"}
    made = browser.post(address, json={"query": VIEWS}, headers=headers)
    assert made.status_code == 201
    assert made.json["created_by"]["email"] == "admin@example.com"
    site.postgres.execute("UPDATE memberships SET role = 'viewer'")
    try:
        assert browser.get(address).status_code == 200
        assert browser.post(address, json={"query": VIEWS}, headers=headers).status_code == 403
        assert browser.delete(f"{address}{made.json['id']}/", headers=headers).status_code == 403
    finally:
        site.postgres.execute("UPDATE memberships SET role = 'admin'")


def test_insights_end_with_their_project(site: Any) -> None:
    made = Projects(site.postgres).create("Soon gone")
    client = Client(site, made)
    insight = client("POST", "insights/", {"query": VIEWS}, 201)
    client.until_computed(f"insights/{insight['id']}/")
    Projects(site.postgres).delete(made.id)
    assert site.postgres.row("SELECT 1 FROM insights WHERE id = %s", [insight["id"]]) is None
