"""Sensors: what begins because something is so."""

from collections.abc import Collection
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from functools import partial

import dagster as dg

from analytics_pipelines.alarms.channels import channels
from analytics_pipelines.alarms.incidents import Alarms
from analytics_pipelines.alarms.messages import asset_is_stale, run_failed
from analytics_pipelines.alarms.projects import ProjectAlarms
from analytics_pipelines.alarms.troubles import of_installation, troubles
from analytics_pipelines.catalog.rebuild import noted_projects
from analytics_pipelines.cohorts.calculate import Calculator
from analytics_pipelines.cohorts.due import due_cohorts, gone_cohorts, live_cohorts
from analytics_pipelines.dashboards.partitions import InsightPartitions
from analytics_pipelines.erasures.requests import Erasures
from analytics_pipelines.exports.due import exports_with_work, live_exports
from analytics_pipelines.ingest.drain import someone_lingers
from analytics_pipelines.jobs import (
    cohort_job,
    cohort_refresh_job,
    erasure_job,
    export_jobs,
    follow_job,
    ingest_job,
    insight_job,
    insight_refresh_job,
    names_job,
    rollup_job,
    view_job,
)
from analytics_pipelines.partitions import arrival_hour, cohorts, destinations, exports, insights
from analytics_pipelines.rollups.days import in_a_row
from analytics_pipelines.rollups.watermark import Watermark
from analytics_pipelines.schedules import (
    follow_request,
    ingest_request,
    insight_refresh_request,
    rollup_request,
    runs_under_way,
)
from analytics_pipelines.views.definitions import outdated
from analytics_pipelines.webhooks.deliver import anyone_to_tell, destination_keys, someone_delivers
from resources.shells import AnalyticsResource

# A run costs seconds of CPU before it does anything, so days that follow each other share one.
MOST_LATE_RUNS = 20
MOST_LATE_DAYS = 31
# A day that late events keep coming for is built once in so long.
LATE_PAUSE = timedelta(minutes=10)
# Assets with a freshness policy.
WITH_FRESHNESS = ("events",)
EXPORT_JOBS = frozenset(job.name for job in export_jobs.values())
# Insights that newly can't be answered, and cohorts that are tried again, at each look.
MOST_FAILING = 20
# Exports that are written at once; a destination that hangs holds one of the places.
MOST_EXPORTS = 4


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


@dg.sensor(
    job=rollup_job,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Days before yesterday whose events, or whose people, changed after they were summed up are summed up "
    "anew: those days and no others.",
)
def late_events(
    context: dg.SensorEvaluationContext, analytics: AnalyticsResource
) -> list[dg.RunRequest] | dg.SkipReason:
    """One look at Postgres. What a run failed to do, or was lost for, is asked for again after a pause."""
    tags = {"rollup": "late"}
    room = MOST_LATE_RUNS - runs_under_way(context.instance, rollup_job.name, tags)
    if room <= 0:
        return dg.SkipReason("Enough runs are under way.")
    settings, now = analytics.settings, datetime.now(UTC)
    with closing(analytics.postgres()) as postgres:
        overdue = Watermark(postgres, settings.session_bounce_seconds).overdue(
            before=now.date() - timedelta(days=1), now=now, pause=LATE_PAUSE, most=MOST_LATE_RUNS * MOST_LATE_DAYS
        )
    touches: dict[date, int] = {}
    for one in overdue:
        day = max(one.day, settings.event_start)
        touches[day] = max(one.touch, touches.get(day, 0))
    slot = int(now.timestamp() // LATE_PAUSE.total_seconds())
    requests = [
        rollup_request(
            span,
            f"{span.first}..{span.last}:{max(touches[day] for day in span)}:{slot}",
            only_changed=True,
            tags={**tags, "dagster/priority": "-5"},
        )
        for span in in_a_row(touches, MOST_LATE_DAYS)
    ]
    return requests[:room] or dg.SkipReason("No day before yesterday changed.")


@dg.sensor(
    job=insight_job,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Gives each saved insight its partition of `insight_results`, and takes it when the insight is "
    "deleted. An insight that newly can't be answered fails its partition, so that it is seen here too.",
)
def insights_come_and_go(
    context: dg.SensorEvaluationContext, analytics: AnalyticsResource
) -> dg.SensorResult | dg.SkipReason:
    """One look at Postgres for each of the two."""
    with closing(analytics.postgres()) as postgres:
        partitions = InsightPartitions(postgres)
        live = partitions.keys()
        failing = partitions.failing(datetime.now(UTC) - timedelta(days=1), MOST_FAILING)
    come_and_go = _come_and_go(context.instance, insights, live)
    requests = [
        dg.RunRequest(run_key=f"{each.key} {each.episode}", partition_key=each.key)
        for each in failing
        if each.key in live
    ]
    if not (come_and_go or requests):
        return dg.SkipReason("Every insight has its partition.")
    return dg.SensorResult(run_requests=requests, dynamic_partitions_requests=come_and_go)


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[rollup_job],
    request_job=insight_refresh_job,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="After a summing-up: answer anew the insights that people look at, if their data changed.",
)
def rollups_are_fresh(
    context: dg.RunStatusSensorContext, analytics: AnalyticsResource
) -> dg.RunRequest | dg.SkipReason:
    """One run for all of them."""
    return insight_refresh_request(context.instance, analytics, f"after {context.dagster_run.run_id}")


@dg.sensor(
    job=view_job,
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Makes the views of the installation's questions when they are missing, or another release's.",
)
def views_are_outdated(
    context: dg.SensorEvaluationContext, analytics: AnalyticsResource
) -> dg.RunRequest | dg.SkipReason:
    """One look at ClickHouse."""
    found = outdated(analytics.clickhouse({"sensor": "views_are_outdated"}))
    if not found or runs_under_way(context.instance, view_job.name, {}):
        return dg.SkipReason("The views are as they should be, or about to be.")
    names = [dg.AssetKey(view.name) for view in found]
    return dg.RunRequest(run_key=f"views {datetime.now(UTC):%Y-%m-%dT%H:%M}", asset_selection=names)


@dg.sensor(
    jobs=[cohort_job, cohort_refresh_job],
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Gives each cohort its partition of `cohort_people`, and takes it and the members when the cohort is "
    "deleted. Cohorts that failed are tried again after a pause, each in a run of its own; those whose members nobody "
    "found, because the web process that was to do it ended, or that were lost with ClickHouse, share a run.",
)
def cohorts_come_and_go(
    context: dg.SensorEvaluationContext, analytics: AnalyticsResource
) -> dg.SensorResult | dg.SkipReason:
    """Two looks at Postgres, one at ClickHouse."""
    clickhouse = analytics.clickhouse({"sensor": "cohorts_come_and_go"})
    with closing(analytics.postgres()) as postgres:
        for cohort_id in gone_cohorts(postgres):
            Calculator(postgres, clickhouse).calculate(cohort_id)
        live = [str(cohort_id) for cohort_id in live_cohorts(postgres)]
        due = due_cohorts(postgres, clickhouse, datetime.now(UTC))
    come_and_go = _come_and_go(context.instance, cohorts, live)
    requests = [
        dg.RunRequest(
            job_name=cohort_job.name, run_key=f"{each.cohort_id} {each.attempt}", partition_key=str(each.cohort_id)
        )
        for each in due
        if each.why == "failed"
    ][:MOST_FAILING]
    if any(each.why in ("asked", "lost") for each in due) and not runs_under_way(
        context.instance, cohort_refresh_job.name, {}
    ):
        moment = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"
        requests.append(dg.RunRequest(job_name=cohort_refresh_job.name, run_key=f"asked {moment}"))
    if not (come_and_go or requests):
        return dg.SkipReason("Every cohort has its partition, and members as they should be.")
    return dg.SensorResult(run_requests=requests, dynamic_partitions_requests=come_and_go)


@dg.sensor(
    jobs=list(export_jobs.values()),
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Gives each export its partition, and takes it when the export is deleted. Each export that has "
    "something to do has a run of its own: by the clock, because somebody asked, or because late events came.",
)
def exports_are_due(
    context: dg.SensorEvaluationContext, analytics: AnalyticsResource
) -> dg.SensorResult | dg.SkipReason:
    """Two looks at Postgres, and one at the runs of each export that is due."""
    now = datetime.now(UTC)
    with closing(analytics.postgres()) as postgres:
        live, due = live_exports(postgres), exports_with_work(postgres, now)
    come_and_go = [
        each for model, keys in live.items() for each in _come_and_go(context.instance, exports[model], keys)
    ]
    room = MOST_EXPORTS - sum(runs_under_way(context.instance, job.name, {}) for job in export_jobs.values())
    requests = [
        dg.RunRequest(
            job_name=export_jobs[model].name, run_key=f"{key} {now:%Y-%m-%dT%H:%M:%S}", partition_key=str(key)
        )
        for key, model in due
        if not runs_under_way(context.instance, export_jobs[model].name, {"dagster/partition": str(key)})
    ][: max(room, 0)]
    if not (come_and_go or requests):
        return dg.SkipReason("No export is due, or enough are under way.")
    return dg.SensorResult(run_requests=requests, dynamic_partitions_requests=come_and_go)


@dg.sensor(
    job=follow_job,
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Gives each destination its partition of `webhook_deliveries`, and starts a run that tells them of "
    "what arrives when none is there: after the first was made, and after a run was killed.",
)
def destinations_are_followed(
    context: dg.SensorEvaluationContext, analytics: AnalyticsResource
) -> dg.SensorResult | dg.SkipReason:
    """Two looks at Postgres and one at the run queue."""
    with closing(analytics.postgres()) as postgres:
        come_and_go = _come_and_go(context.instance, destinations, list(destination_keys(postgres).values()))
        with postgres.session() as session:
            away = anyone_to_tell(postgres) and not someone_delivers(session)
    requests = []
    if away and not runs_under_way(context.instance, follow_job.name, {}):
        requests.append(follow_request(f"absence {datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"))
    if not (come_and_go or requests):
        return dg.SkipReason("Destinations are followed, or there are none.")
    return dg.SensorResult(run_requests=requests, dynamic_partitions_requests=come_and_go)


@dg.run_failure_sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells people of runs that fail, with what mends it: once an hour for each job, with a count. "
    "ANALYTICS_ALERT_URL and ANALYTICS_ALERT_MAIL say whom. Projects are told at once of what failed in them.",
)
def tell_of_failures(context: dg.RunFailureSensorContext, analytics: AnalyticsResource) -> None:
    """One failed run; a run that is tried again by itself is none yet. (Gives no reason for that: Dagster fails a look
    that gives one for one run and none for another.)"""
    run, settings, now = context.dagster_run, analytics.settings, datetime.now(UTC)
    if run.tags.get("dagster/will_retry") == "true":
        return
    step, error = _cause(context)
    with closing(analytics.postgres()) as postgres:
        if found := channels(settings):
            trouble = run_failed(run.job_name, step, error, run.run_id, settings.dagster_url)
            Alarms(postgres, found).happened(trouble, now)
        of_projects = ProjectAlarms(postgres, settings)
        if run.job_name in EXPORT_JOBS and (key := run.tags.get("dagster/partition")):
            of_projects.export_run_failed(run.job_name, key, _cause_of(context, key) or error, now)
        of_projects.tell(now, is_stale=bool(_stale_assets(context.instance)))


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells people of stale assets, parked destinations, erasures that fail or had survivors, and projects "
    "of what fails in them; and when what they were told of is over.",
)
def tell_what_lasts(context: dg.SensorEvaluationContext, analytics: AnalyticsResource) -> dg.SkipReason:
    """A few looks at Postgres, one at freshness, one at the runs of each job that failed; some for each project that
    tells somebody."""
    settings, found, now = analytics.settings, channels(analytics.settings), datetime.now(UTC)
    stale = _stale_assets(context.instance)
    with closing(analytics.postgres()) as postgres:
        in_projects = troubles(postgres, settings.browser_url, now)
        if found:
            alarms = Alarms(postgres, found)
            failed = {subject: last for subject, last in alarms.open().items() if subject.startswith("run ")}
            alarms.over([each for each, last in failed.items() if _succeeded(context.instance, each, last)], now)
            lasting = [asset_is_stale(name, settings.dagster_url) for name in stale]
            alarms.lasts(("stale", "destination", "erasure"), [*lasting, *of_installation(in_projects)], now)
        ProjectAlarms(postgres, settings).tell(
            now, is_stale=bool(stale), found=in_projects, has_succeeded=partial(_succeeded, context.instance)
        )
    return dg.SkipReason("Who is to be told knows.")


@dg.sensor(
    job=names_job,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Has groups and names of projects made anew that follow from an event which changed or went: at most "
    "once an hour, since all events of such a project are read.",
)
def names_are_outdated(
    context: dg.SensorEvaluationContext, analytics: AnalyticsResource
) -> dg.RunRequest | dg.SkipReason:
    """One look at Postgres. What a run failed to do is asked for again in the next hour."""
    with closing(analytics.postgres()) as postgres:
        if not noted_projects(postgres):
            return dg.SkipReason("Groups and names are those of the events that are stored.")
    if runs_under_way(context.instance, names_job.name, {}):
        return dg.SkipReason("A run is at it.")
    return dg.RunRequest(
        run_key=f"outdated {datetime.now(UTC):%Y-%m-%dT%H}",
        run_config={"ops": {"rebuild_names": {"config": {"only_changed": True}}}},
    )


@dg.sensor(
    job=erasure_job,
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts a run when people asked to have something erased. What was broken off is tried again after a "
    "pause, twice as long each time.",
)
def erasures_wait(context: dg.SensorEvaluationContext, analytics: AnalyticsResource) -> dg.RunRequest | dg.SkipReason:
    """One look at Postgres."""
    if runs_under_way(context.instance, erasure_job.name, {}):
        return dg.SkipReason("A run is at it.")
    now = datetime.now(UTC)
    with closing(analytics.postgres()) as postgres:
        if not Erasures(postgres).is_any_due(now):
            return dg.SkipReason("Nothing waits to be erased.")
    return dg.RunRequest(run_key=f"erasures {now:%Y-%m-%dT%H:%M:%S}")


def _cause(context: dg.RunFailureSensorContext) -> tuple[str, str]:
    """The step of a run that failed, and the first line of why."""
    for event in context.get_step_failure_events():
        error = getattr(event.event_specific_data, "error", None)
        while error is not None and error.cause is not None:
            error = error.cause
        return event.step_key or "", error.message if error else event.message or ""
    return "", context.failure_event.message or ""


def _cause_of(context: dg.RunFailureSensorContext, key: str) -> str:
    """What a run that failed says of one of its partitions; empty when it says nothing."""
    for event in context.get_step_failure_events():
        failure = getattr(event.event_specific_data, "user_failure_data", None)
        if failure is not None and key in failure.metadata:
            return str(failure.metadata[key].value)
    return ""


def _stale_assets(instance: dg.DagsterInstance) -> list[str]:
    """Those of ours whose freshness policy failed."""
    records = instance.get_freshness_state_records([dg.AssetKey(name) for name in WITH_FRESHNESS])
    return sorted(key.to_user_string() for key, record in records.items() if record.freshness_state.value == "FAIL")


def _succeeded(instance: dg.DagsterInstance, subject: str, after: datetime) -> bool:
    """Whether a run of the job that failed, of its partition if the subject names one, has succeeded since."""
    _, job, *partition = subject.split(" ")
    filters = dg.RunsFilter(
        job_name=job,
        statuses=[dg.DagsterRunStatus.SUCCESS],
        tags={"dagster/partition": partition[0]} if partition else {},
        updated_after=after,
    )
    return instance.get_runs_count(filters) > 0


def _come_and_go(
    instance: dg.DagsterInstance, definition: dg.DynamicPartitionsDefinition, live: Collection[str]
) -> list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest]:
    """What makes the partitions those that live: none of them when they are."""
    known = set(instance.get_dynamic_partitions(str(definition.name)))
    gone, come = sorted(known.difference(live)), [key for key in live if key not in known]
    return [
        *([definition.build_add_request(come)] if come else []),
        *([definition.build_delete_request(gone)] if gone else []),
    ]


SENSORS = [
    tell_of_failures,
    tell_what_lasts,
    destinations_are_followed,
    erasures_wait,
    names_are_outdated,
    ingestion_is_away,
    late_events,
    insights_come_and_go,
    rollups_are_fresh,
    views_are_outdated,
    cohorts_come_and_go,
    exports_are_due,
]
