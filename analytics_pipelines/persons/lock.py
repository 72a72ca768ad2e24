"""One writer of the person store at a time, so that versions are committed in their order."""

from collections.abc import Iterator
from contextlib import contextmanager

from analytics_pipelines.ingest.locks import LOAD, held
from analytics_pipelines.lock_classes import LockClass
from analytics_pipelines.problems import Problem
from resources.postgres import Connection, Postgres

# `SQUASH`: who writes into events who they belong to; `ERASE`: who erases. Each is taken before loading is stopped.
_LOCK_CLASS, _PERSONS, SQUASH, ERASE = LockClass.PERSONS.value, 1, 2, 3


@contextmanager
def persons_locked(postgres: Postgres) -> Iterator[None]:
    """Wait until nobody else writes or publishes persons, and keep others waiting until the end."""
    with postgres.transaction() as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_CLASS, _PERSONS])
        yield


@contextmanager
def loading_stopped(postgres: Postgres) -> Iterator[None]:
    """As above, and no batch is on its way: what it was staged from and what it meets are the same.

    For work of any length: no transaction is open meanwhile.
    """
    with postgres.session() as session, held(session, LOAD):
        session.execute("SELECT pg_advisory_lock(%s, %s)", [_LOCK_CLASS, _PERSONS])  # free when the session ends
        yield


@contextmanager
def alone(postgres: Postgres, work: int) -> Iterator[None]:
    """Wait until nobody else does that work, SQUASH or ERASE, and keep others waiting until the end."""
    with postgres.session() as session:
        session.execute("SELECT pg_advisory_lock(%s, %s)", [_LOCK_CLASS, work])  # free when the session ends
        yield


def next_version(connection: Connection) -> int:
    """The number of this transaction's changes."""
    row = connection.execute("SELECT nextval('person_versions') AS version").fetchone()
    if row is None:
        raise Problem("Postgres gave no number.")
    return int(row["version"])
