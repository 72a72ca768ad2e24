"""One writer of the person store at a time, so that versions are committed in their order."""

from analytics_pipelines.problems import Problem
from resources.postgres import Connection

_LOCK_CLASS, _PERSONS = 7_203_003, 1


def lock_persons(connection: Connection) -> None:
    """Wait until no other transaction writes or publishes persons; free again when this one ends."""
    connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_CLASS, _PERSONS])


def next_version(connection: Connection) -> int:
    """The number of this transaction's changes."""
    row = connection.execute("SELECT nextval('person_versions') AS version").fetchone()
    if row is None:
        raise Problem("Postgres gave no number.")
    return int(row["version"])
