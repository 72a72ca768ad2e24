"""Which cohorts are to be calculated now."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from analytics_pipelines.cohorts.calculate import LOCK_CLASS
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

# How old members may become: who is in a cohort follows from the clock, too.
MOST_AGE = timedelta(hours=24)
# A cohort that failed is tried again after so long, twice as long after each further failure.
FIRST_PAUSE = timedelta(minutes=5)


@dataclass(frozen=True)
class Due:
    """`attempt` tells this need from earlier ones of the same cohort."""

    cohort_id: int
    attempt: str


def live_cohorts(postgres: Postgres) -> set[int]:
    """The ids of all that are not deleted, of any project."""
    return {row["id"] for row in postgres.rows("SELECT id FROM cohorts WHERE NOT deleted")}


def gone_cohorts(postgres: Postgres) -> list[int]:
    """The ids of deleted ones whose members are still to be taken down."""
    rows = postgres.rows("SELECT id FROM cohorts WHERE deleted AND is_calculating ORDER BY id")
    return [row["id"] for row in rows]


def due_cohorts(postgres: Postgres, clickhouse: ClickHouse, now: datetime) -> list[Due]:
    """Those that nobody is calculating and that someone asked for, whose members are old, or are not where they were
    published (ClickHouse was made anew); those that were asked for come first, then the oldest."""
    published = dict(clickhouse.query("SELECT cohort_id, count() FROM cohort_people GROUP BY cohort_id").rows)
    rows = postgres.rows(
        "SELECT id, count, is_calculating, pending_version, last_calculation, last_error_at, errors_calculating"
        " FROM cohorts c WHERE NOT deleted AND NOT EXISTS (SELECT 1 FROM pg_locks l WHERE l.locktype = 'advisory'"
        " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND l.classid = %s AND l.objid = c.id AND l.granted)"
        " ORDER BY is_calculating DESC, last_calculation NULLS FIRST, id",
        [LOCK_CLASS],
    )
    return [
        Due(row["id"], f"{row['pending_version']}:{row['last_calculation']}:{row['last_error_at']}")
        for row in rows
        if _is_due(row, published.get(row["id"], 0), now)
    ]


def _is_due(row: dict[str, object], published: int, now: datetime) -> bool:
    failures, failed_at, calculated = row["errors_calculating"], row["last_error_at"], row["last_calculation"]
    if isinstance(failures, int) and isinstance(failed_at, datetime) and failures:
        pause = min(FIRST_PAUSE * 2 ** min(failures - 1, 20), MOST_AGE)
        if now < failed_at + pause:
            return False
    if row["is_calculating"] or failures or not isinstance(calculated, datetime):
        return True
    return now >= calculated + MOST_AGE or published != row["count"]
