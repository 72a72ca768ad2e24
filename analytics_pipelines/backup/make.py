"""Making a backup: Postgres as of one moment, what is in ClickHouse alone, and what the bucket held."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from analytics_pipelines.backup.archive import ArchiveWriter
from analytics_pipelines.backup.kept_rows import kept_batches, members
from analytics_pipelines.backup.passphrase import sealed
from analytics_pipelines.backup.postgres_tables import SECRETS, columns, dump, sequences, tables
from analytics_pipelines.events.keys import PREFIX, REPLAY_PREFIX
from analytics_pipelines.faults import hit
from analytics_pipelines.ingest.replacements import Replacements
from analytics_pipelines.ingest.replay import Replay
from analytics_pipelines.settings import Settings
from analytics_pipelines.version import installed_version
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore, StoredObject
from resources.postgres import Connection, Postgres

# What the bucket holds that nothing else does. Exports can be made again, and Dagster's output is no data.
PREFIXES = (PREFIX, REPLAY_PREFIX)


@dataclass(frozen=True)
class Made:
    """A backup. `kept_batches` are in it because their raw objects are gone."""

    file: Path
    bytes: int
    tables: int
    rows_bytes: int
    objects: int
    object_bytes: int
    with_objects: bool
    kept_batches: int
    sealed: bool

    def public(self) -> dict[str, Any]:
        """As JSON."""
        return {**vars(self), "file": str(self.file)}


@dataclass
class Backup:
    """Makes backups of one installation, while it works."""

    store: ObjectStore
    postgres: Postgres
    clickhouse: ClickHouse
    settings: Settings
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    progress: Callable[[str, int, int], None] = lambda *_: None
    """Told what is written, how much of it is, and of how much."""

    def make(self, file: Path, *, with_objects: bool = False, passphrase: str | None = None) -> Made:
        """Write a backup to a file, whole or not at all. Loads go on; replays, compaction and erasures wait.

        Raises Problem, StoreUnavailable, ClickHouseUnavailable, PostgresUnavailable.
        """
        writer = ArchiveWriter(file)
        try:
            with Replacements(self.store, self.postgres, self.now).alone(), self._snapshot() as connection:
                manifest = self._postgres(writer, connection, passphrase)
                hit("backup.after_postgres")
                kept = self._kept(writer, connection)
                objects = [item for prefix in PREFIXES for item in self.store.objects(prefix)]
                self._objects(writer, objects, with_objects=with_objects)
                hit("backup.before_manifest")
                manifest |= {
                    "made_at": self.now().isoformat(),
                    "release": installed_version(),
                    "arrival_start": self.settings.arrival_start.isoformat(),
                    "bucket": self.settings.bucket_url,
                    "settings": self._given_settings(),
                    "objects": len(objects),
                    "object_bytes": sum(item.size for item in objects),
                    "with_objects": with_objects,
                    "kept_batches": kept,
                    "sealed": passphrase is not None,
                }
                writer.finish(manifest)
        except BaseException:
            writer.give_up()
            raise
        return Made(
            file=file,
            bytes=file.stat().st_size,
            tables=len(manifest["postgres"]["tables"]),
            rows_bytes=manifest["postgres"]["bytes"],
            objects=len(objects),
            object_bytes=manifest["object_bytes"],
            with_objects=with_objects,
            kept_batches=kept,
            sealed=passphrase is not None,
        )

    def _given_settings(self) -> dict[str, str]:
        """What was set, for whoever sets up the next machine; no secrets."""
        given = {name: getattr(self.settings, name) for name in sorted(self.settings.model_fields_set)}
        return {name: str(value) for name, value in given.items() if not isinstance(value, SecretStr | None)}

    @contextmanager
    def _snapshot(self) -> Iterator[Connection]:
        with self.postgres.transaction() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield connection

    def _postgres(self, writer: ArchiveWriter, connection: Connection, passphrase: str | None) -> dict[str, Any]:
        version = connection.execute("SELECT max(version) AS version FROM schema_migrations").fetchone()
        names = tables(connection)
        given = {table: columns(connection, table) for table in names}
        size = 0
        for number, table in enumerate(names):
            self.progress("tables", number, len(names))
            rows = dump(connection, table, given[table])
            if table == SECRETS:
                payload = b"".join(rows)
                writer.add_plain(SECRETS, sealed(payload, passphrase) if passphrase else payload)
            else:
                size += writer.add(f"postgres/{table}", rows)
        self.progress("tables", len(names), len(names))
        return {
            "postgres": {
                "version": version["version"] if version else 0,
                "tables": given,
                "sequences": sequences(connection),
                "bytes": size,
            }
        }

    def _kept(self, writer: ArchiveWriter, connection: Connection) -> int:
        """Rows that can't be loaded again, with what the ledger knows of them; how many batches they are of."""
        replay = Replay(self.store, self.postgres, self.clickhouse, 1, 1)
        kept = kept_batches(replay)
        for name, rows in members(self.clickhouse, kept):
            writer.add(name, [rows])
        ids = ", ".join(f"'{batch}'" for batches in kept.values() for batch in batches)
        if ids:
            for table, column in (("ingest_batches", "id"), ("ingest_objects", "batch_id")):
                where = f"{column} IN ({ids})"
                names = columns(connection, table)
                writer.add_plain(f"ledger/{table}.json", json.dumps(names).encode())
                writer.add(f"ledger/{table}", dump(connection, table, names, where))
        return sum(map(len, kept.values()))

    def _objects(self, writer: ArchiveWriter, objects: list[StoredObject], *, with_objects: bool) -> None:
        lines = (json.dumps({"key": item.key, "size": item.size}).encode() + b"\n" for item in objects)
        writer.add("objects.jsonl", lines)
        if not with_objects:
            return
        for number, item in enumerate(objects):
            self.progress("objects", number, len(objects))
            writer.add_plain(f"objects/{item.key}", self.store.get(item.key))
        self.progress("objects", len(objects), len(objects))
