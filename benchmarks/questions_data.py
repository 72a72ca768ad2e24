"""Ten million events of one project, made by ClickHouse, with persons and rollups: what questions are asked of."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from analytics_pipelines.rollups.build import Builder
from analytics_pipelines.rollups.days import Days
from analytics_pipelines.rollups.tables import ROLLUPS
from benchmarks.engines import Databases

TEAM = 1
DAYS = 180
PERSONS = 50_000
EVENT_NAMES = 200
NOW = datetime(2026, 6, 30, 18, tzinfo=UTC)

# An insert reaches into one partition a day, and ClickHouse lets it reach into a hundred.
_DAYS_AT_ONCE = 20
_FILL = (Path(__file__).parent / "sql" / "questions_events.sql").read_text().replace("{{", "{").replace("}}", "}")
_PERSONS = """
INSERT INTO persons (team_id, id, created_at, properties, is_identified, version, is_deleted)
SELECT team_id, person_id, min(timestamp), concat('{"email":"', any(distinct_id), '","plan":"pro"}'), true, 1, 0
FROM events WHERE team_id = {team:Int64} GROUP BY team_id, person_id
"""
_DISTINCT_IDS = """
INSERT INTO person_distinct_ids (team_id, distinct_id, person_id, is_personful, version, is_deleted)
SELECT DISTINCT team_id, distinct_id, person_id, true, 1, 0 FROM events WHERE team_id = {team:Int64}
"""


def fill(at: Databases, events: int) -> None:
    """The events, merged into one part a day, their persons, and the rollups of all days."""
    step = events * _DAYS_AT_ONCE // DAYS
    for first in range(0, events, step):
        at.clickhouse.command(
            _FILL,
            {
                "team": TEAM,
                "end": f"{NOW:%Y-%m-%d %H:%M:%S}",
                "days": DAYS,
                "persons": PERSONS,
                "event_names": EVENT_NAMES,
                "first": first,
                "n": min(step, events - first),
                "total": events,
            },
        )
    for sql in (_PERSONS, _DISTINCT_IDS):
        at.clickhouse.command(sql, {"team": TEAM})
    at.clickhouse.command("OPTIMIZE TABLE events FINAL")
    builder = Builder(at.postgres, at.clickhouse, bounce_seconds=10)
    for rollup in ROLLUPS:
        builder.rebuild(rollup, Days((NOW - timedelta(days=DAYS)).date(), NOW.date()))
