"""`analytics project show` and `update`."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hook_receiver import receiving

from analytics_pipelines.accounts.projects import Projects

pytestmark = pytest.mark.engines


@pytest.fixture
def project(running: Any) -> str:
    return str(Projects(running.stack.postgres).create("Shop").id)


@pytest.fixture
def update(analytics: Any, project: str) -> Any:
    def run(*arguments: str) -> dict[str, Any]:
        found = analytics("project", "update", project, *arguments, "--json")
        assert found.exit_code == 0, found.stderr
        answer: dict[str, Any] = json.loads(found.stdout)
        return answer

    return run


def test_only_what_is_named_changes(update: Any) -> None:
    found = update("--name", "New", "--timezone", "Asia/Kolkata", "--week-start-day", "1", "--anonymize-ips")
    assert (found["name"], found["timezone"], found["week_start_day"], found["anonymize_ips"]) == (
        "New",
        "Asia/Kolkata",
        1,
        True,
    )
    found = update("--keep-ips", "--week-start-day", "0")
    assert (found["name"], found["week_start_day"], found["anonymize_ips"]) == ("New", 0, False)


@pytest.mark.parametrize(
    ("field", "option"),
    [
        ("denied_properties", "--deny-property"),
        ("denied_events", "--deny-event"),
        ("allowed_events", "--allow-event"),
        ("denied_distinct_ids", "--deny-distinct-id"),
    ],
)
def test_lists_grow_and_are_emptied(update: Any, field: str, option: str) -> None:
    assert update(option, "a", option, "b c")[field] == ["a", "b c"]
    assert update(option, "d", option, "a")[field] == ["a", "b c", "d"]
    clear = f"--clear-{field.replace('_', '-')}"
    assert update(clear, option, "e")[field] == ["e"]
    assert update(clear)[field] == []


def test_who_is_told_of_what_goes_wrong_is_set_tried_and_lifted(
    update: Any, analytics: Any, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert analytics("alarms", "test", "--project", project).exit_code == 1
    with receiving() as receiver:
        refused = analytics("project", "update", project, "--alert-url", receiver.url)
        assert (refused.exit_code, "public host" in refused.stderr) == (1, True)
        monkeypatch.setenv("ANALYTICS_OUTBOUND_ALLOWED", receiver.allowed)
        assert update("--alert-url", receiver.url)["alert_url"] == receiver.url
        assert analytics("alarms", "test", "--project", project).stdout.strip() == "webhook: told"
    assert update("--alert-url", "none")["alert_url"] is None


def test_a_quota_is_set_and_lifted(update: Any) -> None:
    assert update("--daily-event-quota", "1000000")["daily_event_quota"] == 1_000_000
    assert update("--daily-event-quota", "0")["daily_event_quota"] == 0
    assert update("--daily-event-quota", "none")["daily_event_quota"] is None


def test_a_project_is_shown_to_programs_and_people(running: Any, analytics: Any, project: str, update: Any) -> None:
    changed = update("--deny-event", "noisy", "--daily-event-quota", "7")
    running.stack.postgres.execute(
        "INSERT INTO event_usage VALUES (%s, %s, 5)", [int(project), datetime.now(UTC).date()]
    )
    shown = json.loads(analytics("project", "show", project, "--json").stdout)
    assert shown == {**changed, "events_today": 5}
    lines = [line.split(maxsplit=1) for line in analytics("project", "show", project).stdout.splitlines()]
    assert ["denied_events", "noisy"] in lines
    assert ["allowed_events", "none"] in lines
    assert ["daily_event_quota", "7"] in lines
    assert ["events_today", "5"] in lines
    assert ["anonymize_ips", "no"] in lines


def test_help_says_when_capture_follows(analytics: Any) -> None:
    assert "within a minute" in analytics("project", "update", "--help").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--timezone", "Berlin"], "Europe/Berlin"),
        (["--name", " "], "name"),
        (["--week-start-day", "5"], "Monday"),
        (["--daily-event-quota", "-1"], "0 or more"),
        (["--deny-event", ""], "denied_events"),
        (["--deny-property", "x" * 401], "400"),
    ],
)
def test_a_wrong_value_is_told_with_its_mend(analytics: Any, project: str, arguments: list[str], said: str) -> None:
    found = analytics("project", "update", project, *arguments)
    assert found.exit_code == 1
    assert said in found.stderr


@pytest.mark.parametrize("arguments", [[], ["--daily-event-quota", "many"], ["--week-start-day", "Monday"]])
def test_nothing_to_change_or_no_number_is_a_usage_error(analytics: Any, project: str, arguments: list[str]) -> None:
    assert analytics("project", "update", project, *arguments).exit_code == 2


@pytest.mark.parametrize("arguments", [["show", "4711"], ["update", "4711", "--name", "x"], ["show", str(2**70)]])
def test_an_unknown_project_is_a_problem(running: Any, analytics: Any, arguments: list[str]) -> None:
    found = analytics("project", *arguments)
    assert found.exit_code == 1
    assert "`analytics project list`" in found.stderr
