"""Sensors: what begins because something is so."""

from datetime import UTC, datetime

import dagster as dg

from analytics_pipelines.ingest.drain import someone_lingers
from analytics_pipelines.jobs import ingest_job
from analytics_pipelines.partitions import arrival_hour
from analytics_pipelines.schedules import ingest_request
from resources.shells import AnalyticsResource


@dg.sensor(
    job=ingest_job,
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts an ingestion run when none is there: after a start, and after one was killed.",
)
def ingestion_is_away(
    context: dg.SensorEvaluationContext, analytics: AnalyticsResource
) -> dg.RunRequest | dg.SkipReason:
    """One indexed look at Postgres and one at the run queue."""
    postgres = analytics.postgres()
    try:
        with postgres.session() as session:
            if someone_lingers(session):
                return dg.SkipReason("A run is ingesting.")
    finally:
        postgres.close()
    on_their_way = context.instance.get_runs_count(
        dg.RunsFilter(
            job_name=ingest_job.name,
            statuses=[dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.NOT_STARTED],
        )
    )
    if on_their_way:
        return dg.SkipReason("A run is on its way.")
    now = datetime.now(UTC)
    return ingest_request(now.replace(minute=0).strftime(arrival_hour.fmt), f"absence {now:%Y-%m-%dT%H:%M:%S}")


SENSORS = [ingestion_is_away]
