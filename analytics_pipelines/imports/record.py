"""What Postgres knows of an import: how much of its file is stored, so that it goes on there after a break."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from analytics_pipelines.imports.tally import Tally
from resources.postgres import Postgres


@dataclass(frozen=True)
class Known:
    """`rows_stored`: so many rows of the file, from its beginning, became durable objects. `tally`: of a whole one."""

    rows_stored: int
    started_at: datetime
    tally: Tally | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True)
class Record:
    """One import: of a file's content, by one mapping, into one project."""

    postgres: Postgres
    project: int
    file_digest: bytes
    mapping_digest: bytes

    def begin(self, file_name: str, now: datetime, *, again: bool = False) -> Known:
        """Note that it runs, and return what was known. `again`: forget what was. Raises PostgresUnavailable."""
        with self.postgres.transaction() as connection:
            if again:
                connection.execute(f"DELETE FROM imports {_WHICH}", self._key())
            row = connection.execute(
                "INSERT INTO imports (project_id, file_digest, mapping_digest, file_name, started_at, updated_at)"
                " VALUES (%(project)s, %(file)s, %(mapping)s, %(name)s, %(now)s, %(now)s)"
                " ON CONFLICT (project_id, file_digest, mapping_digest) DO UPDATE SET file_name = excluded.file_name"
                " RETURNING rows_stored, started_at, tally, finished_at",
                {**self._key(), "name": file_name, "now": now},
            ).fetchone()
        assert row is not None  # noqa: S101  an INSERT … RETURNING
        tally = Tally(**row["tally"]) if row["finished_at"] else None
        return Known(row["rows_stored"], row["started_at"], tally, row["finished_at"])

    def stored(self, rows: int, now: datetime) -> None:
        """The first `rows` rows are durable objects."""
        self.postgres.execute(
            # another process may import the same file, and be further
            f"UPDATE imports SET rows_stored = greatest(rows_stored, %(rows)s), updated_at = %(now)s {_WHICH}",
            {**self._key(), "rows": rows, "now": now},
        )

    def finish(self, tally: Tally, now: datetime) -> None:
        """All rows are stored."""
        self.postgres.execute(
            "UPDATE imports SET rows_stored = %(rows)s, tally = %(tally)s, updated_at = %(now)s, finished_at = %(now)s"
            f" {_WHICH}",
            {**self._key(), "rows": tally.rows, "tally": Jsonb(tally.public()), "now": now},
        )

    def _key(self) -> dict[str, object]:
        return {"project": self.project, "file": self.file_digest, "mapping": self.mapping_digest}


_WHICH = "WHERE project_id = %(project)s AND file_digest = %(file)s AND mapping_digest = %(mapping)s"
