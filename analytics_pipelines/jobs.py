"""Jobs: what is run together."""

from typing import Any

import dagster as dg

from analytics_pipelines.exports.model import Model
from analytics_pipelines.rollups.tables import ROLLUPS
from analytics_pipelines.views.definitions import VIEWS
from assets.cohorts import calculate_due_cohorts
from assets.queries import answer_due_insights
from assets.webhooks import deliver_to_all

ingest_job = dg.define_asset_job(
    "ingest_job",
    selection=dg.AssetSelection.groups("ingestion") - dg.AssetSelection.assets("raw_events"),
    description="Load what waits in the bucket. Lingers when the schedule starts it, ends at once when you do.",
    # More than one lingers for a moment while they hand over: no pool, and no long life without an end.
    tags={"dagster/priority": "10", "dagster/max_runtime": "900"},
)

rollup_job = dg.define_asset_job(
    "rollup_job",
    selection=dg.AssetSelection.assets(*(rollup.name for rollup in ROLLUPS)),
    description="Sum up days of events. The schedules and the sensor make only what changed anew; "
    "when you start it, it makes the chosen days anew whether they changed or not.",
    tags={"dagster/max_runtime": "7200"},
)

squash_job = dg.define_asset_job(
    "squash_job",
    selection=dg.AssetSelection.assets("squashed_events"),
    description="Write into events who they belong to by now. Ended in the middle, it can be run again.",
    tags={"dagster/max_runtime": "86400"},
)

names_job = dg.define_asset_job(
    "names_job",
    selection=dg.AssetSelection.assets("groups", "property_catalog"),
    description="Make groups and the catalog of names anew from the events that are stored.",
    tags={"dagster/max_runtime": "86400", "dagster/priority": "-1"},
)

erasure_job = dg.define_asset_job(
    "erasure_job",
    selection=dg.AssetSelection.assets("erasures"),
    description="Erase what people asked to have erased. Ended in the middle, the next run goes on.",
    tags={"dagster/max_runtime": "86400", "dagster/priority": "5"},
)

view_job = dg.define_asset_job(
    "view_job",
    selection=dg.AssetSelection.assets(*(view.name for view in VIEWS)),
    description="Make the views of the installation's questions anew.",
    tags={"dagster/max_runtime": "600"},
)

insight_job = dg.define_asset_job(
    "insight_job",
    selection=dg.AssetSelection.assets("insight_results"),
    description="Answer the chosen saved insights anew, stale or not.",
    tags={"dagster/max_runtime": "3600"},
)


@dg.job(
    description="Answer anew the saved insights that people look at and whose answers are stale: by the schedule, and "
    "after each run of `rollup_job`.",
    tags={"dagster/max_runtime": "3600"},
)
def insight_refresh_job() -> None:
    """One step for any number of insights."""
    answer_due_insights()


cohort_job = dg.define_asset_job(
    "cohort_job",
    selection=dg.AssetSelection.assets("cohort_people"),
    description="Find the members of the chosen cohorts anew.",
    tags={"dagster/max_runtime": "3600"},
)


@dg.job(
    description="Find the members anew of the cohorts that are due: by the schedule, and when who was to find them is "
    "gone.",
    tags={"dagster/max_runtime": "3600"},
)
def cohort_refresh_job() -> None:
    """One step for any number of cohorts."""
    calculate_due_cohorts()


export_jobs = {
    model: dg.define_asset_job(
        f"{model}_export_job",
        selection=dg.AssetSelection.assets(f"{model}_export"),
        description=f"Export what is due of the chosen exports of {model.value}; with `date_from`, a span again.",
        tags={"dagster/max_runtime": "86400", "dagster/priority": "-1"},
    )
    for model in Model
}

delivery_job = dg.define_asset_job(
    "delivery_job",
    selection=dg.AssetSelection.assets("webhook_deliveries"),
    description="Tell the chosen destinations of what waits for them now.",
    tags={"dagster/max_runtime": "3600"},
)


@dg.job(
    description="Tell all destinations of what arrives: one run lingers, and the next takes over from it.",
    # As with ingestion: no pool, and no long life without an end.
    tags={"dagster/priority": "8", "dagster/max_runtime": "3600"},
)
def follow_job() -> None:
    """One step for any number of destinations."""
    deliver_to_all()


upkeep_job = dg.define_asset_job(
    "upkeep_job",
    selection=dg.AssetSelection.assets("compacted_raw_events", "pruned_run_history", "cleared_leftovers"),
    description="Make small objects of closed hours few large ones, prune Dagster's history, clear what was left over.",
    tags={"dagster/max_runtime": "86400", "dagster/priority": "-1"},
)

retention_job = dg.define_asset_job(
    "retention_job",
    selection=dg.AssetSelection.assets("expired_events", "expired_raw_events", "expired_recordings", "expired_exports"),
    description="Remove what projects and the installation do not keep any more. Ended in the middle, it can be run "
    "again.",
    tags={"dagster/max_runtime": "86400", "dagster/priority": "-1"},
)

# Jobs of two types, one of which Dagster does not export.
JOBS: list[Any] = [
    upkeep_job,
    retention_job,
    delivery_job,
    follow_job,
    squash_job,
    names_job,
    erasure_job,
    ingest_job,
    rollup_job,
    view_job,
    insight_job,
    insight_refresh_job,
    cohort_job,
    cohort_refresh_job,
    *export_jobs.values(),
]
