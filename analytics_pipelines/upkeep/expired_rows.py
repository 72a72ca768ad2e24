"""Events and dead letters that are older than their projects keep them are removed, a day of arrival at a time.

What is about to go stands in `expiries` first, so that what follows from it is done whoever comes: rollups of the event
days that changed are made again, and batches count their rows anew.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from analytics_pipelines.faults import hit
from analytics_pipelines.ingest.expiry import TABLES, expired_rows
from analytics_pipelines.ingest.ledger import Ledger
from analytics_pipelines.ingest.loader import recounted
from analytics_pipelines.ingest.locks import LOAD, held
from analytics_pipelines.ingest.swap import finish_swaps
from analytics_pipelines.migrations.cluster import refuse_a_cluster
from resources.clickhouse import ClickHouse
from resources.postgres import Connection, Postgres

_WAIT = {"lightweight_deletes_sync": 2}


@dataclass
class ExpiredRows:
    """What went of a table: `rows` of `days` of arrival, of which `partitions` went whole."""

    table: str
    rows: int = 0
    days: int = 0
    partitions: int = 0

    def public(self) -> dict[str, Any]:
        """As JSON."""
        return dict(vars(self))


@dataclass(frozen=True)
class _Day:
    """Rows of a day of arrival that expired: `rows` of `all_rows`."""

    day: date
    rows: int
    all_rows: int
    touched: list[tuple[int, date]]
    batches: list[UUID]


@dataclass
class RowExpiry:
    """Removes rows in one ClickHouse. `session` holds the `REPLAY` lock: no day is loaded again meanwhile."""

    postgres: Postgres
    clickhouse: ClickHouse
    now: Callable[[], datetime]
    progress: Callable[[str, int, int], None] = lambda *_: None
    """Told of which table how many days are done, of how many."""

    def run(self, session: Connection, *, dry_run: bool = False) -> list[ExpiredRows]:
        """Remove what is not kept any more; with `dry_run` only count it. What was broken off is finished first.

        Raises Problem on a cluster, if there are rules and it is no dry run.
        """
        conditions = expired_rows(self.postgres, self.now().date())
        if not dry_run:
            for table in conditions:
                refuse_a_cluster(
                    self.clickhouse,
                    table,
                    "rows can't be removed yet",
                    f"Set the rules of projects for them to null, and give {table}_local a TTL on every server.",
                )
            self._finish(session)
        return [
            self._table(session, table, conditions[table], dry_run=dry_run)
            if table in conditions
            else ExpiredRows(table)
            for table in TABLES
        ]

    def _table(self, session: Connection, table: str, expired: str, *, dry_run: bool) -> ExpiredRows:
        found, days = ExpiredRows(table), self._days(table, expired)
        for number, day in enumerate(days):
            self.progress(table, number, len(days))
            found.rows += day.rows
            found.days += 1
            found.partitions += day.rows == day.all_rows
            if dry_run:
                continue
            # Loads get their turn between two days; who is at it may have brought some more of the day.
            with held(session, LOAD):
                finish_swaps(self.clickhouse, self.postgres, self.now())
                for again in self._days(table, expired, only=day.day):
                    self._remove(table, expired, again)
        self.progress(table, len(days), len(days))
        return found

    def _days(self, table: str, expired: str, only: date | None = None) -> list[_Day]:
        event_days = "(team_id, toDate32(timestamp))" if table == "events" else "(team_id, toDate32(arrival_day))"
        rows = self.clickhouse.query(
            f"SELECT arrival_day, count(), groupUniqArray({event_days}), groupUniqArray(batch_id) FROM {table}"
            f" WHERE ({expired}) AND ({{day:Nullable(Date)}} IS NULL OR arrival_day = {{day:Nullable(Date)}})"
            " GROUP BY arrival_day ORDER BY arrival_day",
            {"day": only},
        ).rows
        if not rows:
            return []
        totals = self.clickhouse.query(
            f"SELECT arrival_day, count() FROM {table} WHERE arrival_day IN {{days:Array(Date)}} GROUP BY arrival_day",
            {"days": [day for day, *_ in rows]},
        )
        of_day = dict(totals.rows)
        return [
            _Day(day, int(count), int(of_day[day]), [(int(team), each) for team, each in touched], batches)
            for day, count, touched, batches in rows
        ]

    def _remove(self, table: str, expired: str, day: _Day) -> None:
        self.postgres.execute(
            "INSERT INTO expiries (table_name, arrival_day, teams, event_days, batches) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (table_name, arrival_day) DO UPDATE SET teams = expiries.teams || EXCLUDED.teams,"
            " event_days = expiries.event_days || EXCLUDED.event_days, batches = expiries.batches || EXCLUDED.batches",
            [table, day.day, [team for team, _ in day.touched], [each for _, each in day.touched], day.batches],
        )
        hit("expiry.after_note")
        if day.rows == day.all_rows:
            self.clickhouse.command(f"ALTER TABLE {table} DROP PARTITION '{day.day}'")
        else:
            self.clickhouse.command(
                f"DELETE FROM {table} WHERE arrival_day = {{day:Date}} AND ({expired})",
                {"day": day.day},
                settings=_WAIT,
            )
        hit("expiry.after_removal")
        self._settle(table, day.day)
        hit("expiry.after_settling")

    def _finish(self, session: Connection) -> None:
        for row in self.postgres.rows("SELECT table_name, arrival_day FROM expiries ORDER BY arrival_day, table_name"):
            with held(session, LOAD):
                self._settle(row["table_name"], row["arrival_day"])

    def _settle(self, table: str, day: date) -> None:
        """What follows from rows that went, or did not come to go."""
        row = self.postgres.row("SELECT * FROM expiries WHERE table_name = %s AND arrival_day = %s", [table, day])
        if row is None:
            return
        ledger = Ledger(self.postgres)
        if table == "events":
            ledger.touch_days(list(zip(row["teams"], row["event_days"], strict=True)), self.now())
        for batch in ledger.loaded(row["batches"]):
            ledger.recount(batch, recounted(batch, self.clickhouse))
        self.postgres.execute("DELETE FROM expiries WHERE table_name = %s AND arrival_day = %s", [table, day])
