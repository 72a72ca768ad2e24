"""The fields of query strings and urlencoded forms that mean something to capture. Pure."""

import re
from urllib.parse import unquote_to_bytes

_FIELD = re.compile(rb"(?:^|&)(data|compression|_|sent_at|beacon)=([^&]*+)")
_LIKE_A_FORM = re.compile(rb"(?:^|&)(?:data|_|ip|compression)=")
_BEGINNING = 128
_PIECE = 1 << 16


def looks_like_form(text: bytes) -> bool:
    """By its beginning only, as PostHog does; JSON may hold addresses that look like one."""
    return not text.startswith((b"{", b"[")) and _LIKE_A_FORM.search(text[:_BEGINNING]) is not None


def fields(text: bytes) -> dict[str, bytes]:
    """Each known field once, by its first value that is not empty."""
    found: dict[str, bytes] = {}
    for match in _FIELD.finditer(text):
        name = match[1].decode()
        if match[2] and name not in found:
            found[name] = _unquoted(match[2].replace(b"+", b" "))
    return found


def _unquoted(text: bytes) -> bytes:
    """Piece by piece, since the library makes an object of every percent sign."""
    if b"%" not in text:
        return text
    out = bytearray()
    place = 0
    while place < len(text):
        end = place + _PIECE
        escape = text.find(b"%", end - 2, end)  # one that the cut would go through
        if end < len(text) and escape > place:
            end = escape
        out += unquote_to_bytes(text[place:end])
        place = end
    return bytes(out)
