"""When an export is due: by the clock, once everything that arrived in the interval is loaded."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

from analytics_pipelines.exports.changes import LATE_EVENTS
from analytics_pipelines.exports.intervals import intervals
from analytics_pipelines.exports.model import Export, Model
from analytics_pipelines.exports.runs import MOST_INTERVALS, Runs
from resources.postgres import Postgres

# After its end, an interval waits for what was under way; for sessions, until they are summed up.
_SETTLING = timedelta(minutes=5)
_SUMMED_UP = timedelta(minutes=30)


def closed_until(postgres: Postgres, export: Export, now: datetime) -> datetime:
    """Intervals that end until then are over: nothing more is expected of them."""
    settled = now - (_SUMMED_UP if export.model is Model.SESSIONS else _SETTLING)
    row = postgres.row("SELECT loaded_until FROM ingest_watermark")
    return min(settled, row["loaded_until"]) if row and export.model is Model.EVENTS else settled


def ask_for_due(postgres: Postgres, export: Export, now: datetime) -> int:
    """Ask for the intervals that are over since the last time; how many. Of snapshots only the newest."""
    closed = closed_until(postgres, export, now)
    if export.end_at is not None:
        closed = min(closed, export.end_at)
    every = export.interval
    start = export.next_start or every.ceiling(export.start_at or every.floor(export.created_at))
    due = [each for each in intervals(start, closed, every) if each.end <= closed][:MOST_INTERVALS]
    if not due:
        return 0
    asked = Runs(postgres, export).ask(due[-1:] if export.model.is_snapshot else due, "schedule", now)
    postgres.execute(
        "UPDATE batch_exports SET next_start = %s WHERE id = %s AND coalesce(next_start, %s) = %s",
        [due[-1].end, export.id, start, start],
    )
    return asked


# What an hour or a day is in SQL, and when the next interval of an export is over.
_NEXT_END: LiteralString = (
    "coalesce(e.next_start, date_trunc(e.every, coalesce(e.start_at, e.created_at), 'UTC'))"
    " + CASE e.every WHEN 'hour' THEN interval '1 hour' ELSE interval '1 day' END"
)


def exports_with_work(postgres: Postgres, now: datetime) -> list[tuple[UUID, Model]]:
    """Exports that have something to do now, of all projects, in one look: (id, model)."""
    rows = postgres.rows(
        "SELECT e.id, e.model FROM batch_exports e WHERE NOT e.deleted AND ("
        " EXISTS (SELECT 1 FROM export_runs r WHERE r.export_id = e.id"
        " AND r.status IN ('Starting', 'Running', 'FailedRetryable')"
        " AND (r.next_attempt_at <= %(now)s OR r.status = 'Running'))"
        " OR NOT e.paused AND ("
        f" {_NEXT_END} <= least(%(now)s - CASE e.model WHEN 'sessions' THEN %(summed)s ELSE %(settling)s END,"
        " CASE WHEN e.model = 'events' THEN coalesce((SELECT loaded_until FROM ingest_watermark), 'infinity')"
        " ELSE 'infinity' END, coalesce(e.end_at, 'infinity'))"
        " OR e.model = 'events' AND EXISTS (SELECT 1 FROM export_runs r"
        f" WHERE r.export_id = e.id AND r.status = 'Completed' AND {LATE_EVENTS})"
        " )) ORDER BY e.created_at, e.id",
        {"now": now, "settling": _SETTLING, "summed": _SUMMED_UP},
    )
    return [(row["id"], Model(row["model"])) for row in rows]


def laggards(postgres: Postgres, model: Model, now: datetime) -> list[str]:
    """Exports of which an interval has been waiting, or failing, for more than a day; or failed for good."""
    rows = postgres.rows(
        "SELECT DISTINCT r.export_id::text AS id FROM export_runs r JOIN batch_exports e ON e.id = r.export_id"
        " WHERE e.model = %s AND NOT e.deleted AND NOT e.paused AND (r.status = 'Failed'"
        " OR r.status IN ('Starting', 'Running', 'FailedRetryable') AND r.created_at < %s) ORDER BY id",
        [model.value, now - timedelta(days=1)],
    )
    return [row["id"] for row in rows]


def live_exports(postgres: Postgres) -> dict[Model, list[str]]:
    """The partitions of each kind."""
    found: dict[Model, list[str]] = {model: [] for model in Model}
    for row in postgres.rows("SELECT id, model FROM batch_exports WHERE NOT deleted ORDER BY created_at, id"):
        found[Model(row["model"])].append(str(row["id"]))
    return found
