"""Ids of events: the sender's where it gave one, so that a resend is still the same event. Pure but for the clock."""

import os
import time
from typing import Any
from uuid import UUID, uuid5

import msgspec

# Events whose sender gave them an id that is no UUID get one that follows from it, so that a resend is still the same.
_FOREIGN_IDS = UUID("0f5a1b1e-3f0b-4c55-9d1f-6a6a0c2b7a10")


def event_id(given: Any) -> UUID:
    """A UUID for what stands in an event's `uuid`; a new one, sorting by time, when there is nothing."""
    if not isinstance(given, str) or not given:
        return _uuid7()
    try:
        return msgspec.convert(given, UUID)  # several times as fast as the class itself, which knows more spellings
    except msgspec.ValidationError:
        pass
    try:
        return UUID(given)
    except ValueError:
        return uuid5(_FOREIGN_IDS, given)


def _uuid7() -> UUID:
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    return UUID(int=(value & ~(0xF << 76) & ~(0x3 << 62)) | (0x7 << 76) | (0x2 << 62))
