"""Cohorts: who is in each set of persons that people defined."""

from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from analytics_pipelines.cohorts.calculate import Calculator, CohortFailed
from analytics_pipelines.cohorts.due import due_cohorts
from analytics_pipelines.partitions import cohorts
from resources.postgres import Postgres
from resources.shells import AnalyticsResource

GROUP = "cohorts"
OWNERS = ["team:data-platform"]
# A run takes so many cohorts; the next goes on.
MOST_AT_ONCE = 500


@dg.asset(
    deps=[
        dg.AssetDep("events", partition_mapping=dg.AllPartitionMapping()),
        "persons",
        "person_overrides",
    ],
    partitions_def=cohorts,
    backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=MOST_AT_ONCE),
    group_name=GROUP,
    owners=OWNERS,
    kinds={"clickhouse", "table"},
    description="Who is in which cohort: one row a member, one partition a cohort, swapped whole. "
    "A run finds the members of the chosen ones anew; one that fails keeps its old members, and the others go on.",
)
def cohort_people(context: dg.AssetExecutionContext, analytics: AnalyticsResource) -> None:
    """Failures are told at the end, when every other partition has its members."""
    found: dict[str, dict[str, Any]] = {}
    failed: dict[str, str] = {}
    with closing(analytics.postgres()) as postgres:
        calculator = _calculator(analytics, postgres, context.run.run_id)
        for key in context.partition_keys:
            try:
                done = calculator.calculate(int(key))
            except CohortFailed as error:
                failed[key] = str(error)
                context.log.error(str(error))
            else:
                found[key] = {"dagster/row_count": done.members, "milliseconds": done.milliseconds} if done else {}
    if not failed:
        for key, metadata in found.items():
            context.add_asset_metadata(metadata, partition_key=key)
        return
    for key, metadata in found.items():  # a step that fails materializes nothing by itself
        context.log_event(dg.AssetMaterialization(context.asset_key, partition=key, metadata=metadata))
    raise dg.Failure(
        f"{len(failed)} of {len(failed) + len(found)} cohorts have no new members.",
        metadata=failed,
        allow_retries=False,
    )


@dg.op(
    description="Find the members of all cohorts anew that are due.",
    out=dg.Out(dagster_type=dg.Nothing),
)
def calculate_due_cohorts(context: dg.OpExecutionContext, analytics: AnalyticsResource) -> None:
    """The partitions of many projects in one run: Dagster's own runs over partitions know ranges only."""
    calculated = failed = 0
    with closing(analytics.postgres()) as postgres:
        calculator = _calculator(analytics, postgres, context.run_id)
        for due in due_cohorts(postgres, calculator.clickhouse, datetime.now(UTC))[:MOST_AT_ONCE]:
            try:
                done = calculator.calculate(due.cohort_id)
            except CohortFailed as error:  # its own run will fail its partition
                failed += 1
                context.log.warning(str(error))
                continue
            calculated += 1
            if done:
                metadata = {"dagster/row_count": done.members, "milliseconds": done.milliseconds}
                key = str(due.cohort_id)
                context.log_event(dg.AssetMaterialization("cohort_people", partition=key, metadata=metadata))
    context.add_output_metadata({"calculated": calculated, "failed": failed})


def _calculator(analytics: AnalyticsResource, postgres: Postgres, run_id: str) -> Calculator:
    return Calculator(postgres, analytics.clickhouse({"run_id": run_id, "asset": "cohort_people"}))
