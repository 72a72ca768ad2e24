"""The demo shop's dashboard over the demo shop's events."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.dashboards.apply import give_default
from analytics_pipelines.dashboards.boards import Dashboards
from analytics_pipelines.dashboards.overrides import question_of
from analytics_pipelines.dashboards.refresh import Refresher
from analytics_pipelines.demo.load import load
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.queries.ask import Questions
from analytics_pipelines.queries.cache import PostgresCache
from analytics_pipelines.queries.progress import ProgressOf
from analytics_pipelines.queries.reader import open_reader
from analytics_pipelines.queries.refresh import Refresh
from analytics_pipelines.queries.serve import Answers
from analytics_pipelines.settings import Settings
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

pytestmark = pytest.mark.engines


@pytest.fixture
def refresher(migrated: Any, postgres: Postgres, tmp_path: Path) -> Iterator[Refresher]:
    settings = Settings(
        data_dir=tmp_path,
        postgres_url=migrated.postgres_url,
        clickhouse_url=migrated.clickhouse_url,
        clickhouse_reader_url=migrated.reader_url,
    )
    reader = open_reader(settings, {})
    progress = ProgressOf(ClickHouse(migrated.clickhouse_url), None)
    answers = Answers(Questions(reader, settings), postgres, PostgresCache(postgres), progress, settings)
    made = Refresher(postgres, reader, answers, timedelta(minutes=2))
    yield made
    made.close()
    answers.close()


def test_every_tile_has_something_to_show(
    refresher: Refresher, postgres: Postgres, clickhouse: ClickHouse, tmp_path: Path
) -> None:
    People(postgres).ensure_first("Us", "Ours", "phc_x", "admin@example.com")
    store = ObjectStore((tmp_path / "bucket").as_uri())
    project = load(store, Projects(postgres), now=datetime.now(UTC), scale=0.03)
    Drain(store, postgres, clickhouse, batch_objects=100, batch_bytes=100_000_000).everything()
    give_default("demo", postgres, project)
    found = Dashboards(postgres, project.id).find("shop")
    assert found
    insights = [tile.insight for tile in found[1] if tile.insight]
    for shown in refresher.show(insights, project, {}, Refresh.FORCE_BLOCKING):
        name, stored = shown.insight.short_id, shown.stored
        assert stored, name
        assert stored.error is None, (name, stored.error)
        assert stored.answer, name
        assert _shows_something(question_of(shown.insight.query)["kind"], stored.answer["results"]), name
        assert stored.rows_read, name


def _shows_something(kind: str, results: Any) -> bool:
    if kind == "TrendsQuery":
        return any(series["count"] or series.get("aggregated_value") for series in results)
    if kind == "FunnelsQuery":
        return bool(results[0]["count"] and results[-1]["count"])
    if kind == "RetentionQuery":
        return any(value["count"] for cohort in results for value in cohort["values"][1:])
    if kind in ("LifecycleQuery", "StickinessQuery"):
        return any(any(series["data"]) for series in results)
    return bool(results)
