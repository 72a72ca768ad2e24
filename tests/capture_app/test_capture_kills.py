"""What was acknowledged survives every kill, and an end in order loses nothing and leaves nothing behind."""

import os
import random
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from ledger_client import Ledger, Load, Message, message
from served import answers, check_books, in_folder, in_s3, serving, settings_of, unfinished, uuids_of, wait_for

pytestmark = pytest.mark.engines

KILLS = 20
PARENT_KILLS = 3

# granian ends when a worker dies within so many seconds after it was started, if none was started since.
CRASH_LOOP_SECONDS = 5.5

Objects = Callable[[], dict[str, bytes]]


@pytest.fixture(params=["folder", "s3"])
def bucket(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Objects]:
    """The address of a bucket, and how to read it behind capture's back."""
    if request.param == "folder":
        return (tmp_path / "bucket").as_uri(), lambda: in_folder(tmp_path / "bucket")
    store, port = request.getfixturevalue("s3"), request.getfixturevalue("s3_port")
    return store.url, lambda: in_s3(port, store.url.split("/")[2])


@pytest.mark.slow
def test_no_kill_loses_what_was_acknowledged(accounts: Any, bucket: tuple[str, Objects], tmp_path: Path) -> None:
    url, objects = bucket
    chance, token = random.Random(1), accounts.project.api_token  # noqa: S311  no secret
    with serving(settings_of(accounts, tmp_path, url, capture_workers=3)) as served:
        with Load(served.port, partial(message, token), connections=24) as load:
            books, newest = load.ledger, 0
            for kill in range(1, KILLS + 1):
                _goes_on(books)
                time.sleep(chance.uniform(0, 0.2))
                # never the newest: what granian does then is another test's
                newest = served.kill_worker(chance.choice([one for one in served.workers() if one != newest]))
                if kill % (KILLS // PARENT_KILLS) == 0:
                    _goes_on(books)
                    served.kill()
                    served.start()
                    newest = 0
            _goes_on(books)
        after = Ledger()
        with Load(served.port, partial(message, token), connections=4, most=5, ledger=after) as last:
            last.wait()
        assert (after.statuses, after.broken) == ({200: 20}, 0)
    stored = check_books(load.ledger, {name: text for name, text in objects().items() if not _only(text, after)})
    assert set(load.ledger.statuses) == {200}
    assert load.ledger.broken >= KILLS
    assert len(stored) > 50 * KILLS
    assert set(uuids_of(objects().values())) >= after.acknowledged
    print(f"\n{url}: {len(load.ledger.acknowledged)} acknowledged, {len(stored)} stored, {load.ledger.broken} broken")


def _goes_on(ledger: Ledger) -> None:
    """Return when more was acknowledged than now: what is killed has work to do."""
    known = len(ledger.acknowledged)
    wait_for(lambda: len(ledger.acknowledged) > known + 50, 30)


def _only(text: bytes, ledger: Ledger) -> bool:
    return set(uuids_of([text])) <= ledger.sent


def single(token: str, _: random.Random) -> Message:
    uuid = str(uuid4())
    body = f'{{"api_key":"{token}","event":"page","distinct_id":"ada","uuid":"{uuid}"}}'
    return Message(body.encode(), [uuid], "/i/v0/e/")


@pytest.mark.parametrize(
    ("point", "stored"), [("capture.before_put", 2), ("capture.after_put", 3), ("capture.after_commit", 3)]
)
def test_a_kill_at_each_point_leaves_the_event_whole_or_not_at_all(
    accounts: Any, tmp_path: Path, point: str, stored: int
) -> None:
    settings = settings_of(accounts, tmp_path, (tmp_path / "bucket").as_uri(), capture_workers=1)
    send = partial(single, accounts.project.api_token)
    with serving(settings, f"{point}=kill@3") as served:
        (first,) = served.workers()
        with Load(served.port, send, connections=1, most=3) as load:
            load.wait()
        assert (load.ledger.statuses, load.ledger.broken) == ({200: 2}, 1)
        assert len(check_books(load.ledger, in_folder(tmp_path / "bucket"))) == stored
        wait_for(lambda: answers(served.port) and served.workers() not in ([], [first]), 10)
        with Load(served.port, send, connections=1, most=2, ledger=load.ledger) as load:
            load.wait()
        assert (load.ledger.statuses, load.ledger.broken) == ({200: 4}, 1)
    check_books(load.ledger, in_folder(tmp_path / "bucket"))


def test_workers_that_die_again_and_again_end_the_parent_so_that_it_is_started_anew(
    accounts: Any, tmp_path: Path
) -> None:
    settings = settings_of(accounts, tmp_path, (tmp_path / "bucket").as_uri(), capture_workers=1)
    with serving(settings) as served:
        os.kill(served.kill_worker(*served.workers()), signal.SIGKILL)
        assert served.process.wait(CRASH_LOOP_SECONDS) == 1
        assert "crash loop" in served.log()


@pytest.mark.slow
@pytest.mark.parametrize("round_", range(2))
def test_an_end_in_order_stores_what_it_acknowledges_and_leaves_nothing_behind(
    accounts: Any, bucket: tuple[str, Objects], tmp_path: Path, round_: int
) -> None:
    url, objects = bucket
    token = accounts.project.api_token
    with serving(settings_of(accounts, tmp_path, url)) as served:
        with Load(served.port, partial(message, token, text_bytes=2000), connections=24) as load:
            wait_for(lambda: len(load.ledger.answers) > 200, 10)
            time.sleep(0.2 * round_)
            seconds = served.end()
        assert served.process.returncode == 0
        assert seconds < served.service.stop_seconds
    check_books(load.ledger, objects())
    assert load.ledger.untyped() == []
    assert unfinished(tmp_path / "bucket") == []
    print(f"\n{url}: ended in {seconds:.2f} s; {load.ledger.statuses}")
