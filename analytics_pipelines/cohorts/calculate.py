"""Finding the members of a cohort and publishing them: made beside `cohort_people` and then put in their place, so that
no reader sees half of them."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.cohorts.membership import members
from analytics_pipelines.cohorts.static import StaticMembers
from analytics_pipelines.cohorts.store import Cohort, Cohorts
from analytics_pipelines.faults import hit
from analytics_pipelines.insights.team import Context
from analytics_pipelines.lock_classes import LockClass
from analytics_pipelines.migrations.cluster import refuse_a_cluster
from analytics_pipelines.problems import Fault
from analytics_pipelines.queries.failure import QueryFailed
from analytics_pipelines.queries.team import StoresOf, load_team
from analytics_pipelines.sql.compiler import compile_query
from analytics_pipelines.sql.errors import QueryError
from resources.clickhouse import ClickHouse, ClickHouseRefused, ClickHouseUnavailable
from resources.postgres import Postgres

# One advisory lock a cohort, held while it is calculated; it dies with its holder's connection.
LOCK_CLASS = LockClass.COHORTS.value
MOST_MEMBERS = 1_000_000_000
_SETTINGS = {
    "join_use_nulls": 1,
    "max_execution_time": 600,
    "max_memory_usage": 4 << 30,
    # Beyond it a GROUP BY goes on on disk.
    "max_bytes_before_external_group_by": 1 << 30,
}


class CohortFailed(Fault):
    """The members could not be found; the text is for whoever owns the cohort. The old members are still there."""


@dataclass(frozen=True)
class Calculated:
    """How many members there are, and how long it took to find them."""

    members: int
    milliseconds: int


@dataclass(frozen=True)
class Calculator:
    """`clickhouse` may write."""

    postgres: Postgres
    clickhouse: ClickHouse
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def calculate(self, cohort_id: int, *, only_if_asked: bool = False) -> Calculated | None:
        """Find the members of a cohort anew and publish them; of a deleted one, nobody.

        None when it is gone, or `only_if_asked` when nobody asks for them any more. Raises CohortFailed, which the
        cohort then tells too; PostgresUnavailable; Problem on a cluster.
        """
        with self._alone_on(cohort_id):
            row = self.postgres.row("SELECT team_id FROM cohorts WHERE id = %s", [cohort_id])
            cohorts = Cohorts(self.postgres, row["team_id"]) if row else None
            cohort = cohorts.find(cohort_id, also_deleted=True) if cohorts else None
            if row is None or cohorts is None or cohort is None or (only_if_asked and not cohort.is_calculating):
                return None
            started, clock = self.now(), time.monotonic()
            try:
                count = self._publish(row["team_id"], cohort, started)
            except (QueryError, ClickHouseRefused, ClickHouseUnavailable) as error:
                text = _said(error)
                self._note_failure(cohort, text)
                raise CohortFailed(f"Cohort {cohort_id}: {text}") from error
            self._note(cohort, count, started)
            return Calculated(count, int((time.monotonic() - clock) * 1000))

    def _publish(self, team_id: int, cohort: Cohort, now: datetime) -> int:
        self._refuse_a_cluster()
        staging = f"building_cohort_people_{cohort.id}"
        self._drop(staging)  # of a calculation that was killed
        self.clickhouse.command(f"CREATE TABLE {staging} AS cohort_people")
        try:
            if not cohort.deleted:
                fill = self._fill_listed if cohort.is_static else self._fill_found
                fill(staging, team_id, cohort, now)
            hit("cohorts.after_stage")
            before, after = self._set(f"cohort_people WHERE cohort_id = {cohort.id}"), self._set(staging)
            count = after[0]
            # A partition without rows is dropped: servers refuse to replace one by nothing.
            partition = f"PARTITION ({team_id}, {cohort.id})"
            change = f"REPLACE {partition} FROM {staging}" if count else f"DROP {partition}"
            self.clickhouse.command(f"ALTER TABLE cohort_people {change}")
            hit("cohorts.after_publish")
            if before != after:
                self._note_other_data(team_id, now)
        finally:
            with suppress(ClickHouseUnavailable):  # then the next calculation drops it
                self._drop(staging)
        return count

    def _fill_found(self, staging: str, team_id: int, cohort: Cohort, now: datetime) -> None:
        project = Projects(self.postgres).get(team_id)
        if project is None:
            return
        team = load_team(project, StoresOf(self.postgres, self.clickhouse))
        others = Cohorts(self.postgres, team_id).definitions()
        found = compile_query(
            members(cohort.filters, Context(team, now), others), replace(team.scope(), max_limit=MOST_MEMBERS)
        )
        self.clickhouse.about(cohort_id=cohort.id).insert(
            f"INSERT INTO {staging} SELECT {{team_id:Int64}}, {cohort.id}, person_id FROM ({found.sql})",
            found.parameters,
            settings=_SETTINGS,
        )

    def _fill_listed(self, staging: str, team_id: int, cohort: Cohort, now: datetime) -> None:
        listed = f"{staging}_ids"
        self._drop(listed)
        self.clickhouse.command(f"CREATE TABLE {listed} (distinct_id String) ENGINE = MergeTree ORDER BY distinct_id")
        try:
            for ids in StaticMembers(self.postgres, self.clickhouse, team_id, cohort.id).distinct_ids():
                self.clickhouse.insert_rows(listed, [[each] for each in ids], ["distinct_id"])
            self.clickhouse.insert(
                f"INSERT INTO {staging} SELECT DISTINCT {{team:Int64}}, {cohort.id}, person_id"
                " FROM person_distinct_ids FINAL WHERE team_id = {team:Int64} AND is_deleted = 0"
                f" AND distinct_id IN (SELECT distinct_id FROM {listed})",
                {"team": team_id},
                settings=_SETTINGS,
            )
        finally:
            with suppress(ClickHouseUnavailable):
                self._drop(listed)

    def _set(self, source: str) -> tuple[int, int]:
        """How many members there are, and a sum that other ones would not have."""
        count, total = self.clickhouse.query(f"SELECT count(), sum(cityHash64(person_id)) FROM {source}").one()
        return int(count), int(total)

    def _note_other_data(self, team_id: int, now: datetime) -> None:
        """Answers that were given before are of other data."""
        self.postgres.execute(
            "INSERT INTO data_versions (team_id, touch, at) VALUES (%s, nextval('dirty_day_touches'), %s)"
            " ON CONFLICT (team_id) DO UPDATE SET touch = greatest(data_versions.touch, EXCLUDED.touch),"
            " at = EXCLUDED.at",
            [team_id, now],
        )

    def _drop(self, table: str) -> None:
        self.clickhouse.command(f"DROP TABLE IF EXISTS {table} SYNC")

    def _note(self, cohort: Cohort, count: int, now: datetime) -> None:
        self.postgres.execute(
            "UPDATE cohorts SET version = %s, count = %s, last_calculation = %s, errors_calculating = 0,"
            " last_error = NULL, last_error_at = NULL, is_calculating = pending_version > %s WHERE id = %s",
            [cohort.pending_version, count, now, cohort.pending_version, cohort.id],
        )

    def _note_failure(self, cohort: Cohort, text: str) -> None:
        self.postgres.execute(
            "UPDATE cohorts SET errors_calculating = errors_calculating + 1, last_error = %s, last_error_at = %s,"
            " is_calculating = pending_version > %s WHERE id = %s",
            [text, self.now(), cohort.pending_version, cohort.id],
        )

    def _refuse_a_cluster(self) -> None:
        refuse_a_cluster(
            self.clickhouse, "cohort_people", "members can't be published yet", "Pause the sensor of cohort_job."
        )

    @contextmanager
    def _alone_on(self, cohort_id: int) -> Iterator[None]:
        with self.postgres.session() as session:
            session.execute("SELECT pg_advisory_lock(%s, %s::integer)", [LOCK_CLASS, cohort_id])
            yield


def _said(error: Exception) -> str:
    if isinstance(error, QueryError):
        return error.message
    if isinstance(error, ClickHouseRefused):
        return QueryFailed.from_engine(error.code, str(error)).detail
    return "ClickHouse does not answer; it is tried again."
