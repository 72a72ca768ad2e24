"""What verbs do and print when all is well: `--json` is for programs, and others rely on its form."""

import csv
import io
import json
import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics_pipelines.accounts.keys import ApiKeys
from analytics_pipelines.ingest import flush as flush_module
from analytics_pipelines.ingest.drain import Drain, someone_lingers

pytestmark = pytest.mark.engines


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that lingers is waited for, for less long."""
    monkeypatch.setattr(flush_module, "_PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(flush_module, "_POLL_SECONDS", 0.05)


def count(running: Any, project: int | None = None) -> int:
    found = running.stack.clickhouse.query(
        "SELECT count() FROM events WHERE team_id = {team:Int64}", {"team": project or running.stack.project}
    ).one()[0]
    assert isinstance(found, int)
    return found


def new_project(analytics: Any, *more: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(analytics("project", "create", "Shop", *more, "--json").stdout)
    return found


def test_a_new_project_is_printed_with_its_key(running: Any, analytics: Any) -> None:
    made = new_project(analytics, "--timezone", "Asia/Kolkata")
    assert set(made) == {"id", "name", "api_token"}
    assert (type(made["id"]), made["name"]) == (int, "Shop")
    assert made["api_token"].startswith("phc_")
    listed = json.loads(analytics("project", "list", "--json").stdout)
    assert [each["timezone"] for each in listed if each["id"] == made["id"]] == ["Asia/Kolkata"]
    assert made["api_token"] in analytics("project", "list").stdout


def test_a_new_key_is_printed_once_and_works(running: Any, analytics: Any) -> None:
    project = str(running.stack.project)
    scopes = "query:read,project:write,cohort:read,action:write,person:read,property_definition:write,insight:write"
    found = json.loads(analytics("key", "create", "--project", project, "--scopes", scopes, "--json").stdout)
    assert set(found) == {"key"}
    known = ApiKeys(running.stack.postgres).find(found["key"])
    assert known is not None
    assert known.scopes == set(scopes.split(","))
    plain = analytics("key", "create", "--project", project, "--scopes", " * , dashboard:read ").stdout
    assert ApiKeys(running.stack.postgres).find(plain.strip()) is not None


def test_a_login_link_is_one(running: Any, analytics: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYTICS_WEB_URL", "https://analytics.example")
    found = json.loads(analytics("login-link", "--json").stdout)
    assert set(found) == {"url"}
    assert found["url"].startswith("https://analytics.example/login?token=")
    assert analytics("login-link").stdout.startswith("https://analytics.example/login?token=")


def test_flush_loads_by_itself_when_no_run_does(running: Any, analytics: Any) -> None:
    before = count(running)
    running.put("one", "two")
    running.put("three")
    found = analytics("flush", "--timeout", "30")
    assert found.exit_code == 0
    assert "2 objects had to wait" in found.stdout
    assert count(running) == before + 3
    assert "0 objects had to wait" in analytics("flush").stdout


def test_flush_waits_for_the_run_that_lingers(running: Any, analytics: Any) -> None:
    drain = Drain(
        running.store, running.stack.postgres, running.stack.clickhouse, batch_objects=100, batch_bytes=10_000_000
    )
    run = threading.Thread(target=lambda: drain.linger(3, 0.05))
    run.start()
    with running.stack.postgres.session() as session:
        while not someone_lingers(session):
            time.sleep(0.01)
    before = count(running)
    running.put("one")
    assert analytics("flush").exit_code == 0
    run.join()
    assert count(running) == before + 1
    assert sum(tally.events for tally in drain.tallies.values()) == 1


def test_flush_gives_up_when_time_is_over(running: Any, analytics: Any) -> None:
    running.put("one")
    found = analytics("flush", "--timeout", "0")
    assert found.exit_code == 1
    assert "still wait after 0 s" in found.stderr
    assert analytics("flush").exit_code == 0


def test_answers_come_as_a_table_as_csv_and_as_json(running: Any, analytics: Any) -> None:
    project = new_project(analytics)["id"]
    running.put("page", "page", 'say "hi", you', project=project)
    analytics("flush")
    question = [
        "sql",
        "--project",
        str(project),
        "select event, count() as n, null as nothing from events group by event",
    ]
    question[-1] += " order by event"
    table = analytics(*question).stdout
    assert all(word in table for word in ("event", "n", "page", "2", 'say "hi", you'))
    rows = list(csv.reader(io.StringIO(analytics(*question, "--format", "csv").stdout)))
    assert rows == [["event", "n", "nothing"], ["page", "2", ""], ['say "hi", you', "1", ""]]
    found = json.loads(analytics(*question, "--json").stdout)
    assert set(found) == {"columns", "types", "results", "limit_applied"}
    assert found["results"] == [["page", 2, None], ['say "hi", you', 1, None]]
    assert found["columns"] == ["event", "n", "nothing"]
    assert found["types"][1] == ["n", "UInt64"]


def test_a_question_without_a_project_is_about_the_oldest(running: Any, analytics: Any) -> None:
    running.put("here")
    analytics("flush")
    found = json.loads(analytics("sql", "--json", "select count() from events").stdout)
    assert found["results"] == [[count(running)]]


def test_a_table_shows_control_characters_and_does_not_print_them(running: Any, analytics: Any) -> None:
    project = new_project(analytics)["id"]
    running.put("\x1b[2Jgone \x07 Zürich 😀", project=project)
    analytics("flush")
    table = analytics("sql", "--project", str(project), "select event from events").stdout
    assert "\x1b" not in table
    assert r"\x1b[2Jgone \x07 Zürich 😀" in table


def test_a_cut_answer_says_so_beside_it(running: Any, analytics: Any) -> None:
    running.put(*["many"] * 101)
    analytics("flush")
    found = analytics("sql", "select event from events where event = 'many'")
    assert "Limited to 100 rows" in found.stderr
    assert "Limited" not in found.stdout


@pytest.mark.parametrize(
    ("text", "line", "marked"),
    [
        ("select nope(1) from events", "select nope(1) from events", "nope"),
        ("select event,\n  nope(1)\nfrom events", "  nope(1)", "nope"),
        ("select team_id from events", "select team_id from events", "team_id"),
    ],
)
def test_a_mistake_in_a_question_is_pointed_at(running: Any, analytics: Any, text: str, line: str, marked: str) -> None:
    found = analytics("sql", text)
    assert (found.exit_code, found.stdout) == (1, "")
    first, shown, pointer = found.stderr.rstrip("\n").split("\n")
    assert first.startswith("✗ ")
    assert shown == f"  {line}"
    start, width = pointer.index("^"), pointer.count("^")
    assert shown[start : start + width] == marked


def test_an_engines_refusal_has_no_pointer_and_no_insides(running: Any, analytics: Any) -> None:
    running.put("one")
    analytics("flush")
    found = analytics("sql", "select toUUID('x') from events")
    assert found.exit_code == 1
    assert found.stderr.startswith("✗ Cannot parse")
    assert "DB::" not in found.stderr


def test_migrate_plans_applies_and_then_has_nothing_to_do(
    databases: Any, analytics: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANALYTICS_POSTGRES_URL", databases.postgres_url)
    monkeypatch.setenv("ANALYTICS_CLICKHOUSE_URL", databases.clickhouse_url)
    planned = analytics("migrate", "--plan").stdout.splitlines()
    assert planned
    assert all(line.endswith(" (pending)") for line in planned)
    assert {line.split()[0] for line in planned} == {"postgres", "clickhouse"}
    assert analytics("migrate", "--plan").stdout.splitlines() == planned
    applied = analytics("migrate").stdout.splitlines()
    assert [f"{line} (pending)" for line in applied] == planned
    for arguments in (["migrate"], ["migrate", "--plan"]):
        found = analytics(*arguments)
        assert (found.exit_code, found.stdout) == (0, "Nothing is pending.\n")


def services(folder: Path, *, pid: int, **states: str) -> None:
    (folder / "run").mkdir(parents=True, exist_ok=True)
    written = {
        "pid": pid,
        "services": {
            name: {"url": f"http://localhost/{name}", "pid": None if state == "given" else pid, "state": state}
            for name, state in states.items()
        },
    }
    (folder / "run" / "services.json").write_text(json.dumps(written))


def test_the_status_is_what_runs_and_what_waits(running: Any, analytics: Any, tmp_path: Path) -> None:
    services(tmp_path / "data", pid=os.getpid(), capture="healthy", web="healthy", postgres="given")
    found = analytics("status", "--json")
    assert found.exit_code == 0
    assert json.loads(found.stdout) == {
        "services": {
            "capture": {"url": "http://localhost/capture", "pid": os.getpid(), "state": "healthy"},
            "web": {"url": "http://localhost/web", "pid": os.getpid(), "state": "healthy"},
            "postgres": {"url": "http://localhost/postgres", "pid": None, "state": "given"},
        },
        "lag_seconds": 0,
        "pending_objects": 0,
    }
    running.put("one", received=datetime.now(UTC) - timedelta(seconds=30))
    status = json.loads(analytics("status", "--json").stdout)
    assert status["pending_objects"] == 1
    assert 30 <= status["lag_seconds"] < 40
    assert "1 objects wait" in analytics("status").stdout
    analytics("flush")


def test_the_status_of_what_is_not_well_is_an_error(running: Any, analytics: Any, tmp_path: Path) -> None:
    services(tmp_path / "data", pid=os.getpid(), capture="healthy", web="starting")
    found = analytics("status")
    assert found.exit_code == 1
    assert "✓ capture" in found.stdout
    assert "✗ web" in found.stdout


def test_what_a_killed_supervisor_left_is_stopped(running: Any, analytics: Any, tmp_path: Path) -> None:
    services(tmp_path / "data", pid=2**22 + 1, capture="healthy", postgres="given")
    found = analytics("status", "--json")
    assert found.exit_code == 1
    states = {name: each["state"] for name, each in json.loads(found.stdout)["services"].items()}
    assert states == {"capture": "stopped", "postgres": "given"}


def test_when_nothing_runs_the_status_says_how_to_begin(analytics: Any) -> None:
    found = analytics("status")
    assert found.exit_code == 1
    assert "`analytics start`" in found.stdout
    assert json.loads(analytics("status", "--json").stdout) == {
        "services": {},
        "lag_seconds": None,
        "pending_objects": None,
    }


def test_a_broken_file_of_services_is_none(analytics: Any, tmp_path: Path) -> None:
    (tmp_path / "data" / "run").mkdir(parents=True)
    for text in ("", "{", '{"services": '):
        (tmp_path / "data" / "run" / "services.json").write_text(text)
        assert json.loads(analytics("status", "--json").stdout)["services"] == {}


def test_verbs_work_as_programs(running: Any, program: Any) -> None:
    found = program("project", "create", "Shop", "--json")
    assert (found.returncode, found.stderr) == (0, "")
    assert set(json.loads(found.stdout)) == {"id", "name", "api_token"}
    found = program("sql", "--json", "select 1 as one")
    assert json.loads(found.stdout)["results"] == [[1]]
