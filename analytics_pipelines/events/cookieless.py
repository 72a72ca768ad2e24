"""Who an event is of whose browser stores nothing: an id that lives a day. Pure; its twin is `ingest/sql/stage.sql`.

The id is a hash of what browsers tell, salted anew for each UTC day, so that nobody is known again on the next. The
salt is made from a secret of the installation: while that is kept, loading a day again gives the same ids, and who
deletes it makes sure that nobody can ever look for an address among them.
"""

import hashlib
import hmac
import re
from datetime import UTC, date, datetime

SENTINEL = "$posthog_cookieless"
"""The distinct id that such SDKs send for everybody."""

MERGING = frozenset({"$identify", "$create_alias", "$merge_dangerously"})
"""What would tie such an id to a person; of a cookieless event it ties nothing."""

ROOT_HOST = r"(?:[^.]+\.(?:(?:com|net|org|co|edu|gov|ac)\.)?)?[^.]*$"

_PORT = re.compile(r":[0-9]*$")


def root_host(host: str) -> str:
    """
    >>> root_host("shop.example.co.uk:8080")
    'example.co.uk'
    """
    bare = _PORT.sub("", host.lower())
    found = re.search(ROOT_HOST, bare)
    return found[0] if found else ""


def digest(*, secret: bytes, day: date, team_id: int, ip: str, host: str, agent: str) -> bytes:
    """32 bytes that tell a visitor of a day from others."""
    salt = hmac.digest(secret, day.isoformat().encode(), hashlib.sha256)
    said = "\0".join((str(team_id), ip, root_host(host), agent))
    return hashlib.sha256(salt + said.encode()).digest()


def distinct_id(digest: bytes) -> str:
    return f"cookieless_{digest[:16].hex()}"


def session_id(digest: bytes, day: date) -> str:
    """A UUID of version 7 that begins with its day: a visitor has one session a day."""
    start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
    times, rest = f"{start % (1 << 48):012x}", digest[16:].hex()
    return f"{times[:8]}-{times[8:]}-7{rest[:3]}-8{rest[3:6]}-{rest[6:18]}"


def hmac_pads(secret: bytes) -> tuple[str, str]:
    """The inner and outer key of HMAC-SHA256 as hex, for a database that has SHA-256 alone."""
    block = (hashlib.sha256(secret).digest() if len(secret) > 64 else secret).ljust(64, b"\0")
    return bytes(byte ^ 0x36 for byte in block).hex(), bytes(byte ^ 0x5C for byte in block).hex()
