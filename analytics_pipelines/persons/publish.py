"""The person store's changes into ClickHouse, so that questions see them. Repeating it changes nothing."""

from datetime import datetime
from typing import LiteralString

from psycopg import sql

from analytics_pipelines.faults import hit
from analytics_pipelines.ingest.memory import memory_kept
from analytics_pipelines.persons.lock import next_version
from analytics_pipelines.persons.reduction import IN_PARTS
from analytics_pipelines.persons.squashed import part_squashed
from analytics_pipelines.persons.statements import for_clickhouse, for_postgres
from resources.clickhouse import ClickHouse
from resources.postgres import Connection, Postgres

# More rows of ids than this are published in parts, since a part passes through memory.
MOST_ROWS = 100_000

_TABLES: tuple[tuple[str, str], ...] = (
    (
        "publish_members",
        "person_members (team_id, person_id, distinct_id, created_at, is_identified, is_alive, version, is_deleted)",
    ),
    (
        "publish_ids",
        "person_distinct_ids (team_id, distinct_id, person_id, is_personful, created_at, first_with_person,"
        " first_without_person, version, is_deleted)",
    ),
    ("publish_deletions", "person_deletions (team_id, distinct_id, deleted_at)"),
    (
        "publish_warnings",
        "ingestion_warnings (team_id, received_at, type, distinct_id, uuid, event, details, batch_id)",
    ),
)


def publish(postgres: Postgres, clickhouse: ClickHouse, now: datetime, words: str | None = None) -> None:
    """Publish every change since the last that ClickHouse knows of (all of them when its tables are new), and the
    persons of whose ids something was said in the table `words`.

    The days of events that now belong to another person are marked dirty, as touched at `now`. The caller holds the
    lock.
    """
    while True:
        with postgres.transaction() as connection:
            after = published_version(clickhouse)
            last = _last_version(connection, after)
            until = _end_of_part(connection, after, last)
            if until > after:
                _erase(connection, clickhouse)
            if until > after or words:
                with memory_kept(clickhouse):
                    _publish(connection, clickhouse, (after, until), now, words)
        hit("persons.before_published")
        if until > after:
            # After all else in both stores: who is broken off before it publishes the same once more
            clickhouse.insert_rows("persons_published", [[1, until]], ["only_one", "version"])
        hit("persons.after_published")
        if until == last:
            return
        words = None


def published_version(clickhouse: ClickHouse) -> int:
    """Up to which version ClickHouse holds the person store; 0: nothing."""
    return int(clickhouse.query("SELECT max(version) FROM persons_published").one()[0])


def _last_version(connection: Connection, published: int) -> int:
    """The last version of any row; all rows get a new one when Postgres was restored and ClickHouse is ahead of it."""
    given = _number(connection, "SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS number FROM person_versions")
    if given < published:
        connection.execute("SELECT setval('person_versions', %s)", [published + 1])
        connection.execute("UPDATE distinct_ids SET version = %s", [published + 1])
    return max(
        published,
        _number(connection, "SELECT max(version) AS number FROM distinct_ids"),
        _number(connection, "SELECT max(version) AS number FROM person_moves"),
        _number(connection, "SELECT max(version) AS number FROM merge_log WHERE refused IS NOT NULL"),
    )


def _number(connection: Connection, statement: LiteralString) -> int:
    row = connection.execute(statement).fetchone()
    return int((row and row["number"]) or 0)


def _end_of_part(connection: Connection, after: int, last: int) -> int:
    row = connection.execute(
        "SELECT version FROM distinct_ids WHERE version > %s ORDER BY version OFFSET %s LIMIT 1", [after, MOST_ROWS]
    ).fetchone()
    return int(row["version"]) if row else last


def _publish(
    connection: Connection, clickhouse: ClickHouse, span: tuple[int, int], now: datetime, words: str | None
) -> None:
    after, until = span
    rows = {name: _rows(connection, name, after, until) for name, _ in _TABLES} if until > after else {}
    for name, table in _TABLES:
        if rows.get(name):
            clickhouse.insert_stream(f"INSERT INTO {table} FORMAT TabSeparated", rows[name])
        hit(f"persons.after_{name}")
    # Under the lock each has a number of its own, so of two versions of a person the later made wins
    _put_persons(connection, clickhouse, rows.get("publish_members", b""), words)
    hit("persons.after_persons")
    if until == after:
        return
    moves = _rows(connection, "publish_moves", after, until)
    moved = "moved_ids"  # only one at a time, under the lock
    clickhouse.command(f"DROP TABLE IF EXISTS {moved}")
    if moves:
        clickhouse.command(f"CREATE TABLE {moved} (team_id Int64, distinct_id String) ENGINE = Memory")
        clickhouse.insert_stream(f"INSERT INTO {moved} FORMAT TabSeparated", moves)
        part_squashed(connection, clickhouse, moved)
    overrides = _rows(connection, "publish_overrides", after, until)
    if overrides:
        clickhouse.insert_stream(for_clickhouse("put_overrides"), overrides)
    hit("persons.after_overrides")
    if moves:
        _mark_days(connection, clickhouse, moved, now)
        clickhouse.command(f"DROP TABLE IF EXISTS {moved}")
    connection.execute("DELETE FROM person_moves WHERE version <= %s", [until])


def _put_persons(connection: Connection, clickhouse: ClickHouse, members: bytes, words: str | None) -> None:
    """Make the persons anew that these rows of members name, and those of whose ids something was said."""
    if not members and not words:
        return
    changed = "changed_persons"  # only one at a time, under the lock
    clickhouse.command(f"DROP TABLE IF EXISTS {changed}")
    clickhouse.command(f"CREATE TABLE {changed} (team_id Int64, person_id UUID) ENGINE = Memory")
    if members:
        named = b"".join(b"\t".join(row.split(b"\t", 2)[:2]) + b"\n" for row in members.split(b"\n") if row)
        clickhouse.insert_stream(f"INSERT INTO {changed} FORMAT TabSeparated", named)
    if words:
        clickhouse.insert(for_clickhouse("changed_by_words", changed=changed, words=words))
    version = next_version(connection)
    clickhouse.insert(for_clickhouse("put_persons", changed=changed, version=str(version)), settings=IN_PARTS)
    clickhouse.command(f"DROP TABLE IF EXISTS {changed}")


def _erase(connection: Connection, clickhouse: ClickHouse) -> None:
    """Forget what was said of ids that were deleted since. Before any batch that may bring them back is taken."""
    erasing = connection.execute(
        "SELECT team_id, distinct_id FROM distinct_ids WHERE is_erasing ORDER BY team_id, distinct_id"
    ).fetchall()
    if erasing:
        clickhouse.command(
            "DELETE FROM person_words WHERE (team_id, distinct_id) IN {ids:Array(Tuple(Int64, String))}",
            {"ids": [(row["team_id"], row["distinct_id"]) for row in erasing]},
            {"lightweight_deletes_sync": 2},
        )
        hit("persons.after_erase")
        connection.execute("UPDATE distinct_ids SET is_erasing = false WHERE is_erasing")


def _mark_days(connection: Connection, clickhouse: ClickHouse, moved: str, now: datetime) -> None:
    days = clickhouse.query(
        "SELECT team_id, arrayJoin(groupUniqArrayArray(days)) FROM distinct_id_usage"
        f" WHERE (team_id, distinct_id) GLOBAL IN (SELECT team_id, distinct_id FROM {moved}) GROUP BY team_id"
    ).rows
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
