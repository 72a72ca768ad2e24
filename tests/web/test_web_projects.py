"""Settings of a project over the API, and what its rules dropped."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hook_receiver import receiving

from analytics_pipelines.accounts.keys import ApiKeys
from analytics_pipelines.accounts.projects import Project, Projects
from resources.clickhouse import ClickHouse

pytestmark = pytest.mark.engines

CHANGES = {
    "name": "Renamed",
    "timezone": "Europe/Berlin",
    "week_start_day": 1,
    "test_account_filters": [{"key": "email", "value": ["@us.example"], "operator": "not_icontains", "type": "person"}],
    "path_cleaning_filters": [{"regex": "/[0-9]+", "alias": "/:id"}],
    "anonymize_ips": True,
    "denied_properties": ["email"],
    "denied_events": ["noisy"],
    "allowed_events": ["page"],
    "denied_distinct_ids": ["bot"],
    "daily_event_quota": 5000,
    "autocapture_opt_out": True,
    "session_recording_opt_in": True,
    "event_retention_days": 400,
    "recording_retention_days": 30,
    "dead_letter_retention_days": 7,
    "export_retention_days": None,
    "alert_url": "https://93.184.216.34/hook",
    "alert_mail": None,
}


@pytest.fixture
def made(site: Any) -> Iterator[Project]:
    projects = Projects(site.postgres)
    found = projects.create("Of this test")
    yield found
    projects.delete(found.id)


def call(site: Any, project: Project, method: str = "GET", *, scopes: str = "project:write", **more: Any) -> Any:
    key = ApiKeys(site.postgres).create(project.id, [scopes])
    return site.app.test_client().open(
        f"/api/projects/{project.id}/", method=method, headers={"Authorization": f"Bearer {key}"}, **more
    )


def test_a_change_is_answered_with_the_project_and_stays(site: Any, made: Project) -> None:
    answer = call(site, made, "PATCH", json=CHANGES)
    assert answer.status_code == 200
    assert {name: answer.json[name] for name in CHANGES} == CHANGES
    assert call(site, made).json == answer.json
    assert (answer.json["id"], answer.json["api_token"], answer.json["events_today"]) == (made.id, made.api_token, 0)
    cleared = call(
        site, made, "PATCH", json={"event_retention_days": None, "daily_event_quota": None, "denied_events": []}
    ).json
    assert cleared["event_retention_days"] is None
    assert (cleared["daily_event_quota"], cleared["denied_events"], cleared["name"]) == (None, [], "Renamed")


def test_todays_use_is_shown(site: Any, made: Project) -> None:
    today = datetime.now(UTC).date()
    for day, events in ((today, 42), (today - timedelta(days=1), 7)):
        site.postgres.execute("INSERT INTO event_usage VALUES (%s, %s, %s)", [made.id, day, events])
    assert call(site, made).json["events_today"] == 42


@pytest.mark.parametrize(
    ("body", "attr"),
    [
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"name": ""}, "name"),
        ({"week_start_day": 3}, "week_start_day"),
        ({"daily_event_quota": -1}, "daily_event_quota"),
        ({"event_retention_days": 0}, "event_retention_days"),
        ({"export_retention_days": "30"}, "export_retention_days"),
        ({"test_account_filters": [{"key": "a", "value": 1, "operator": "no_such"}]}, "test_account_filters"),
        ({"test_account_filters": "email"}, "test_account_filters"),
        ({"alert_url": "http://127.0.0.1/hook"}, "alert_url"),
        ({"alert_url": "https://169.254.169.254/latest"}, "alert_url"),
        ({"alert_url": "no address"}, "alert_url"),
        ({"alert_mail": "nobody"}, "alert_mail"),
        ({"alert_mail": "a@example.com"}, "alert_mail"),  # without a mail server
        ({"anonymize_ips": "yes"}, "anonymize_ips"),
        ({"denied_events": ["a", ""]}, "denied_events"),
        ({"allowed_events": ["x" * 401]}, "allowed_events"),
        ({"denied_properties": "email"}, "denied_properties"),
        ({"denied_distinct_ids": [f"{number}" for number in range(1001)]}, "denied_distinct_ids"),
        ({"denied_events": ["half \ud800"]}, "denied_events"),
        ({"api_token": "phc_mine"}, "api_token"),
        ({"organization_id": 2, "is_demo": True}, "organization_id"),
    ],
)
def test_a_wrong_change_is_a_400_that_names_the_field(site: Any, made: Project, body: Any, attr: str) -> None:
    answer = call(site, made, "PATCH", json={"week_start_day": 1, **body})
    assert answer.status_code == 400
    assert (answer.json["type"], answer.json["code"], answer.json["attr"]) == (
        "validation_error",
        "invalid_input",
        attr,
    )
    assert attr in answer.json["detail"] or attr in {"timezone", "name"}
    assert Projects(site.postgres).get(made.id) == made


def test_all_unknown_fields_are_named(site: Any, made: Project) -> None:
    detail = call(site, made, "PATCH", json={"colour": "red", "size": 1}).json["detail"]
    assert "'colour'" in detail
    assert "'size'" in detail
    assert "denied_events" in detail


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"name"'])
def test_a_body_that_is_no_object_is_a_400(site: Any, made: Project, body: bytes) -> None:
    assert call(site, made, "PATCH", data=body).status_code == 400


def test_what_would_go_is_counted_before_a_rule_is_saved(site: Any) -> None:
    def look(**query: Any) -> Any:
        path = f"/api/projects/{site.ours.id}/retention/"
        return site.app.test_client().get(path, query_string=query, headers={"Authorization": f"Bearer {site.key}"})

    today = datetime.now(UTC).date()
    found = look(event_retention_days=1, dead_letter_retention_days=30, export_retention_days=7).json["rules"]
    assert found == {
        "event_retention_days": {"kept_from": str(today - timedelta(days=1)), "rows": 4},
        "dead_letter_retention_days": {"kept_from": str(today - timedelta(days=30)), "rows": 0},
        "export_retention_days": {"kept_from": str(today - timedelta(days=7)), "rows": None},
    }
    assert look(event_retention_days=36_500).json["rules"]["event_retention_days"]["rows"] == 0
    assert look().json == {"rules": {}}
    wrong = look(event_retention_days=0)
    assert (wrong.status_code, wrong.json["attr"]) == (400, "event_retention_days")
    assert Projects(site.postgres).get(site.ours.id).event_retention_days is None


def test_a_test_alarm_says_which_channel_took_it(site: Any, made: Project) -> None:
    key = ApiKeys(site.postgres).create(made.id, ["project:write"])
    services = site.app.extensions["analytics"]

    def test_alarm() -> Any:
        return site.app.test_client().post(
            f"/api/projects/{made.id}/alarms/test/", headers={"Authorization": f"Bearer {key}"}
        )

    nowhere = test_alarm()
    assert (nowhere.status_code, "alert_url" in nowhere.json["detail"]) == (400, True)
    with receiving(lambda number, _: 200 if number == 0 else 403) as receiver:
        settings = services.settings.model_copy(update={"outbound_allowed": receiver.allowed})
        site.app.extensions["analytics"] = replace(services, settings=settings)
        try:
            assert call(site, made, "PATCH", json={"alert_url": receiver.url}).json["alert_url"] == receiver.url
            told = {"name": "webhook", "told": True, "error": None}
            assert test_alarm().json == {"channels": [told]}
            assert b"nothing is wrong" in receiver.got[0].body
            assert test_alarm().json == {"channels": [{**told, "told": False, "error": "It answered 403."}]}
        finally:
            site.app.extensions["analytics"] = services
        (refused,) = test_alarm().json["channels"]
        assert (refused["told"], "ANALYTICS_OUTBOUND_ALLOWED" in refused["error"]) == (False, True)
        assert len(receiver.got) == 2


def test_a_key_that_may_only_read_changes_nothing(site: Any, made: Project) -> None:
    assert call(site, made, "PATCH", scopes="project:read", json={"name": "x"}).status_code == 403
    assert call(site, made, scopes="project:read").json["name"] == "Of this test"


def test_people_change_projects_of_their_organization_unless_they_are_viewers(site: Any, made: Project) -> None:
    browser = site.signed_in()
    path = f"/api/projects/{made.id}/"
    assert browser.patch(path, json={"name": "By hand"}).json["name"] == "By hand"
    assert browser.patch(f"/api/projects/{site.foreign.id}/", json={"name": "x"}).status_code == 404
    site.postgres.execute("UPDATE memberships SET role = 'viewer'")
    try:
        refused = browser.patch(path, json={"name": "Again"})
        assert (refused.status_code, refused.json["code"]) == (403, "permission_denied")
        assert browser.get(path).json["name"] == "By hand"
    finally:
        site.postgres.execute("UPDATE memberships SET role = 'admin'")


def test_the_description_names_what_may_be_changed_and_requires_nothing(site: Any) -> None:
    description = site.app.test_client().get("/api/schema.json").json
    operation = description["paths"]["/api/projects/{project_id}/"]["patch"]
    shape = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
    schema = description["components"]["schemas"][shape]
    assert set(schema["properties"]) == set(CHANGES)
    assert "required" not in schema
    assert not any("default" in field for field in schema["properties"].values())


def test_ingestion_says_what_rules_dropped(site: Any, made: Project) -> None:
    clickhouse = ClickHouse(site.settings.need_clickhouse())
    now = datetime.now(UTC)
    rows = [[made.id, now, "denied_event", "noisy", 3], [made.id, now, "denied_event", "noisy", 4]]
    rows += [[made.id, now, "quota", f"event {number:02}", 1] for number in range(25)]
    rows += [[made.id, now - timedelta(days=31), "quota", "old", 100], [site.foreign.id, now, "quota", "theirs", 9]]
    columns = ["team_id", "received_at", "rule", "event", "events", "batch_id"]
    clickhouse.insert_rows("dropped_events", [[*row, uuid4()] for row in rows], columns)
    key = ApiKeys(site.postgres).create(made.id, ["project:read"])
    path = f"/api/projects/{made.id}/ingestion/"
    answer = site.app.test_client().get(path, headers={"Authorization": f"Bearer {key}"}).json
    assert answer["dropped_total"] == 132
    assert answer["dropped"][:2] == [
        {"rule": "denied_event", "event": "noisy", "events": 7},
        {"rule": "quota", "event": "event 00", "events": 1},
    ]
    assert len(answer["dropped"]) == 20
    assert answer["events_total"] == 0


def test_nothing_dropped_is_an_empty_list(site: Any) -> None:
    answer = site.app.test_client().get(
        f"/api/projects/{site.ours.id}/ingestion/", headers={"Authorization": f"Bearer {site.key}"}
    )
    assert (answer.json["dropped_total"], answer.json["dropped"]) == (0, [])
