"""The file to import: what it is, by name and first bytes, and its bytes in order."""

import gzip
import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import IO, Any, Literal, get_args

from analytics_pipelines.events import zstd
from analytics_pipelines.problems import Problem

Format = Literal["jsonl", "csv", "parquet"]
FORMATS: tuple[str, ...] = get_args(Format)

_SUFFIXES: dict[str, Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_GZIP, _ZSTD, _PARQUET, _ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1", b"PK\x03\x04"
_PACKINGS = {_GZIP: "gzip", _ZSTD: "zstd"}
_CHUNK = 1 << 20


class Broken(Exception):
    """A compressed file that ends too early, or whose bytes are damaged."""


@dataclass
class Source:
    """A file that is there and can be read. `read_bytes`: how far into it (packed) reading is; of `size` bytes."""

    path: Path
    format: Format
    packing: str
    size: int
    read_bytes: int = 0

    @classmethod
    def of(cls, path: Path, form: Format | None) -> "Source":
        """Raises Problem when there is no such file, nothing in it, or its format is not known or another."""
        size, first = _looked_at(path)
        packing = next((name for mark, name in _PACKINGS.items() if first.startswith(mark)), "")
        suffixes = [suffix.lower() for suffix in path.suffixes]
        if suffixes and suffixes[-1] in (".gz", ".zst", ".zstd"):
            suffixes.pop()
        found = form or _SUFFIXES.get(suffixes[-1] if suffixes else "")
        if first.startswith(_PARQUET) and found != "parquet":
            raise Problem(f"{path} is a Parquet file.", "Give --format parquet.")
        if first.startswith(_ZIP):
            raise Problem(f"{path} is a zip archive.", "Unpack it, and import the files in it.")
        if found is None:
            raise Problem(
                f"The name {path.name!r} does not say what is in the file.", f"Give --format {'|'.join(FORMATS)}."
            )
        if found == "parquet" and packing:
            raise Problem(f"{path} is packed by {packing}, and Parquet is read out of order.", "Unpack it first.")
        if found == "parquet" and not first.startswith(_PARQUET):
            raise Problem(f"{path} is no Parquet file.", "Give --format jsonl or --format csv, if it is one of these.")
        return cls(path, found, packing, size)

    def digest(self) -> bytes:
        """SHA-256 of the file as it is."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()

    @contextmanager
    def unpacked(self) -> Iterator[IO[bytes]]:
        """The bytes in it. Reading raises Broken when the packing is damaged."""
        with self.path.open("rb", buffering=0) as file:
            counted = io.BufferedReader(_Counted(self, file), _CHUNK)
            if self.packing == "gzip":
                inner: Any = gzip.GzipFile(fileobj=counted)
            elif self.packing == "zstd":
                inner = zstd.ZstdFile(counted)
            else:
                inner = counted
            with inner if inner is counted else io.BufferedReader(_Checked(inner), _CHUNK) as opened:
                yield opened

    @property
    def suggests_tabs(self) -> bool:
        return ".tsv" in [suffix.lower() for suffix in self.path.suffixes]


class _Counted(io.RawIOBase):
    """Tells how much of the file was read."""

    def __init__(self, source: Source, file: IO[bytes]) -> None:
        self._source = source
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        count = self._file.readinto(buffer)  # type: ignore[attr-defined]
        self._source.read_bytes += count
        return int(count)


class _Checked(io.RawIOBase):
    """One name for the many ways in which unpacking fails."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        import zlib

        try:
            return int(self._inner.readinto(buffer))
        except (EOFError, gzip.BadGzipFile, zlib.error, zstd.ZstdError) as error:
            raise Broken(str(error)) from None


def _looked_at(path: Path) -> tuple[int, bytes]:
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise Problem(f"{path} is a folder.", "Name a file in it.")
        with path.open("rb") as file:
            first = file.read(4)
    except FileNotFoundError:
        near = get_close_matches(path.name, _names_beside(path), 1)
        hint = f"Did you mean {path.with_name(near[0])}?" if near else "Check the path."
        raise Problem(f"There is no file {path}.", hint) from None
    except OSError as error:
        raise Problem(f"{path} can't be read: {error.strerror}.", "Check who owns it, and its permissions.") from None
    if not first:
        raise Problem(f"{path} is empty.", "Nothing was imported. Check where it came from.")
    return size, first


def _names_beside(path: Path) -> list[str]:
    try:
        return os.listdir(path.parent)
    except OSError:
        return []
