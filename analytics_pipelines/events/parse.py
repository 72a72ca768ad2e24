"""A request body → the events in it, each still the bytes that the SDK wrote. Pure."""

import os
import re
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import msgspec

from analytics_pipelines.events.rejection import Rejected

# Events whose sender gave them an id that is no UUID get one that follows from it, so that a resend is still the same.
_FOREIGN_IDS = UUID("0f5a1b1e-3f0b-4c55-9d1f-6a6a0c2b7a10")
_PERSONAL_KEY = "phx_"
_TOKEN_LENGTH = 64

# A backslash escape: a whole pair of surrogates, one of a pair alone, or any other.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)

Raw = msgspec.Raw


@dataclass(frozen=True)
class Incoming:
    """One event of a request: its id, and its JSON text as it came."""

    uuid: UUID
    raw: bytes


@dataclass(frozen=True)
class Request:
    """A parsed request. `sent_at` is the client's text, not yet believed."""

    token: str
    sent_at: str | None
    events: list[Incoming]


class _Head(msgspec.Struct):
    """The few parts of an event that capture looks at; anything may be in them."""

    uuid: Any = None
    token: Any = None
    dollar_token: Any = msgspec.field(name="$token", default=None)
    api_key: Any = None
    properties: Raw = Raw(b"null")


class _Envelope(msgspec.Struct):
    token: Any = None
    api_key: Any = None
    sent_at: Any = None
    batch: list[Raw] | None = None


class _TokenInside(msgspec.Struct):
    token: Any = None


_envelope = msgspec.json.Decoder(_Envelope)
_list = msgspec.json.Decoder(list[Raw])
_head = msgspec.json.Decoder(_Head)
_token_inside = msgspec.json.Decoder(_TokenInside)


def parse(text: bytes) -> Request:
    """Parse a plain body: a batch `{"api_key", "batch": […]}`, a list of events, or one event.

    Raises Rejected: 400 when it is none of these, 401 when no usable token is in it.
    """
    _check_utf8(text)
    try:
        return _parse(text)
    except msgspec.DecodeError as error:
        whole = _with_whole_characters(text)
        if whole == text:
            raise _not_json(error) from None
    except RecursionError as error:
        raise _not_json(error) from None
    try:
        return _parse(whole)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _not_json(error) from None


def _parse(text: bytes) -> Request:
    if text.lstrip()[:1] == b"[":
        return _request(None, None, _list.decode(text))
    envelope = _envelope.decode(text)
    events = [Raw(text)] if envelope.batch is None else envelope.batch
    return _request(_first(envelope.api_key, envelope.token), envelope.sent_at, events)


def _not_json(error: Exception) -> Rejected:
    return Rejected(400, f"the body is not the JSON of an event or a batch: {error}")


def _check_utf8(text: bytes) -> None:
    if text.isascii():
        return
    try:
        text.decode()  # the decoder takes what it skips on trust
    except UnicodeDecodeError as error:
        raise Rejected(400, f"the body is not UTF-8 (byte {error.start})") from None


def _with_whole_characters(text: bytes) -> bytes:
    """Halves of characters, which browsers send when they cut a text within an emoji, become U+FFFD."""
    return _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], text)


def _request(token: Any, sent_at: Any, raws: list[Raw]) -> Request:
    if not raws:
        raise Rejected(400, "the request holds no event")
    heads = [_read_head(raw) for raw in raws]
    if token is None:
        token = _token_of(heads)
    return Request(
        token=_checked_token(token),
        sent_at=sent_at if isinstance(sent_at, str) else None,
        events=[Incoming(_uuid(head.uuid), bytes(raw)) for head, raw in zip(heads, raws, strict=True)],
    )


def _read_head(raw: Raw) -> _Head:
    try:
        return _head.decode(raw)
    except msgspec.ValidationError:
        return _Head()  # not an object: kept all the same, ingestion says why it is no event


def _token_of(heads: list[_Head]) -> Any:
    named = (_first(head.token, head.dollar_token, head.api_key, _inside(head)) for head in heads)
    tokens = {token for token in named if isinstance(token, str)}
    if len(tokens) > 1:
        raise Rejected(401, "the batch names more than one project API key")
    return next(iter(tokens), None)


def _inside(head: _Head) -> Any:
    try:
        return _token_inside.decode(head.properties).token
    except msgspec.ValidationError:
        return None


def _checked_token(token: Any) -> str:
    if not isinstance(token, str) or not token.strip():
        raise Rejected(401, "the request names no project API key (api_key)")
    token = str(token).strip()
    if token.startswith(_PERSONAL_KEY):
        raise Rejected(401, "this is a personal API key; events are sent with the project's (phc_…)")
    if len(token) > _TOKEN_LENGTH or not token.isascii() or "\0" in token:
        raise Rejected(401, "the project API key is malformed")
    return str(token)


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _uuid(given: Any) -> UUID:
    if isinstance(given, str) and given:
        try:
            return UUID(given)
        except ValueError:
            return uuid5(_FOREIGN_IDS, given)
    return _uuid7()


def _uuid7() -> UUID:
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    return UUID(int=(value & ~(0xF << 76) & ~(0x3 << 62)) | (0x7 << 76) | (0x2 << 62))
