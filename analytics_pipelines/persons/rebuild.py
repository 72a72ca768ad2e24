"""Persons made anew from the events that are stored."""

from collections.abc import Collection
from datetime import datetime
from typing import LiteralString
from uuid import uuid4

from analytics_pipelines.ingest.memory import memory_kept
from analytics_pipelines.persons.lock import loading_stopped, next_version
from analytics_pipelines.persons.merges import Id, resolve_merges
from analytics_pipelines.persons.publish import publish
from analytics_pipelines.persons.reduction import reduced
from analytics_pipelines.persons.store import store
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

# Events that are reduced at a time, about.
PART_EVENTS = 2_000_000

# What follows from events; what people did to persons stays.
_FORGET: LiteralString = (
    "UPDATE distinct_ids SET version = %(version)s, is_personful = false, created_at = NULL,"
    " first_with_person = NULL, first_without_person = NULL"
    " WHERE (team_id, distinct_id) IN (SELECT team_id, distinct_id FROM rebuilt)"
)


def note_to_rebuild(postgres: Postgres, ids: Collection[Id]) -> None:
    """Have the next batch make these ids anew. Called before their events are replaced or removed, so that a kill in
    between costs work and no person."""
    postgres.execute(
        "INSERT INTO ids_to_rebuild (team_id, distinct_id)"
        " SELECT * FROM unnest(%s::bigint[], %s::text[]) ON CONFLICT DO NOTHING",
        [[team for team, _ in ids], [each for _, each in ids]],
    )


def rebuild_noted(postgres: Postgres, clickhouse: ClickHouse, now: datetime) -> None:
    """Make the ids anew that were noted. The caller holds the lock of persons, and no batch is on its way."""
    noted = [
        (int(row["team_id"]), str(row["distinct_id"]))
        for row in postgres.rows("SELECT team_id, distinct_id FROM ids_to_rebuild ORDER BY team_id, distinct_id")
    ]
    if noted:
        _rebuild_ids(postgres, clickhouse, noted, now)
        postgres.execute(
            "DELETE FROM ids_to_rebuild WHERE (team_id, distinct_id) IN"
            " (SELECT * FROM unnest(%s::bigint[], %s::text[]))",
            [[team for team, _ in noted], [each for _, each in noted]],
        )


def rebuild_ids(postgres: Postgres, clickhouse: ClickHouse, ids: Collection[Id], now: datetime) -> None:
    """Make these ids anew, after events of theirs were changed or removed. Broken off, the next batch finishes it."""
    note_to_rebuild(postgres, ids)
    with loading_stopped(postgres):
        rebuild_noted(postgres, clickhouse, now)


def _rebuild_ids(postgres: Postgres, clickhouse: ClickHouse, ids: Collection[Id], now: datetime) -> None:
    table = f"rebuilt_{uuid4().hex}"
    try:
        with memory_kept(clickhouse):
            clickhouse.command(f"CREATE TABLE {table} (team_id Int64, distinct_id String) ENGINE = Memory")
            clickhouse.insert_rows(table, [list(each) for each in ids], ["team_id", "distinct_id"])
            chosen = f"(team_id, distinct_id) IN (SELECT team_id, distinct_id FROM `{clickhouse.database}`.{table})"
            _rebuild(postgres, clickhouse, chosen, _rows_of(table, clickhouse), now)
    finally:
        clickhouse.command(f"DROP TABLE IF EXISTS {table}")


def rebuild_all(postgres: Postgres, clickhouse: ClickHouse, now: datetime) -> int:
    """Make every person anew, a part of the ids at a time; returns the parts. Repeat it when it was broken off."""
    with loading_stopped(postgres):
        events = int(clickhouse.query("SELECT count() FROM events").one()[0])
        parts = events // PART_EVENTS + 1
        for part in range(parts):
            name = f"rebuilt_{uuid4().hex}"
            chosen = f"cityHash64(distinct_id) % {parts} = {part}"
            with memory_kept(clickhouse):
                clickhouse.command(
                    f"CREATE TABLE {name} ENGINE = Memory AS SELECT team_id, distinct_id FROM distinct_id_usage"
                    f" WHERE {chosen}"
                    f" UNION DISTINCT SELECT team_id, distinct_id FROM person_distinct_ids WHERE {chosen}"
                    f" UNION DISTINCT SELECT team_id, distinct_id FROM events WHERE {chosen}"
                )
                rows = _rows_of(name, clickhouse)
                clickhouse.command(f"DROP TABLE {name}")
                _rebuild(postgres, clickhouse, chosen, rows, now)
        return parts


def _rows_of(table: str, clickhouse: ClickHouse) -> bytes:
    return clickhouse.read(f"SELECT team_id, distinct_id FROM {table} FORMAT TabSeparated")


def _rebuild(postgres: Postgres, clickhouse: ClickHouse, chosen: str, ids: bytes, now: datetime) -> None:
    publish(postgres, clickhouse, now)
    for table in ("person_words", "distinct_id_usage"):
        clickhouse.command(f"DELETE FROM {table} WHERE {chosen}", settings={"lightweight_deletes_sync": 2})
    source = f"(SELECT * FROM events WHERE {chosen})"
    with (
        reduced(source, uuid4().hex, clickhouse, every_id=True) as reduction,
        postgres.transaction() as connection,
    ):
        version = next_version(connection)
        connection.execute("CREATE TEMP TABLE rebuilt (team_id bigint, distinct_id text) ON COMMIT DROP")
        with connection.cursor().copy("COPY rebuilt FROM STDIN") as copy:
            copy.write(ids)
        connection.execute(_FORGET, {"version": version})
        store(connection, reduction, version, None, gone="edges_of_rebuilt")
        merged = connection.execute(
            "SELECT team_id, distinct_id FROM distinct_ids WHERE version = %s AND component IS NOT NULL", [version]
        ).fetchall()
        resolve_merges(connection, [(row["team_id"], row["distinct_id"]) for row in merged], version)
    publish(postgres, clickhouse, now)
