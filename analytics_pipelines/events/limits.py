"""How much of anything one request may hold. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bytes, unless named otherwise. Each but `held_bytes` is a setting of capture, where it is explained.

    What breaks a limit of the request is refused whole; an event that breaks one of the others is kept as a dead
    letter, with the first `held_bytes` of its text.
    """

    body_bytes: int = 20 << 20
    text_bytes: int = 32 << 20
    events: int = 100_000
    event_bytes: int = 8 << 20
    levels: int = 200
    keys: int = 10_000
    distinct_id_bytes: int = 200
    held_bytes: int = 64 << 10


DEFAULT = Limits()
