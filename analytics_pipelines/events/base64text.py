"""Base64 as SDKs, forms and address lines leave it. Pure."""

import re
from binascii import Error as NotBase64
from binascii import a2b_base64

_LETTERS = re.compile(rb"[A-Za-z0-9+/\-_ =]+")
_BEGINNING = 128
_ALPHABET = bytes.maketrans(b" -_", b"++/")


def looks_base64(text: bytes) -> bool:
    """By its beginning only. A space is a plus sign that went through a form."""
    return _LETTERS.fullmatch(text[:_BEGINNING].strip()) is not None


def from_base64(text: bytes) -> bytes | None:
    """What was encoded, with or without padding, in either alphabet; None when it is no base64."""
    text = text.strip(b" \t\r\n").rstrip(b"=")
    if b" " in text or b"-" in text or b"_" in text:
        text = text.translate(_ALPHABET)
    try:
        return a2b_base64(text + b"=" * (-len(text) % 4), strict_mode=True)
    except NotBase64:
        return None
