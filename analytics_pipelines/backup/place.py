"""Where a backup lies: a file of this machine, or an object of a bucket."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

from analytics_pipelines.problems import Problem
from resources.object_store import ObjectStore


@contextmanager
def written(target: str, scratch: Path) -> Iterator[Path]:
    """The file to write a backup to; at the end of the block it is where `target` says: a path, `file:///…` or
    `s3://bucket/key`. What goes to a bucket stands in `scratch` meanwhile."""
    path = _path(target)
    if path is not None:
        yield path
        return
    store, key = _object(target)
    scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=scratch, prefix=".backup-") as folder:
        file = Path(folder) / key
        yield file
        store.upload(key, file)


@contextmanager
def fetched(source: str) -> Iterator[Path]:
    """A backup as a file of this machine, until the end of the block. Raises Problem when it is not there."""
    path = _path(source)
    if path is not None:
        yield path
        return
    store, key = _object(source)
    with TemporaryDirectory(prefix="backup-") as folder:
        file = Path(folder) / key
        try:
            store.download(key, file)
        except FileNotFoundError:
            raise Problem(f"There is no {source}.") from None
        yield file


def _path(target: str) -> Path | None:
    parts = urlsplit(target)
    if parts.scheme == "s3":
        return None
    return Path(unquote(parts.path) if parts.scheme == "file" else target).expanduser().absolute()


def _object(target: str) -> tuple[ObjectStore, str]:
    folder, _, key = target.rpartition("/")
    if not key or folder in ("s3:/", "s3:"):
        raise Problem(f"{target} names no object.", "Write s3://bucket/folder/name.tar.")
    return ObjectStore(folder), key
