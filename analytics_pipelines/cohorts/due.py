"""Which cohorts are to be calculated now, and why."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from analytics_pipelines.cohorts.calculate import LOCK_CLASS
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

# How old members may become: who is in a cohort follows from the clock, too.
MOST_AGE = timedelta(hours=24)
# A cohort that failed is tried again after so long, twice as long after each further failure.
FIRST_PAUSE = timedelta(minutes=5)

Why = Literal["asked", "failed", "lost", "old"]


@dataclass(frozen=True)
class Due:
    """`asked`: it was saved, and who should have calculated it is gone. `lost`: the members that were published are not
    there, because ClickHouse was made anew. `attempt` tells this need from earlier ones of the same cohort."""

    cohort_id: int
    why: Why
    attempt: str


def live_cohorts(postgres: Postgres) -> list[int]:
    """The ids of all that are not deleted, of any project."""
    return [row["id"] for row in postgres.rows("SELECT id FROM cohorts WHERE NOT deleted ORDER BY id")]


def ask_for_all(postgres: Postgres) -> None:
    """Have the members of all cohorts found anew, since events or persons were made anew."""
    postgres.execute(
        "UPDATE cohorts SET is_calculating = true, pending_version = pending_version + 1 WHERE NOT deleted"
    )


def gone_cohorts(postgres: Postgres) -> list[int]:
    """The ids of deleted ones whose members are still to be taken down."""
    rows = postgres.rows("SELECT id FROM cohorts WHERE deleted AND is_calculating ORDER BY id")
    return [row["id"] for row in rows]


def due_cohorts(postgres: Postgres, clickhouse: ClickHouse, now: datetime) -> list[Due]:
    """Those to be calculated that nobody is calculating: first those that were asked for, then the oldest."""
    published = dict(clickhouse.query("SELECT cohort_id, count() FROM cohort_people GROUP BY cohort_id").rows)
    rows = postgres.rows(
        "SELECT id, count, is_calculating, pending_version, last_calculation, last_error_at, errors_calculating"
        " FROM cohorts c WHERE NOT deleted AND NOT EXISTS (SELECT 1 FROM pg_locks l WHERE l.locktype = 'advisory'"
        " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND l.classid = %s AND l.objid = c.id AND l.granted)"
        " ORDER BY is_calculating DESC, last_calculation NULLS FIRST, id",
        [LOCK_CLASS],
    )
    found = []
    for row in rows:
        if why := _why(row, published.get(row["id"], 0), now):
            attempt = f"{row['pending_version']}:{row['last_calculation']}:{row['last_error_at']}"
            found.append(Due(row["id"], why, attempt))
    return found


def _why(row: dict[str, Any], published: int, now: datetime) -> Why | None:
    if row["errors_calculating"]:
        pause = min(FIRST_PAUSE * 2 ** min(row["errors_calculating"] - 1, 20), MOST_AGE)
        return "failed" if now >= row["last_error_at"] + pause else None
    if row["is_calculating"] or row["last_calculation"] is None:
        return "asked"
    if published != row["count"]:
        return "lost"
    return "old" if now >= row["last_calculation"] + MOST_AGE else None
