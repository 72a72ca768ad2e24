"""Which intervals may not be what was exported any more: because late events came, a day was loaded again, sessions
were summed up again, or persons merged."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import LiteralString

from psycopg.rows import DictRow

from analytics_pipelines.exports.model import Export, Model
from analytics_pipelines.exports.runs import Run, run_of
from resources.postgres import Postgres

# Merges say nothing of the intervals that they change; those of the last days are looked at once a day.
_RECENT = timedelta(days=3)
_EVERY = timedelta(days=1)
# A look reads the interval once; the next call goes on.
_MOST = 200

# An object is named by the last moment that anything in it was received: what came right before an hour's end may lie
# among the first objects of the next.
_NEXT_FOLDER: LiteralString = (
    "'raw/v1/dt=' || to_char(r.interval_end AT TIME ZONE 'UTC', 'YYYY-MM-DD\"/hour=\"HH24\"/\"')"
)
LATE_EVENTS: LiteralString = (
    "(EXISTS (SELECT 1 FROM ingest_batches b WHERE b.loaded_at > r.checked_at"
    " AND b.arrival_hour >= r.interval_start AND b.arrival_hour < r.interval_end)"
    " OR EXISTS (SELECT 1 FROM ingest_objects o JOIN ingest_batches b ON b.id = o.batch_id"
    f" WHERE b.loaded_at > r.checked_at AND o.key >= {_NEXT_FOLDER}"
    f" AND o.key < {_NEXT_FOLDER} || (extract(epoch FROM r.interval_end) * 1000 + 120000)::bigint))"
)
"""Of the row `r` of `export_runs`: a batch was loaded, or loaded again, since its rows were looked at."""


def outdated_runs(postgres: Postgres, export: Export, now: datetime) -> list[Run]:
    """Exported intervals to look at again, oldest first. Nothing that was not touched: what a retention rule removed
    here stays where it was exported to."""
    if export.model.is_snapshot:
        return []
    touched: list[DictRow] = postgres.rows(
        "SELECT r.* FROM export_runs r WHERE r.export_id = %(export)s AND r.status = 'Completed' AND ("
        f" %(events)s AND {LATE_EVENTS}"
        " OR NOT %(events)s AND EXISTS (SELECT 1 FROM rollup_watermark w WHERE w.rollup = 'sessions'"
        " AND w.built_at > r.checked_at AND w.day >= (r.interval_start AT TIME ZONE 'UTC')::date - 1"
        " AND w.day <= (r.interval_end AT TIME ZONE 'UTC')::date)"
        " OR r.interval_end > %(recent)s AND r.checked_at < %(look)s"
        ") ORDER BY r.interval_start LIMIT %(most)s",
        {
            "export": export.id,
            "events": export.model is Model.EVENTS,
            "recent": now - _RECENT,
            "look": now - _EVERY,
            "most": _MOST,
        },
    )
    return [run_of(row) for row in touched]
