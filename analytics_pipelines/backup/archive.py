"""The file of a backup: a tar of zstd members, the manifest last, so that one that was broken off is known as such."""

import io
import json
import os
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO
from uuid import UUID, uuid4

from analytics_pipelines.events import zstd
from analytics_pipelines.problems import Problem

MANIFEST = "manifest.json"
FORMAT = 1
_BLOCK = 1 << 20


class ArchiveWriter:
    """Adds members to a file beside its name; it gets the name when all is in it."""

    def __init__(self, file: Path) -> None:
        self.id: UUID = uuid4()
        self._file = file
        self._unfinished = file.with_name(f".{file.name}.part")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as error:
            raise Problem(f"{file} can't be written: {error.strerror}.", "Name another file.") from None
        self._stream = os.fdopen(descriptor, "wb")
        self._tar = tarfile.open(fileobj=self._stream, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115

    def add(self, name: str, chunks: Iterable[bytes | memoryview]) -> int:
        """A member of these bytes, compressed on the way; how many there were."""
        size = 0
        # Beside the file, since the temporary folder may be small; it has no name there, so a kill leaves nothing.
        with TemporaryFile(dir=self._file.parent) as member:
            packer = zstd.ZstdCompressor()
            for chunk in chunks:
                size += len(chunk)
                member.write(packer.compress(chunk))
            member.write(packer.flush())  # a frame, even of nothing
            member.flush()
            self._append(f"{name}.zst", member, member.tell())
        return size

    def add_plain(self, name: str, payload: bytes) -> None:
        """A member as it is."""
        self._append(name, io.BytesIO(payload), len(payload))

    def finish(self, manifest: dict[str, Any]) -> None:
        """Write the manifest, and let the file have its name, durably."""
        text = {"format": FORMAT, "id": str(self.id), **manifest}
        self.add_plain(MANIFEST, json.dumps(text, indent=2).encode())
        self._tar.close()
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        self._unfinished.replace(self._file)

    def give_up(self) -> None:
        """Leave nothing behind."""
        self._stream.close()
        self._unfinished.unlink(missing_ok=True)

    def _append(self, name: str, stream: Any, size: int) -> None:
        info = tarfile.TarInfo(name)
        info.size = size
        stream.seek(0)
        self._tar.addfile(info, stream)


@dataclass(frozen=True)
class Archive:
    """A backup that is read. `manifest` is what its maker said of it."""

    manifest: dict[str, Any]
    _tar: tarfile.TarFile

    @property
    def id(self) -> UUID:
        return UUID(self.manifest["id"])

    def names(self, prefix: str) -> list[str]:
        """Members whose names begin so, in order; without what says that they are compressed."""
        return [name.removesuffix(".zst") for name in self._tar.getnames() if name.startswith(prefix)]

    def plain_names(self, prefix: str) -> list[str]:
        """Members that were added as they are, by the beginning of their names."""
        return [name for name in self._tar.getnames() if name.startswith(prefix)]

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """A member's bytes, decompressed."""
        stream = self._tar.extractfile(f"{name}.zst")
        assert stream is not None  # noqa: S101  the manifest is there, so everything is
        with stream, zstd.ZstdFile(stream) as unpacked:
            yield unpacked  # type: ignore[misc]

    def chunks(self, name: str) -> Iterator[bytes]:
        """The same, piece by piece."""
        with self.open(name) as stream:
            while chunk := stream.read(_BLOCK):
                yield chunk

    def plain(self, name: str) -> bytes | None:
        """A member that was added as it is; None when there is none."""
        try:
            stream = self._tar.extractfile(name)
        except KeyError:
            return None
        return stream.read() if stream else None


@contextmanager
def opened(file: Path) -> Iterator[Archive]:
    """A backup. Raises Problem when it is none, or was broken off."""
    try:
        with tarfile.open(file, "r:") as tar:
            member = tar.extractfile(MANIFEST)
            manifest = json.loads(member.read()) if member else {}
            if manifest.get("format") != FORMAT:
                raise Problem(
                    f"{file} was written in format {manifest.get('format')}; this release reads {FORMAT}.",
                    "Restore it with the release that wrote it.",
                )
            yield Archive(manifest, tar)
    except FileNotFoundError:
        raise Problem(f"There is no {file}.") from None
    except (tarfile.TarError, KeyError, ValueError):
        raise Problem(f"{file} is no backup, or its making was broken off.", "Use another one.") from None
