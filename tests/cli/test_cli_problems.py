"""What is wrong outside the code is one line for the cause and one for the mend, and never a traceback."""

import json
from pathlib import Path
from typing import Any

import pytest

from resources import postgres as postgres_module

AWAY = {
    "ANALYTICS_POSTGRES_URL": "postgresql://user:hunter2@127.0.0.1:1/none",
    "ANALYTICS_CLICKHOUSE_URL": "http://user:hunter2@127.0.0.1:1/none",
}
NEED_ENGINES = [
    ["project", "create", "Shop"],
    ["project", "list"],
    ["key", "create", "--project", "1", "--scopes", "*"],
    ["login-link"],
    ["flush", "--timeout", "1"],
    ["sql", "select 1"],
    ["migrate"],
    ["migrate", "--plan"],
    ["demo"],
    ["demo", "--clear"],
]


def is_problem(found: Any, *parts: str) -> bool:
    """`found` is a CliRunner's result."""
    lines = found.stderr.strip().splitlines()
    return (
        found.exit_code == 1
        and found.stdout == ""
        and 1 <= len(lines) <= 2
        and lines[0].startswith("✗ ")
        and "Traceback" not in found.output
        and "hunter2" not in found.output
        and all(part in found.stderr for part in parts)
    )


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_module, "CONNECT_SECONDS", 0.2)


@pytest.mark.parametrize("arguments", NEED_ENGINES, ids=" ".join)
def test_nothing_runs(analytics: Any, arguments: list[str]) -> None:
    assert is_problem(analytics(*arguments), "nothing runs on", "`analytics start`", "_URL")


@pytest.mark.parametrize("arguments", NEED_ENGINES, ids=" ".join)
def test_nobody_answers_at_the_url(analytics: Any, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in AWAY.items():
        monkeypatch.setenv(name, value)
    assert is_problem(analytics(*arguments), "127.0.0.1:1", "`analytics doctor`")


@pytest.mark.parametrize("arguments", NEED_ENGINES, ids=" ".join)
@pytest.mark.parametrize("url", ["postgresql://user:hunter2@host:port/none", "postgresql://user:hunter2@[::1/none"])
def test_the_url_is_none(analytics: Any, arguments: list[str], url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYTICS_CLICKHOUSE_URL", AWAY["ANALYTICS_CLICKHOUSE_URL"])
    monkeypatch.setenv("ANALYTICS_POSTGRES_URL", url)
    assert is_problem(analytics(*arguments), "ANALYTICS_POSTGRES_URL", "postgresql://user:password@host:port")


@pytest.mark.parametrize("url", ["nonsense", "http://user:hunter2@host/none"])
def test_the_url_is_of_another_kind(analytics: Any, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYTICS_CLICKHOUSE_URL", AWAY["ANALYTICS_CLICKHOUSE_URL"])
    monkeypatch.setenv("ANALYTICS_POSTGRES_URL", url)
    assert is_problem(analytics("migrate"), "ANALYTICS_POSTGRES_URL", "postgresql://user:password@host:port")
    found = analytics("doctor")
    assert found.exit_code == 1
    assert "hunter2" not in found.output


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ANALYTICS_CAPTURE_PORT", "eighty"),
        ("ANALYTICS_CAPTURE_PORT", "70000"),
        ("ANALYTICS_LOG_LEVEL", "loud"),
        ("ANALYTICS_QUERY_MAX_SECONDS", "0"),
        ("ANALYTICS_ARRIVAL_START", "yesterday"),
    ],
)
@pytest.mark.parametrize("arguments", [["status"], ["doctor"], ["start"], ["sql", "select 1"]], ids=" ".join)
def test_a_setting_has_a_bad_value(
    analytics: Any, arguments: list[str], name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert is_problem(analytics(*arguments), name, "docs/settings.md")


@pytest.mark.parametrize("text", ["capture_port = eighty", "capture_port = 'eighty'", "[[["])
def test_the_file_of_settings_is_broken(analytics: Any, text: str) -> None:
    Path("analytics.toml").write_text(text)
    assert is_problem(analytics("status"), "docs/settings.md")


def test_the_bucket_is_of_no_known_kind(analytics: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in AWAY.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ANALYTICS_OBJECT_STORE_URL", "ftp://host/bucket")
    assert is_problem(analytics("flush"), "ANALYTICS_OBJECT_STORE_URL", "s3://bucket/prefix")


def test_a_part_to_start_is_unknown(analytics: Any) -> None:
    assert is_problem(analytics("start", "--only", "capture,oven"), "oven", "capture, web, dagster")


def test_a_process_ends_with_the_same_words(program: Any) -> None:
    found = program("flush")
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.startswith("✗ No Postgres: nothing runs on ")
    assert found.stderr.count("\n") == 2


def test_our_own_mistakes_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from analytics_pipelines.cli import main, version

    monkeypatch.setattr(version, "installed_version", lambda: {}["missing"])
    assert isinstance(CliRunner().invoke(main.cli, ["version"]).exception, KeyError)


@pytest.mark.engines
def test_a_project_is_unknown(running: Any, analytics: Any) -> None:
    assert is_problem(
        analytics("key", "create", "--project", "4711", "--scopes", "*"), "4711", "`analytics project list`"
    )
    assert is_problem(analytics("sql", "--project", "4711", "select 1"), "project", "`analytics project list`")


@pytest.mark.engines
def test_a_scope_is_unknown(running: Any, analytics: Any) -> None:
    found = analytics("key", "create", "--project", str(running.stack.project), "--scopes", "query:read,query:fly")
    assert is_problem(found, "query:fly", "cohort:write")
    found = analytics("key", "create", "--project", str(running.stack.project), "--scopes", " ,")
    assert is_problem(found, "needs a scope")


@pytest.mark.engines
def test_a_time_zone_is_none(running: Any, analytics: Any) -> None:
    assert is_problem(analytics("project", "create", "Shop", "--timezone", "Berlin"), "Berlin", "Europe/Berlin")


@pytest.mark.engines
def test_a_name_is_empty(running: Any, analytics: Any) -> None:
    assert is_problem(analytics("project", "create", " "), "name")


@pytest.mark.engines
def test_the_tables_are_not_there_yet(databases: Any, analytics: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYTICS_POSTGRES_URL", databases.postgres_url)
    monkeypatch.setenv("ANALYTICS_CLICKHOUSE_URL", databases.clickhouse_url)
    for arguments in (["project", "list"], ["login-link"], ["flush"], ["sql", "select 1"], ["project", "create", "A"]):
        assert is_problem(analytics(*arguments), "`analytics migrate`"), arguments
    found = analytics("doctor", "--json")
    wrong = {each["what"]: each["mend"] for each in json.loads(found.stdout) if not each["well"]}
    assert wrong["migrations"] == wrong["ingestion lag"] == "Run `analytics migrate`."


@pytest.mark.engines
def test_nobody_can_make_a_project_before_the_first_start(
    migrated: Any, analytics: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANALYTICS_POSTGRES_URL", migrated.postgres_url)
    assert is_problem(analytics("project", "create", "Shop"), "`analytics start`")
    assert is_problem(analytics("login-link"), "`analytics start`")
