"""lz-string in base64, which old posthog-js sends as `compression=lz64`. Pure."""

import codecs
from binascii import Error as NotBase64
from binascii import a2b_base64

from analytics_pipelines.events.rejection import Rejected

# Three seconds of Python at worst; browsers, who alone use it, send no more than a megabyte or so at once.
MOST = 2 << 20

_TURNED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))  # the first bit of a byte is its highest
_WORD = 8
_NEW_NARROW, _NEW_WIDE, _END = 0, 1, 2
_FIRST_CODE = 3
_PIECE = 1 << 16


def from_lzstring(text: bytes, most: int = MOST) -> bytes | None:
    """The UTF-8 text that was packed, or None when this is no lz-string.

    Halves of characters come out as three bytes that are not UTF-8, since JavaScript's texts may hold them.
    Raises Rejected: 413 when more than `most` bytes would come out.
    """
    packed = text.rstrip(b"=\r\n").replace(b" ", b"+")
    try:
        bits = a2b_base64(packed + b"A" * (-len(packed) % 4), strict_mode=True).translate(_TURNED)
    except NotBase64:
        return None
    units = _unpacked(bits, most)
    return None if units is None else _utf8(units, most)


def _unpacked(packed: bytes, most: int) -> bytearray | None:
    """UTF-16 units. A word of the dictionary is a stretch of what came out before, so that it costs no copy."""
    out = bytearray()
    starts, lengths = [0] * _FIRST_CODE, [0] * _FIRST_CODE
    width, room = 2, 1  # bits a code, and words until codes get one bit more
    buffer = held = place = last = 0  # `last`: how long the word before was; 0 before the first

    while True:
        need = width + 16  # a code and the character that may follow it
        while held < need and place < len(packed):
            buffer |= int.from_bytes(packed[place : place + _WORD], "little") << held
            held += 8 * min(_WORD, len(packed) - place)
            place += _WORD
        code = buffer & ((1 << width) - 1)
        buffer >>= width
        held -= width
        if code == _END:
            return out
        start = len(out)
        if code in (_NEW_NARROW, _NEW_WIDE):
            size = 8 if code == _NEW_NARROW else 16
            out += (buffer & ((1 << size) - 1)).to_bytes(2, "little")
            buffer >>= size
            held -= size
            length = 2
            starts.append(start)
            lengths.append(length)
            room -= 1
            if not room:
                room, width = 1 << width, width + 1
        elif code < len(starts):
            length = lengths[code]
            out += out[starts[code] : starts[code] + length]
        elif code == len(starts) and last:  # the word that this very step makes: the one before and its first unit
            length = last + 2
            out += out[start - last : start] + out[start - last : start - last + 2]
        else:
            return None
        if held < 0:
            return None
        if len(out) > 2 * most:
            raise Rejected(413, f"the body is larger than {most} bytes after decompression")
        if last:
            starts.append(start - last)
            lengths.append(last + 2)
            room -= 1
            if not room:
                room, width = 1 << width, width + 1
        last = length


def _utf8(units: bytearray, most: int) -> bytes:
    """Piece by piece: one rare character would make a whole text four bytes a character."""
    decoder = codecs.getincrementaldecoder("utf-16-le")("surrogatepass")
    out = bytearray()
    for place in range(0, len(units), _PIECE):
        piece = decoder.decode(bytes(units[place : place + _PIECE]), place + _PIECE >= len(units))
        out += piece.encode("utf-8", "surrogatepass")
        if len(out) > most:
            raise Rejected(413, f"the body is larger than {most} bytes after decompression")
    return bytes(out)
