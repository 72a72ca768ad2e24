"""Request bodies as they were before the SDK compressed them. Pure."""

import zlib

from analytics_pipelines.events.rejection import Rejected

_GZIP = b"\x1f\x8b\x08"
_CHUNK = 1 << 20


def decompress(body: bytes, most: int) -> bytes:
    """The plain bytes of a body; gzip is known by its first bytes, whatever the headers say.

    Raises Rejected: 413 when more than `most` bytes would come out, 400 when the stream is broken.
    """
    if not body.startswith(_GZIP):
        if len(body) > most:
            raise Rejected(413, f"the body is larger than {most} bytes")
        return body
    out = bytearray()
    rest = body
    while rest.startswith(_GZIP):  # a gzip file may have several members
        member = zlib.decompressobj(wbits=31)
        try:
            while not member.eof:
                piece = member.decompress(rest, _CHUNK)
                out += piece
                if len(out) > most:
                    raise Rejected(413, f"the body is larger than {most} bytes after decompression")
                rest = member.unconsumed_tail
                if not piece and not rest:
                    break
        except zlib.error:
            raise Rejected(400, "the body's gzip stream is broken") from None
        if not member.eof:
            raise Rejected(400, "the body's gzip stream ends too early")
        rest = member.unused_data
    return bytes(out)
