"""Requests that arrive together share an object; each is answered when it is stored, or told that it is not."""

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics_pipelines.events import zstd
from capture_app.objects import RawObjects
from resources.object_store import ObjectStore, StoreUnavailable

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)


class SlowStore(ObjectStore):
    """A real folder whose puts can be held up, or fail."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder.as_uri())
        self.go = threading.Event()
        self.go.set()
        self.fail = 0
        self.puts = 0

    def put(self, key: str, payload: bytes) -> None:
        self.puts += 1
        self.go.wait(10)
        if self.fail:
            self.fail -= 1
            raise StoreUnavailable("no room")
        super().put(key, payload)


@pytest.fixture
def store(tmp_path: Path) -> SlowStore:
    return SlowStore(tmp_path / "bucket")


def together(objects: RawObjects, parts: list[bytes]) -> list[Any]:
    """Commit each part on a thread of its own; what each got: a key or an exception."""
    got: list[Any] = [None] * len(parts)

    def run(number: int) -> None:
        try:
            got[number] = objects.commit(parts[number], NOW + timedelta(milliseconds=number))
        except StoreUnavailable as error:
            got[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(parts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
    return got


def holds(store: ObjectStore, key: str, part: bytes) -> bool:
    return part in zstd.decompress(store.get(key))


def test_a_lone_request_waits_for_nobody(store: SlowStore) -> None:
    key = RawObjects(store, "host").commit(b"one\n", NOW)
    assert zstd.decompress(store.get(key)) == b"one\n"


def test_requests_that_arrive_while_one_writes_share_the_next_object(store: SlowStore) -> None:
    objects = RawObjects(store)
    store.go.clear()
    threading.Timer(0.3, store.go.set).start()
    parts = [f"line {number}\n".encode() for number in range(50)]
    keys = together(objects, parts)
    assert store.puts <= 3
    assert all(holds(store, key, part) for key, part in zip(keys, parts, strict=True))
    lines = [line for key in set(keys) for line in zstd.decompress(store.get(key)).splitlines()]
    assert sorted(lines) == sorted(part.strip() for part in parts)


def test_a_group_that_was_not_stored_is_acknowledged_to_nobody(store: SlowStore) -> None:
    objects = RawObjects(store)
    store.go.clear()
    store.fail = 2
    threading.Timer(0.3, store.go.set).start()
    got = together(objects, [f"line {number}\n".encode() for number in range(20)])
    assert all(isinstance(each, StoreUnavailable) for each in got)
    assert store.objects("raw") == []
    assert holds(store, objects.commit(b"later\n", NOW), b"later\n")


def test_groups_keep_to_their_size_and_a_larger_request_is_stored_alone(store: SlowStore) -> None:
    objects = RawObjects(store, group_bytes=100)
    store.go.clear()
    threading.Timer(0.3, store.go.set).start()
    parts = [bytes([65 + number]) * 40 + b"\n" for number in range(9)] + [b"z" * 500 + b"\n"]
    keys = together(objects, parts)
    assert all(holds(store, key, part) for key, part in zip(keys, parts, strict=True))
    sizes = {key: len(zstd.decompress(store.get(key))) for key in keys}
    assert all(size <= 100 or size == 501 for size in sizes.values())


def test_what_waits_for_a_slow_store_is_bounded(store: SlowStore) -> None:
    objects = RawObjects(store, waiting_bytes=1000)
    store.go.clear()
    threading.Timer(0.5, store.go.set).start()
    got = together(objects, [b"x" * 299 + b"\n" for _ in range(10)])
    refused = [each for each in got if isinstance(each, StoreUnavailable)]
    assert len(refused) == 7
    assert holds(store, objects.commit(b"again\n", NOW), b"again\n")


def test_an_error_of_our_own_is_no_acknowledgement_either(store: SlowStore, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = RawObjects(store)

    def broken(*_: object) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr(store, "put", broken)
    with pytest.raises(ValueError, match="a bug"):
        objects.commit(b"one\n", NOW)
    monkeypatch.undo()
    assert objects.commit(b"two\n", NOW)


def test_many_threads_lose_and_double_nothing(store: SlowStore) -> None:
    objects = RawObjects(store, group_bytes=2000)
    got: list[tuple[str, bytes]] = []

    def run(worker: int) -> None:
        for number in range(50):
            part = f"worker {worker} line {number}\n".encode()
            got.append((objects.commit(part, datetime.now(UTC)), part))
            if number % 10 == 0:
                time.sleep(0.001)

    threads = [threading.Thread(target=run, args=(worker,)) for worker in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(got) == 800
    assert all(holds(store, key, part) for key, part in got)
    stored = [zstd.decompress(store.get(item.key)) for item in store.objects("raw")]
    assert sum(text.count(b"\n") for text in stored) == 800
