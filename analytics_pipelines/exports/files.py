"""Files: ClickHouse writes them itself, one statement each; `_SUCCESS` is written when all are there.

A file is one row group of Parquet, or one stream of JSON lines, of rows in a total order: the same rows give the same
bytes, whichever parts and threads they come from. (Several row groups end where blocks happen to end.)
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol
from uuid import uuid4

from analytics_pipelines.exports.columns import in_json_lines, in_parquet
from analytics_pipelines.exports.destination import Written
from analytics_pipelines.exports.intervals import Interval
from analytics_pipelines.exports.model import Export, FileFormat
from analytics_pipelines.exports.prefix import file_name, folder_of, is_file_of
from analytics_pipelines.exports.rows import SETTINGS, Rows, Stretch
from analytics_pipelines.faults import hit
from resources.clickhouse import ClickHouse

MANIFEST = "_SUCCESS"
_MEGABYTE = 1_000_000
_UNBOUNDED = 1 << 60
_ONE_ROW_GROUP = {
    "output_format_parquet_row_group_size": _UNBOUNDED,
    "output_format_parquet_row_group_size_bytes": _UNBOUNDED,
    "output_format_parquet_compression_method": "zstd",
}
# Packed as one stream: threads would flush it where their blocks end.
_ONE_STREAM = {"output_format_parallel_formatting": 0, "output_format_compression_level": 3}
_EXTENSIONS = {"zstd": "zst", "gzip": "gz"}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a folder. The checksum is what the store gives without reading it again, or of its content."""

    name: str
    bytes: int
    checksum: str


@dataclass(frozen=True, slots=True)
class Sink:
    """Where ClickHouse writes a file to: a table function with `{form}` for its format, and its settings."""

    function: str
    settings: Mapping[str, Any]


class Place(Protocol):
    """Where files lie. Keys are relative to the destination; every method raises DestinationFailed."""

    checksums: str

    def sink(self, key: str, form: str, compression: str) -> Sink:
        """Where ClickHouse is to write that key, replacing what is there."""

    def stored(self, key: str) -> StoredFile:
        """A file that was written."""

    def names(self, folder: str) -> list[str]:
        """What lies in a folder."""

    def get(self, key: str) -> bytes | None:
        """A small file's content; None when there is none."""

    def put(self, key: str, payload: bytes) -> None:
        """Store a small file, whole or not at all, and durably."""

    def delete(self, keys: Sequence[str]) -> None:
        """Remove files; one that is gone already is fine."""


class Files:
    """The files of one interval."""

    def __init__(self, place: Place, prefix: str, export: Export, interval: Interval, clickhouse: ClickHouse) -> None:
        self._place = place
        self._export = export
        self._interval = interval
        self._clickhouse = clickhouse
        config = export.destination.config
        self._format = FileFormat(config["file_format"])
        self._compression = str(config["compression"])
        self.most_bytes = (config.get("max_file_size_mb") or 0) * _MEGABYTE
        self.has_limit = bool(self.most_bytes)
        self._folder = folder_of(prefix, interval, export.interval, team_id=export.team_id, table=export.model.value)

    def begin(self) -> None:
        self._place.delete([self._key(MANIFEST)])
        hit("exports.after_unmark")

    def write(self, number: int, rows: Rows, stretch: Stretch) -> Written:
        key = self._key(self._name(number))
        parquet = self._format is FileFormat.PARQUET
        select = rows.select(_items(rows, self._format), stretch)
        sink = self._place.sink(key, "Parquet" if parquet else "TSVRaw", "none" if parquet else self._compression)
        written = self._clickhouse.write(
            f"INSERT INTO FUNCTION {sink.function} {select.sql}",
            select.parameters,
            {
                **SETTINGS,
                **(_ONE_ROW_GROUP if parquet else _ONE_STREAM),
                **sink.settings,
                "query_id": f"{query_prefix(self._export)}{uuid4()}",
            },
        )
        stored = self._place.stored(key)
        hit("exports.after_write")
        return Written(stored.name, written.rows, stored.bytes, stored.checksum)

    def is_too_large(self, written: Written) -> bool:
        return bool(self.most_bytes) and written.bytes > self.most_bytes

    def finish(self, written: Sequence[Written]) -> None:
        current = {each.name for each in written}
        stale = [name for name in self._place.names(self._folder) if is_file_of(name, self._interval)]
        self._place.delete([self._key(name) for name in sorted(stale) if name not in current])
        hit("exports.before_mark")
        self._place.put(self._key(MANIFEST), self._manifest(written))
        hit("exports.after_mark")

    def _manifest(self, written: Sequence[Written]) -> bytes:
        """Equal for equal files: it says nothing of when it was written."""
        manifest = {
            "export": self._export.key,
            "team_id": self._export.team_id,
            "model": self._export.model.value,
            "data_interval_start": self._interval.start.isoformat(),
            "data_interval_end": self._interval.end.isoformat(),
            "file_format": self._format.value,
            "compression": self._compression,
            "rows": sum(each.rows for each in written),
            "bytes": sum(each.bytes for each in written),
            "checksums": self._place.checksums,
            "files": [asdict(each) for each in written],
        }
        return json.dumps(manifest, indent=2).encode() + b"\n"

    def _name(self, number: int) -> str:
        packed = f".{_EXTENSIONS[self._compression]}" if self._format is FileFormat.JSON_LINES else ""
        return file_name(self._interval, number, ("jsonl" if packed else "parquet") + packed)

    def _key(self, name: str) -> str:
        return f"{self._folder}/{name}"


def query_prefix(export: Export) -> str:
    """How the ids of all statements that write for an export begin."""
    return f"export-{export.id}-"


def _items(rows: Rows, form: FileFormat) -> list[str]:
    if form is FileFormat.JSON_LINES:
        return [in_json_lines(rows.columns)]
    return [f"{in_parquet(column)} AS {column.quoted}" for column in rows.columns]
