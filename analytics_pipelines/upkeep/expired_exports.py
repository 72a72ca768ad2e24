"""Files that exports wrote to the exports folder, of intervals that ended before the days that their projects keep.

What lies in a store of the user's own is the user's: it has rules of its own there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from analytics_pipelines.exports.files import MANIFEST
from analytics_pipelines.exports.model import Export
from analytics_pipelines.exports.opening import Opener, prefix_of
from analytics_pipelines.exports.prefix import folder_of, is_file_of
from analytics_pipelines.exports.runs import Run, run_of
from analytics_pipelines.exports.store import Exports
from analytics_pipelines.faults import hit
from analytics_pipelines.ingest.expiry import cutoffs
from resources.postgres import Postgres


@dataclass
class ExpiredExports:
    """`files` of `intervals` that went."""

    intervals: int = 0
    files: int = 0
    bytes: int = 0

    def public(self) -> dict[str, Any]:
        """As JSON."""
        return dict(vars(self))


@dataclass
class ExportExpiry:
    """Removes files below the exports folder."""

    postgres: Postgres
    opener: Opener
    now: Callable[[], datetime]

    def run(self, *, dry_run: bool = False) -> ExpiredExports:
        """Remove what is not kept; may be repeated. Raises DestinationFailed."""
        found = ExpiredExports()
        for team, first_kept in cutoffs(self.postgres, "export_retention_days", self.now().date()).items():
            for export in Exports(self.postgres, team).all():
                if export.destination.type == "Folder":
                    for run in self._runs(export, datetime.combine(first_kept, time(), UTC)):
                        self._remove(export, run, found, dry_run=dry_run)
        return found

    def _runs(self, export: Export, before: datetime) -> list[Run]:
        rows = self.postgres.rows(
            "SELECT * FROM export_runs WHERE export_id = %s AND interval_end <= %s AND status = 'Completed'"
            " AND files > 0 ORDER BY interval_start",
            [export.id, before],
        )
        return [run_of(row) for row in rows]

    def _remove(self, export: Export, run: Run, found: ExpiredExports, *, dry_run: bool) -> None:
        found.intervals += 1
        found.files += run.files or 0
        found.bytes += run.bytes or 0
        if dry_run:
            return
        place = self.opener.place(export.team_id, export.destination)
        table = export.model.value
        folder = folder_of(prefix_of(export), run.interval, export.interval, team_id=export.team_id, table=table)
        place.delete([f"{folder}/{MANIFEST}"])  # first: without it nobody reads the folder as whole
        hit("expiry.after_manifest")
        place.delete([f"{folder}/{name}" for name in place.names(folder) if is_file_of(name, run.interval)])
        hit("expiry.after_files")
        self.postgres.execute("UPDATE export_runs SET files = 0, bytes = 0 WHERE id = %s", [run.id])
