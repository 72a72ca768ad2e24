"""Ids of imported events that bring none of their own: the same file gives the same ids. Pure."""

from array import array
from hashlib import sha1
from uuid import UUID

# Names of this namespace are `project:event`, and `project:event:n` for the n-th event beside an equal one.
_IMPORTED = UUID("2f6c2f0e-6d0b-5b67-9c52-7f1d1b9e3a44")

_FIRST_SLOTS = 1 << 16
_MOST_FILLED = 0.6


class RowIds:
    """Gives ids by content, and counts how often a content came before.

    Two equal rows of one file are two events, unless `once` says that they are one; the same row of another file, or
    of the same file imported again, is the event that is there already.
    """

    def __init__(self, project: int, *, once: bool = False) -> None:
        self._base = sha1(_IMPORTED.bytes + f"{project}:".encode(), usedforsecurity=False)
        self._once = once
        self._seen = _Seen()

    def take(self, content: bytes) -> tuple[UUID, bool]:
        """The id of the next row of this content (the event's JSON), and whether an equal row came before."""
        named = self._base.copy()
        named.update(content)
        digest = named.digest()
        before = self._seen.add(int.from_bytes(digest[8:16], "big"))
        if before and not self._once:
            named.update(b":%d" % before)
            digest = named.digest()
        number = int.from_bytes(digest[:16], "big")
        return UUID(int=number & ~(0xF << 76) & ~(0x3 << 62) | (5 << 76) | (0x2 << 62)), before > 0


class _Seen:
    """How often each number came. 64 bits of a digest, so that a million rows take 13 to 27 MB.

    Should two contents ever share a number, the second is counted as another occurrence; its id is its own even so.
    """

    def __init__(self) -> None:
        self._slots = array("Q", bytes(8 * _FIRST_SLOTS))
        self._mask = _FIRST_SLOTS - 1
        self._filled = 0
        self._more: dict[int, int] = {}

    def add(self, number: int) -> int:
        """Count it; how often it came before."""
        number = number or 1  # a slot of zero is free
        slots, mask = self._slots, self._mask
        at = number & mask
        while (found := slots[at]) and found != number:
            at = (at + 1) & mask
        if found:
            count = self._more[number] = self._more.get(number, 0) + 1
            return count
        slots[at] = number
        self._filled += 1
        if self._filled > _MOST_FILLED * len(slots):
            self._grow()
        return 0

    def _grow(self) -> None:
        old = self._slots
        slots = array("Q", bytes(16 * len(old)))
        mask = len(slots) - 1
        for number in old:
            if number:
                at = number & mask
                while slots[at]:
                    at = (at + 1) & mask
                slots[at] = number
        self._slots, self._mask = slots, mask
