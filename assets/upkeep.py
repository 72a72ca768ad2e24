"""Upkeep: what keeps an installation small and in order, and what is not kept any more."""

import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from analytics_pipelines.cohorts.due import live_cohorts
from analytics_pipelines.dashboards.partitions import InsightPartitions
from analytics_pipelines.partitions import cohorts, insights
from analytics_pipelines.upkeep.compaction import Compaction
from analytics_pipelines.upkeep.leftovers import drop_leftovers
from analytics_pipelines.upkeep.retention import Retention
from resources.postgres import Postgres
from resources.run_history import Pruned, prune_runs
from resources.shells import AnalyticsResource

GROUP = "upkeep"
OWNERS = ["team:data-platform"]
LOG_SECONDS = 10.0

_ALL_EVENTS = dg.AssetDep("events", partition_mapping=dg.AllPartitionMapping())


@dg.asset(
    deps=["raw_events"],
    group_name=GROUP,
    owners=OWNERS,
    kinds={"s3"},
    description="Few large objects in the place of the many small ones that a closed hour arrived in: the same lines "
    "in the same order, read back before the small ones go, and loaded again as before.",
)
def compacted_raw_events(context: dg.AssetExecutionContext, analytics: AnalyticsResource) -> dg.MaterializeResult:
    """Take every hour that is due. Broken off, the next run heals and goes on."""
    with closing(analytics.postgres()) as postgres:
        compaction = Compaction.of(analytics.settings, postgres)
        tell = _now_and_then(context)
        compaction.progress = lambda done, hours: tell(f"{done} of {hours} hours are compacted")
        return dg.MaterializeResult(metadata=compaction.run().public())


@dg.asset(
    deps=[_ALL_EVENTS],
    group_name=GROUP,
    owners=OWNERS,
    kinds={"clickhouse"},
    description="Events and dead letters that are older than their projects keep them are gone. Days of arrival of "
    "which nothing is kept go as whole partitions; rollups of the days that changed are made again.",
)
def expired_events(context: dg.AssetExecutionContext, analytics: AnalyticsResource) -> dg.MaterializeResult:
    """Rows by the projects' rules."""
    with closing(analytics.postgres()) as postgres:
        retention = _retention(context, analytics, postgres)
        tell = _now_and_then(context)
        retention.progress = lambda table, done, days: tell(f"{table}: {done} of {days} days of arrival")
        rows = {each.table: each for each in retention.rows()}
    numbers = {
        f"{table}_{name}": getattr(rows[table], name) for table in rows for name in ("rows", "days", "partitions")
    }
    return dg.MaterializeResult(metadata=numbers)


@dg.asset(
    deps=["compacted_raw_events", "expired_events"],
    group_name=GROUP,
    owners=OWNERS,
    kinds={"s3"},
    description="Raw objects that are older than the installation keeps them, and loaded, are gone from the bucket. "
    "Without `ANALYTICS_RAW_RETENTION_DAYS` they stay for ever, and everything can be made again.",
)
def expired_raw_events(context: dg.AssetExecutionContext, analytics: AnalyticsResource) -> dg.MaterializeResult:
    """Objects by the installation's rule."""
    with closing(analytics.postgres()) as postgres:
        found = _retention(context, analytics, postgres).raw()
    return dg.MaterializeResult(metadata={name: getattr(found, name) for name in ("objects", "bytes", "waiting")})


@dg.asset(
    group_name=GROUP,
    owners=OWNERS,
    kinds={"s3"},
    description="Parts of session recordings that are older than their projects keep them are gone from the bucket.",
)
def expired_recordings(context: dg.AssetExecutionContext, analytics: AnalyticsResource) -> dg.MaterializeResult:
    """Objects of which nothing is kept go, others lose lines."""
    with closing(analytics.postgres()) as postgres:
        found = _retention(context, analytics, postgres).recordings()
    names = ("objects", "bytes", "rewritten", "lines")
    return dg.MaterializeResult(metadata={name: getattr(found, name) for name in names})


@dg.asset(
    group_name=GROUP,
    owners=OWNERS,
    kinds={"file"},
    description="Files that exports wrote to the exports folder, and that their projects do not keep any more, "
    "are gone.",
)
def expired_exports(context: dg.AssetExecutionContext, analytics: AnalyticsResource) -> dg.MaterializeResult:
    """What lies in stores of the users' own has rules of its own there."""
    with closing(analytics.postgres()) as postgres:
        return dg.MaterializeResult(metadata=_retention(context, analytics, postgres).exports().public())


@dg.asset(
    group_name=GROUP,
    owners=OWNERS,
    kinds={"dagster"},
    description="Runs of long ago are gone from Dagster's history, but for those that last materialized something: "
    "no partition looks as if it had never been made.",
)
def pruned_run_history(context: dg.AssetExecutionContext, analytics: AnalyticsResource) -> dg.MaterializeResult:
    """Through Dagster's own instance."""
    tell = _now_and_then(context)

    def progress(pruned: Pruned) -> None:
        tell(f"{pruned.deleted} runs are deleted, {pruned.kept} kept")

    before = datetime.now(UTC) - timedelta(days=analytics.settings.run_history_days)
    pruned = prune_runs(context.instance, before, progress)
    return dg.MaterializeResult(metadata={"deleted_runs": pruned.deleted, "kept_runs": pruned.kept})


@dg.asset(
    group_name=GROUP,
    owners=OWNERS,
    kinds={"clickhouse", "dagster"},
    description="Tables that killed processes left in ClickHouse are gone, and so are Dagster's partitions of insights "
    "and cohorts that were deleted while its sensors did not look.",
)
def cleared_leftovers(context: dg.AssetExecutionContext, analytics: AnalyticsResource) -> dg.MaterializeResult:
    """Tables that are a day old and that nobody works with."""
    with closing(analytics.postgres()) as postgres:
        clickhouse = analytics.clickhouse({"run_id": context.run.run_id, "asset": "cleared_leftovers"})
        tables = drop_leftovers(postgres, clickhouse, datetime.now(UTC))
        alive = {
            insights: set(InsightPartitions(postgres).keys()),
            cohorts: {str(each) for each in live_cohorts(postgres)},
        }
    gone = sum(_delete_stale(context.instance, definition, live) for definition, live in alive.items())
    return dg.MaterializeResult(
        metadata={"tables": len(tables), "bytes": sum(each.bytes for each in tables), "partitions": gone}
    )


def _delete_stale(instance: dg.DagsterInstance, definition: dg.DynamicPartitionsDefinition, alive: set[str]) -> int:
    """Delete partitions of what is gone; how many. One that a run is at would fail that run, and waits."""
    name = str(definition.name)
    under_way = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING]))
    busy = {run.tags.get("dagster/partition") for run in under_way}
    stale = [key for key in instance.get_dynamic_partitions(name) if key not in alive and key not in busy]
    for key in stale:
        instance.delete_dynamic_partition(name, key)
    return len(stale)


def _retention(context: dg.AssetExecutionContext, analytics: AnalyticsResource, postgres: Postgres) -> Retention:
    comment = {"run_id": context.run.run_id, "asset": context.asset_key.to_user_string()}
    return Retention.of(analytics.settings, postgres, analytics.clickhouse(comment))


def _now_and_then(context: dg.AssetExecutionContext) -> Callable[[str], Any]:
    last = -LOG_SECONDS

    def tell(text: str) -> None:
        nonlocal last
        if time.monotonic() - last >= LOG_SECONDS:
            last = time.monotonic()
            context.log.info(text)

    return tell
