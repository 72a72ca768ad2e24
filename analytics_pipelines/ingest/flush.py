"""Waiting until everything accepted so far can be queried."""

import time
from collections.abc import Callable

from analytics_pipelines.ingest.backlog import LOOK_BACK, unloaded
from analytics_pipelines.ingest.drain import Drain, someone_lingers
from analytics_pipelines.problems import Problem

# Between two ingestion runs nobody holds the relay for a moment; that is not yet an absence.
_PATIENCE_SECONDS = 5.0
_POLL_SECONDS = 0.3


def flush(drain: Drain, timeout: float, progress: Callable[[int], None] = lambda _: None) -> int:
    """Return once every object that lies in the bucket now is loaded; the count of those that had to wait.

    Waits for the ingestion run; when none is there, loads them itself. `progress` is told how many are left.
    Raises Problem when `timeout` seconds were not enough.
    """
    end = time.monotonic() + timeout
    wanted = {item.key for item in unloaded(drain.store, drain.ledger, LOOK_BACK)}
    first = len(wanted)
    alone_since = time.monotonic()
    with drain.postgres.session() as session:
        while wanted:
            progress(len(wanted))
            if time.monotonic() >= end:
                raise Problem(
                    f"{len(wanted)} of {first} objects still wait after {timeout:g} s.",
                    "See `analytics doctor`, and the last ingestion run in Dagster.",
                )
            if someone_lingers(session):
                alone_since = time.monotonic()
            if time.monotonic() - alone_since > _PATIENCE_SECONDS:
                drain.everything()
            else:
                time.sleep(_POLL_SECONDS)
            wanted -= drain.ledger.claimed_keys(sorted(wanted), only_loaded=True)
    return first
