"""The bucket: S3 or any store that speaks it, or a local folder with the same keys."""

import os
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import LocalStore, S3Store

from analytics_pipelines.problems import Fault, Problem

# Retries of one request by obstore itself. Capture must answer its client, so a store that is away is told soon.
RETRY_BUDGET = timedelta(seconds=5)

# Answers that no repetition changes, and the pause before one that may help.
_REFUSALS = (PermissionDeniedError, UnauthenticatedError)
_REPEAT_SECONDS = 0.2

_CHUNK = 8 * 1024 * 1024

# Reads that are on their way at a time: of a store in a network each takes tens of milliseconds.
_AT_ONCE = 16

# The share of a put's time that one try may take: so that one that hangs leaves time for another.
_ONE_TRY = 0.4


class StoreUnavailable(Fault):
    """The store did not take or give an object; nothing may be acknowledged. Try again later."""


@dataclass(frozen=True)
class StoredObject:
    """One object of a listing. `size` in bytes."""

    key: str
    size: int


class ObjectStore:
    """Durable puts, reads and listings under one bucket URL.

    `file:///folder` and `s3://bucket/prefix` behave alike: keys are relative to the folder or prefix and listings are
    sorted by key. S3 credentials, region and endpoint come from the usual `AWS_*` variables. A put to S3 is given up
    after `put_seconds`.
    """

    def __init__(self, url: str, *, put_seconds: float = 75) -> None:
        self.url = url
        self._put_seconds = put_seconds
        parts = urlsplit(url)
        self._folder: Path | None = None
        if parts.scheme == "file":
            self._folder = Path(unquote(parts.path))
            _make_folder(self._folder)
            self._store: Any = LocalStore(self._folder)
        elif parts.scheme == "s3":
            self._store = S3Store(
                parts.netloc,
                prefix=parts.path.strip("/") or None,
                config={"conditional_put": "etag"},
                client_options={
                    "allow_http": os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://"),
                    "timeout": timedelta(seconds=put_seconds * _ONE_TRY),
                    "connect_timeout": timedelta(seconds=5),
                },
                retry_config={
                    "max_retries": 3,
                    "retry_timeout": min(RETRY_BUDGET, timedelta(seconds=put_seconds * _ONE_TRY)),
                },
            )
        else:
            raise Problem(
                f"ANALYTICS_OBJECT_STORE_URL: {parts.scheme or url!r} is not a kind of bucket.",
                "Use file:///folder or s3://bucket/prefix.",
            )

    def put(self, key: str, payload: bytes) -> None:
        """Store `payload` under a new key and return once it is durable.

        The same bytes under the same key are a success (a lost answer was repeated); other bytes are refused.
        Raises StoreUnavailable; then the object may or may not exist, and the caller must not acknowledge it.
        """
        try:
            if self._folder is not None:
                _put_file(self._folder, key, payload)
            else:
                self._put_object(key, payload)
        except AlreadyExistsError:
            if self.get(key) != payload:
                raise StoreUnavailable(f"{key} exists with other content") from None
        except (BaseError, OSError) as error:
            raise StoreUnavailable(f"{key}: {error}") from error

    def _put_object(self, key: str, payload: bytes) -> None:
        """obstore does not repeat a conditional put that timed out, since it may have arrived. We can tell whether."""
        last_begin = time.monotonic() + self._put_seconds * (1 - _ONE_TRY)
        while True:
            try:
                obstore.put(self._store, key, payload, mode="create", use_multipart=False)
                return
            except (AlreadyExistsError, FileNotFoundError, *_REFUSALS):
                raise
            except BaseError:
                if time.monotonic() + _REPEAT_SECONDS >= last_begin:
                    raise
            time.sleep(_REPEAT_SECONDS)

    def get(self, key: str) -> bytes:
        """The object's bytes. Raises FileNotFoundError, or StoreUnavailable."""
        try:
            return bytes(obstore.get(self._store, key).bytes())
        except FileNotFoundError:
            raise
        except (BaseError, OSError) as error:
            raise StoreUnavailable(f"{key}: {error}") from error

    def get_many(self, keys: Sequence[str]) -> Iterator[bytes | None]:
        """The bytes of each, in order, and None for one that is not there; several are on their way at a time.

        Raises StoreUnavailable.
        """

        def get(key: str) -> bytes | None:
            try:
                return self.get(key)
            except FileNotFoundError:
                return None

        readers = ThreadPoolExecutor(_AT_ONCE, "get")
        try:
            yield from readers.map(get, keys)
        finally:
            readers.shutdown(cancel_futures=True)

    def upload(self, key: str, file: Path) -> None:
        """Store a file of any size, in place of what is there. Raises StoreUnavailable."""
        try:
            obstore.put(self._store, key, file)
        except (BaseError, OSError) as error:
            raise StoreUnavailable(f"{key}: {error}") from error

    def download(self, key: str, file: Path) -> None:
        """Write an object of any size into a file. Raises FileNotFoundError, or StoreUnavailable."""
        try:
            with file.open("wb") as opened:
                for chunk in obstore.get(self._store, key).stream(min_chunk_size=_CHUNK):
                    opened.write(chunk)
        except FileNotFoundError:
            raise
        except (BaseError, OSError) as error:
            raise StoreUnavailable(f"{key}: {error}") from error

    def objects(self, prefix: str, after: str | None = None) -> list[StoredObject]:
        """All objects under `prefix` (whole path segments) whose key sorts behind `after`, sorted by key."""
        found: list[StoredObject] = []
        try:
            for chunk in obstore.list(self._store, prefix, offset=after, chunk_size=1000):
                found.extend(StoredObject(meta["path"], meta["size"]) for meta in chunk)
        except (BaseError, OSError) as error:
            raise StoreUnavailable(f"{prefix}: {error}") from error
        found.sort(key=lambda item: item.key)
        return found

    def folders(self, prefix: str) -> list[str]:
        """The names right under `prefix` that hold further objects, sorted."""
        try:
            listing = obstore.list_with_delimiter(self._store, prefix)
        except (BaseError, OSError) as error:
            raise StoreUnavailable(f"{prefix}: {error}") from error
        return sorted(path.rstrip("/").rsplit("/", 1)[-1] for path in listing["common_prefixes"])

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; one that is gone already is fine."""
        try:
            for key in keys:
                with suppress(FileNotFoundError):
                    obstore.delete(self._store, key)
        except (BaseError, OSError) as error:
            raise StoreUnavailable(str(error)) from error

    def check(self) -> None:
        """Write, read and delete a small object. Raises StoreUnavailable."""
        key = f"checks/{secrets.token_hex(8)}"
        self.put(key, b"ok")
        if self.get(key) != b"ok":
            raise StoreUnavailable(f"{key} came back changed")
        self.delete([key])


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Problem(
            f"The bucket folder {folder} can't be made: {error.strerror}.",
            "Choose another with ANALYTICS_OBJECT_STORE_URL or ANALYTICS_DATA_DIR.",
        ) from None


def _put_file(folder: Path, key: str, payload: bytes) -> None:
    """Temporary file, fsync, link, fsync of the folder: after a power cut it is there whole or not at all."""
    target = folder / key
    if not target.parent.is_dir():
        _make_durable_folders(folder, target.parent)
    # Beside the target: to link across folders costs the file system more than twice as much. Listings pass over
    # names that end with # and digits, which obstore gives to its own unfinished files.
    temporary = target.with_name(f"{target.name}#{secrets.randbits(64)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            view = memoryview(payload)
            while view:
                view = view[file.write(view) :]
            os.fsync(descriptor)
        try:
            os.link(temporary, target)  # unlike rename, refuses to replace
        except FileExistsError:
            raise AlreadyExistsError(key) from None
        sync_folder(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _make_durable_folders(folder: Path, wanted: Path) -> None:
    missing = [wanted, *wanted.parents][: len(wanted.parts) - len(folder.parts)]
    wanted.mkdir(parents=True, exist_ok=True)
    for made in missing:
        sync_folder(made.parent)


def sync_folder(folder: Path) -> None:
    """What a folder lists is on the disk: a file that was made, renamed or removed."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
