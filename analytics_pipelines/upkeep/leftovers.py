"""Tables that work in progress makes for itself in ClickHouse, and that a process left which was killed."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from analytics_pipelines.ingest.locks import LOAD, held
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

# What is made for one piece of work ends with its random or hashed id; nothing that stays is called so.
_OF_WORK = re.compile(r"[a-z_]+_[0-9a-f]{32}")
# No work takes so long.
OLD = timedelta(days=1)


@dataclass(frozen=True)
class Leftover:
    """A table that nobody works with, and its bytes."""

    table: str
    bytes: int


def leftovers(clickhouse: ClickHouse, now: datetime, old: timedelta = OLD) -> list[Leftover]:
    """Tables of work that were made long ago, and that no statement names now."""
    rows = clickhouse.query(
        "SELECT name, ifNull(total_bytes, 0) FROM system.tables t WHERE database = currentDatabase()"
        " AND metadata_modification_time < {before:DateTime('UTC')}"
        " AND NOT arrayExists(q -> position(q, t.name) > 0, (SELECT groupArray(query) FROM system.processes"
        " WHERE query_id != queryID()))"
        " ORDER BY name",
        {"before": (now - old).replace(microsecond=0)},
    ).rows
    return [Leftover(name, int(size)) for name, size in rows if _OF_WORK.fullmatch(name)]


def drop_leftovers(postgres: Postgres, clickhouse: ClickHouse, now: datetime, old: timedelta = OLD) -> list[Leftover]:
    """Drop them while nobody loads; which they were. May be repeated."""
    if not leftovers(clickhouse, now, old):
        return []
    with postgres.session() as session, held(session, LOAD):
        found = leftovers(clickhouse, now, old)
        for each in found:
            clickhouse.command(f"DROP TABLE IF EXISTS {each.table} SYNC")
    return found
