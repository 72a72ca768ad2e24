"""What waits in the bucket: raw objects that the ledger does not know as loaded."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from analytics_pipelines.events.keys import (
    PREFIX,
    arrival_hour,
    hour_prefix,
    is_raw_key,
    raw_key_floor,
    received_at,
)
from analytics_pipelines.ingest.ledger import Batch, Ledger
from resources.object_store import ObjectStore, StoredObject

# An object carries the moment it was received and appears when its PUT is done, perhaps from a host whose clock lags.
STRAGGLING = timedelta(minutes=2)

# A host whose clock is hours behind puts its objects into hours that were loaded long ago; each run looks there once.
LOOK_BACK = timedelta(hours=24)


def open_hours(store: ObjectStore, ledger: Ledger, look_back: timedelta = timedelta(0)) -> list[datetime]:
    """Arrival hours in which something may wait: those from the watermark on, and `look_back` before it.

    Without a watermark that is every hour of the bucket, so nothing that arrived while ingestion was away is missed.
    """
    watermark = ledger.watermark()
    return hours_in_bucket(store, since=watermark - look_back if watermark else None)


def hours_in_bucket(store: ObjectStore, since: datetime | None = None) -> list[datetime]:
    """The arrival hours that have a folder in the bucket, oldest first."""
    hours: list[datetime] = []
    for day in store.folders(PREFIX):
        if since is not None and day < f"dt={since:%Y-%m-%d}":
            continue
        hours += [arrival_hour(f"{PREFIX}/{day}/{hour}") for hour in store.folders(f"{PREFIX}/{day}")]
    return sorted(hour for hour in hours if since is None or hour >= since)


def waiting(
    store: ObjectStore, ledger: Ledger, hours: Sequence[datetime], *, received_after: datetime | None = None
) -> list[StoredObject]:
    """Objects of these hours that no batch has claimed, oldest first.

    With `received_after` only keys behind that moment are listed, which is what makes a look each second cheap.
    """
    known = ledger.known_keys(hours)
    found = []
    for hour in hours:
        floor = raw_key_floor(hour, received_after) if received_after is not None else None
        found += store.objects(hour_prefix(hour), after=floor)
    return [item for item in found if is_raw_key(item.key) and item.key not in known]


def batches(objects: Iterable[StoredObject], *, most_objects: int, most_bytes: int) -> list[Batch]:
    """Objects (sorted by key) → batches of one arrival hour each, as full as the limits allow.

    A single object over `most_bytes` is a batch of its own.
    """
    made: list[list[StoredObject]] = []
    size = 0
    for item in objects:
        fits = (
            made
            and arrival_hour(made[-1][0].key) == arrival_hour(item.key)
            and len(made[-1]) < most_objects
            and size + item.size <= most_bytes
        )
        if not fits:
            made.append([])
            size = 0
        made[-1].append(item)
        size += item.size
    return [Batch(tuple(group)) for group in made]


def unloaded(store: ObjectStore, ledger: Ledger, look_back: timedelta = timedelta(0)) -> list[StoredObject]:
    """Everything accepted so far that can't be queried yet: unclaimed objects and those of broken-off loads."""
    objects = waiting(store, ledger, open_hours(store, ledger, look_back))
    return objects + [item for batch in ledger.open_batches() for item in batch.objects]


def lag_seconds(objects: Sequence[StoredObject], now: datetime) -> float:
    """How long the oldest of these has been waiting; 0 when nothing waits."""
    oldest = min((received_at(item.key) for item in objects), default=now)
    return max(0.0, (now - oldest).total_seconds())
