"""Which exports of ours hold what arrived at some time, for whoever removes it: their intervals are written again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from analytics_pipelines.exports.intervals import Interval
from analytics_pipelines.exports.model import Export
from analytics_pipelines.exports.run import Exporter, Tally
from analytics_pipelines.exports.runs import Run, Runs
from analytics_pipelines.exports.store import Exports
from resources.postgres import Postgres


@dataclass(frozen=True, slots=True)
class Place:
    """An export, and those of its intervals that may hold the rows."""

    export: Export
    runs: list[Run]

    @property
    def intervals(self) -> list[Interval]:
        return [run.interval for run in self.runs]


def places(postgres: Postgres, team_id: int, arrived: Sequence[tuple[datetime, datetime]]) -> list[Place]:
    """Exports of the project that hold what arrived in these half-open spans, as far as they were ever exported.

    Events by the intervals that the spans touch. Of snapshots (persons, cohorts, queries) every interval, since a
    person is in each that was taken while it was there; and of sessions every interval, since they lie by event time.
    Deleted exports count as long as their files lie in a folder of ours.
    """
    found = []
    for export in Exports(postgres, team_id).all(also_deleted=True):
        if export.deleted and export.destination.type != "Folder":
            continue
        runs = Runs(postgres, export)
        spans = arrived if not export.model.is_snapshot and export.model.value == "events" else [(_EVER, _NEVER)]
        held = {run.id: run for start, end in spans for run in runs.within(start, end) if run.attempts}
        if held:
            found.append(Place(export, sorted(held.values(), key=lambda run: run.interval_start)))
    return found


def write_again(exporter: Exporter, found: Sequence[Place]) -> Tally:
    """Export all of these anew, paused or not. Raises Problem where one fails; the rest is asked for, and goes on by
    itself."""
    total = Tally()
    for place in found:
        Runs(exporter.postgres, place.export).ask(place.intervals, "erasure", exporter.now())
    for place in found:
        done = exporter.again(place.export, [])
        total.intervals += done.intervals
        total.rows += done.rows
        total.bytes += done.bytes
        total.files += done.files
    return total


_EVER, _NEVER = datetime.fromisoformat("1970-01-01T00:00:00+00:00"), datetime.fromisoformat("9999-01-01T00:00:00+00:00")
