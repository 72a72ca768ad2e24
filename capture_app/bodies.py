"""Request bodies into memory: only so large, so many bytes of them at once, and not for ever."""

import asyncio
from typing import Any

from analytics_pipelines.events.rejection import Rejected
from capture_app import metrics
from capture_app.room import NoRoom

# A sender that is told 413 while it still sends would see a broken connection, and come again with the same. So what
# it sends is read and thrown away, up to so many times the limit.
_DRAINED_LIMITS = 8

# What a head claims must not count as held: whoever claims much and sends nothing would shut others out. So a body
# counts as it arrives, in pieces; one that is no larger than this is worth no pieces.
_SMALL = 16 << 10


class Bodies:
    """Reads bodies of granian's RSGI protocol. Of one thread (the event loop's)."""

    def __init__(self, *, most: int, most_held: int, seconds: float) -> None:
        self._most = most
        self._most_held = most_held
        self._seconds = seconds
        self._held = 0

    async def read(self, protocol: Any, length: str | None) -> bytes:
        """The whole body, which counts as held until `release`. `length` is what its head says.

        Raises Rejected (413, 408), or NoRoom when too much is held already.
        """
        said = int(length) if length and length.isdigit() else None
        try:
            async with asyncio.timeout(self._seconds):
                if said is not None and said <= _SMALL:
                    return await self._whole(protocol)
                return await self._in_pieces(protocol, keep=said is None or said <= self._most)
        except TimeoutError:
            raise Rejected(408, f"the body did not arrive within {self._seconds:g} s", "body_read_timeout") from None

    def release(self, body: bytes) -> None:
        """The body is not needed any more."""
        self._hold(-len(body))

    async def _whole(self, protocol: Any) -> bytes:
        body: bytes = await protocol()
        self._hold(len(body))
        return body

    async def _in_pieces(self, protocol: Any, *, keep: bool) -> bytes:
        body = bytearray()
        size = 0
        try:
            async for chunk in protocol:
                size += len(chunk)
                if keep and size <= self._most:
                    self._hold(len(chunk))
                    body += chunk
                elif size > self._most * _DRAINED_LIMITS:
                    break
            if not keep or size > self._most:
                raise Rejected(413, f"the body is larger than {self._most} bytes")
        except BaseException:
            self._hold(-len(body))
            raise
        return bytes(body)

    def _hold(self, size: int) -> None:
        if size > 0 and self._held and self._held + size > self._most_held:
            raise NoRoom(f"{self._held} bytes of bodies are held already")
        self._held += size
        metrics.BODY_BYTES.set(self._held)
