"""Schedules: what begins by the clock."""

import dagster as dg

from analytics_pipelines.jobs import ingest_job
from analytics_pipelines.partitions import arrival_hour
from analytics_pipelines.settings import settings_of_process


def ingest_request(moment_key: str, run_key: str) -> dg.RunRequest:
    """A lingering ingestion run of that arrival hour."""
    linger = settings_of_process().ingest_linger_seconds
    return dg.RunRequest(
        run_key=run_key,
        partition_key=moment_key,
        run_config={"ops": {"ingest": {"config": {"linger_seconds": linger}}}},
    )


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


SCHEDULES = [keep_ingesting]
