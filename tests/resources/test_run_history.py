"""Runs of long ago go, on a real instance; partitions stay materialized, whatever point it is broken off at."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterInstance

from analytics_pipelines import faults
from resources.run_history import prune_runs, runs_that_are_shown

LATER = datetime.now(UTC) + timedelta(days=1)
DAYS = dg.StaticPartitionsDefinition(["monday", "tuesday"])


@dg.asset(partitions_def=DAYS)
def by_day() -> None:
    """Partitioned."""


@dg.asset
def whole() -> dg.MaterializeResult:
    """Not partitioned."""
    return dg.MaterializeResult(metadata={"rows": 3})


@dg.asset_check(asset=whole)
def is_well() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[DagsterInstance]:
    with DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made
    faults._plan.clear()


@pytest.fixture
def runs(instance: DagsterInstance) -> dict[str, str]:
    """Two runs of everything; the second is the one that is shown."""
    found = {}
    for number in (1, 2):
        for day in DAYS.get_partition_keys():
            found[f"{day} {number}"] = dg.materialize([by_day], partition_key=day, instance=instance).run_id
        found[f"whole {number}"] = dg.materialize([whole, is_well], instance=instance).run_id
    return found


def materialized(instance: DagsterInstance) -> set[str]:
    return set(instance.get_materialized_partitions(dg.AssetKey("by_day")))


def test_old_runs_go_and_no_partition_looks_as_if_it_were_missing(
    instance: DagsterInstance, runs: dict[str, str]
) -> None:
    pruned = prune_runs(instance, LATER)
    assert (pruned.deleted, pruned.kept) == (3, 3)
    assert {run.run_id for run in instance.get_runs()} == {runs["monday 2"], runs["tuesday 2"], runs["whole 2"]}
    assert materialized(instance) == {"monday", "tuesday"}
    event = instance.get_latest_materialization_event(dg.AssetKey("whole"))
    assert event is not None
    assert event.asset_materialization is not None
    assert event.asset_materialization.metadata["rows"].value == 3
    assert (
        instance.get_latest_asset_check_evaluation_record(dg.AssetCheckKey(dg.AssetKey("whole"), "is_well")) is not None
    )
    assert instance.all_logs(runs["monday 1"]) == []


def test_runs_that_are_not_old_or_go_on_stay(instance: DagsterInstance, runs: dict[str, str]) -> None:
    assert prune_runs(instance, datetime.now(UTC) - timedelta(days=1)).deleted == 0
    going_on = instance.create_run_for_job(
        dg.define_asset_job("job").resolve(asset_graph=dg.Definitions(assets=[whole]).resolve_asset_graph())
    )
    prune_runs(instance, LATER)
    assert instance.get_run_by_id(going_on.run_id) is not None


@pytest.mark.parametrize("point", ["run_history.after_events", "run_history.after_run"])
def test_broken_off_anywhere_the_next_run_ends_where_one_would_have(
    point: str, instance: DagsterInstance, runs: dict[str, str]
) -> None:
    faults._plan[point] = ("raise", 2)
    faults._passes.clear()
    with pytest.raises(faults.InjectedFault):
        prune_runs(instance, LATER)
    faults._plan.clear()
    prune_runs(instance, LATER)
    assert {run.run_id for run in instance.get_runs()} == runs_that_are_shown(instance) == set(list(runs.values())[3:])
    assert materialized(instance) == {"monday", "tuesday"}
    assert all(instance.all_logs(run) == [] for run in list(runs.values())[:3])
