"""Identity: who did what events tell of, by what is known today."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from pydantic import Field

from analytics_pipelines.catalog.rebuild import Catalog
from analytics_pipelines.cohorts.due import ask_for_all
from analytics_pipelines.persons.counts import count_persons
from analytics_pipelines.persons.rebuild import rebuild_all
from analytics_pipelines.persons.squash import Squash
from resources.postgres import Postgres
from resources.shells import AnalyticsResource

GROUP = "identity"
OWNERS = ["team:data-platform"]


class NamesConfig(dg.Config):
    """What a run makes anew."""

    only_changed: bool = Field(
        default=False,
        description="Only projects of which an event changed or went since; otherwise those of all projects.",
    )


def _spec(name: str, dep: str, description: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        name,
        deps=[dg.AssetDep(dep, partition_mapping=dg.AllPartitionMapping())] if dep == "events" else [dep],
        group_name=GROUP,
        owners=OWNERS,
        kinds={"clickhouse", "table"},
        description=description,
    )


@dg.multi_asset(
    name="rebuild_persons",
    specs=[
        _spec(
            "persons",
            "events",
            "Who people are: one row a person, with what is said of it by now and its earliest moment. "
            "Each batch of events brings it up to date; a run makes all persons anew from the events that are stored.",
        ),
        _spec(
            "person_overrides",
            "persons",
            "Distinct ids whose person is another than their events carry: merges that no squash has folded in yet. "
            "Questions put the right person in its place.",
        ),
    ],
)
def rebuild_persons(context: dg.AssetExecutionContext, analytics: AnalyticsResource) -> Iterator[dg.MaterializeResult]:
    """Make every person anew; batches wait meanwhile. Needed after events were changed by hand."""
    clickhouse = analytics.clickhouse({"run_id": context.run.run_id, "asset": "persons"})
    with closing(analytics.postgres()) as postgres:
        parts = rebuild_all(postgres, clickhouse, datetime.now(UTC))
    counts = count_persons(clickhouse)
    yield dg.MaterializeResult(
        asset_key="persons", metadata={"dagster/row_count": counts.persons, "distinct_ids": counts.ids, "parts": parts}
    )
    yield dg.MaterializeResult(asset_key="person_overrides", metadata={"dagster/row_count": counts.overrides})


@dg.multi_asset(
    name="rebuild_names",
    specs=[
        _spec(
            "groups",
            "events",
            "Companies, teams and other groups that events name: one row a group, with what the latest event said of "
            "each property. Each batch of events brings it up to date; a run makes all groups anew from the events "
            "that are stored.",
        ),
        _spec(
            "property_catalog",
            "events",
            "Names that a project's events and properties have: when they were first and last seen, in about how many "
            "events, and of what type their values are. Each batch of events brings it up to date; a run makes it "
            "anew from the events that are stored.",
        ),
    ],
)
def rebuild_names(
    context: dg.AssetExecutionContext, config: NamesConfig, analytics: AnalyticsResource
) -> Iterator[dg.MaterializeResult]:
    """Beside the tables, while batches are loaded; then what differs takes its place."""
    clickhouse = analytics.clickhouse({"run_id": context.run.run_id, "asset": "property_catalog"})
    with closing(analytics.postgres()) as postgres:
        catalog = Catalog(postgres, clickhouse)
        mended = catalog.mend() if config.only_changed else catalog.rebuild_all()
    for key, view, rows in (
        ("groups", "groups", mended.group_facts),
        ("property_catalog", "property_catalog", mended.sightings),
    ):
        (count,) = clickhouse.query(f"SELECT count() FROM {view}").one()
        yield dg.MaterializeResult(
            asset_key=key,
            metadata={"dagster/row_count": int(count), "rows_mended": rows, "projects": mended.projects},
        )


@dg.op(
    description="Choose the overrides there are; from now on new events of their ids carry what old ones will.",
    ins={"after": dg.In(dg.Nothing)},
)
def snapshot_overrides(context: dg.OpExecutionContext, analytics: AnalyticsResource) -> int:
    """How many there are."""
    with closing(analytics.postgres()) as postgres:
        return _squash(context, analytics, postgres).snapshot()


@dg.op(description="Write who they belong to into the events of these ids, a day of arrival at a time.")
def rewrite_events(context: dg.OpExecutionContext, analytics: AnalyticsResource, overrides: int) -> int:
    """How many days had any."""
    if not overrides:
        return 0
    with closing(analytics.postgres()) as postgres:
        return _squash(context, analytics, postgres).rewrite(
            lambda done, days: context.log.info(f"{done} of {days} days of arrival are rewritten")
        )


@dg.op(
    description="Drop the overrides that the events carry now and that did not change meanwhile.",
    out=dg.Out(dagster_type=dg.Nothing),
)
def fold_overrides(context: dg.OpExecutionContext, analytics: AnalyticsResource, days: int) -> None:
    """The numbers become metadata of the asset."""
    with closing(analytics.postgres()) as postgres:
        folded = _squash(context, analytics, postgres).fold()
        ask_for_all(postgres)  # members who merged since they were found are told apart by the overrides alone
    left = count_persons(analytics.clickhouse({"run_id": context.run_id})).overrides
    context.add_output_metadata({"folded_overrides": folded, "overrides_left": left, "days_rewritten": days})


@dg.graph_asset(
    name="squashed_events",
    group_name=GROUP,
    ins={"person_overrides": dg.AssetIn(key="person_overrides", dagster_type=dg.Nothing)},
    kinds={"clickhouse"},
    description="Events into which was written who they belong to by now, so that few overrides are left to look up. "
    "Broken off anywhere, a run can be repeated; questions give the same answers before, during and after.",
)
def squashed_events(person_overrides: None) -> Any:
    """Snapshot → rewrite → fold; `analytics_pipelines.persons.squash` says how."""
    return fold_overrides(rewrite_events(snapshot_overrides(person_overrides)))


def _squash(context: dg.OpExecutionContext, analytics: AnalyticsResource, postgres: Postgres) -> Squash:
    clickhouse = analytics.clickhouse({"run_id": context.run_id, "asset": "squashed_events"})
    return Squash(postgres, clickhouse, lambda: datetime.now(UTC))


@dg.asset_check(asset="persons")
def ids_have_one_person(context: dg.AssetCheckExecutionContext, analytics: AnalyticsResource) -> dg.AssetCheckResult:
    """Every distinct id that has a person has one that is there."""
    lost = count_persons(analytics.clickhouse({"run_id": context.run.run_id, "check": "ids_have_one_person"})).lost_ids
    return dg.AssetCheckResult(passed=lost == 0, metadata={"lost_ids": lost})
