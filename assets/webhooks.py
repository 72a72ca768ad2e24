"""Webhooks: what people's own systems were told of."""

import time
from collections.abc import Callable
from contextlib import closing, suppress

import dagster as dg
from pydantic import Field

from analytics_pipelines.partitions import destinations
from analytics_pipelines.webhooks.deliver import Deliverer, Tally, destination_keys
from resources.shells import AnalyticsResource

GROUP = "webhooks"
OWNERS = ["team:data-platform"]
REPORT_SECONDS = 60.0
POLL_SECONDS = 1.0


class DeliverConfig(dg.Config):
    """How a delivering run behaves."""

    linger_seconds: float = Field(
        default=0, description="Go on delivering what arrives for so long, or until the next run waits."
    )


@dg.asset(
    deps=[
        dg.AssetDep("events", partition_mapping=dg.AllPartitionMapping()),
        "persons",
        "person_overrides",
    ],
    partitions_def=destinations,
    backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=50),
    group_name=GROUP,
    owners=OWNERS,
    kinds={"postgres"},
    description="What each destination was told of events that match its filters: in order of arrival, at least once, "
    "seconds after they were loaded. One partition a destination, `<project>-<id>`; a run delivers what waits for the "
    "chosen ones now. A lingering run does it for all of them all the time.",
)
def webhook_deliveries(context: dg.AssetExecutionContext, analytics: AnalyticsResource) -> None:
    """A destination that fails fails its partition, after all others had their turn."""
    deliverer = Deliverer.of(analytics.settings, {"run_id": context.run.run_id, "asset": "webhook_deliveries"})
    keys = {int(key.rpartition("-")[2]): key for key in context.partition_keys}
    with closing(deliverer.postgres):
        deliverer.deliver(set(keys))
    tallies = {keys[id_]: tally for id_, tally in deliverer.take_tallies().items()}
    failing = {key: _trouble(tally) for key, tally in tallies.items() if _trouble(tally)}
    if not failing:
        for key in keys.values():
            context.add_asset_metadata(tallies.get(key, Tally()).public(), partition_key=key)
        return
    for key in keys.values():  # a step that fails materializes nothing by itself
        if key not in failing:
            metadata = tallies.get(key, Tally()).public()
            context.log_event(dg.AssetMaterialization(context.asset_key, partition=key, metadata=metadata))
    raise dg.Failure(
        f"{len(failing)} of {len(keys)} destinations were not told all.", metadata=failing, allow_retries=False
    )


@dg.op(
    description="Tell all destinations of what arrives, for a while.",
    out=dg.Out(dagster_type=dg.Nothing),
)
def deliver_to_all(context: dg.OpExecutionContext, config: DeliverConfig, analytics: AnalyticsResource) -> None:
    """All destinations in one run; what was delivered is reported for each once a minute."""
    deliverer = Deliverer.of(analytics.settings, {"run_id": context.run_id, "asset": "webhook_deliveries"})
    report = _reporter(context, deliverer)
    with closing(deliverer.postgres):
        with suppress(dg.DagsterExecutionInterruptedError):  # asked to stop
            deliverer.linger(
                config.linger_seconds,
                POLL_SECONDS,
                between=report,
                trouble=lambda error: context.log.warning(f"{error}; trying again"),
            )
        _report(context, deliverer)


def _reporter(context: dg.OpExecutionContext, deliverer: Deliverer) -> Callable[[], None]:
    reported = time.monotonic()

    def report() -> None:
        nonlocal reported
        if time.monotonic() - reported >= REPORT_SECONDS:
            reported = time.monotonic()
            _report(context, deliverer)

    return report


def _report(context: dg.OpExecutionContext, deliverer: Deliverer) -> None:
    keys = destination_keys(deliverer.postgres)
    for id_, tally in deliverer.take_tallies().items():
        if _trouble(tally):
            context.log.warning(f"destination {id_}: {_trouble(tally)}")
        if id_ in keys:
            context.log_event(
                dg.AssetMaterialization("webhook_deliveries", partition=keys[id_], metadata=tally.public())
            )


def _trouble(tally: Tally) -> str:
    if tally.error:
        return tally.error
    if tally.failed or tally.parked:
        return f"{tally.failed} attempts failed, {tally.parked} events were parked."
    return ""
