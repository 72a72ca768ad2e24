"""Ids that follow from a seed, in the forms that the SDKs give theirs. Pure."""

import hashlib
from datetime import datetime
from random import Random
from uuid import UUID


def event_id(seed: int, visitor: int, number: int) -> UUID:
    """The uuid of a visitor's event of that number.

    No time is in it: the shop made on another day is the same shop, and loading it again adds nothing.
    """
    digest = hashlib.blake2b(f"{seed}/{visitor}/{number}".encode(), digest_size=16).digest()
    return UUID(bytes=digest, version=4)


def browser_id(at: datetime, random: Random) -> str:
    """A UUIDv7 as posthog-js makes for devices, sessions and windows: the moment in front, chance behind."""
    chance = random.getrandbits(74)
    milliseconds = int(at.timestamp() * 1000)
    value = milliseconds << 80 | 0x7 << 76 | (chance >> 62) << 64 | 0x2 << 62 | chance & (1 << 62) - 1
    return str(UUID(int=value))
