"""Jobs: what is run together."""

import dagster as dg

ingest_job = dg.define_asset_job(
    "ingest_job",
    selection=dg.AssetSelection.groups("ingestion") - dg.AssetSelection.assets("raw_events"),
    description="Load what waits in the bucket. Lingers when the schedule starts it, ends at once when you do.",
    # More than one lingers for a moment while they hand over: no pool, and no long life without an end.
    tags={"dagster/priority": "10", "dagster/max_runtime": "900"},
)

JOBS = [ingest_job]
