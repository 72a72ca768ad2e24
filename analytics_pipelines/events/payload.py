"""A request as HTTP brought it → the JSON text that the SDK meant. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from analytics_pipelines.events import lzstring
from analytics_pipelines.events.base64text import from_base64, looks_base64
from analytics_pipelines.events.decompress import GZIP, decompress
from analytics_pipelines.events.form import fields, looks_like_form
from analytics_pipelines.events.rejection import Rejected

# A form of base64 of base64 of gzip is the most that any SDK wrapped its JSON in.
MOST_WRAPPINGS = 4

_LZ = frozenset({"lz64", "lz-string"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_BELIEVED = datetime(2021, 1, 1, tzinfo=UTC)  # seconds taken for milliseconds lie in 1970


@dataclass(frozen=True)
class Payload:
    """`sent_at` is what the query says of it, and `beacon` whether the sender wants an answer without a body."""

    text: bytes
    sent_at: str | None
    beacon: bool


def payload(body: bytes, query: bytes, encoding: str, *, most: int, most_lz: int = lzstring.MOST) -> Payload:
    """The plain text of a request with that query string and Content-Encoding.

    What a wrapping is called is a hint at best: gzip, forms and base64 are known by how they begin.
    Raises Rejected: 413 when more than `most` bytes (of lz-string `most_lz`) come out, 400 for an empty or broken one.
    """
    asked = fields(query) if query else {}
    raw = asked.get("data") or body
    if not raw:
        raise Rejected(400, "the request holds no data")
    hint = asked.get("compression", b"").decode("ascii", "replace") or encoding
    text = _unwrapped(raw, hint.lower(), most, min(most, most_lz))
    stamp = asked.get("_") or asked.get("sent_at") or b""
    return Payload(text, _moment(stamp), asked.get("beacon") == b"1")


def _unwrapped(text: bytes, hint: str, most: int, most_lz: int) -> bytes:
    for _ in range(MOST_WRAPPINGS):
        if _is_json(text):
            break
        inner: bytes | None = None
        if text.startswith(GZIP):
            inner = decompress(text, most)
        elif looks_like_form(text):
            form = fields(text)
            hint = hint or form.get("compression", b"").decode("ascii", "replace").lower()
            inner = form.get("data")
        elif looks_base64(text):
            inner = _from_ascii(text, hint, most_lz)
        if inner is None:
            break
        text = inner
    return decompress(text, most)


def _from_ascii(text: bytes, hint: str, most_lz: int) -> bytes | None:
    """lz-string looks like base64; where it is expected, it is believed when JSON comes out."""
    if hint in _LZ:
        unpacked = lzstring.from_lzstring(text, most_lz)
        if unpacked is not None and _is_json(unpacked):
            return unpacked
    return from_base64(text)


def _is_json(text: bytes) -> bool:
    return text.startswith((b"{", b"[")) or text[:64].lstrip().startswith((b"{", b"["))


def _moment(milliseconds: bytes) -> str | None:
    if not milliseconds.isdigit() or len(milliseconds) > 15:
        return None
    try:
        moment = _EPOCH + timedelta(milliseconds=int(milliseconds))
    except OverflowError:
        return None
    return moment.isoformat(timespec="milliseconds") if moment >= _FIRST_BELIEVED else None
