"""Rollups: what questions would otherwise sum up from the events again and again, a day of event time at a time."""

import time
from contextlib import closing
from datetime import timedelta

import dagster as dg
from pydantic import Field

from analytics_pipelines.partitions import event_day
from analytics_pipelines.rollups.build import Builder
from analytics_pipelines.rollups.days import Days
from analytics_pipelines.rollups.tables import (
    ACTIVE_PEOPLE_DAILY,
    EVENT_COUNTS_HOURLY,
    SESSIONS,
    WEB_STATS_DAILY,
    Rollup,
)
from analytics_pipelines.settings import settings_of_process
from resources.shells import AnalyticsResource

GROUP = "rollups"
OWNERS = ["team:data-platform"]

# Days of event time do not follow from hours of arrival; this is what most events do.
_HOURS_OF_DAY = dg.TimeWindowPartitionMapping(allow_nonexistent_upstream_partitions=True)
_EVENTS = dg.AssetDep("events", partition_mapping=_HOURS_OF_DAY)


class RollupConfig(dg.Config):
    """How a run treats the days of its partitions."""

    only_changed: bool = Field(
        default=False,
        description="Make only those days anew whose events or people changed since they were built, "
        "or that were built by another version.",
    )


def _table(rollup: Rollup, description: str, dep: dg.AssetDep | str) -> dg.AssetsDefinition:
    @dg.asset(
        name=rollup.name,
        deps=[dep],
        group_name=GROUP,
        owners=OWNERS,
        kinds={"clickhouse", "table"},
        partitions_def=event_day,
        backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=31),
        code_version=rollup.version(settings_of_process().session_bounce_seconds),
        description=description,
    )
    def table(
        context: dg.AssetExecutionContext, config: RollupConfig, analytics: AnalyticsResource
    ) -> dg.MaterializeResult:
        return _build(rollup, context, config, analytics)

    return table


def _build(
    rollup: Rollup, context: dg.AssetExecutionContext, config: RollupConfig, analytics: AnalyticsResource
) -> dg.MaterializeResult:
    started = time.monotonic()
    settings = analytics.settings
    window = context.partition_time_window
    days = Days(window.start.date(), window.end.date() - timedelta(days=1))
    clickhouse = analytics.clickhouse({"run_id": context.run.run_id, "asset": rollup.name})
    with closing(analytics.postgres()) as postgres:
        built = Builder(postgres, clickhouse, settings.session_bounce_seconds).catch_up(
            rollup, days, only_changed=config.only_changed, and_before=days.first <= settings.event_start
        )
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": built.rows,
            "days_built": built.days,
            "milliseconds": int((time.monotonic() - started) * 1000),
        }
    )


event_counts_hourly = _table(
    EVENT_COUNTS_HOURLY,
    "How often each event happened in each hour, and by which people: one row a project, hour and event. "
    "The sets of people unite exactly over any span of whole hours.",
    _EVENTS,
)
active_people_daily = _table(
    ACTIVE_PEOPLE_DAILY,
    "Who did what on which day, and how often: one row a project, day, event and person, merges taken into account.",
    _EVENTS,
)
sessions = _table(
    SESSIONS,
    "What people did in one sitting: one row a visit, with its length, its first and last page, where it came from, "
    "and whether it bounced. A visit is in the partition of the day in its id, which no late event can move.",
    _EVENTS,
)
web_stats_daily = _table(
    WEB_STATS_DAILY,
    "How many visitors, views and visits a site had on a day, in all and by page, source, device and country: "
    "one row a project, day, dimension and value.",
    "sessions",
)
