"""The command `analytics import` on real engines, with a bucket of each test's own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from analytics_pipelines.accounts.projects import Project, Projects
from analytics_pipelines.cli.main import cli
from analytics_pipelines.events import zstd
from analytics_pipelines.ingest.drain import Drain
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres


@dataclass(frozen=True)
class Stack:
    """An installation with one project, and the means to look into it."""

    postgres: Postgres
    clickhouse: ClickHouse
    store: ObjectStore
    project: Project

    def run(self, *arguments: object) -> Result:
        """`analytics import …` in this process."""
        found = CliRunner().invoke(cli, ["import", *map(str, arguments)], prog_name="analytics")
        assert found.exception is None or isinstance(found.exception, SystemExit), found.exc_info
        return found

    def imported(self, *arguments: object) -> dict[str, Any]:
        """What `--json` says of an import that went well."""
        found = self.run(*arguments, "--json")
        assert found.exit_code == 0, found.output
        said: dict[str, Any] = json.loads(found.stdout)
        return said

    def process(self, *arguments: object, faults: str = "", events_an_object: int = 50) -> subprocess.CompletedProcess:
        """`analytics import …` in a process of its own, which writes small objects."""
        code = (
            "import sys; from analytics_pipelines.imports import writer; from analytics_pipelines.cli.main import main;"
            f" writer.MOST_EVENTS = {events_an_object}; main(sys.argv[1:])"
        )
        return subprocess.run(
            [sys.executable, "-c", code, "import", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "ANALYTICS_FAULTS": faults},
        )

    def lines(self) -> list[dict[str, Any]]:
        """Every line of every raw object, in the order of the keys."""
        found: list[dict[str, Any]] = []
        for each in self.store.objects("raw/v1"):
            found += msgspec.json.Decoder(dict[str, Any]).decode_lines(zstd.decompress(self.store.get(each.key)))
        return found

    def drain(self) -> None:
        """The ordinary ingestion, until nothing waits."""
        Drain(self.store, self.postgres, self.clickhouse, batch_objects=100, batch_bytes=100_000_000).everything()

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return self.clickhouse.query(sql, {"team": self.project.id}).rows

    def count(self, table: str = "events") -> int:
        found = self.ask(f"SELECT count() FROM {table} WHERE team_id = {{team:Int64}}")[0][0]
        assert isinstance(found, int)
        return found


@pytest.fixture
def stack(
    migrated: Any, postgres: Postgres, clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Stack:
    monkeypatch.setenv("ANALYTICS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ANALYTICS_POSTGRES_URL", migrated.postgres_url)
    monkeypatch.setenv("ANALYTICS_CLICKHOUSE_URL", migrated.clickhouse_url)
    postgres.execute("INSERT INTO organizations (name, created_at) VALUES ('Ours', %s)", [datetime.now(UTC)])
    project = Projects(postgres).create("Shop")
    return Stack(postgres, clickhouse, ObjectStore((tmp_path / "data" / "bucket").as_uri()), project)


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file: `written("a.csv", "a,b", "1,2")`."""

    def write(name: str, *lines: str | dict[str, Any]) -> Path:
        path = tmp_path / name
        texts = (each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in lines)
        path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
        return path

    return write
