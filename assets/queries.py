"""Queries: questions of the installation as views, and the answers to people's saved insights."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from analytics_pipelines.dashboards.partitions import InsightPartitions, Partition
from analytics_pipelines.dashboards.refresh import Refresher
from analytics_pipelines.dashboards.results import StoredResult
from analytics_pipelines.partitions import insights
from analytics_pipelines.queries.ask import Questions
from analytics_pipelines.queries.cache import open_cache
from analytics_pipelines.queries.progress import ProgressOf
from analytics_pipelines.queries.reader import open_reader
from analytics_pipelines.queries.rollup_days import RollupDays
from analytics_pipelines.queries.serve import Answers
from analytics_pipelines.queries.team import load_team
from analytics_pipelines.views.definitions import VIEWS, View
from resources.shells import AnalyticsResource

GROUP = "queries"
OWNERS = ["team:data-platform"]
# A run takes so many insights; the next goes on.
MOST_AT_ONCE = 200
# Answers to questions that nobody asks any more.
_KEPT_UNASKED = timedelta(days=30)
_ROLLUPS = ("event_counts_hourly", "active_people_daily", "sessions", "web_stats_daily")


def _whole(name: str) -> dg.AssetDep:
    """All days of a table that is made day by day."""
    return dg.AssetDep(name, partition_mapping=dg.AllPartitionMapping())


def _view(view: View) -> dg.AssetsDefinition:
    @dg.asset(
        name=view.name,
        deps=[_whole(view.reads)],
        group_name=GROUP,
        owners=OWNERS,
        kinds={"clickhouse", "view"},
        code_version=view.version,
        description=f"{view.description} A view: it has no rows of its own and is never behind its table.",
    )
    def made(context: dg.AssetExecutionContext, analytics: AnalyticsResource) -> dg.MaterializeResult:
        clickhouse = analytics.clickhouse({"run_id": context.run.run_id, "asset": view.name})
        view.create(clickhouse, analytics.settings.clickhouse_cluster)
        return dg.MaterializeResult(metadata={"sql": dg.MetadataValue.md(f"```sql\n{view.sql}\n```")})

    return made


views = [_view(view) for view in VIEWS]


@dg.asset(
    deps=[_whole("events"), *map(_whole, _ROLLUPS)],
    partitions_def=insights,
    backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=MOST_AT_ONCE),
    group_name=GROUP,
    owners=OWNERS,
    kinds={"postgres"},
    description="The answers to saved insights, as dashboards show them: one partition an insight. "
    "A run answers the chosen ones anew; one that fails keeps its last answer, and the others go on.",
)
def insight_results(context: dg.AssetExecutionContext, analytics: AnalyticsResource) -> None:
    """Failures are told at the end, when every other partition has its answer."""
    keys = list(context.partition_keys)
    answered: dict[str, dict[str, Any]] = {}
    failed: dict[str, str] = {}
    with _refresher(analytics, context.run.run_id) as refresher:
        found = InsightPartitions(refresher.postgres).find(keys)
        for key in keys:
            metadata, error = (
                _answer(found[key], refresher, forced=True) if key in found else ({}, "There is no such insight.")
            )
            if error:
                failed[key] = error
                context.log.error(f"{key}: {error}")
            else:
                answered[key] = metadata
    if not failed:
        for key, metadata in answered.items():
            context.add_asset_metadata(metadata, partition_key=key)
        return
    for key, metadata in answered.items():  # a step that fails materializes nothing by itself
        context.log_event(dg.AssetMaterialization(context.asset_key, partition=key, metadata=metadata))
    raise dg.Failure(
        f"{len(failed)} of {len(keys)} insights have no fresh answer.", metadata=failed, allow_retries=False
    )


@dg.op(
    description="Answer anew the saved insights whose answers are stale and that people look at.",
    out=dg.Out(dagster_type=dg.Nothing),
)
def answer_due_insights(context: dg.OpExecutionContext, analytics: AnalyticsResource) -> None:
    """The partitions of many projects in one run: Dagster's own runs over partitions know ranges only."""
    answered = failed = 0
    with _refresher(analytics, context.run_id) as refresher:
        partitions = InsightPartitions(refresher.postgres)
        partitions.forget_unasked(datetime.now(UTC) - _KEPT_UNASKED)
        for partition in partitions.due(datetime.now(UTC), MOST_AT_ONCE):
            metadata, error = _answer(partition, refresher, forced=False)
            if error:
                failed += 1
                context.log.warning(f"{partition.key}: {error}")
            else:
                answered += 1
                context.log_event(
                    dg.AssetMaterialization("insight_results", partition=partition.key, metadata=metadata)
                )
        verdict = _verdict(partitions)
    context.add_output_metadata({"answered": answered, "failed": failed})
    # a job of ops runs no checks of assets
    context.instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(check_name="insights_are_answered", asset_key=dg.AssetKey("insight_results"), **verdict)
    )


@dg.asset_check(asset="insight_results")
def insights_are_answered(analytics: AnalyticsResource) -> dg.AssetCheckResult:
    """No saved insight that people look at asks what can't be answered."""
    with closing(analytics.postgres()) as postgres:
        return dg.AssetCheckResult(**_verdict(InsightPartitions(postgres)))


def _verdict(partitions: InsightPartitions) -> dict[str, Any]:
    failing = [each.key for each in partitions.failing(datetime.now(UTC) - timedelta(days=7), MOST_AT_ONCE)]
    return {
        "passed": not failing,
        "severity": dg.AssetCheckSeverity.WARN,
        "metadata": {"failing": len(failing), "insights": failing},
    }


@contextmanager
def _refresher(analytics: AnalyticsResource, run_id: str) -> Iterator[Refresher]:
    settings, comment = analytics.settings, {"run_id": run_id, "asset": "insight_results"}
    reader = open_reader(settings, comment)
    with closing(analytics.postgres()) as postgres:
        progress = ProgressOf(analytics.clickhouse(comment), settings.clickhouse_cluster)
        questions = Questions(reader, settings, rollup_days=RollupDays(postgres, settings))
        answers = Answers(questions, postgres, open_cache(settings, postgres), progress, settings)
        yield Refresher(postgres, reader, answers, timedelta(seconds=2 * settings.query_max_seconds))


def _answer(partition: Partition, refresher: Refresher, *, forced: bool) -> tuple[dict[str, Any], str | None]:
    """Answers the partition's questions; what became of them all, and why the first that failed did."""
    team = load_team(partition.project, refresher)
    stored = [refresher.compute(each, team, forced=forced) for each in partition.questions]
    error = next((str(one.error["detail"]) for one in stored if one and one.error), None)
    return _metadata(partition, [one for one in stored if one]), error


def _metadata(partition: Partition, stored: list[StoredResult]) -> dict[str, Any]:
    """Numbers over all of the partition's questions, and how the first answer begins."""
    first = next((one.answer for one in stored if one.answer), {})
    results = first.get("results")
    return {
        "insight": partition.insight.name or partition.insight.derived_name or partition.insight.short_id,
        "project": partition.project.name,
        "questions": len(partition.questions),
        "results": len(results) if isinstance(results, list) else 1,
        "begins": json.dumps(results)[:500],
        "data_version": max((one.data_version for one in stored), default=0),
        "rows_read": sum(one.rows_read or 0 for one in stored),
        "milliseconds": sum(one.milliseconds or 0 for one in stored),
    }
