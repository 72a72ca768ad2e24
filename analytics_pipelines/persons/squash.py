"""The squash: who people are by now is written into their events, so that few overrides are left to look up.

Three steps, each of which may be broken off and repeated: `snapshot` chooses the overrides, `rewrite` writes them into
events a day of arrival at a time, `fold` drops those that have not changed meanwhile.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from analytics_pipelines.faults import hit
from analytics_pipelines.migrations.cluster import refuse_a_cluster
from analytics_pipelines.persons.lock import SQUASH, alone, loading_stopped, next_version
from analytics_pipelines.persons.publish import publish
from analytics_pipelines.persons.squashed import OWN_PERSON, WAIT
from analytics_pipelines.persons.statements import for_clickhouse
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

_MAP = "squash_map"


@dataclass(frozen=True)
class Squash:
    """Squashes what is in these stores."""

    postgres: Postgres
    clickhouse: ClickHouse
    now: Callable[[], datetime]

    def snapshot(self) -> int:
        """Choose the overrides there are, beside those of a squash that was broken off; returns how many.

        From here on new events of these ids carry what the rewrite will write into the old ones. Raises Problem on a
        cluster.
        """
        refuse_a_cluster(
            self.clickhouse,
            "events",
            "merges can't be written into events yet",
            "Pause the schedule squash_weekly; questions count merged people once in any case.",
        )
        with alone(self.postgres, SQUASH), loading_stopped(self.postgres):
            publish(self.postgres, self.clickhouse, self.now())
            # What a broken-off snapshot did not come to announce may have changed since
            known = f"SELECT team_id, distinct_id, person_id FROM `{self.clickhouse.database}`.squashed_ids FINAL"
            self.clickhouse.command(
                f"ALTER TABLE squash_snapshot DELETE WHERE (team_id, distinct_id, person_id) NOT IN ({known})",
                settings=WAIT,
            )
            self.clickhouse.insert(for_clickhouse("snapshot", own_person=OWN_PERSON))
            hit("squash.after_snapshot")
            with self.postgres.transaction() as connection:
                version = next_version(connection)
            self.clickhouse.insert(
                "INSERT INTO squashed_ids (team_id, distinct_id, person_id, named_after, version)"
                f" SELECT team_id, distinct_id, person_id, named_after, {version} FROM squash_snapshot"
            )
            hit("squash.after_announcement")
        return int(self.clickhouse.query("SELECT count() FROM squash_snapshot").one()[0])

    def rewrite(self, progress: Callable[[int, int], None] = lambda *_: None) -> int:
        """Write the snapshot into events; returns how many days of arrival had any. `progress` hears done and all."""
        with alone(self.postgres, SQUASH):
            self._make_map()
            days = self._days_to_rewrite()
            for done, day in enumerate(days, 1):
                # Between days, loads and undos get their turn: an id that was parted is in the snapshot no more
                with loading_stopped(self.postgres):
                    self._make_map()
                    self._rewrite_day(day)
                hit("squash.after_day")
                progress(done, len(days))
            return len(days)

    def fold(self) -> int:
        """Drop the overrides that the events carry now; returns how many were dropped.

        What changed since the snapshot keeps its override, which speaks of what the events carry by now.
        """
        with alone(self.postgres, SQUASH), loading_stopped(self.postgres):
            before = self._overrides()
            self._make_map()
            for day in self._days_to_rewrite():  # of days that were put in place of others meanwhile
                self._rewrite_day(day)
            folded = self.clickhouse.read("SELECT team_id, distinct_id FROM squash_snapshot FORMAT TabSeparated")
            with self.postgres.transaction() as connection:
                connection.execute("CREATE TEMP TABLE folded (team_id bigint, distinct_id text) ON COMMIT DROP")
                with connection.cursor().copy("COPY folded FROM STDIN") as copy:
                    copy.write(folded)
                connection.execute(
                    "UPDATE distinct_ids AS known SET version = %s FROM folded"
                    " WHERE (known.team_id, known.distinct_id) = (folded.team_id, folded.distinct_id)",
                    [next_version(connection)],
                )
                hit("squash.before_fold")
                self.clickhouse.command("TRUNCATE TABLE squash_snapshot")
            hit("squash.after_fold")
            publish(self.postgres, self.clickhouse, self.now())
            self.clickhouse.command(f"DROP TABLE IF EXISTS {_MAP}")
            return before - self._overrides()

    def _overrides(self) -> int:
        return int(self.clickhouse.query("SELECT count() FROM person_overrides FINAL WHERE is_deleted = 0").one()[0])

    def _person(self) -> str:
        """Who an event belongs to. Mutations know no current database."""
        return f"joinGet('{self.clickhouse.database}.{_MAP}', 'person_id', team_id, distinct_id)"

    def _to_rewrite(self) -> str:
        snapshot = f"`{self.clickhouse.database}`.squash_snapshot"
        chosen = f"(team_id, distinct_id) IN (SELECT team_id, distinct_id FROM {snapshot})"
        return f"{chosen} AND person_id != {self._person()}"

    def _make_map(self) -> None:
        self.clickhouse.command(f"DROP TABLE IF EXISTS {_MAP} SYNC")
        self.clickhouse.command(
            f"CREATE TABLE {_MAP} (team_id Int64, distinct_id String, person_id UUID)"
            " ENGINE = Join(ANY, LEFT, team_id, distinct_id)"
        )
        self.clickhouse.insert(
            f"INSERT INTO {_MAP} SELECT team_id, distinct_id, person_id FROM squash_snapshot",
        )

    def _days_to_rewrite(self) -> list[date]:
        found = self.clickhouse.query(
            f"SELECT DISTINCT arrival_day FROM events WHERE {self._to_rewrite()} ORDER BY arrival_day"
        )
        return [row[0] for row in found.rows]

    def _rewrite_day(self, day: date) -> None:
        self.clickhouse.command(
            f"ALTER TABLE events UPDATE person_id = {self._person()} IN PARTITION '{day}' WHERE {self._to_rewrite()}",
            settings=WAIT,
        )
