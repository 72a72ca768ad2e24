"""Exports: rows of projects as files and tables elsewhere."""

from contextlib import closing
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import dagster as dg
from pydantic import Field

from analytics_pipelines.exports.due import laggards
from analytics_pipelines.exports.model import Model
from analytics_pipelines.exports.run import Exporter, ExportFailed, Tally
from analytics_pipelines.exports.runs import Runs
from analytics_pipelines.exports.store import Exports
from analytics_pipelines.partitions import exports
from analytics_pipelines.problems import Problem
from resources.shells import AnalyticsResource

GROUP = "exports"
OWNERS = ["team:data-platform"]

# What each kind is read from, and what it is.
_TABLES: dict[Model, tuple[str, ...]] = {
    Model.EVENTS: ("events", "person_overrides"),
    Model.PERSONS: ("persons",),
    Model.SESSIONS: ("sessions", "person_overrides"),
    Model.COHORT: ("cohort_people", "persons"),
    Model.SQL: ("events", "persons", "sessions"),
}
_SAYS: dict[Model, str] = {
    Model.EVENTS: "Events, an hour or a day of arrival at a time, as files or tables elsewhere. Late events, and days "
    "that are loaded again, have their intervals written anew.",
    Model.PERSONS: "All persons of a project as they are at the end of an hour or a day, elsewhere.",
    Model.SESSIONS: "Sessions, those that began in an hour or on a day at a time, elsewhere.",
    Model.COHORT: "The persons of a cohort as they are at the end of an hour or a day, elsewhere.",
    Model.SQL: "The rows of a saved query at the end of an hour or a day, elsewhere.",
}


class ExportConfig(dg.Config):
    """What a run exports beside what is due."""

    date_from: str | None = Field(
        default=None,
        description="Export every interval from this moment on again (ISO 8601, UTC), whether it was or not.",
    )
    date_to: str | None = Field(default=None, description="Up to this moment; default: now.")


def _asset(model: Model) -> dg.AssetsDefinition:
    @dg.asset(
        name=f"{model}_export",
        deps=[dg.AssetDep(table, partition_mapping=dg.AllPartitionMapping()) for table in _TABLES[model]],
        partitions_def=exports[model],
        backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=1),
        group_name=GROUP,
        owners=OWNERS,
        kinds={"clickhouse", "parquet"},
        description=f"{_SAYS[model]} One partition an export; a run exports all that is due of it, and one that fails "
        "leaves the others alone.",
    )
    def export(context: dg.AssetExecutionContext, config: ExportConfig, analytics: AnalyticsResource) -> None:
        failed: dict[str, str] = {}
        for key in context.partition_keys:
            try:
                tally = _export(context, UUID(key), config, analytics)
            except Problem as error:
                failed[key] = error.cause
                context.log.error(str(error))
            else:
                context.add_asset_metadata(_metadata(tally), partition_key=key)
        if failed:
            raise dg.Failure(
                f"{len(failed)} of {len(context.partition_keys)} exports failed.", metadata=failed, allow_retries=False
            )

    return export


assets = [_asset(model) for model in Model]


def _check(model: Model) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=f"{model}_export", name=f"{model}_exports_are_current")
    def check(analytics: AnalyticsResource) -> dg.AssetCheckResult:
        """No export waits for its turn, or fails, since more than a day."""
        with closing(analytics.postgres()) as postgres:
            late = laggards(postgres, model, datetime.now(UTC))
        return dg.AssetCheckResult(
            passed=not late,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"late_exports": len(late), "exports": late},
        )

    return check


checks = [_check(model) for model in Model]


def _export(
    context: dg.AssetExecutionContext, export_id: UUID, config: ExportConfig, analytics: AnalyticsResource
) -> Tally:
    """What is due of one export. Raises Problem."""
    comment = {"run_id": context.run.run_id, "asset": context.asset_key.to_user_string()}
    exporter = Exporter.of(analytics.settings, comment, context.run.run_id)
    exporter.progress = lambda run, tally: context.log.info(f"{run.interval}: done; {tally.rows} rows so far")
    with closing(exporter.postgres) as postgres:
        found = Exports(postgres).find(export_id)
        if found is None:
            raise ExportFailed("There is no such export.", "Its partition goes by itself.")
        if config.date_from:
            start, end = _moment(config.date_from), _moment(config.date_to) if config.date_to else datetime.now(UTC)
            try:
                Runs(postgres, found).backfill(start, end, datetime.now(UTC))
            except ValueError as error:
                raise Problem(str(error), "Choose another span.") from None
        return exporter.work(found)


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Problem(f"{text!r} is no moment.", "Write it like 2026-11-24T10:00:00.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _metadata(tally: Tally) -> dict[str, Any]:
    return {
        "dagster/row_count": tally.rows,
        "bytes": tally.bytes,
        "files": tally.files,
        "intervals": tally.intervals,
        "milliseconds": int(tally.seconds * 1000),
        **({"last_interval": str(tally.last)} if tally.last else {}),
    }
