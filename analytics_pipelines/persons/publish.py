"""The person store's changes into ClickHouse, so that questions see them. Repeating it changes nothing."""

from datetime import datetime

from psycopg import sql

from analytics_pipelines.faults import hit
from analytics_pipelines.persons.lock import lock_persons
from analytics_pipelines.persons.statements import for_clickhouse, for_postgres
from resources.clickhouse import ClickHouse
from resources.postgres import Connection, Postgres

# More rows of ids than this are published in parts, since a part passes through memory.
MOST_ROWS = 100_000

_TABLES: tuple[tuple[str, str], ...] = (
    ("publish_persons", "persons (team_id, id, created_at, properties, is_identified, version, is_deleted)"),
    (
        "publish_ids",
        "person_distinct_ids (team_id, distinct_id, person_id, created_at, first_with_person, first_without_person,"
        " version, is_deleted)",
    ),
    ("publish_deletions", "person_deletions (team_id, distinct_id, deleted_at)"),
    (
        "publish_warnings",
        "ingestion_warnings (team_id, received_at, type, distinct_id, uuid, event, details, batch_id)",
    ),
)


def publish(postgres: Postgres, clickhouse: ClickHouse, now: datetime) -> None:
    """Publish every change since the last that ClickHouse knows of; all of them when its tables are new.

    The days of events that now belong to another person are marked dirty, as touched at `now`.
    """
    while True:
        with postgres.transaction() as connection:
            lock_persons(connection)
            after = published_version(clickhouse)
            last = _last_version(connection)
            if last < after:
                _outrun(connection, after)
                continue
            until = _end_of_part(connection, after, last)
            if until == after:
                return
            _publish(connection, clickhouse, after, until, now)


def published_version(clickhouse: ClickHouse) -> int:
    """Up to which version ClickHouse holds the person store; 0: nothing."""
    return int(clickhouse.query("SELECT max(version) FROM persons_published").one()[0])


def _last_version(connection: Connection) -> int:
    row = connection.execute("SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS last FROM person_versions")
    return int((row.fetchone() or {"last": 0})["last"])


def _outrun(connection: Connection, version: int) -> None:
    """ClickHouse is ahead of a Postgres that was restored: all that is here gets numbers that win there."""
    connection.execute("SELECT setval('person_versions', %s)", [version + 1])
    connection.execute("UPDATE distinct_ids SET version = %s", [version + 1])


def _end_of_part(connection: Connection, after: int, last: int) -> int:
    row = connection.execute(
        "SELECT version FROM distinct_ids WHERE version > %s ORDER BY version OFFSET %s LIMIT 1", [after, MOST_ROWS]
    ).fetchone()
    return int(row["version"]) if row else last


def _publish(connection: Connection, clickhouse: ClickHouse, after: int, until: int, now: datetime) -> None:
    for name, table in _TABLES:
        rows = _rows(connection, name, after, until)
        if rows:
            clickhouse.insert_stream(f"INSERT INTO {table} FORMAT TabSeparated", rows)
        hit(f"persons.after_{name}")
    overrides = _rows(connection, "publish_overrides", after, until)
    if overrides:
        clickhouse.insert_stream(for_clickhouse("put_overrides"), overrides)
    hit("persons.after_publish_overrides")
    moves = _rows(connection, "publish_moves", after, until)
    if moves:
        _mark_days(connection, clickhouse, moves, now)
    connection.execute("DELETE FROM person_moves WHERE version <= %s", [until])
    hit("persons.before_published")
    # Last in ClickHouse: who is broken off here publishes the same once more
    clickhouse.insert_rows("persons_published", [[1, until]], ["only_one", "version"])
    hit("persons.after_published")


def _mark_days(connection: Connection, clickhouse: ClickHouse, moves: bytes, now: datetime) -> None:
    table = "moved_ids"
    clickhouse.command(f"DROP TABLE IF EXISTS {table}")
    clickhouse.command(f"CREATE TABLE {table} (team_id Int64, distinct_id String) ENGINE = Memory")
    clickhouse.insert_stream(f"INSERT INTO {table} FORMAT TabSeparated", moves)
    days = clickhouse.query(
        "SELECT team_id, arrayJoin(groupUniqArrayArray(days)) FROM distinct_id_usage"
        f" WHERE (team_id, distinct_id) GLOBAL IN (SELECT team_id, distinct_id FROM {table}) GROUP BY team_id"
    ).rows
    clickhouse.command(f"DROP TABLE IF EXISTS {table}")
    connection.execute(
        "INSERT INTO dirty_days (team_id, day, touched_at) SELECT team_id, day, %s"
        " FROM unnest(%s::bigint[], %s::date[]) AS found (team_id, day)"
        " ON CONFLICT (team_id, day) DO UPDATE SET touched_at = excluded.touched_at",
        [now, [team for team, _ in days], [day for _, day in days]],
    )


def _rows(connection: Connection, name: str, after: int, until: int) -> bytes:
    statement = sql.SQL(for_postgres(name)).format(after=after, until=until)
    with connection.cursor().copy(statement) as copy:
        return b"".join(bytes(part) for part in copy)
