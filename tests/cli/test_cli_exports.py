"""`analytics exports`: what it makes, runs, prints and refuses."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.ingest.ledger import Ledger
from analytics_pipelines.settings import load_settings

pytestmark = pytest.mark.engines
RECEIVED = datetime(2026, 10, 5, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clean(running: Any, engines: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    running.stack.clickhouse.command("TRUNCATE TABLE events")
    running.stack.postgres.execute("TRUNCATE ingest_batches, ingest_watermark, batch_exports CASCADE")
    monkeypatch.setenv("ANALYTICS_EXPORTS_FOLDER", str(engines.folder / "exports" / uuid4().hex))
    yield
    running.stack.postgres.execute("TRUNCATE batch_exports CASCADE")


def make(running: Any, analytics: Any, *more: str) -> dict[str, Any]:
    made = analytics(
        *("exports", "create", "--project", str(running.stack.project), "--name", "Lake", "--every", "day"),
        *("--to", "Folder", "--from", "2026-10-05", "--json", *more),
    )
    assert made.exit_code == 0, made.output
    found: dict[str, Any] = json.loads(made.stdout)
    return found


def test_an_export_is_made_run_and_backfilled(running: Any, analytics: Any) -> None:
    running.put("a", "b", received=RECEIVED)
    drain = Drain.of(load_settings(), {})
    drain.everything()
    drain.postgres.close()
    Ledger(running.stack.postgres).move_watermark(datetime(2026, 10, 7, tzinfo=UTC))
    project = str(running.stack.project)
    made = make(running, analytics, "--config", '{"prefix": "lake"}')
    assert (made["model"], made["interval"], made["config"]["prefix"]) == ("events", "day", "lake")
    assert [each["id"] for each in json.loads(analytics("exports", "list", "--project", project, "--json").stdout)] == [
        made["id"]
    ]
    found = json.loads(analytics("exports", "run", made["id"], "--json").stdout)
    assert (found["intervals"], found["rows"], found["files"]) == (2, 2, 1)
    again = analytics("exports", "backfill", made["id"], "--from", "2026-10-05", "--to", "2026-10-06", "--json")
    assert json.loads(again.stdout)["status"] == "Completed"
    (status,) = json.loads(analytics("exports", "status", "--project", project, "--json").stdout)
    assert status["intervals"] == {"Completed": 2}
    assert status["backfills"][0]["done"] == status["backfills"][0]["total"] == 1
    assert "Nothing was due." in analytics("exports", "run", made["id"]).stdout
    assert "2 Completed" in analytics("exports", "status", "--project", project).stdout


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ('{"prefix": "../x"}', "destination.config.prefix"),
        ('{"path": "/etc"}', "destination.config.path"),
        ("[]", "must be a JSON object"),
    ],
)
def test_what_can_not_be_made_is_refused_with_the_reason(running: Any, analytics: Any, config: str, said: str) -> None:
    refused = analytics(
        *("exports", "create", "--project", str(running.stack.project), "--name", "x", "--every", "hour"),
        *("--to", "Folder", "--config", config),
    )
    assert refused.exit_code != 0
    assert said in refused.output


def test_an_export_that_is_not_there_is_told(running: Any, analytics: Any) -> None:
    found = analytics("exports", "run", str(uuid4()))
    assert found.exit_code == 1
    assert "There is no export" in found.output
