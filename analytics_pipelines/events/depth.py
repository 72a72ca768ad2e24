"""How deep JSON is nested, and how many keys it has. Pure."""

import re
from array import array
from itertools import accumulate

# No property of an event is ten levels deep; readers behind capture give up at some hundred, or at their stack's end.
MOST = 200

_STRING = re.compile(rb'"[^"]*+"?')
_NO_MARKS = bytes(byte for byte in range(256) if byte not in b'"[]{}')
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")


def is_too_deep(text: bytes, most: int = MOST) -> bool:
    """Whether more than `most` lists and objects stand within one another. Cheap for what has few of them."""
    # to take out what is rare is several times as fast as to count it
    openers = 2 * len(text) - len(text.replace(b"{", b"")) - len(text.replace(b"[", b""))
    return openers > most and depth(text) > most


def depth(text: bytes) -> int:
    """Of JSON, the outermost list or object being one level."""
    marks = text.replace(rb"\\", b"").replace(rb"\"", b"").translate(None, _NO_MARKS).replace(b'""', b"")
    return max(accumulate(array("b", _STRING.sub(b"", marks).translate(_STEPS))), default=0)


def keys(text: bytes) -> int:
    """How many keys the objects of a JSON text have together, at all levels."""
    return _STRING.sub(b"", text.replace(rb"\\", b"").replace(rb"\"", b"")).count(b":")
