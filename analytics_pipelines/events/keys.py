"""Names of raw objects: sorted by arrival, unique by content. Pure."""

import hashlib
import re
from datetime import UTC, datetime, timedelta

PREFIX = "raw/v1"
REPLAY_PREFIX = "replay/raw/v1"  # parts of session recordings, in the same form

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_HOUR = re.compile(r"raw/v1/dt=(\d{4}-\d{2}-\d{2})/hour=(\d{2})(?:/|$)")
_OBJECT = re.compile(_HOUR.pattern.removesuffix("(?:/|$)") + r"/(\d{13})-([a-z0-9]+)-([0-9a-f]{16})\.jsonl\.zst")


def raw_key(received_at: datetime, node: str, payload: bytes, *, prefix: str = PREFIX) -> str:
    """Where an object goes that was received then, by that node: the same content gets the same key."""
    digest = hashlib.sha256(payload).hexdigest()[:16]
    return f"{hour_prefix(hour_of(received_at), prefix)}/{milliseconds(received_at):013d}-{node}-{digest}.jsonl.zst"


def milliseconds(moment: datetime) -> int:
    """Since 1970, cut to whole ones; floating point would lose one now and then."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def hour_of(moment: datetime) -> datetime:
    """The arrival hour (UTC) that a moment lies in."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def hour_prefix(hour: datetime, prefix: str = PREFIX) -> str:
    """The folder of one arrival hour.

    >>> hour_prefix(datetime(2026, 11, 22, 10, tzinfo=UTC))
    'raw/v1/dt=2026-11-22/hour=10'
    """
    return f"{prefix}/dt={hour:%Y-%m-%d}/hour={hour:%H}"


def raw_key_floor(hour: datetime, moment: datetime) -> str:
    """A string that sorts before every key of that hour received at or after `moment`, and behind all earlier ones."""
    return f"{hour_prefix(hour)}/{milliseconds(moment):013d}"


def arrival_hour(key: str) -> datetime:
    """The hour that a key (or a prefix of one) belongs to. Raises ValueError for a foreign key."""
    match = _HOUR.match(key)
    if match is None:
        raise ValueError(f"not a raw object: {key}")
    return datetime.fromisoformat(f"{match[1]}T{match[2]}:00:00+00:00")


def received_at(key: str) -> datetime:
    """When the object was received, to the millisecond. Raises ValueError for a foreign key."""
    match = _OBJECT.fullmatch(key)
    if match is None:
        raise ValueError(f"not a raw object: {key}")
    return _EPOCH + timedelta(milliseconds=int(match[3]))


def is_raw_key(key: str) -> bool:
    """Whether a listed key is one of ours; anything else in the folder is left alone."""
    return _OBJECT.fullmatch(key) is not None
