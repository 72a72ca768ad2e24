"""Distinct ids some of whose events a replay changed or removed, until their persons are made anew."""

from datetime import datetime

from analytics_pipelines.faults import hit
from analytics_pipelines.persons.rebuild import rebuild_all, rebuild_ids
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

_TABLE = "replayed_ids"

# Of more, all persons are made anew, a part at a time.
MOST_IDS = 100_000


def note_ids(clickhouse: ClickHouse, source: str) -> None:
    """Write down the ids of `source`, what may stand behind FROM: a table of team_id and distinct_id."""
    clickhouse.command(
        f"CREATE TABLE IF NOT EXISTS {_TABLE} (team_id Int64, distinct_id String)"
        " ENGINE = ReplacingMergeTree ORDER BY (team_id, distinct_id)"
    )
    clickhouse.insert(f"INSERT INTO {_TABLE} (team_id, distinct_id) SELECT team_id, distinct_id FROM {source}")


def wait_for_rebuild(clickhouse: ClickHouse) -> bool:
    """Whether any do."""
    found = clickhouse.query(
        "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = {name:String}",
        {"name": _TABLE},
    )
    return bool(found.one()[0])


def rebuild_persons(clickhouse: ClickHouse, postgres: Postgres, now: datetime) -> None:
    """Make the persons of those ids anew. Repeat it when it was broken off. The caller holds the `REPLAY` lock only."""
    if not wait_for_rebuild(clickhouse):
        return
    ids = f"SELECT DISTINCT team_id, distinct_id FROM {_TABLE} LIMIT {MOST_IDS + 1}"
    found = [(int(team), str(distinct_id)) for team, distinct_id in clickhouse.query(ids).rows]
    if len(found) > MOST_IDS:
        rebuild_all(postgres, clickhouse, now)
    elif found:
        rebuild_ids(postgres, clickhouse, found, now)
    hit("replay.after_rebuild")
    clickhouse.command(f"DROP TABLE IF EXISTS {_TABLE} SYNC")
