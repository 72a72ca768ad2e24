"""One contract for both kinds of bucket: a local folder, and S3 over HTTP."""

from pathlib import Path

import pytest

from analytics_pipelines.embedded.service import free_port
from analytics_pipelines.problems import Problem
from resources.object_store import ObjectStore, StoredObject, StoreUnavailable


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.engines)])
def bucket(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "s3":
        return request.getfixturevalue("s3")  # type: ignore[no-any-return]
    return ObjectStore((tmp_path / "bucket").as_uri())


def test_what_was_put_is_there(bucket: ObjectStore) -> None:
    bucket.put("raw/a/1", b"\x00bytes")
    assert bucket.get("raw/a/1") == b"\x00bytes"
    assert bucket.objects("raw/a") == [StoredObject("raw/a/1", 6)]


def test_the_same_put_again_is_a_success_and_another_content_is_refused(bucket: ObjectStore) -> None:
    bucket.put("k", b"one")
    bucket.put("k", b"one")
    with pytest.raises(StoreUnavailable):
        bucket.put("k", b"two")
    assert bucket.get("k") == b"one"


def test_listings_are_sorted_and_can_begin_behind_a_key(bucket: ObjectStore) -> None:
    for name in ("b", "c", "a", "d"):
        bucket.put(f"raw/x/{name}", b"1")
    assert [item.key for item in bucket.objects("raw/x")] == ["raw/x/a", "raw/x/b", "raw/x/c", "raw/x/d"]
    assert [item.key for item in bucket.objects("raw/x", after="raw/x/b")] == ["raw/x/c", "raw/x/d"]
    assert [item.key for item in bucket.objects("raw/x", after="raw/x/b0")] == ["raw/x/c", "raw/x/d"]
    assert bucket.objects("raw/none") == []


def test_folders_are_the_names_one_level_down(bucket: ObjectStore) -> None:
    for key in ("raw/v1/dt=1/hour=1/a", "raw/v1/dt=1/hour=2/a", "raw/v1/dt=2/hour=1/a"):
        bucket.put(key, b"1")
    assert bucket.folders("raw/v1") == ["dt=1", "dt=2"]
    assert bucket.folders("raw/v1/dt=1") == ["hour=1", "hour=2"]
    assert bucket.folders("nothing") == []


def test_a_missing_object_is_said_to_be_missing(bucket: ObjectStore) -> None:
    with pytest.raises(FileNotFoundError):
        bucket.get("nothing")


def test_deleting_twice_is_fine(bucket: ObjectStore) -> None:
    bucket.put("k", b"1")
    bucket.delete(["k", "other"])
    bucket.delete(["k"])
    assert bucket.objects("") == []


def test_a_check_leaves_nothing_behind(bucket: ObjectStore) -> None:
    bucket.check()
    assert bucket.objects("checks") == []


def test_a_folder_put_leaves_no_temporary_file(tmp_path: Path) -> None:
    store = ObjectStore((tmp_path / "bucket").as_uri())
    store.put("a/b", b"1")
    with pytest.raises(StoreUnavailable):
        store.put("a/b", b"2")
    assert [path.name for path in (tmp_path / "bucket" / "a").iterdir()] == ["b"]


def test_a_file_that_a_broken_put_left_is_in_no_listing(tmp_path: Path) -> None:
    store = ObjectStore((tmp_path / "bucket").as_uri())
    store.put("raw/v1/b", b"1")
    (tmp_path / "bucket" / "raw" / "v1" / "c#17").write_bytes(b"torn")
    assert [found.key for found in store.objects("raw")] == ["raw/v1/b"]


def test_a_full_disk_is_no_success(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    store = ObjectStore((tmp_path / "bucket").as_uri())

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreUnavailable, match="No space left"):
        store.put("a", b"1")
    monkeypatch.undo()
    assert store.objects("") == []


def test_an_s3_that_is_away_is_unavailable_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}",
    }.items():
        monkeypatch.setenv(name, value)
    store = ObjectStore("s3://nobody")
    with pytest.raises(StoreUnavailable):
        store.put("a", b"1")


@pytest.mark.parametrize("url", ["ftp://x/y", "bucket", "file:///proc/nowhere"])
def test_a_bucket_that_can_not_be_is_a_problem(url: str) -> None:
    with pytest.raises(Problem):
        ObjectStore(url)
