"""Request bodies as they were before the SDK compressed them. Pure."""

import zlib

from analytics_pipelines.events.rejection import Rejected

GZIP = b"\x1f\x8b\x08"
_CHUNK = 1 << 20
_PIECE = 1 << 16  # fed at a time, so that what lies behind a member is not copied once a member
_MOST_MEMBERS = 10_000  # each costs a decompressor; no SDK sends more than one


def decompress(body: bytes, most: int) -> bytes:
    """The plain bytes of a body; gzip is known by its first bytes, whatever the headers say.

    Raises Rejected: 413 when more than `most` bytes would come out, 400 when the stream is broken.
    """
    if not body.startswith(GZIP):
        if len(body) > most:
            raise Rejected(413, f"the body is larger than {most} bytes")
        return body
    out = bytearray()
    place, members = 0, 0
    while body.startswith(GZIP, place):  # a gzip file may have several members; what else follows is no data
        members += 1
        if members > _MOST_MEMBERS:
            raise Rejected(400, "the body's gzip stream is cut into too many members")
        try:
            place = _member(body, place, out, most)
        except zlib.error:
            raise Rejected(400, "the body's gzip stream is broken") from None
    return bytes(out)


def _member(body: bytes, place: int, out: bytearray, most: int) -> int:
    """Append to `out` what the member at `place` holds; returns where it ends."""
    member = zlib.decompressobj(wbits=31)
    rest = b""
    while not member.eof:
        if not rest:
            rest = body[place : place + _PIECE]
            place += len(rest)
        piece = member.decompress(rest, _CHUNK)
        if not piece and not rest:
            raise Rejected(400, "the body's gzip stream ends too early")
        out += piece
        if len(out) > most:
            raise Rejected(413, f"the body is larger than {most} bytes after decompression")
        rest = member.unconsumed_tail
    return place - len(member.unused_data)
