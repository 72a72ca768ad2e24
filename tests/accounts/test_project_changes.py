"""Which values the fields of a project take, and what a change writes."""

import math
from datetime import UTC, date, datetime
from typing import Any

import pytest

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.project_changes import CHANGEABLE, LISTS, RETENTION, SWITCHES, WrongChange, checked
from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.accounts.secret import new_project_token
from analytics_pipelines.problems import Problem
from resources.postgres import Postgres

EVERYTHING: dict[str, Any] = {
    "name": "Shop",
    "timezone": "Asia/Kolkata",
    "week_start_day": 1,
    "daily_event_quota": 0,
    "anonymize_ips": True,
    "autocapture_opt_out": True,
    "session_recording_opt_in": True,
    "denied_properties": ["email", "a 'quoted\" one"],
    "denied_events": ["noisy"],
    "allowed_events": ["page", "buy"],
    "denied_distinct_ids": ["bot"],
    "event_retention_days": 400,
    "recording_retention_days": 30,
    "dead_letter_retention_days": 1,
    "export_retention_days": None,
    "alert_url": "https://hooks.slack.com/services/T/B/x",
    "alert_mail": "ops@example.com, a.b+c@mail.example.com",
    "test_account_filters": [{"key": "email", "value": "@us.example", "operator": "not_icontains", "type": "person"}],
    "path_cleaning_filters": [{"regex": "/orders/[0-9]+", "alias": "/orders/:id"}],
}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("name", value) for value in ("", "  ", None, 5, "x" * 401, "a\0b", "\ud800")),
        *(("timezone", value) for value in ("", "Berlin", "UTC ", None, 1, ["UTC"], {}, "../etc/passwd")),
        *(("week_start_day", value) for value in (2, -1, "1", None, True, False, 1.5, [1])),
        *(("daily_event_quota", value) for value in (-1, 1.5, 10.0, "10", True, 2**63, [1])),
        *((field, value) for field in RETENTION for value in (0, -1, 1.5, "30", True, 36_501, [1])),
        *(
            ("alert_url", value)
            for value in (1, ["https://a.example"], "ops", "ftp://a.example", "https://a:b@c.example")
        ),
        *(
            ("alert_mail", value)
            for value in (1, ["a@b.example"], "ops", "a b@c.example", "a@b\r\nBcc: x@y.z", "<a@b.example>")
        ),
        ("alert_mail", ",".join(f"a{number}@b.example" for number in range(11))),
        *((field, value) for field in SWITCHES for value in (None, 0, 1, "true", [])),
        *((field, value) for field in LISTS for value in (None, "page", {}, 1, [""], [" "], [1], [None], [["a"]])),
        *(
            (field, value)
            for field in LISTS
            for value in (["x" * 401], ["a\0"], ["\udc00"], [str(n) for n in range(1001)])
        ),
        *(
            ("test_account_filters", value)
            for value in (
                *(None, "email", {}, 1, ["email"], [None], [[]], [{}] * 51),
                *([{"key": "a", "value": 1, "operator": "sounds_like"}], [{"key": ["a"], "value": 1}]),
                *([{"key": "a", "value": 1, "type": "horoscope"}], [{"key": "a", "value": "b", "operator": "gt"}]),
                *([{"key": "a", "value": "\0"}], [{"key": "a", "value": "\ud800"}], [{"key": "a", "value": math.nan}]),
                *([{"key": "select 1; drop", "type": "hogql"}], [{"key": "a", "value": "x" * 30_000}]),
                [{"key": "a", "value": 1, "suffix": "unknown"}],
            )
        ),
        *(
            ("path_cleaning_filters", value)
            for value in (
                *(None, "/", {}, ["/"], [None], [{}], [{"regex": ""}], [{"regex": "(", "alias": ""}]),
                *(
                    [{"regex": "(?=a)b"}],
                    [{"regex": r"(a)\1"}],
                    [{"regex": "a\0"}],
                    [{"regex": "a", "alias": "\ud800"}],
                ),
                *([{"regex": "a" * 401}], [{"regex": "a"}] * 51, [{"regex": "a", "unknown": 1}], [{"regex": 1}]),
            )
        ),
    ],
)
def test_a_wrong_value_is_refused_with_its_field_and_a_mend(field: str, value: Any) -> None:
    with pytest.raises(WrongChange) as found:
        checked({"timezone": "UTC", field: value})
    assert isinstance(found.value, Problem)
    assert found.value.field == field
    assert found.value.cause.endswith(".")
    assert found.value.mend.endswith(".") or field in ("name", "test_account_filters", "path_cleaning_filters")


def test_unknown_fields_are_named() -> None:
    with pytest.raises(WrongChange, match="'api_token', 'id'") as found:
        checked({"api_token": "phc_mine", "name": "x", "id": 5})
    assert found.value.field == "api_token"


def test_right_values_pass() -> None:
    assert checked(EVERYTHING) == EVERYTHING
    assert set(EVERYTHING) == set(CHANGEABLE)
    assert checked({"daily_event_quota": None}) == {"daily_event_quota": None}
    assert checked({"denied_events": ["x" * 400] + [str(n) for n in range(999)]})
    assert checked({}) == {}


def test_names_lose_blanks_around_them_and_lists_their_doubles() -> None:
    assert checked({"alert_mail": "b@x.example,a@x.example, b@x.example,"}) == {
        "alert_mail": "b@x.example, a@x.example"
    }
    assert checked({"alert_mail": " ", "alert_url": ""}) == {"alert_mail": None, "alert_url": None}
    assert checked({"name": " Shop "}) == {"name": "Shop"}
    assert checked({"denied_events": ["b", " a", "b", "a"] * 300}) == {"denied_events": ["b", " a", "a"]}


@pytest.fixture
def projects(postgres: Postgres) -> Projects:
    People(postgres).ensure_first("Us", "Ours", new_project_token(), "admin@example.com")
    return Projects(postgres)


@pytest.mark.engines
def test_a_new_project_has_no_rules(projects: Projects) -> None:
    made = projects.create("Shop")
    assert [getattr(made, field) for field in (*SWITCHES, *LISTS)] == [False] * 3 + [[]] * 4
    assert made.daily_event_quota is None


@pytest.mark.engines
def test_what_is_changed_is_stored_and_the_rest_stays(projects: Projects) -> None:
    before, other = projects.create("Shop"), projects.create("Other")
    changed = projects.update(before.id, EVERYTHING)
    assert changed == projects.get(before.id)
    assert changed is not None
    assert {field: getattr(changed, field) for field in EVERYTHING} == EVERYTHING
    assert (changed.api_token, changed.created_at) == (before.api_token, before.created_at)
    assert projects.get(other.id) == other
    again = projects.update(before.id, {"daily_event_quota": None, "allowed_events": []})
    assert again is not None
    assert (again.daily_event_quota, again.allowed_events, again.denied_events) == (None, [], ["noisy"])


@pytest.mark.engines
def test_only_what_differs_is_written(projects: Projects, postgres: Postgres) -> None:
    made = projects.create("Shop")

    def version() -> Any:
        return postgres.row("SELECT xmin::text AS version FROM projects WHERE id = %s", [made.id])

    first = version()
    assert projects.update(made.id, {}) == made
    assert projects.update(made.id, {"name": " Shop ", "denied_events": [], "anonymize_ips": False}) == made
    assert version() == first
    projects.update(made.id, {"anonymize_ips": True})
    assert version() != first


@pytest.mark.engines
def test_of_a_change_with_one_fault_nothing_is_written(projects: Projects) -> None:
    made = projects.create("Shop")
    with pytest.raises(WrongChange):
        projects.update(made.id, {"name": "New", "timezone": "Mars/Olympus"})
    assert projects.get(made.id) == made


@pytest.mark.engines
def test_a_project_that_is_not_there_is_not_changed(projects: Projects) -> None:
    assert projects.update(2**40, {"name": "x"}) is None


@pytest.mark.engines
def test_use_is_that_of_the_day(projects: Projects, postgres: Postgres) -> None:
    made = projects.create("Shop")
    day = datetime(2026, 11, 23, tzinfo=UTC).date()
    assert projects.events_of_day(made.id, day) == 0
    postgres.execute("INSERT INTO event_usage VALUES (%s, %s, 12), (%s, '2026-11-24', 5)", [made.id, day, made.id])
    assert projects.events_of_day(made.id, day) == 12
    assert projects.events_of_day(made.id, date(2026, 11, 24)) == 5
    projects.delete(made.id)
    assert projects.events_of_day(made.id, day) == 0
