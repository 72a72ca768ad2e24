"""Who takes how much room: tables, raw objects, recordings, exports, Dagster's history, logs. In bytes."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from psycopg.errors import InsufficientPrivilege

from analytics_pipelines.events.keys import PREFIX, REPLAY_PREFIX
from analytics_pipelines.settings import Settings
from resources.clickhouse import ClickHouse, ClickHouseRefused
from resources.object_store import ObjectStore
from resources.postgres import Postgres

# Listings of buckets cost a request for each thousand objects.
_MOST_OBJECTS = 200_000


@dataclass(frozen=True)
class Room:
    """`bytes` by owner, `what.part`; of the bucket's folders also how many `days` and `objects` there are.

    A bucket of very many objects is not listed whole: then `is_whole` is false, and its numbers are of the newest days.
    """

    bytes: dict[str, int]
    days: dict[str, int]
    objects: dict[str, int]
    is_whole: bool = True

    @property
    def total(self) -> int:
        """Of all owners."""
        return sum(self.bytes.values())


def room(settings: Settings, postgres: Postgres, clickhouse: ClickHouse, store: ObjectStore) -> Room:
    """What is taken now. Raises StoreUnavailable, ClickHouseUnavailable, PostgresUnavailable."""
    found = Room({**_of_clickhouse(clickhouse), **_of_postgres(postgres), **_of_folders(settings)}, {}, {})
    is_whole = True
    for owner, prefix in (("bucket.raw_events", PREFIX), ("bucket.recordings", REPLAY_PREFIX)):
        is_whole &= _add_objects(found, owner, prefix, store)
    return Room(found.bytes, found.days, found.objects, is_whole)


def endless_logs(clickhouse: ClickHouse) -> dict[str, int]:
    """ClickHouse's own logs that never lose a row, with their bytes. Empty when it may not be seen."""
    try:
        rows = clickhouse.query(
            "SELECT name, ifNull(total_bytes, 0) FROM system.tables WHERE database = 'system' AND name LIKE '%\\_log'"
            " AND engine LIKE '%MergeTree' AND position(create_table_query, ' TTL ') = 0 ORDER BY name"
        ).rows
    except ClickHouseRefused:
        return {}
    return {name: int(size) for name, size in rows}


def _of_clickhouse(clickhouse: ClickHouse) -> dict[str, int]:
    try:
        rows = clickhouse.query(
            "SELECT if(database = 'system', 'logs', table) AS owner, sum(bytes_on_disk) FROM system.parts"
            " WHERE database IN (currentDatabase(), 'system') GROUP BY owner ORDER BY owner"
        ).rows
    except ClickHouseRefused:
        return {}
    return {f"clickhouse.{owner}": int(size) for owner, size in rows}


def _of_postgres(postgres: Postgres) -> dict[str, int]:
    rows = postgres.rows(
        "SELECT c.relname AS name, pg_total_relation_size(c.oid) AS size FROM pg_class c"
        " WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace ORDER BY c.relname"
    )
    found = {f"postgres.{row['name']}": int(row["size"]) for row in rows}
    try:
        row = postgres.row("SELECT pg_database_size(datname) AS size FROM pg_database WHERE datname = 'dagster'")
    except InsufficientPrivilege:
        return found
    return {**found, **({"dagster.history": int(row["size"])} if row else {})}


def _of_folders(settings: Settings) -> dict[str, int]:
    folders = {
        "exports": settings.exports_path,
        "logs": settings.data_dir / "logs",
        "dagster.output": settings.data_dir / "dagster",
    }
    return {owner: sum(_sizes(folder)) for owner, folder in folders.items() if folder.is_dir()}


def _sizes(folder: Path) -> Iterator[int]:
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                yield os.lstat(os.path.join(path, name)).st_size
            except OSError:
                continue  # gone meanwhile


def _add_objects(found: Room, owner: str, prefix: str, store: ObjectStore) -> bool:
    """Whether all are counted."""
    days = store.folders(prefix)
    found.days[owner], found.objects[owner], found.bytes[owner] = len(days), 0, 0
    for number, day in enumerate(reversed(days), 1):
        listed = store.objects(f"{prefix}/{day}")
        found.objects[owner] += len(listed)
        found.bytes[owner] += sum(item.size for item in listed)
        if found.objects[owner] > _MOST_OBJECTS:
            return number == len(days)
    return True
