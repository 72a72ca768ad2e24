"""The doctor finds what is wrong with an installation and names the mend."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from analytics_pipelines.cli.main import cli
from analytics_pipelines.doctor import examine as doctor_module
from analytics_pipelines.doctor.examine import Finding, examine
from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import raw_key
from analytics_pipelines.problems import Problem
from analytics_pipelines.settings import Settings, load_settings
from resources import postgres as postgres_module
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore

pytestmark = pytest.mark.engines

LOOKED_AT = [
    "Python",
    "engine's files",
    "disk",
    "bucket",
    "Postgres",
    "ClickHouse",
    "ClickHouse reader",
    "migrations",
    "insert tokens",
    "clocks",
    "ClickHouse logs",
    "room",
    "ingestion lag",
]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_module, "CONNECT_SECONDS", 0.3)


def settings_of(databases: Any, tmp_path: Path, **changed: Any) -> Settings:
    given = {
        "data_dir": tmp_path / "data",
        "postgres_url": databases.postgres_url,
        "clickhouse_url": databases.clickhouse_url,
        "clickhouse_reader_url": databases.reader_url,
    }
    return Settings(**{**given, **changed})


@pytest.fixture
def settings(migrated: Any, tmp_path: Path) -> Settings:
    return settings_of(migrated, tmp_path)


def wrong(settings: Settings) -> dict[str, Finding]:
    return {finding.what: finding for finding in examine(settings) if not finding.well}


def changed(settings: Settings, **changes: Any) -> Settings:
    return Settings(**{**settings.model_dump(exclude_unset=True), **changes})


def test_a_healthy_installation_has_no_finding(settings: Settings) -> None:
    findings = examine(settings)
    assert [finding.what for finding in findings] == LOOKED_AT
    assert [finding for finding in findings if not finding.well] == []


def test_a_look_leaves_nothing_behind(settings: Settings, clickhouse: ClickHouse, store: ObjectStore) -> None:
    tables = clickhouse.query("SELECT name FROM system.tables WHERE database = currentDatabase()").rows
    as_platform = changed(settings, clickhouse_reader_url=settings.clickhouse_url)
    for each in (settings, as_platform):
        examine(each)
    assert clickhouse.query("SELECT name FROM system.tables WHERE database = currentDatabase()").rows == tables
    assert ObjectStore(settings.bucket_url).objects("checks") == []


def test_a_bucket_that_can_not_be_made(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    found = wrong(changed(settings, object_store_url=(tmp_path / "file").as_uri()))
    assert set(found) == {"bucket", "ingestion lag"}
    assert "ANALYTICS_OBJECT_STORE_URL" in found["bucket"].mend


def test_a_bucket_that_can_not_be_written(settings: Settings, tmp_path: Path) -> None:
    ObjectStore(settings.bucket_url)
    (tmp_path / "data" / "bucket" / "checks").write_text("a file where a folder should be")
    found = wrong(settings)
    assert set(found) == {"bucket"}
    assert "folder's rights" in found["bucket"].mend


def test_postgres_is_away(settings: Settings) -> None:
    found = wrong(changed(settings, postgres_url="postgresql://user:hunter2@127.0.0.1:1/none"))
    assert set(found) == {"Postgres", "migrations", "ingestion lag"}
    assert "127.0.0.1:1" in found["Postgres"].found
    assert "ANALYTICS_POSTGRES_URL" in found["Postgres"].mend
    assert "hunter2" not in str(found)


def test_clickhouse_is_away(settings: Settings) -> None:
    away = "http://user:hunter2@127.0.0.1:1/none"
    found = wrong(changed(settings, clickhouse_url=away, clickhouse_reader_url=away))
    assert set(found) == {"ClickHouse", "ClickHouse reader", "migrations", "insert tokens", "clocks"}
    assert "ANALYTICS_CLICKHOUSE_URL" in found["ClickHouse"].mend
    assert "hunter2" not in str(found)


@pytest.mark.parametrize("url", ["nonsense", "postgresql://user:hunter2@host:port/none", "http://user:hunter2@[::1/x"])
def test_a_url_that_is_none_is_told_without_its_password(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANALYTICS_POSTGRES_URL", url)
    with pytest.raises(Problem, match="ANALYTICS_POSTGRES_URL: it must look like") as told:
        load_settings()
    assert "hunter2" not in str(told.value)


def test_nothing_runs_and_nothing_is_set(tmp_path: Path) -> None:
    found = wrong(Settings(data_dir=tmp_path / "data"))
    assert {"Postgres", "ClickHouse", "ClickHouse reader", "migrations", "ingestion lag"} <= set(found)
    assert "`analytics start`" in found["Postgres"].mend


def test_migrations_are_pending(databases: Any, tmp_path: Path) -> None:
    found = wrong(settings_of(databases, tmp_path))
    assert {"migrations", "ingestion lag"} <= set(found) <= {"migrations", "ingestion lag", "ClickHouse reader"}
    assert "pending" in found["migrations"].found
    assert {finding.mend for finding in found.values()} == {"Run `analytics migrate`."}


def test_questions_run_as_the_platforms_user(settings: Settings) -> None:
    found = wrong(changed(settings, clickhouse_reader_url=settings.clickhouse_url))
    assert set(found) == {"ClickHouse reader"}
    assert "may change data" in found["ClickHouse reader"].found
    assert found == wrong(changed(settings, clickhouse_reader_url=settings.clickhouse_url))


def test_there_is_no_reader(settings: Settings) -> None:
    found = wrong(changed(settings, clickhouse_reader_url=None))
    assert set(found) == {"ClickHouse reader"}
    assert "ANALYTICS_CLICKHOUSE_READER_URL" in found["ClickHouse reader"].mend


def test_a_reader_that_can_not_even_sign_in_is_not_well(settings: Settings) -> None:
    assert settings.clickhouse_reader_url is not None
    url = settings.clickhouse_reader_url.get_secret_value().replace("reader:", "reader:wrong")
    found = wrong(changed(settings, clickhouse_reader_url=url))
    assert set(found) == {"ClickHouse reader"}


def test_tables_that_ignore_insert_tokens(settings: Settings, clickhouse: ClickHouse) -> None:
    clickhouse.command("DROP TABLE dead_letters")
    clickhouse.command("CREATE TABLE dead_letters (a UInt8) ENGINE = MergeTree ORDER BY a")
    found = wrong(settings)
    assert set(found) == {"insert tokens"}
    assert "dead_letters" in found["insert tokens"].found


def put(settings: Settings, age: timedelta) -> None:
    payload = zstd.compress(b"{}\n")
    ObjectStore(settings.bucket_url).put(raw_key(datetime.now(UTC) - age, "node", payload), payload)


def test_an_object_waits_for_too_long(settings: Settings) -> None:
    put(settings, timedelta(seconds=30))
    assert wrong(settings) == {}
    put(settings, timedelta(seconds=90))
    found = wrong(settings)
    assert set(found) == {"ingestion lag"}
    assert found["ingestion lag"].found.startswith("2 objects wait, the oldest for 9")
    assert "Dagster" in found["ingestion lag"].mend


def test_the_disk_is_full_the_clock_is_wrong_and_the_kernel_is_old(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_module, "_LEAST_DISK_BYTES", 1 << 62)
    monkeypatch.setattr(doctor_module, "_MOST_SKEW_SECONDS", -1.0)
    monkeypatch.setattr(doctor_module, "can_confine_files", lambda: False)
    found = wrong(settings)
    assert set(found) == {"disk", "clocks", "engine's files"}
    assert all(finding.mend for finding in found.values())


def test_people_get_a_mark_and_a_mend_and_programs_json(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in settings.model_dump(exclude_unset=True).items():
        plain = value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
        monkeypatch.setenv(f"ANALYTICS_{name.upper()}", plain)
    found = CliRunner().invoke(cli, ["doctor"])
    assert found.exit_code == 0
    assert [line[0] for line in found.stdout.splitlines()] == ["✓"] * len(LOOKED_AT)
    put(settings, timedelta(hours=2))
    found = CliRunner().invoke(cli, ["doctor"])
    assert found.exit_code == 1
    *_, bad, mend = found.stdout.splitlines()
    assert bad.startswith("✗ ingestion lag")
    assert mend.startswith("  → ")
    found = CliRunner().invoke(cli, ["doctor", "--json"])
    assert found.exit_code == 1
    told = json.loads(found.stdout)
    assert [each["what"] for each in told] == LOOKED_AT
    assert all(set(each) == {"what", "well", "found", "mend", "bytes"} for each in told)
    assert [each["what"] for each in told if not each["well"]] == ["ingestion lag"]


def test_every_finding_that_is_not_well_has_a_mend(tmp_path: Path) -> None:
    for finding in examine(Settings(data_dir=tmp_path / "data")):
        assert finding.well or replace(finding, mend="") != finding
