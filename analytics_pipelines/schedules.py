"""Schedules: what begins by the clock."""

from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta

import dagster as dg

from analytics_pipelines.cohorts.due import due_cohorts
from analytics_pipelines.dashboards.partitions import InsightPartitions
from analytics_pipelines.jobs import (
    cohort_refresh_job,
    erasure_job,
    follow_job,
    ingest_job,
    insight_refresh_job,
    retention_job,
    rollup_job,
    squash_job,
    upkeep_job,
)
from analytics_pipelines.partitions import arrival_hour
from analytics_pipelines.rollups.days import Days
from analytics_pipelines.rollups.tables import ROLLUPS
from analytics_pipelines.settings import settings_of_process
from analytics_pipelines.webhooks.deliver import anyone_to_tell
from resources.shells import AnalyticsResource

# From one tick of `keep_following` to the next, and the start of a run.
FOLLOW_SECONDS = 1860

# Between being asked for and being over.
_UNDER_WAY = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def ingest_request(moment_key: str, run_key: str) -> dg.RunRequest:
    """A lingering ingestion run of that arrival hour."""
    linger = settings_of_process().ingest_linger_seconds
    return dg.RunRequest(
        run_key=run_key,
        partition_key=moment_key,
        run_config={"ops": {"ingest": {"config": {"linger_seconds": linger}}}},
    )


def rollup_request(days: Days, run_key: str, *, only_changed: bool, tags: Mapping[str, str]) -> dg.RunRequest:
    """One run of `rollup_job` over these days. Days before the first partition are in the first."""
    start = settings_of_process().event_start
    first, last = (f"{max(day, start):%Y-%m-%d}" for day in (days.first, days.last))
    config = {"config": {"only_changed": only_changed}}
    return dg.RunRequest(
        run_key=run_key,
        partition_key=first if first == last else None,
        run_config={"ops": {rollup.name: config for rollup in ROLLUPS}},
        tags={
            **tags,
            # how Dagster itself marks a run over a range of partitions
            **(
                {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
                if first != last
                else {}
            ),
        },
    )


def runs_under_way(instance: dg.DagsterInstance, job: str, tags: Mapping[str, str]) -> int:
    """How many runs of a job with these tags wait or go on."""
    return instance.get_runs_count(dg.RunsFilter(job_name=job, tags=dict(tags), statuses=_UNDER_WAY))


@dg.schedule(
    job=ingest_job,
    cron_schedule="*/5 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every five minutes a run takes over from the one before and loads events as they arrive, "
    "so that they can be queried within seconds without a run for each batch.",
)
def keep_ingesting(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The run of the hour that the tick lies in."""
    tick = context.scheduled_execution_time
    return ingest_request(tick.replace(minute=0).strftime(arrival_hour.fmt), f"{tick:%Y-%m-%dT%H:%M}")


@dg.schedule(
    job=rollup_job,
    cron_schedule="*/10 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every ten minutes: sum up today and yesterday anew, where events came for them.",
)
def roll_up_today(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Today and yesterday, unless the run before is still at it."""
    tags = {"rollup": "today"}
    if runs_under_way(context.instance, rollup_job.name, tags):
        return dg.SkipReason("The run before is still at it.")
    today = context.scheduled_execution_time.date()
    return rollup_request(
        Days(today - timedelta(days=1), today),
        f"{context.scheduled_execution_time:%Y-%m-%dT%H:%M}",
        only_changed=True,
        tags={**tags, "dagster/priority": "5"},
    )


@dg.schedule(
    job=rollup_job,
    cron_schedule="20 0,6 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Shortly after midnight (UTC), and when most latecomers are there: sum up yesterday anew from nothing.",
)
def close_yesterday(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The day before the tick's."""
    tick = context.scheduled_execution_time
    yesterday = tick.date() - timedelta(days=1)
    return rollup_request(
        Days(yesterday, yesterday), f"close {tick:%Y-%m-%dT%H:%M}", only_changed=False, tags={"dagster/priority": "5"}
    )


@dg.schedule(
    job=squash_job,
    cron_schedule="0 3 * * 0",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every Sunday, when least is asked: fold the merges of the week into the events.",
)
def squash_weekly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run a week."""
    return dg.RunRequest(run_key=f"squash {context.scheduled_execution_time:%Y-%m-%d}")


@dg.schedule(
    job=erasure_job,
    cron_schedule="30 4 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night: look whether anything of the persons came to light that were erased lately.",
)
def look_for_survivors(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run a night."""
    return dg.RunRequest(run_key=f"survivors {context.scheduled_execution_time:%Y-%m-%d}")


@dg.schedule(
    job=insight_refresh_job,
    cron_schedule="*/15 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every quarter of an hour: answer anew the saved insights whose answers are stale, if there are any.",
)
def refresh_stale_insights(
    context: dg.ScheduleEvaluationContext, analytics: AnalyticsResource
) -> dg.RunRequest | dg.SkipReason:
    """One run for all of them."""
    tick = context.scheduled_execution_time
    return insight_refresh_request(context.instance, analytics, f"stale {tick:%Y-%m-%dT%H:%M}")


def insight_refresh_request(
    instance: dg.DagsterInstance, analytics: AnalyticsResource, run_key: str
) -> dg.RunRequest | dg.SkipReason:
    """A run of `insight_refresh_job`, if any insight is due and none is at it."""
    if runs_under_way(instance, insight_refresh_job.name, {}):
        return dg.SkipReason("The run before is still at it.")
    with closing(analytics.postgres()) as postgres:
        if not InsightPartitions(postgres).due(datetime.now(UTC), most=1):
            return dg.SkipReason("No insight that people look at is stale.")
    return dg.RunRequest(run_key=run_key)


@dg.schedule(
    job=cohort_refresh_job,
    cron_schedule="40 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every hour: find the members of cohorts anew that were last looked at a day ago, if there are any.",
)
def recalculate_cohorts(
    context: dg.ScheduleEvaluationContext, analytics: AnalyticsResource
) -> dg.RunRequest | dg.SkipReason:
    """One run for all of them."""
    tick = context.scheduled_execution_time
    return cohort_refresh_request(context.instance, analytics, f"old {tick:%Y-%m-%dT%H:%M}")


def cohort_refresh_request(
    instance: dg.DagsterInstance, analytics: AnalyticsResource, run_key: str
) -> dg.RunRequest | dg.SkipReason:
    """A run of `cohort_refresh_job`, if any cohort is old and none is at it."""
    if runs_under_way(instance, cohort_refresh_job.name, {}):
        return dg.SkipReason("The run before is still at it.")
    with closing(analytics.postgres()) as postgres:
        due = due_cohorts(postgres, analytics.clickhouse({"schedule": "recalculate_cohorts"}), datetime.now(UTC))
    if not any(each.why == "old" for each in due):
        return dg.SkipReason("No cohort is a day old.")
    return dg.RunRequest(run_key=run_key)


@dg.schedule(
    job=follow_job,
    cron_schedule="*/30 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every half an hour a run takes over from the one before and tells destinations of what arrives, "
    "if there are any.",
)
def keep_following(
    context: dg.ScheduleEvaluationContext, analytics: AnalyticsResource
) -> dg.RunRequest | dg.SkipReason:
    """The run that goes on until the next."""
    with closing(analytics.postgres()) as postgres:
        if not anyone_to_tell(postgres):
            return dg.SkipReason("There is nobody to tell.")
    return follow_request(f"{context.scheduled_execution_time:%Y-%m-%dT%H:%M}")


def follow_request(run_key: str) -> dg.RunRequest:
    """A run that lingers a little longer than until the next tick."""
    return dg.RunRequest(
        run_key=run_key,
        run_config={"ops": {"deliver_to_all": {"config": {"linger_seconds": FOLLOW_SECONDS}}}},
    )


@dg.schedule(
    job=upkeep_job,
    cron_schedule="10 4 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night: compact raw objects, prune Dagster's history, clear what was left over.",
)
def upkeep_nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """One run a night."""
    return _unless_under_way(context, upkeep_job.name)


@dg.schedule(
    job=retention_job,
    cron_schedule="10 2 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night: remove what projects and the installation do not keep any more.",
)
def expire_nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """One run a night."""
    return _unless_under_way(context, retention_job.name)


def _unless_under_way(context: dg.ScheduleEvaluationContext, job: str) -> dg.RunRequest | dg.SkipReason:
    if runs_under_way(context.instance, job, {}):
        return dg.SkipReason("The run before is still at it.")
    return dg.RunRequest(run_key=f"{job} {context.scheduled_execution_time:%Y-%m-%d}")


SCHEDULES = [
    upkeep_nightly,
    expire_nightly,
    keep_following,
    squash_weekly,
    look_for_survivors,
    keep_ingesting,
    roll_up_today,
    close_yesterday,
    refresh_stale_insights,
    recalculate_cohorts,
]
