"""Everything that is held of one person, as a zip of JSON: one object a line, a file a kind."""

import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any

from analytics_pipelines.erasures.lines import LineFilter, Wanted
from analytics_pipelines.erasures.statements import statement
from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import REPLAY_PREFIX
from analytics_pipelines.ingest.cookieless_secret import cookieless_secret
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

# One file each: rows of ClickHouse.
_FILES = ("distinct_ids", "sessions", "cohorts", "deletions", "warnings")

# Ids travel as one parameter of a statement, of which ClickHouse takes 128 KiB.
_MOST_ID_BYTES = 100_000

_AS_JSON = {"output_format_json_quote_64bit_integers": 0, "date_time_output_format": "iso"}


class TooManyIds(Exception):
    """The person has more ids than one archive can be asked for."""


@dataclass(frozen=True)
class Archive:
    """Of the person with these distinct ids, as of `now`."""

    store: ObjectStore
    postgres: Postgres
    clickhouse: ClickHouse
    team_id: int
    ids: Sequence[str]
    now: datetime

    def write(self, out: IO[bytes], progress: Callable[[str], None] = lambda _: None) -> dict[str, int]:
        """Write the zip; how many objects are in each of its files. Raises TooManyIds, and what the stores raise."""
        if sum(len(each.encode()) + 3 for each in self.ids) > _MOST_ID_BYTES:
            raise TooManyIds(f"{len(self.ids)} distinct ids are too many for one archive.")
        counts: dict[str, int] = {}
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, parts in self._files():
                progress(name)
                counts[name] = 0
                with archive.open(f"{name}.jsonl", "w", force_zip64=True) as file:
                    for part in parts:
                        file.write(part)
                        counts[name] += part.count(b"\n")
            manifest = {
                "project_id": self.team_id,
                "distinct_ids": list(self.ids),
                "made_at": self.now.isoformat(),
                "files": {f"{name}.jsonl": count for name, count in counts.items()},
            }
            archive.writestr("manifest.json", json.dumps(manifest, indent=2))
        return counts

    def _files(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        yield "persons", iter([_opened(self._read(statement("archive/persons")))])
        for name in _FILES:
            yield name, iter([self._read(statement(f"archive/{name}"))])
        yield "events", self._events()
        yield "merges", iter([self._merges()])
        yield "dead_letters", self._dead_letters()
        yield "recordings", self._recordings()

    def _read(self, sql: str, **parameters: Any) -> bytes:
        given = {"team": self.team_id, "ids": list(self.ids), **parameters}
        return self.clickhouse.read(f"{sql.rstrip()}\nFORMAT JSONEachRow", given, _AS_JSON)

    def _days(self, table: str) -> list[date]:
        found = self.clickhouse.query(
            f"SELECT DISTINCT arrival_day FROM {table} WHERE team_id = {{team:Int64}} ORDER BY arrival_day",
            {"team": self.team_id},
        )
        return [day for (day,) in found.rows]

    def _events(self) -> Iterator[bytes]:
        """A day of arrival at a time, so that memory does not grow with the archive."""
        return (_opened(self._read(statement("archive/events"), day=day)) for day in self._days("events"))

    def _merges(self) -> bytes:
        rows = self.postgres.rows(
            "SELECT uuid, timestamp, event, target, other, refused FROM merge_log WHERE team_id = %(team)s"
            " AND (target = ANY(%(ids)s) OR other = ANY(%(ids)s)) ORDER BY timestamp, uuid",
            {"team": self.team_id, "ids": list(self.ids)},
        )
        return b"".join(json.dumps(row, default=str).encode() + b"\n" for row in rows)

    def _lines(self) -> LineFilter:
        ids = frozenset(self.ids)
        return LineFilter(Wanted(self.team_id, self.now, ids=ids, words=ids), cookieless_secret(self.postgres))

    def _dead_letters(self) -> Iterator[bytes]:
        """Lines that were no events and name one of the ids, as an erasure would take them."""
        lines = self._lines()
        for day in self._days("dead_letters"):
            rows = self.clickhouse.query(
                "SELECT reason, line, object_key FROM dead_letters"
                " WHERE team_id = {team:Int64} AND arrival_day = {day:Date}",
                {"team": self.team_id, "day": day},
            ).rows
            for reason, line, key in rows:
                if lines.takes(line.encode(), key):
                    yield json.dumps({"reason": reason, "line": line}).encode() + b"\n"

    def _recordings(self) -> Iterator[bytes]:
        """The lines of session recordings, as they were sent."""
        lines = self._lines()
        for item in self.store.objects(REPLAY_PREFIX):
            try:
                text = zstd.decompress(self.store.get(item.key))
            except (FileNotFoundError, zstd.ZstdError):
                continue
            for line in filter(None, text.split(b"\n")):
                if lines.takes(line, item.key):
                    yield line + b"\n"


def _opened(rows: bytes) -> bytes:
    """Rows whose `properties` are JSON themselves, not the text of it; what is none stays a text."""
    opened = []
    for line in filter(None, rows.split(b"\n")):
        row = json.loads(line)
        with suppress(ValueError):
            row["properties"] = json.loads(row["properties"])
        opened.append(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    return b"".join(opened)
