"""Requests that arrive together share an object; each is answered when it is stored, or told that it is not."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics_pipelines.events import zstd
from capture_app.objects import RawObjects
from capture_app.room import NoRoom
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


def together(objects: RawObjects, parts: list[bytes], projects: list[int] | None = None) -> list[Any]:
    """Commit all parts at once; what each got: a key or an exception."""

    async def run() -> list[Any]:
        commits = [
            objects.commit(part, NOW + timedelta(milliseconds=number), project=projects[number] if projects else 1)
            for number, part in enumerate(parts)
        ]
        return await asyncio.wait_for(asyncio.gather(*commits, return_exceptions=True), 20)

    return asyncio.run(run())


def commit(objects: RawObjects, lines: bytes) -> str:
    return asyncio.run(objects.commit(lines, NOW, project=1))


def holds(store: ObjectStore, key: str, part: bytes) -> bool:
    return part in zstd.decompress(store.get(key))


def test_a_lone_request_waits_for_nobody(store: SlowStore) -> None:
    key = commit(RawObjects(store, "host"), b"one\n")
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
    store.fail = 1
    got = together(objects, [f"line {number}\n".encode() for number in range(20)])
    assert all(isinstance(each, StoreUnavailable) for each in got)
    assert store.objects("raw") == []
    assert holds(store, commit(objects, b"later\n"), b"later\n")


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
    got = together(objects, [b"x" * 99 + b"\n" for _ in range(10)])
    assert [isinstance(each, NoRoom) for each in got] == [False] * 5 + [True] * 5  # one project leaves half to others
    assert holds(store, commit(objects, b"again\n"), b"again\n")


def test_a_project_that_floods_a_slow_store_leaves_room_to_others(store: SlowStore) -> None:
    objects = RawObjects(store, waiting_bytes=1000)
    part = b"x" * 99 + b"\n"
    got = together(objects, [part] * 20 + [b"y" * 99 + b"\n"] * 2, [1] * 20 + [2] * 2)
    assert [isinstance(each, NoRoom) for each in got] == [False] * 5 + [True] * 15 + [False] * 2


def test_a_flood_does_not_stand_before_the_requests_of_others(store: SlowStore) -> None:
    objects = RawObjects(store, group_bytes=300)
    flood = [b"%098d\n" % number for number in range(30)]
    keys = together(objects, [*flood, b"another project\n"], [1] * 30 + [2])
    assert keys[-1] == keys[0]
    assert len(set(keys)) > 5


def test_senders_that_come_again_when_they_are_answered_share_an_object_again(store: SlowStore) -> None:
    objects = RawObjects(store)

    async def sender(name: int) -> None:
        for number in range(10):
            await objects.commit(f"sender {name} line {number}\n".encode(), NOW, project=1)
            await asyncio.sleep(0.0001 * name)

    async def run() -> None:
        await asyncio.gather(*(sender(name) for name in range(8)))

    asyncio.run(run())
    assert store.puts < 30  # of 80 requests; alone each would be one


def test_when_all_were_given_up_the_next_is_stored(store: SlowStore) -> None:
    objects = RawObjects(store)

    async def run() -> str:
        given_up = asyncio.create_task(objects.commit(b"given up\n", NOW, project=1))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.sleep(0.01)
        return await objects.commit(b"stays\n", NOW, project=1)

    assert holds(store, asyncio.run(run()), b"stays\n")


def test_a_request_that_was_given_up_does_not_keep_the_others_from_being_stored(store: SlowStore) -> None:
    objects = RawObjects(store)

    async def run() -> str:
        given_up = asyncio.create_task(objects.commit(b"given up\n", NOW, project=1))
        stays = asyncio.create_task(objects.commit(b"stays\n", NOW, project=1))
        await asyncio.sleep(0)
        given_up.cancel()
        return await stays

    assert holds(store, asyncio.run(run()), b"stays\n")


def test_an_error_of_our_own_is_no_acknowledgement_either(store: SlowStore, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = RawObjects(store)

    def broken(*_: object) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr(store, "put", broken)
    with pytest.raises(StoreUnavailable, match="a bug"):
        commit(objects, b"one\n")
    monkeypatch.undo()
    assert commit(objects, b"two\n")


def test_many_requests_lose_and_double_nothing(store: SlowStore) -> None:
    objects = RawObjects(store, group_bytes=2000)
    got: list[tuple[str, bytes]] = []

    async def worker(name: int) -> None:
        for number in range(50):
            part = f"worker {name} line {number}\n".encode()
            got.append((await objects.commit(part, datetime.now(UTC), project=name % 3), part))
            if number % 10 == 0:
                await asyncio.sleep(0.001)

    async def run() -> None:
        await asyncio.gather(*(worker(name) for name in range(16)))

    asyncio.run(run())
    assert len(got) == 800
    assert all(holds(store, key, part) for key, part in got)
    stored = [zstd.decompress(store.get(item.key)) for item in store.objects("raw")]
    assert sum(text.count(b"\n") for text in stored) == 800
