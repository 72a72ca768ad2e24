"""How fresh answers are, who waits for them, and how many at once."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from analytics_pipelines.accounts.keys import ApiKeys
from analytics_pipelines.accounts.projects import Project, Projects

pytestmark = pytest.mark.engines

SLOW = "select count(distinct e0.uuid, e9.uuid) from events " + " ".join(f"cross join events e{n}" for n in range(16))


@pytest.fixture
def project(site: Any) -> Iterator[Project]:
    projects = Projects(site.postgres)
    made = projects.create("Of this test")
    yield made
    projects.delete(made.id)


@pytest.fixture
def call(site: Any, project: Project) -> Callable[..., Any]:
    key = ApiKeys(site.postgres).create(project.id, ["query:read"])

    def call(method: str, path: str = "", **more: Any) -> Any:
        return site.app.test_client().open(
            f"/api/projects/{project.id}/query/{path}",
            method=method,
            headers={"Authorization": f"Bearer {key}"},
            **more,
        )

    return call


@pytest.fixture
def ask(call: Callable[..., Any]) -> Callable[..., Any]:
    """Ask for a number that no other test asks for."""
    sql = {"kind": "HogQLQuery", "query": f"select count(), '{uuid4()}' from events"}
    return lambda query=sql, **fields: call("POST", json={"query": query, **fields})


def touch(site: Any, project: Project) -> None:
    """As if a batch with events of the project had been loaded."""
    site.postgres.execute(
        "INSERT INTO dirty_days (team_id, day, touched_at) VALUES (%s, '2026-01-01', now())"
        " ON CONFLICT (team_id, day) DO UPDATE SET touched_at = excluded.touched_at",
        [project.id],
    )


def wait_for(call: Callable[..., Any], query_id: str, *, seconds: float = 20) -> Any:
    ends = time.monotonic() + seconds
    while (answer := call("GET", f"{query_id}/")).status_code == 202:
        assert time.monotonic() < ends
        time.sleep(0.05)
    return answer


def test_an_answer_is_kept_until_the_data_change(site: Any, project: Project, ask: Callable[..., Any]) -> None:
    first, second = ask().json, ask().json
    assert (first["is_cached"], second["is_cached"]) == (False, True)
    same = ("cache_key", "last_refresh", "results", "types", "hogql", "cache_target_age", "next_allowed_client_refresh")
    assert {name: first[name] for name in same} == {name: second[name] for name in same}
    computed = datetime.fromisoformat(first["last_refresh"])
    assert datetime.fromisoformat(first["next_allowed_client_refresh"]) - computed == timedelta(minutes=1)
    assert datetime.fromisoformat(first["cache_target_age"]) - computed == timedelta(hours=6)
    touch(site, project)
    third = ask().json
    assert third["is_cached"] is False
    assert third["data_version"] > first["data_version"]
    assert ask().json["is_cached"] is True


def test_force_blocking_always_computes_and_force_cache_never(ask: Callable[..., Any]) -> None:
    missed = ask(refresh="force_cache").json
    assert (missed["results"], missed["query_status"]) == (None, None)
    assert ask(refresh="force_blocking").json["is_cached"] is False
    assert ask(refresh=True).json["is_cached"] is False
    kept = ask(refresh="force_cache").json
    assert (kept["is_cached"], kept["results"][0][0], kept["cache_key"]) == (True, 0, missed["cache_key"])


def test_what_a_project_says_of_itself_is_part_of_the_question(
    site: Any, project: Project, ask: Callable[..., Any]
) -> None:
    first = ask().json["cache_key"]
    Projects(site.postgres).update(project.id, {"timezone": "Asia/Tokyo"})
    second = ask().json
    assert (second["is_cached"], second["cache_key"] == first) == (False, False)
    site.postgres.execute("INSERT INTO actions (team_id, name) VALUES (%s, 'new')", [project.id])
    assert ask().json["is_cached"] is False


def test_what_only_dresses_an_answer_is_not_part_of_the_question(ask: Callable[..., Any]) -> None:
    series = [{"kind": "EventsNode", "event": "page"}]
    trends = {"kind": "TrendsQuery", "series": series, "trendsFilter": {"showLegend": True}}
    first = ask(trends).json
    dressed = {"trendsFilter": {"showLegend": False}, "series": series, "kind": "TrendsQuery", "tags": {"a": "b"}}
    second = ask({"kind": "InsightVizNode", "source": dressed}).json
    assert second["is_cached"] is True
    assert second["cache_key"] == first["cache_key"]
    assert ask({**trends, "interval": "week"}).json["cache_key"] != first["cache_key"]


def test_errors_are_not_kept(ask: Callable[..., Any]) -> None:
    wrong = {"kind": "HogQLQuery", "query": "select toUUID(concat('x', event)) from events"}
    first, second = ask(wrong), ask(wrong)
    assert first.status_code == second.status_code


def test_a_question_in_the_background_is_asked_for_until_it_is_answered(
    call: Callable[..., Any], ask: Callable[..., Any]
) -> None:
    begun = ask(refresh="async")
    assert begun.status_code == 202
    status = begun.json["query_status"]
    assert (begun.json["results"], status["complete"], status["query_async"]) == (None, False, True)
    assert status["id"] == begun.json["cache_key"]
    done = wait_for(call, status["id"])
    assert done.status_code == 200
    found = done.json["query_status"]
    assert (found["complete"], found["error"], found["query_progress"]) == (True, False, None)
    assert found["results"]["results"][0][0] == 0
    assert found["start_time"] <= found["end_time"] < found["expiration_time"]
    again = ask(refresh="async")
    assert (again.status_code, again.json["is_cached"], again.json["query_status"]) == (200, True, None)


def test_an_old_answer_comes_with_the_run_that_makes_a_new_one(
    site: Any, call: Callable[..., Any], ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask()
    questions = site.app.extensions["analytics"].questions
    monkeypatch.setattr(questions, "now", lambda: datetime.now(UTC) + timedelta(hours=7))
    assert ask(refresh="lazy_async").json["query_status"] is None  # not yet stale to the lazy
    old = ask(refresh="async", client_query_id="mine")
    assert (old.status_code, old.json["is_cached"], old.json["results"][0][0]) == (202, True, 0)
    assert old.json["query_status"]["id"] == "mine"
    assert wait_for(call, "mine").json["query_status"]["results"]["last_refresh"] > old.json["last_refresh"]


def test_a_miss_is_waited_for_when_asked_so(ask: Callable[..., Any]) -> None:
    answer = ask(refresh="async_except_on_cache_miss")
    assert (answer.status_code, answer.json["is_cached"], answer.json["query_status"]) == (200, False, None)


def test_a_failure_in_the_background_is_told(call: Callable[..., Any], ask: Callable[..., Any]) -> None:
    wrong = {"kind": "HogQLQuery", "query": "select toUUID('no uuid')"}
    assert ask(wrong, refresh="force_async", client_query_id="wrong").status_code == 202
    answer = wait_for(call, "wrong")
    assert answer.status_code == 400
    assert (answer.json["type"], answer.json["attr"]) == ("validation_error", "query")
    assert answer.json["query_status"]["error"] is True
    assert answer.json["query_status"]["error_message"] == answer.json["detail"]


def test_a_question_in_the_background_is_cancelled(site: Any, call: Callable[..., Any]) -> None:
    asked = {"query": {"kind": "HogQLQuery", "query": SLOW}, "refresh": "async", "client_query_id": "slow"}
    key = site.key
    path = f"/api/projects/{site.ours.id}/query/"

    def own(method: str, more: str = "", **fields: Any) -> Any:
        headers = {"Authorization": f"Bearer {key}"}
        return site.app.test_client().open(path + more, method=method, headers=headers, **fields)

    assert own("POST", json=asked).status_code == 202
    ends = time.monotonic() + 20
    while own("GET", "slow/").json["query_status"]["query_progress"]["time_elapsed"] == 0:
        assert time.monotonic() < ends
        time.sleep(0.05)
    assert own("DELETE", "slow/").status_code == 204
    answer = own("GET", "slow/")
    assert (answer.status_code, answer.json["code"]) == (400, "cancelled")
    clickhouse = site.app.extensions["analytics"].answers._progress
    while clickhouse.of(site.ours.id, "slow") is not None:
        assert time.monotonic() < ends
        time.sleep(0.05)
    assert call("GET", "slow/").status_code == 404  # another project's
    assert call("DELETE", "slow/").status_code == 204


def test_a_question_that_is_waited_for_is_cancelled_too(site: Any) -> None:
    answers = site.app.extensions["analytics"].answers
    found: list[Any] = []
    asked = {"query": {"kind": "HogQLQuery", "query": SLOW}, "client_query_id": "waiting", "refresh": "force_blocking"}
    headers = {"Authorization": f"Bearer {site.key}"}
    path = f"/api/projects/{site.ours.id}/query/"
    thread = threading.Thread(
        target=lambda: found.append(site.app.test_client().post(path, json=asked, headers=headers))
    )
    thread.start()
    ends = time.monotonic() + 20
    while answers._progress.of(site.ours.id, "waiting") is None:
        assert time.monotonic() < ends
        time.sleep(0.05)
    assert site.app.test_client().delete(f"{path}waiting/", headers=headers).status_code == 204
    thread.join(20)
    assert (found[0].status_code, found[0].json["code"]) == (400, "cancelled")


def test_a_run_whose_process_went_away_is_told_as_lost(site: Any, project: Project, call: Callable[..., Any]) -> None:
    site.postgres.execute(
        "INSERT INTO query_runs (team_id, id, cache_key, started_at, deadline, expires_at)"
        " VALUES (%s, 'lost', 'k', now() - interval '1 hour', now() - interval '1 minute', now() + interval '1 hour')",
        [project.id],
    )
    answer = call("GET", "lost/")
    assert (answer.status_code, answer.json["code"]) == (410, "lost")


def test_a_project_has_so_many_questions_at_once_and_others_wait(
    site: Any, project: Project, ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = site.app.extensions["analytics"].answers
    monkeypatch.setattr(answers._slots, "_wait", 1.0)
    with answers._slots.taken(project.id, "api"), answers._slots.taken(project.id, "api"):
        assert ask(refresh="force_blocking").status_code == 200
        with answers._slots.taken(project.id, "api"):
            refused = ask(refresh="force_blocking")
            assert (refused.status_code, refused.json["code"]) == (429, "too_many_queries")
            assert refused.json["type"] == "throttled_error"
            assert int(refused.headers["Retry-After"]) > 0
            assert site.sql("select 1", refresh="force_blocking").status_code == 200  # another project is not held up
            with answers._slots.taken(project.id, "app"):
                pass
        assert ask(refresh="force_blocking").status_code == 200


def test_one_that_waits_is_answered_when_another_ends(site: Any, project: Project, ask: Callable[..., Any]) -> None:
    slots = site.app.extensions["analytics"].answers._slots
    held = [slots.taken(project.id, "api") for _ in range(3)]
    for each in held:
        each.__enter__()
    threading.Timer(0.5, lambda: held[0].__exit__(None, None, None)).start()
    began = time.monotonic()
    assert ask(refresh="force_blocking").status_code == 200
    assert time.monotonic() - began > 0.4
    for each in held[1:]:
        each.__exit__(None, None, None)
    assert site.postgres.rows("SELECT 1 FROM query_slots WHERE team_id = %s", [project.id]) == []


def test_slots_of_a_lost_process_are_free_again(site: Any, project: Project, ask: Callable[..., Any]) -> None:
    for _ in range(3):
        site.postgres.execute(
            "INSERT INTO query_slots VALUES (%s, %s, 'api', now() - interval '1 second')", [uuid4(), project.id]
        )
    assert ask().status_code == 200


def test_an_answer_says_what_it_was_read_from(site: Any, ask: Callable[..., Any]) -> None:
    sql = {"kind": "HogQLQuery", "query": "select event, person.properties.a from events"}
    answer = site.app.test_client().post(
        f"/api/projects/{site.ours.id}/query/",
        json={"query": sql, "explain": True, "refresh": "force_blocking"},
        headers={"Authorization": f"Bearer {site.key}"},
    )
    told = answer.json["explain"]
    assert (told["answered_from"], told["computed_from"]) == ("events", "events")
    assert {"events", "persons"} <= {each["table"] for each in told["tables"]}
    assert told["rows_read"] >= 4
    assert told["bytes_read"] > 0
    (statement,) = told["statements"]
    assert statement["sql"] == answer.json["clickhouse"]
    assert statement["rows"] == told["rows_read"]
    events = next(each for each in told["tables"] if each["table"] == "events")
    assert events["data_version"] == answer.json["data_version"] > 0
    assert events["changed_at"]
    ask()
    assert ask(explain=True).json["explain"]["answered_from"] == "cache"
    assert "explain" not in ask().json


def test_filters_and_variables_of_where_a_question_is_shown(site: Any) -> None:
    def asked(query: dict[str, Any], **fields: Any) -> Any:
        headers = {"Authorization": f"Bearer {site.key}"}
        body = {"query": query, **fields}
        return site.app.test_client().post(f"/api/projects/{site.ours.id}/query/", json=body, headers=headers).json

    trends = {
        "kind": "TrendsQuery",
        "series": [{"kind": "EventsNode", "event": "page"}],
        "dateRange": {"date_from": "2026-11-01", "date_to": "2026-11-30"},
    }
    narrowed = {"date_from": "2026-11-20", "date_to": "2026-11-20"}
    assert asked(trends)["results"][0]["count"] == 3
    assert asked(trends, filters_override=narrowed)["results"][0]["data"] == [2]
    sql = {"kind": "HogQLQuery", "query": "select count() from events where {filters} and event = {variables.name}"}
    variables = {"v1": {"code_name": "name", "value": "page"}}
    assert asked({**sql, "variables": variables})["results"] == [[3]]
    assert asked(sql, variables_override={"v1": {"code_name": "name", "value": "buy"}})["results"] == [[1]]
    dates = {"date_from": "2026-11-21", "date_to": "2026-11-22"}
    assert asked({**sql, "variables": variables}, filters_override=dates)["results"] == [[1]]


def test_environments_are_projects(site: Any) -> None:
    answer = site.app.test_client().post(
        f"/api/environments/{site.ours.id}/query/",
        json={"query": {"kind": "HogQLQuery", "query": "select 1"}},
        headers={"Authorization": f"Bearer {site.key}"},
    )
    assert answer.json["results"] == [[1]]


@pytest.mark.parametrize(
    ("fields", "attr"),
    [
        ({"refresh": "soon"}, "refresh"),
        ({"refresh": 5}, "refresh"),
        ({"refresh": ["async"]}, "refresh"),
        ({"client_query_id": "a/b"}, "client_query_id"),
        ({"client_query_id": ""}, "client_query_id"),
        ({"client_query_id": "a" * 101}, "client_query_id"),
        ({"client_query_id": 5}, "client_query_id"),
        ({"explain": "yes"}, "explain"),
        ({"async": 1}, "async"),
        ({"filters_override": []}, "filters_override"),
        ({"variables_override": "x"}, "variables_override"),
        ({"filters_override": {"properties": 5}}, "query"),
        ({"filters_override": {"date_from": {"a": 1}}}, "query"),
        ({"variables_override": {"a": {"code_name": {}}}}, "query"),
    ],
)
def test_a_wrong_field_is_named(ask: Callable[..., Any], fields: dict[str, Any], attr: str) -> None:
    trends = {"kind": "TrendsQuery", "series": [{"kind": "EventsNode", "event": "page"}]}
    sql = {"kind": "HogQLQuery", "query": "select count() from events where {filters}"}
    for query in (trends, sql):
        answer = ask(query, **fields)
        if "variables_override" in fields and query is trends and attr == "query":
            continue
        assert (answer.status_code, answer.json["attr"]) == (400, attr), answer.json
