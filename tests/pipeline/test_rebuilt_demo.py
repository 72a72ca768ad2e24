"""ClickHouse is lost, and filled from the bucket again: the same numbers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from installation import Installation

from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.demo.load import load
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.ingest.replay import Replay
from analytics_pipelines.migrations.apply import migrate
from analytics_pipelines.rollups.build import Builder
from analytics_pipelines.rollups.days import Days
from analytics_pipelines.rollups.tables import ROLLUPS

pytestmark = [pytest.mark.engines, pytest.mark.slow]

ASKED = {
    "events": "SELECT count(), sum(cityHash64(team_id, uuid, event, distinct_id, timestamp, properties)) FROM events",
    "persons": "SELECT count(), sum(cityHash64(team_id, id, created_at, is_identified)), sum(length(properties))"
    " FROM persons FINAL WHERE is_deleted = 0",
    "ids": "SELECT count(), sum(cityHash64(team_id, distinct_id, person_id)) FROM person_distinct_ids FINAL"
    " WHERE is_deleted = 0",
    "overrides": "SELECT count(), sum(cityHash64(team_id, distinct_id, stored_person_id, person_id))"
    " FROM person_overrides FINAL WHERE is_deleted = 0",
    "sessions": "SELECT count(), sum(cityHash64(*))"
    " FROM (SELECT * EXCEPT views_by_path, arraySort(mapKeys(views_by_path)) FROM sessions)",
    "counts": "SELECT event, sum(events), uniqExactMerge(people) FROM event_counts_hourly GROUP BY ALL ORDER BY ALL",
    "web": "SELECT dimension, value, sum(views), sum(sessions), uniqExactMerge(visitors) FROM web_stats_daily"
    " GROUP BY ALL ORDER BY ALL",
    "active": "SELECT count(), sum(events), uniqExact(person_id) FROM active_people_daily",
    "groups": "SELECT * FROM groups ORDER BY ALL",
    "names": "SELECT name, volume, first_seen, last_seen FROM event_catalog ORDER BY ALL",
    "properties": "SELECT * FROM property_catalog ORDER BY ALL",
    "dead": "SELECT count() FROM dead_letters",
}


def test_a_clickhouse_that_is_lost_is_filled_with_the_same_numbers(living: Installation) -> None:
    now = datetime.now(UTC)
    living.postgres.execute("INSERT INTO organizations (name, created_at) VALUES ('Ours', %s)", [now])
    load(living.store, Projects(living.postgres), now=now, scale=0.02)
    Drain(living.store, living.postgres, living.clickhouse, 100, 1 << 30).everything()
    before = _numbers(living, now)
    living.clickhouse.command(f"DROP DATABASE {living.clickhouse.database} SYNC")
    migrate(living.postgres, living.clickhouse, None)
    Replay(living.store, living.postgres, living.clickhouse, 100, 1 << 30).days(now.date(), now.date())
    after = _numbers(living, now)
    for name, rows in before.items():
        assert after[name] == rows, name
    living.assert_accounts_hold()


def _numbers(living: Installation, now: datetime) -> dict[str, list[tuple[Any, ...]]]:
    builder = Builder(living.postgres, living.clickhouse, 10.0)
    days = Days((now - timedelta(days=20)).date(), (now + timedelta(days=1)).date())
    for rollup in ROLLUPS:
        builder.catch_up(rollup, days, only_changed=True)
    return {name: living.clickhouse.query(sql).rows for name, sql in ASKED.items()}
