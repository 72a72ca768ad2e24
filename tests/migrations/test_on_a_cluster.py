"""Where tables are `Distributed` ones, what can't be done is refused before anything changes; the rest works.

One server plays the cluster: its tables stand over those that hold the rows, as the form for clusters makes them.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pytest
from raw_lines import RECEIVED, line, put

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.catalog.rebuild import Catalog
from analytics_pipelines.cohorts.calculate import Calculator
from analytics_pipelines.cohorts.store import Cohorts
from analytics_pipelines.demo.load import clear
from analytics_pipelines.erasures.eraser import Eraser
from analytics_pipelines.erasures.requests import Erasures
from analytics_pipelines.erasures.subject import Subject
from analytics_pipelines.exports.intervals import Every
from analytics_pipelines.exports.model import Destination, Model
from analytics_pipelines.exports.opening import Opener
from analytics_pipelines.exports.run import Exporter
from analytics_pipelines.exports.store import Exports
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.ingest.ledger import Ledger
from analytics_pipelines.ingest.readmission import Readmission, Wanted
from analytics_pipelines.ingest.replay import Replay
from analytics_pipelines.persons.squash import Squash
from analytics_pipelines.problems import Problem
from analytics_pipelines.rollups.build import Builder
from analytics_pipelines.rollups.tables import SESSIONS
from analytics_pipelines.settings import Settings
from analytics_pipelines.upkeep.compaction import Compaction
from analytics_pipelines.upkeep.retention import Retention
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

pytestmark = pytest.mark.engines
DAY = RECEIVED.date()
LATER = RECEIVED + timedelta(days=3)
TABLES = ("events", "dead_letters", "dropped_events", "sessions", "sightings", "cohort_people")


@dataclass(frozen=True)
class Cluster:
    """An installation with a demo project that keeps its events for a day, and has some of long ago."""

    settings: Settings
    postgres: Postgres
    clickhouse: ClickHouse
    store: ObjectStore
    project: int
    cohort: int

    def held(self) -> dict[str, Any]:
        """All that there is, but for what is written down of the attempt itself."""
        said_of_attempts = {"erasures", "cohorts"}
        tables = [row["name"] for row in self.postgres.rows(_POSTGRES) if row["name"] not in said_of_attempts]
        rows = {name: self.postgres.rows(f'SELECT * FROM "{name}" t ORDER BY t::text') for name in tables}  # type: ignore[arg-type]
        servers = {
            name: sorted(self.clickhouse.read(f"SELECT * FROM {name}_local FORMAT TSV").splitlines()) for name in TABLES
        }
        names = self.clickhouse.query("SELECT name FROM system.tables WHERE database = currentDatabase()").rows
        objects = {item.key: self.store.get(item.key) for item in self.store.objects("")}
        return {"postgres": rows, "clickhouse": servers, "tables": sorted(names), "bucket": objects}


_POSTGRES = "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"


@pytest.fixture(scope="module")
def cluster(spares: Any, engines: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    databases, folder = spares.take(), tmp_path_factory.mktemp("cluster")
    postgres, clickhouse = Postgres(databases.postgres_url), ClickHouse(databases.clickhouse_url)
    settings = Settings(
        data_dir=folder,
        postgres_url=databases.postgres_url,
        clickhouse_url=databases.clickhouse_url,
        exports_folder=engines.folder / "exports" / uuid4().hex,
    )
    store = ObjectStore(settings.bucket_url)
    People(postgres).ensure_first("Us", "Ours", "phc_ours", "ada@example.com")
    project = Projects(postgres).create("Shop", is_demo=True).id
    Projects(postgres).update(project, {"event_retention_days": 1})
    for number in range(3):
        put(
            store,
            line("old", project=project, timestamp="2024-03-01T12:00:00Z"),
            line("page", project=project, timestamp=RECEIVED.isoformat()),
            line("", project=project),
            received=RECEIVED + timedelta(seconds=number),
        )
    Drain(store, postgres, clickhouse, 100, 10_000_000, now=lambda: LATER).everything()
    Ledger(postgres).move_watermark(LATER)
    cohort = Cohorts(postgres, project).create("All", "", {"properties": []}, is_static=False, by=None)
    for table in TABLES:
        clickhouse.command(f"RENAME TABLE {table} TO {table}_local")
        clickhouse.command(f"CREATE TABLE {table} AS remote('127.0.0.1', currentDatabase(), {table}_local)")
    yield Cluster(settings, postgres, clickhouse, store, project, cohort.id)
    postgres.close()
    spares.give_back(databases)


def retain(cluster: Cluster) -> object:
    opener = Opener.of(cluster.settings)
    return Retention(cluster.store, cluster.postgres, cluster.clickhouse, opener, now=lambda: LATER).rows()


def replay(cluster: Cluster) -> object:
    return Replay(cluster.store, cluster.postgres, cluster.clickhouse, 100, 10_000_000).days(DAY, DAY)


def try_again(cluster: Cluster) -> object:
    return Readmission(cluster.store, cluster.postgres, cluster.clickhouse).run(Wanted())


def clear_demo(cluster: Cluster) -> object:
    return clear(cluster.store, cluster.postgres, cluster.clickhouse, Projects(cluster.postgres))


def sum_up(cluster: Cluster) -> object:
    return Builder(cluster.postgres, cluster.clickhouse, 10).rebuild(SESSIONS, [DAY])


def squash(cluster: Cluster) -> object:
    return Squash(cluster.postgres, cluster.clickhouse, lambda: LATER).snapshot()


def publish_members(cluster: Cluster) -> object:
    return Calculator(cluster.postgres, cluster.clickhouse).calculate(cluster.cohort)


def gather_names(cluster: Cluster) -> object:
    return Catalog(cluster.postgres, cluster.clickhouse).rebuild_all()


@pytest.mark.parametrize("work", [retain, replay, try_again, clear_demo, squash, sum_up, publish_members, gather_names])
def test_what_a_cluster_can_not_do_is_refused_before_anything_changes(
    cluster: Cluster, work: Callable[[Cluster], object]
) -> None:
    before = cluster.held()
    with pytest.raises(Problem, match="lies on a cluster") as refused:
        work(cluster)
    assert refused.value.mend
    assert cluster.held() == before


def test_an_erasure_says_that_it_refuses_and_changes_nothing(cluster: Cluster) -> None:
    waits = put(cluster.store, line("late", project=cluster.project), received=RECEIVED + timedelta(seconds=9))
    before = cluster.held()
    subject = Subject("person", frozenset({"ada"}))
    erasure = Erasures(cluster.postgres).request(cluster.project, subject, by="test", now=datetime.now(UTC))
    eraser = Eraser(cluster.store, cluster.postgres, cluster.clickhouse, cluster.settings)
    (done,) = eraser.run(erasure.id)
    assert done.state == "pending"
    assert done.error is not None
    assert "lies on a cluster" in done.error
    assert "Delete the rows on every shard by hand" in done.error
    assert cluster.held() == before
    cluster.store.delete([waits])


def test_rules_of_retention_can_be_tried_on_a_cluster(cluster: Cluster) -> None:
    opener = Opener.of(cluster.settings)
    retention = Retention(cluster.store, cluster.postgres, cluster.clickhouse, opener, now=lambda: LATER)
    assert retention.rows(dry_run=True)[0].rows == 6


def test_objects_are_compacted_and_rows_exported_on_a_cluster(cluster: Cluster) -> None:
    compaction = Compaction(cluster.store, cluster.postgres, timedelta(hours=1), 1 << 20, lambda: LATER)
    assert (compaction.run().objects_before, len(cluster.store.objects("raw/v1"))) == (3, 1)
    hour = RECEIVED.replace(minute=0)
    export = Exports(cluster.postgres, cluster.project).create(
        {
            "name": "All",
            "model": Model.EVENTS,
            "every": Every.HOUR,
            "start_at": hour,
            "end_at": hour + timedelta(hours=1),
        },
        Destination("Folder", {"file_format": "Parquet", "compression": "zstd"}),
        None,
    )
    exporter = Exporter(cluster.postgres, cluster.clickhouse, Opener.of(cluster.settings), now=lambda: LATER)
    assert exporter.work(export).rows == 6
    files: Path = cluster.settings.exports_path
    assert duckdb.sql(f"SELECT count() FROM read_parquet('{files}/**/*.parquet')").fetchall() == [(6,)]
    (mark,) = files.rglob("_SUCCESS")
    assert json.loads(mark.read_text())["rows"] == 6
