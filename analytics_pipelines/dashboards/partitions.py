"""The saved insights of all projects as Dagster's partitions, and which of them are due for a fresh answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString

from analytics_pipelines.accounts.projects import Project, Projects
from analytics_pipelines.dashboards.insights import INSIGHT_COLUMNS, Insight
from analytics_pipelines.dashboards.refresh import Shown, shown_as
from analytics_pipelines.dashboards.results import InsightResults
from resources.postgres import Postgres

# What nobody looked at for so long is computed when someone does.
_LOOKED_AT = timedelta(days=30)
# Of what people looked at lately, the answer follows the data, but no faster than this.
_WATCHED = timedelta(days=1)
_PAUSE = timedelta(minutes=10)


@dataclass(frozen=True)
class Partition:
    """A saved insight. `questions` are its own, and one with the filters of each dashboard that has some."""

    key: str
    project: Project
    insight: Insight
    questions: list[Shown]


@dataclass(frozen=True)
class Failing:
    """An insight whose last attempt failed because of its question; `episode` is another after each success."""

    key: str
    episode: str


_LIVE: LiteralString = (
    f"SELECT {INSIGHT_COLUMNS}, i.team_id, coalesce((SELECT jsonb_agg(DISTINCT d.filters) FROM dashboard_tiles t"
    " JOIN dashboards d ON d.id = t.dashboard_id AND NOT d.deleted WHERE t.insight_id = i.id), '[]') AS filters"
    " FROM insights i WHERE NOT i.deleted"
)


def partition_key(team_id: int, short_id: str) -> str:
    """Stays as it is when the insight is renamed.

    >>> partition_key(1, "aB3dE5gH")
    '1-aB3dE5gH'
    """
    return f"{team_id}-{short_id}"


class InsightPartitions:
    """Reads all projects' insights; for the platform, not for askers."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres
        self._results = InsightResults(postgres)

    def keys(self) -> list[str]:
        """Of all insights that there are, oldest first."""
        rows = self._postgres.rows("SELECT team_id, short_id FROM insights WHERE NOT deleted ORDER BY id")
        return [partition_key(row["team_id"], row["short_id"]) for row in rows]

    def find(self, keys: Sequence[str]) -> dict[str, Partition]:
        """The insights of these keys; those that are gone are not among them."""
        rows = self._postgres.rows(f"{_LIVE} AND i.team_id || '-' || i.short_id = ANY(%s)", [list(keys)])
        return {found.key: found for found in self._partitions(rows)}

    def due(self, now: datetime, most: int) -> list[Partition]:
        """Those with a question whose answer is stale, the ones looked at last first; `questions` are only these.

        Stale by age or, if somebody looked at it within a day, by data that changed since.
        """
        rows = self._postgres.rows(
            f"{_LIVE} AND greatest(i.last_viewed_at, i.last_modified_at) > %s"
            " ORDER BY greatest(i.last_viewed_at, i.last_modified_at) DESC",
            [now - _LOOKED_AT],
        )
        found: list[Partition] = []
        for partition in self._partitions(rows):
            stale = [each for each in partition.questions if self._is_due(partition, each, now)]
            if stale:
                found.append(Partition(partition.key, partition.project, partition.insight, stale))
            if len(found) == most:
                break
        return found

    def failing(self, since: datetime, most: int) -> list[Failing]:
        """Those whose own question can't be answered, as of attempts since then; the platform's troubles left out."""
        rows = self._postgres.rows(
            "SELECT i.team_id, i.short_id, r.question, r.computed_at, r.error->>'code' AS code FROM insight_results r"
            " JOIN insights i ON i.id = r.insight_id AND NOT i.deleted WHERE r.error IS NOT NULL"
            " AND r.attempted_at > %s AND (r.error->>'status')::int BETWEEN 400 AND 428"
            " ORDER BY r.attempted_at DESC LIMIT %s",
            [since, most],
        )
        return [
            Failing(
                partition_key(row["team_id"], row["short_id"]), f"{row['question']} {row['code']} {row['computed_at']}"
            )
            for row in rows
        ]

    def forget_unasked(self, before: datetime) -> int:
        """Drop answers that nobody asked for since: of former filters, or tried ones."""
        return self._postgres.execute(
            "DELETE FROM insight_results WHERE coalesce(attempted_at, claimed_until, '-infinity') < %s", [before]
        )

    def _is_due(self, partition: Partition, shown: Shown, now: datetime) -> bool:
        if shown.is_underway(now):
            return False
        stored = shown.stored
        attempted_at = stored.attempted_at if stored else None
        if attempted_at is not None and now - attempted_at < _PAUSE:
            return False
        if shown.is_stale(now):
            return True
        viewed = partition.insight.last_viewed_at
        is_watched = viewed is not None and now - viewed < _WATCHED
        return is_watched and stored is not None and stored.data_version != stored.current_version

    def _partitions(self, rows: Sequence[dict[str, Any]]) -> list[Partition]:
        projects = {each.id: each for each in Projects(self._postgres).all()}
        found = []
        for row in rows:
            project, filters = projects[row.pop("team_id")], row.pop("filters")
            insight = Insight(**row)
            asked = {one.key: one for one in (shown_as(insight, project, each) for each in ({}, *filters))}
            found.append((project, insight, list(asked.values())))
        stored = self._results.of([each.asked for _, _, questions in found for each in questions], with_answers=False)
        return [
            Partition(
                partition_key(project.id, insight.short_id),
                project,
                insight,
                [each.with_stored(stored.get(each.asked)) for each in questions],
            )
            for project, insight, questions in found
        ]
