"""Erasures: what people asked to have erased goes from every place that holds it, with proof."""

from contextlib import closing
from datetime import UTC, datetime

import dagster as dg

from analytics_pipelines.erasures.eraser import Eraser
from analytics_pipelines.erasures.proof import reopen_resurfaced, resurfaced
from analytics_pipelines.erasures.requests import Erasure
from assets.identity import GROUP, OWNERS
from resources.shells import AnalyticsResource


@dg.asset(
    name="erasures",
    deps=["squashed_events"],
    group_name=GROUP,
    owners=OWNERS,
    kinds={"clickhouse", "postgres", "s3"},
    description="Persons, groups, chosen events and projects that people asked to have erased: their lines go from the "
    "raw objects, their rows from the tables, and what was made of them is made anew; then every place is asked again. "
    "Broken off anywhere, a run goes on where the last one was.",
)
def erasures(context: dg.AssetExecutionContext, analytics: AnalyticsResource) -> dg.MaterializeResult:
    """Do what waits; `analytics_pipelines.erasures.eraser` says how."""
    eraser = Eraser.of(
        analytics.settings, {"run_id": context.run.run_id, "asset": "erasures"}, run_id=context.run.run_id
    )

    def say(erasure: Erasure, step: str, done: int, total: int) -> None:
        context.log.info(f"Erasure {erasure.id}: {step}" + (f", {done} of {total}" if total else ""))

    eraser.progress = say
    with closing(eraser.postgres):
        reopened = reopen_resurfaced(eraser.store, eraser.postgres, eraser.clickhouse, datetime.now(UTC))
        done = eraser.run()
    failed = [erasure.id for erasure in done if erasure.state == "failed"]
    if failed:
        raise dg.Failure(
            f"Erasures {', '.join(map(str, failed))} failed for good; `analytics erasures show` says why.",
            allow_retries=False,
        )
    reports = [erasure.report for erasure in done if erasure.state == "verified" and erasure.report]
    places = [place for report in reports for place in report["places"]]
    return dg.MaterializeResult(
        metadata={
            "verified": len(reports),
            "waiting": len(done) - len(reports),
            "reopened": reopened,
            "found": sum(place["found"] for place in places),
            "left": sum(place["left"] for place in places),
            "objects_scanned": sum(report["objects_scanned"] for report in reports),
            "milliseconds": sum(report["milliseconds"] for report in reports),
        }
    )


@dg.asset_check(asset="erasures", blocking=True)
def nobody_survived(context: dg.AssetCheckExecutionContext, analytics: AnalyticsResource) -> dg.AssetCheckResult:
    """Of all erasures that were verified lately, no event or part of a recording is stored; looked for by hashes of
    the ids."""
    clickhouse = analytics.clickhouse({"run_id": context.run.run_id, "check": "nobody_survived"})
    with closing(analytics.postgres()) as postgres:
        found = resurfaced(analytics.store(), postgres, clickhouse, datetime.now(UTC))
    return dg.AssetCheckResult(
        passed=not found,
        metadata={
            "survivors": sum(each.survivors for each in found),
            "recordings": sum(each.recordings for each in found),
            "erasures": len(found),
        },
    )
