"""Ingestion: raw objects of an arrival hour → events, dead letters, dropped events, and the ledger that counts all."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
from pydantic import Field

from analytics_pipelines.cohorts.due import ask_for_all
from analytics_pipelines.ingest.backlog import lag_seconds, unloaded
from analytics_pipelines.ingest.checks import doubled_events, mismatched_batches
from analytics_pipelines.ingest.code_version import code_version
from analytics_pipelines.ingest.drain import Drain, Tally
from analytics_pipelines.ingest.ledger import Ledger
from analytics_pipelines.ingest.replay import Progress, Replay
from analytics_pipelines.partitions import arrival_hour
from resources.shells import AnalyticsResource

GROUP = "ingestion"
OWNERS = ["team:data-platform"]
REPORT_SECONDS = 60.0
REPLAY_LOG_SECONDS = 5.0
LAG_WARN_SECONDS = 60.0

raw_events = dg.AssetSpec(
    "raw_events",
    group_name=GROUP,
    owners=OWNERS,
    kinds={"s3"},
    description="What the SDKs sent, word for word: immutable objects in the bucket, one line an event, "
    "named by arrival. Everything else is made from them and can be made again.",
)

TABLES = ("events", "dead_letters", "dropped_events", "ingest_ledger")


class IngestConfig(dg.Config):
    """How an ingestion run behaves."""

    linger_seconds: float = Field(
        default=0,
        description="Go on loading what arrives for so long, or until the next run waits. "
        "0: load what waits in the chosen hours and end.",
    )
    replay: bool = Field(
        default=False,
        description="Load the whole arrival days that the chosen hours lie in again from the bucket, with the "
        "transformation of this release, and report what differs. Questions see the old day until the new one is "
        "complete.",
    )


# The schedule has it materialized every five minutes, by a run that lingers longer than that.
FRESH = dg.FreshnessPolicy.time_window(fail_window=timedelta(minutes=15), warn_window=timedelta(minutes=7))


def _table(name: str, kind: str, description: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        name,
        deps=[raw_events],
        group_name=GROUP,
        owners=OWNERS,
        kinds={kind, "table"},
        description=description,
        code_version=code_version() if kind == "clickhouse" else None,
        freshness_policy=FRESH if name == "events" else None,
    )


@dg.multi_asset(
    name="ingest",
    specs=[
        _table(
            "events",
            "clickhouse",
            "Everything that people did: one row an event, each uuid once in a project. "
            "A run loads the objects that wait and, when it lingers, those that arrive meanwhile; "
            "loading an object twice changes nothing. With `replay` it loads whole days again, by this release's "
            "transformation; the code version tells which days were made by another.",
        ),
        _table(
            "dead_letters",
            "clickhouse",
            "Lines that were accepted but are no valid event, word for word with the reason: "
            "nothing is dropped silently.",
        ),
        _table(
            "dropped_events",
            "clickhouse",
            "How many events each rule of a project kept out, by the event's name: its deny and allow lists and its "
            "quota. The events themselves are not stored anywhere.",
        ),
        _table(
            "ingest_ledger",
            "postgres",
            "Which raw objects were loaded, in which batch, and what became of their lines: "
            "lines = events + duplicates + dead letters + drop lines.",
        ),
    ],
    partitions_def=arrival_hour,
    backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=24),
)
def ingest(
    context: dg.AssetExecutionContext, config: IngestConfig, analytics: AnalyticsResource
) -> Iterator[dg.MaterializeResult]:
    """Load raw objects into ClickHouse; `analytics_pipelines.ingest.drain` says how."""
    settings = analytics.settings
    differences: dict[str, Any] = {}
    drain = Drain.of(settings, {"run_id": context.run.run_id, "asset": "events"}, run_id=context.run.run_id)
    window = context.partition_time_window
    if config.replay:
        drain.tallies, differences = _replay(context, analytics)
    elif config.linger_seconds > 0:
        with suppress(dg.DagsterExecutionInterruptedError):  # asked to stop: what is loaded so far is reported
            drain.linger(
                config.linger_seconds,
                settings.ingest_poll_seconds,
                between=_reporter(context, drain),
                trouble=lambda error: context.log.warning(f"{error}; trying again"),
            )
    else:
        drain.hours(_hours(window.start, window.end))
    own = Tally()
    for hour, tally in drain.take_tallies():
        if window.start <= hour < window.end:
            own.include(tally)
        else:
            _report(context, hour, tally)
    drain.postgres.close()
    for table in TABLES:
        found = differences if table == "events" else {}
        yield dg.MaterializeResult(asset_key=table, metadata={**_metadata(table, own), **found})


def _replay(
    context: dg.AssetExecutionContext, analytics: AnalyticsResource
) -> tuple[dict[datetime, Tally], dict[str, Any]]:
    """Load the days of the run's hours again: what was loaded by hour, and what differs as metadata."""
    window, last_said = context.partition_time_window, -REPORT_SECONDS
    replay = Replay.of(analytics.settings, {"run_id": context.run.run_id, "asset": "events"}, context.run.run_id)

    def say(progress: Progress) -> None:
        nonlocal last_said
        if progress.done == progress.objects or time.monotonic() - last_said >= REPLAY_LOG_SECONDS:
            last_said = time.monotonic()
            context.log.info(
                f"{progress.day}: {progress.done} of {progress.objects} objects, {progress.lines} lines loaded again"
            )

    replay.progress = say
    replay.waiting = lambda: context.log.info("Another replay is at it; waiting for its end.")
    with closing(replay.postgres):
        days = replay.days(window.start.date(), (window.end - timedelta(microseconds=1)).date())
        ask_for_all(replay.postgres)
    tallies = {hour: tally for day in days for hour, tally in day.tallies.items()}
    found = [day.public() for day in days]
    differing = [day["differences"] for day in found if day["differences"]]
    total = {name: sum(each[name] for each in differing) for name in ("before", "after", "added", "removed", "changed")}
    return tallies, {
        **{f"replay_{name}": number for name, number in total.items()},
        "replay": dg.MetadataValue.json(found),
    }


@dg.asset_check(asset="events", blocking=True)
def events_match_ledger(context: dg.AssetCheckExecutionContext, analytics: AnalyticsResource) -> dg.AssetCheckResult:
    """Each batch that this run closed has as many rows in each of its tables as the ledger says."""
    clickhouse = analytics.clickhouse({"run_id": context.run.run_id, "check": "events_match_ledger"})
    with closing(analytics.postgres()) as postgres:
        mismatches = mismatched_batches(postgres, clickhouse, run_id=context.run.run_id)
    return dg.AssetCheckResult(
        passed=not mismatches,
        metadata={"mismatched_batches": len(mismatches), "first": dg.MetadataValue.json(mismatches[:20])},
    )


@dg.asset_check(asset="events")
def events_are_unique(context: dg.AssetCheckExecutionContext, analytics: AnalyticsResource) -> dg.AssetCheckResult:
    """No uuid that arrived in the last day is stored twice in a project."""
    clickhouse = analytics.clickhouse({"run_id": context.run.run_id, "check": "events_are_unique"})
    doubled = doubled_events(clickhouse, since=datetime.now(UTC) - timedelta(days=1))
    return dg.AssetCheckResult(
        passed=doubled == 0, severity=dg.AssetCheckSeverity.WARN, metadata={"doubled_events": doubled}
    )


@dg.asset_check(asset="events")
def ingest_lag(analytics: AnalyticsResource) -> dg.AssetCheckResult:
    """What was accepted can be queried within a minute."""
    now = datetime.now(UTC)
    with closing(analytics.postgres()) as postgres:
        objects = unloaded(analytics.store(), Ledger(postgres))
    lag = lag_seconds(objects, now)
    return dg.AssetCheckResult(
        passed=lag <= LAG_WARN_SECONDS,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"lag_seconds": lag, "pending_objects": len(objects)},
    )


def _hours(start: datetime, end: datetime) -> list[datetime]:
    return [start + timedelta(hours=n) for n in range(int((end - start) / timedelta(hours=1)))]


def _metadata(table: str, tally: Tally) -> dict[str, int]:
    rows = {
        "events": tally.events,
        "dead_letters": tally.dead_letters,
        "dropped_events": tally.dropped,
        "ingest_ledger": tally.batches,
    }
    return {
        "dagster/row_count": rows[table],
        "lines": tally.lines,
        "events": tally.events,
        "duplicates": tally.duplicates,
        "dead_letters": tally.dead_letters,
        "dropped": tally.dropped,
        "objects": tally.objects,
        "lost_objects": tally.lost_objects,
        "bytes": tally.bytes,
        "milliseconds": tally.milliseconds,
    }


def _report(context: dg.AssetExecutionContext, hour: datetime, tally: Tally) -> None:
    """Rows loaded into one hour while the run goes on: its own, those that were missed, the one that has begun."""
    for table in TABLES:
        context.log_event(
            dg.AssetMaterialization(table, partition=hour.strftime(arrival_hour.fmt), metadata=_metadata(table, tally))
        )


def _reporter(context: dg.AssetExecutionContext, drain: Drain) -> Callable[[], None]:
    """Once a minute what was loaded is reported, and the backlog becomes a point on the plot of `raw_events`."""
    reported = observed = -REPORT_SECONDS

    def report() -> None:
        nonlocal reported, observed
        now = time.monotonic()
        if drain.tallies and now - reported >= REPORT_SECONDS:
            reported = now
            for hour, tally in drain.take_tallies():
                _report(context, hour, tally)
        if now - observed >= REPORT_SECONDS:
            observed = now
            clock = datetime.now(UTC)
            objects = unloaded(drain.store, drain.ledger)
            metadata = {"backlog_objects": len(objects), "oldest_pending_seconds": lag_seconds(objects, clock)}
            context.log_event(dg.AssetObservation(raw_events.key, metadata=metadata))

    return report
