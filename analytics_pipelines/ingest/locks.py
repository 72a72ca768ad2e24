"""Who may do what at a time: Postgres advisory locks, which die with their holder's connection."""

from collections.abc import Iterator
from contextlib import contextmanager

from analytics_pipelines.lock_classes import LockClass
from resources.postgres import Connection

# `RELAY`: who lingers; the next run waits for it, and its holder ends when someone waits. `LOAD`: who publishes; held
# for one batch, so that a backfill and the live run interleave, and "is this uuid stored?" has one answer at a time.
# `REPLAY`: who loads days again; one at a time, since the tables beside a day bear its name.
LOCK_CLASS, RELAY, LOAD, REPLAY = LockClass.INGESTION.value, 1, 2, 3


@contextmanager
def held(session: Connection, lock: int) -> Iterator[None]:
    """Wait for a lock, and hold it. A session that holds it already may take it once more."""
    session.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_CLASS, lock])
    try:
        yield
    finally:
        session.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_CLASS, lock])


@contextmanager
def held_if_free(session: Connection, lock: int) -> Iterator[bool]:
    """Hold a lock unless another session does; whether it is held."""
    row = session.execute("SELECT pg_try_advisory_lock(%s, %s) AS got", [LOCK_CLASS, lock]).fetchone()
    got = bool(row and row["got"])
    try:
        yield got
    finally:
        if got:
            session.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_CLASS, lock])
