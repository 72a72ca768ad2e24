"""`analytics backup`, `restore` and `retention` in a terminal."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.accounts.secret import new_project_token
from analytics_pipelines.cli.main import cli
from resources.object_store import ObjectStore
from resources.postgres import Postgres

pytestmark = pytest.mark.engines


def use(databases: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "DATA_DIR": folder,
        "POSTGRES_URL": databases.postgres_url,
        "CLICKHOUSE_URL": databases.clickhouse_url,
        "CLICKHOUSE_READER_URL": databases.reader_url,
    }.items():
        monkeypatch.setenv(f"ANALYTICS_{name}", str(value))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments), prog_name="analytics")


def test_a_backup_goes_to_s3_and_comes_back_into_an_empty_folder(
    migrated: Any, spares: Any, postgres: Postgres, s3: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    People(postgres).ensure_first("Us", "Ours", new_project_token(), "admin@example.com")
    use(migrated, tmp_path / "here", monkeypatch)
    url = f"{s3.url}/backups/monday.tar"
    phrase = tmp_path / "phrase"
    phrase.write_text("correct horse\n")
    made = run("backup", url, "--passphrase-file", str(phrase), "--json")
    assert made.exit_code == 0, made.output
    told = json.loads(made.stdout)
    assert (told["file"], told["sealed"], told["objects"], told["with_objects"]) == (url, True, 0, False)

    empty = spares.take()
    try:
        use(empty, tmp_path / "there", monkeypatch)
        (tmp_path / "there").mkdir()
        (tmp_path / "there" / "mine.txt").write_text("here")
        refused = run("restore", url, "--passphrase-file", str(phrase))
        assert (refused.exit_code, "is not empty: mine.txt" in refused.output) == (1, True)
        (tmp_path / "there" / "mine.txt").unlink()
        sealed = run("restore", url)
        assert (sealed.exit_code, "are sealed" in sealed.output) == (1, True)
        restored = run("restore", url, "--passphrase-file", str(phrase), "--json")
        assert restored.exit_code == 0, restored.output
        assert json.loads(restored.stdout)["missing_objects"] == 0
        client = Postgres(empty.postgres_url)
        assert [project.name for project in Projects(client).all()] == ["Ours"]
        client.close()
    finally:
        spares.give_back(empty)
    assert run("restore", f"{s3.url}/backups/tuesday.tar", "--data-dir", str(tmp_path / "other")).exit_code == 1


def test_retention_says_what_would_go(
    migrated: Any, postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    People(postgres).ensure_first("Us", "Ours", new_project_token(), "admin@example.com")
    use(migrated, tmp_path / "here", monkeypatch)
    (project,) = Projects(postgres).all()
    changed = run("project", "update", str(project.id), "--event-retention-days", "400", "--json")
    assert json.loads(changed.stdout)["event_retention_days"] == 400
    told = json.loads(run("retention", "--dry-run", "--json").stdout)
    assert set(told) == {"dry_run", "events", "dead_letters", "recordings", "raw_events", "exports"}
    assert told["events"] == {"table": "events", "rows": 0, "days": 0, "partitions": 0}
    assert "rows would go" in run("retention", "--dry-run").stdout
    back = run("project", "update", str(project.id), "--event-retention-days", "none", "--json")
    assert json.loads(back.stdout)["event_retention_days"] is None
