"""The watermark of rollups: which days each table holds as they are now, and which must be made again.

Whoever changes the rows behind a day touches it in `dirty_days`, *after* the change can be seen; Postgres numbers the
touches. A build notes the last number given before it read, so it holds all that was touched up to that number.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from analytics_pipelines.rollups.days import Days
from analytics_pipelines.rollups.tables import EVENT_COUNTS_HOURLY, ROLLUPS, Rollup
from resources.postgres import Postgres


@dataclass(frozen=True)
class Overdue:
    """A day whose events changed since it was built; `touch` numbers the last change."""

    day: date
    touch: int


class Watermark:
    """Reads and writes `rollup_watermark`; `bounce_seconds` is part of what the tables are made by."""

    def __init__(self, postgres: Postgres, bounce_seconds: float) -> None:
        self._postgres = postgres
        self._versions = {rollup.name: rollup.version(bounce_seconds) for rollup in ROLLUPS}

    def last_touch(self) -> int:
        """The number of the last touch of any day; to be asked before the events are read."""
        return last_touch(self._postgres)

    def stale_days(self, rollup: Rollup, days: Days) -> list[date]:
        """Which of these days the table does not hold as they are now, in order."""
        return self._stale([rollup], days, None)[rollup.name]

    def live_days(self, rollups: Sequence[Rollup], team_id: int, days: Days) -> dict[str, list[date]]:
        """Which of these days a question of this project must read from events, with `Rollup.select(live=True)`, by the
        rollup's name.

        The table is exact for all others: it holds every batch that is loaded, every merge and every erasure.
        """
        return self._stale(rollups, days, team_id)

    def _stale(self, rollups: Sequence[Rollup], days: Days, team_id: int | None) -> dict[str, list[date]]:
        rows = self._postgres.rows(
            "WITH asked AS ("
            " SELECT * FROM unnest(%(rollups)s::text[], %(reaches)s::int[], %(versions)s::text[])"
            " AS r (rollup, reach, version)),"
            " touched AS ("
            " SELECT a.rollup, d.day + n AS day, max(d.touch) AS touch"
            " FROM asked a CROSS JOIN LATERAL generate_series(-a.reach, a.reach) AS n CROSS JOIN dirty_days d"
            " WHERE d.day BETWEEN %(first)s::date - a.reach AND %(last)s::date + a.reach"
            " AND (%(team)s::bigint IS NULL OR d.team_id = %(team)s) GROUP BY 1, 2)"
            " SELECT t.rollup, t.day FROM touched t"
            " LEFT JOIN rollup_watermark w ON w.rollup = t.rollup AND w.day = t.day"
            " WHERE t.day BETWEEN %(first)s AND %(last)s AND (w.touch IS NULL OR w.touch < t.touch)"
            " UNION SELECT w.rollup, w.day FROM rollup_watermark w JOIN asked a ON a.rollup = w.rollup"
            " WHERE w.day BETWEEN %(first)s AND %(last)s AND w.version <> a.version"
            " ORDER BY rollup, day",
            {
                "rollups": [rollup.name for rollup in rollups],
                "reaches": [rollup.reach for rollup in rollups],
                "versions": [self._versions[rollup.name] for rollup in rollups],
                "first": days.first,
                "last": days.last,
                "team": team_id,
            },
        )
        found: dict[str, list[date]] = {rollup.name: [] for rollup in rollups}
        for row in rows:
            found[row["rollup"]].append(row["day"])
        return found

    def note(self, rollup: Rollup, days: Iterable[date], touch: int, now: datetime) -> None:
        """The table holds these days as they were at that touch."""
        self._postgres.execute(
            "INSERT INTO rollup_watermark (rollup, day, touch, version, built_at)"
            " SELECT %s, day, %s, %s, %s FROM unnest(%s::date[]) AS d (day)"
            " ON CONFLICT (rollup, day) DO UPDATE"
            " SET touch = EXCLUDED.touch, version = EXCLUDED.version, built_at = EXCLUDED.built_at",
            [rollup.name, touch, self._versions[rollup.name], now, list(days)],
        )

    def clear(self, days: Days) -> int:
        """Take days off `dirty_days` that all rollups hold as they are now; returns how many (by project).

        A day that is touched meanwhile has a higher number, and stays.
        """
        return self._postgres.execute(
            "DELETE FROM dirty_days d WHERE d.day BETWEEN %s AND %s AND NOT EXISTS ("
            " SELECT FROM unnest(%s::text[], %s::int[]) AS r (rollup, reach)"
            " CROSS JOIN LATERAL generate_series(-r.reach, r.reach) AS n"
            " LEFT JOIN rollup_watermark w ON w.rollup = r.rollup AND w.day = d.day + n"
            " WHERE w.touch IS NULL OR w.touch < d.touch)",
            [days.first, days.last, [rollup.name for rollup in ROLLUPS], [rollup.reach for rollup in ROLLUPS]],
        )

    def overdue(self, before: date, now: datetime, pause: timedelta, most: int) -> list[Overdue]:
        """Days before `before` that must be built again, longest waiting first.

        A day that was built less than `pause` ago waits: one that is touched all the time is built now and then.
        """
        rows = self._postgres.rows(
            "SELECT day, max(touch) AS touch FROM ("
            " SELECT day, touch FROM dirty_days WHERE day < %(before)s"
            " UNION ALL SELECT w.day, w.touch FROM rollup_watermark w"
            " JOIN unnest(%(rollups)s::text[], %(versions)s::text[]) AS r (rollup, version)"
            " ON w.rollup = r.rollup AND w.version <> r.version WHERE w.day < %(before)s) AS waiting"
            " WHERE NOT EXISTS ("
            " SELECT FROM rollup_watermark b WHERE b.rollup = %(by_day)s AND b.day = waiting.day"
            " AND b.built_at > %(now)s - %(pause)s::interval)"
            " GROUP BY day ORDER BY touch, day LIMIT %(most)s",
            {
                "before": before,
                "now": now,
                "pause": pause,
                "most": most,
                "by_day": EVENT_COUNTS_HOURLY.name,  # others are also built when a day beside theirs is
                "rollups": list(self._versions),
                "versions": list(self._versions.values()),
            },
        )
        return [Overdue(row["day"], row["touch"]) for row in rows]

    def known_days(self, before: date) -> set[date]:
        """Days before `before` that any table has been built for."""
        rows = self._postgres.rows("SELECT DISTINCT day FROM rollup_watermark WHERE day < %s", [before])
        return {row["day"] for row in rows}


def last_touch(postgres: Postgres) -> int:
    """The number of the last touch of any day."""
    row = postgres.row("SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS touch FROM dirty_day_touches")
    return int(row["touch"]) if row else 0


def touch_days(postgres: Postgres, days: Collection[tuple[int, date]], now: datetime) -> None:
    """Say that the rows behind these (team, day) changed: events, or who their people are.

    To be called after the change can be seen by queries. Calling it twice costs a rebuild and nothing else.
    """
    postgres.execute(
        "INSERT INTO dirty_days (team_id, day, touched_at)"
        " SELECT team_id, day, %s FROM unnest(%s::bigint[], %s::date[]) AS d (team_id, day)"
        " ON CONFLICT (team_id, day) DO UPDATE SET touched_at = EXCLUDED.touched_at",
        [now, [team for team, _ in days], [day for _, day in days]],
    )
