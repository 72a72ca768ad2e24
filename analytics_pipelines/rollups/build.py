"""Building rollups: a day is made anew beside the table and then put in its place, so no reader sees half of it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import uuid4

from analytics_pipelines.faults import hit
from analytics_pipelines.lock_classes import LockClass
from analytics_pipelines.migrations.cluster import refuse_a_cluster
from analytics_pipelines.rollups.days import Days, in_a_row
from analytics_pipelines.rollups.tables import BY_NAME, ROLLUPS, Rollup
from analytics_pipelines.rollups.watermark import Watermark
from resources.clickhouse import ClickHouse, ClickHouseUnavailable
from resources.postgres import Postgres

# One advisory lock a rollup, held while it is built; it dies with its holder's connection.
LOCK_CLASS = LockClass.ROLLUPS.value
# What is made in one statement: so many days' sets of people and sessions are held in memory at once.
DAYS_AT_ONCE = 7
# No event is older: ingestion takes such a time for a mistake.
EARLIEST = date(1900, 1, 1)
# Beyond it a GROUP BY goes on on disk.
_SETTINGS = {"max_bytes_before_external_group_by": 1 << 30}


@dataclass
class Built:
    """How many days were built, and how many rows they have now."""

    days: int = 0
    rows: int = 0

    def include(self, other: "Built") -> None:
        self.days += other.days
        self.rows += other.rows


@dataclass
class Builder:
    """Builds rollups from what is stored now. `bounce_seconds`: a visit of one page that lasts less bounced."""

    postgres: Postgres
    clickhouse: ClickHouse
    bounce_seconds: float
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    watermark: Watermark = field(init=False)

    def __post_init__(self) -> None:
        self.watermark = Watermark(self.postgres, self.bounce_seconds)

    def rebuild(self, rollup: Rollup, days: Iterable[date]) -> Built:
        """Make these days of the table anew, whether they changed or not.

        A build that is broken off leaves each day as it was or as it should be; building again mends it.
        Raises ClickHouseUnavailable, ClickHouseRefused, PostgresUnavailable; Problem on a cluster.
        """
        with self._alone_on(rollup):
            return self._rebuild(rollup, days)

    def refresh(self, rollup: Rollup, events: Days) -> Built:
        """Make those days anew that changed because events of the days `events` did, or because the SQL did."""
        with self._alone_on(rollup):
            return self._rebuild(rollup, self.watermark.stale_days(rollup, events.widened(rollup.reach)))

    def catch_up(self, rollup: Rollup, days: Days, *, only_changed: bool, and_before: bool = False) -> Built:
        """Bring a table up to date with the events of these days; with `and_before`, of all days before them, too.

        Unless `only_changed`, those days themselves are made anew whether they changed or not.
        """
        events = Days(EARLIEST, days.last) if and_before else days
        built = Built()
        if not only_changed:
            older = self.days_before(days.first) if and_before else []
            built.include(self.rebuild(rollup, [*older, *days]))
        built.include(self.refresh(rollup, events))
        self.watermark.clear(events)
        return built

    def days_before(self, day: date) -> list[date]:
        """Days before `day` that have events, or had some when they were built."""
        # not by timestamp: the events' sort key can't hold such days, and the server would look for them elsewhere
        found = self.clickhouse.query(
            "SELECT DISTINCT toDate32(timestamp) AS day FROM events WHERE day < {day:Date32}", {"day": day}
        )
        return sorted({row[0] for row in found.rows} | self.watermark.known_days(day))

    def _rebuild(self, rollup: Rollup, days: Iterable[date]) -> Built:
        built = Built()
        for span in in_a_row(days, DAYS_AT_ONCE):
            built.rows += self._replace(rollup, span)
            built.days += len(list(span))
        return built

    def _replace(self, rollup: Rollup, span: Days) -> int:
        touch = self.watermark.last_touch()  # before anything is read: what is touched later is to be read again
        if rollup.reads:
            self.refresh_days(BY_NAME[rollup.reads], span.widened(1))
        staging = f"{_staging_prefix(rollup)}{uuid4().hex}"
        try:
            self.clickhouse.command(f"CREATE TABLE {staging} AS {rollup.name}")
            self.clickhouse.insert(
                f"INSERT INTO {staging} {rollup.select(self.bounce_seconds)}",
                {"first": span.first, "last": span.last, "teams": []},
                settings=_SETTINGS,
            )
            rows = dict(self.clickhouse.query(f"SELECT day, count() FROM {staging} GROUP BY day").rows)
            hit("rollups.after_stage")
            for day in span:
                # A day without rows is dropped: servers refuse to replace a partition by nothing.
                source = (
                    f"REPLACE PARTITION {day:%Y%m%d} FROM {staging}" if day in rows else f"DROP PARTITION {day:%Y%m%d}"
                )
                self.clickhouse.command(f"ALTER TABLE {rollup.name} {source}")
                hit("rollups.after_day")
            self.watermark.note(rollup, span, touch, self.now())
        finally:
            with suppress(ClickHouseUnavailable):  # then the next build drops it
                self.clickhouse.command(f"DROP TABLE IF EXISTS {staging} SYNC")
        return sum(rows.values())

    def refresh_days(self, rollup: Rollup, days: Days) -> Built:
        """Make those of these days anew that the table does not hold as they are now."""
        with self._alone_on(rollup):
            return self._rebuild(rollup, self.watermark.stale_days(rollup, days))

    @contextmanager
    def _alone_on(self, rollup: Rollup) -> Iterator[None]:
        with self.postgres.session() as session:
            session.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_CLASS, ROLLUPS.index(rollup)])
            refuse_a_cluster(
                self.clickhouse,
                rollup.name,
                "rollups can't be built yet",
                "Pause the schedules and the sensor of rollup_job; questions read the events instead.",
            )
            left = self.clickhouse.query(
                "SELECT name FROM system.tables"
                " WHERE database = currentDatabase() AND startsWith(name, {prefix:String})",
                {"prefix": _staging_prefix(rollup)},
            )
            for (name,) in left.rows:  # of a build that was killed
                self.clickhouse.command(f"DROP TABLE IF EXISTS {name} SYNC")
            yield


def _staging_prefix(rollup: Rollup) -> str:
    return f"building_{rollup.name}_"
