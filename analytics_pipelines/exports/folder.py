"""A folder of this machine, written by the ClickHouse that runs here too."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from analytics_pipelines.exports.destination import DestinationFailed, literal
from analytics_pipelines.exports.files import Sink, StoredFile
from resources.object_store import sync_folder

_BLOCK = 1 << 20


class Folder:
    """Files below one folder, which ClickHouse sees under the same path. No key leads out of it."""

    checksums = "sha256"

    def __init__(self, root: Path) -> None:
        self._root = root

    def sink(self, key: str, form: str, compression: str) -> Sink:
        path = self._path(key)
        settings: Mapping[str, object] = {"engine_file_truncate_on_insert": 1}
        packed = "" if compression == "none" else f", 'auto', {literal(compression)}"
        return Sink(f"file({literal(path)}, {literal(form)}{packed})", settings)

    def stored(self, key: str) -> StoredFile:
        """Made durable on the way: ClickHouse leaves that to the system."""
        path, digest = self._path(key), hashlib.sha256()
        try:
            with path.open("rb") as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
                os.fsync(file.fileno())
                size = file.tell()
            sync_folder(path.parent)
        except FileNotFoundError:
            raise DestinationFailed(
                "ClickHouse wrote the file elsewhere: it does not run on this machine, or sees other folders. "
                "Export to S3, Postgres or ClickHouse instead."
            ) from None
        except OSError as error:
            raise DestinationFailed(f"{path.name} can't be read: {error.strerror}.") from None
        return StoredFile(path.name, size, digest.hexdigest())

    def names(self, folder: str) -> list[str]:
        try:
            return sorted(os.listdir(self._path(folder)))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise DestinationFailed(f"The folder can't be read: {error.strerror}.") from None

    def get(self, key: str) -> bytes | None:
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DestinationFailed(f"{key} can't be read: {error.strerror}.") from None

    def put(self, key: str, payload: bytes) -> None:
        path = self._path(key)
        unfinished = path.with_name(f".{path.name}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with unfinished.open("wb") as file:
                file.write(payload)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
            sync_folder(path.parent)
        except OSError as error:
            raise DestinationFailed(f"{key} can't be written: {error.strerror}.") from None

    def delete(self, keys: Sequence[str]) -> None:
        try:
            for path in map(self._path, keys):
                with suppress(FileNotFoundError):
                    path.unlink()
                    sync_folder(path.parent)
        except OSError as error:
            raise DestinationFailed(f"A file can't be removed: {error.strerror}.") from None

    def _path(self, key: str) -> Path:
        """Raises DestinationFailed where a link leads elsewhere."""
        path = self._root / key
        if ".." in path.parts or not path.resolve().is_relative_to(self._root.resolve()):
            raise DestinationFailed("The folder is a link to elsewhere.")
        return path
