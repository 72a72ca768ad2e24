"""Dagster's history of runs, pruned through its own instance: no partition looks as if it had never been made."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import dagster as dg
from dagster import DagsterEventType, DagsterInstance, DagsterRunStatus, RunsFilter

from analytics_pipelines.faults import hit

_OVER = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]
_AT_ONCE = 100
_PAGE = 500


@dataclass
class Pruned:
    """Runs that went, and those that are as old and stay because something's newest materialization is theirs."""

    deleted: int = 0
    kept: int = 0


def prune_runs(
    instance: DagsterInstance, before: datetime, progress: Callable[[Pruned], None] = lambda _: None
) -> Pruned:
    """Delete runs that ended and were created before then, with their events and output. May be broken off.

    What Dagster shows of an asset's partition comes from the events of the run that last materialized it, and is lost
    with them: such runs stay, as do those of the last observations. Results of checks outlive their runs.
    """
    pruned, needed = Pruned(), runs_that_are_shown(instance)
    for run_id in _old_runs(instance, before):
        if run_id in needed:
            pruned.kept += 1
        else:
            # Events first: a run without events is found again by whoever comes next, and events without a run are not.
            instance.event_log_storage.delete_events(run_id)
            hit("run_history.after_events")
            instance.compute_log_manager.delete_logs(prefix=[run_id])
            instance.delete_run(run_id)
            hit("run_history.after_run")
            pruned.deleted += 1
        progress(pruned)
    return pruned


def runs_that_are_shown(instance: DagsterInstance) -> set[str]:
    """Ids of the runs of the last events of each asset and each of its partitions."""
    found: set[str] = set()
    for key in instance.all_asset_keys():
        for kind, fetch in (
            (DagsterEventType.ASSET_MATERIALIZATION, instance.fetch_materializations),
            (DagsterEventType.ASSET_OBSERVATION, instance.fetch_observations),
        ):
            newest = [*instance.event_log_storage.get_latest_storage_id_by_partition(key, kind).values()]
            of_partitions = [newest[start : start + _AT_ONCE] for start in range(0, len(newest), _AT_ONCE)]
            for ids in of_partitions:
                records = fetch(dg.AssetRecordsFilter(asset_key=key, storage_ids=ids), limit=_AT_ONCE).records
                found |= {record.run_id for record in records}
            found |= {record.run_id for record in fetch(key, limit=1).records}
    return found


def _old_runs(instance: DagsterInstance, before: datetime) -> list[str]:
    """Oldest first; all of them at once, since a page begins behind a run that must still be there."""
    found: list[str] = []
    while True:
        records = instance.get_run_records(
            RunsFilter(created_before=before, statuses=_OVER),
            limit=_PAGE,
            cursor=found[-1] if found else None,
            ascending=True,
        )
        found += [record.dagster_run.run_id for record in records]
        if len(records) < _PAGE:
            return found
