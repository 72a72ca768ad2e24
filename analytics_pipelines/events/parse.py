"""A request body → the events in it, each still the bytes that the SDK wrote where these are JSON. Pure."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from analytics_pipelines.events import depth
from analytics_pipelines.events.event_id import event_id
from analytics_pipelines.events.limits import DEFAULT, Limits
from analytics_pipelines.events.project_key import checked_key
from analytics_pipelines.events.rejection import Rejected
from analytics_pipelines.events.repair import repaired

Raw = msgspec.Raw


# What SDKs tell about themselves; nobody asks for it.
PERFORMANCE_EVENT = "$performance_event"


class Incoming(msgspec.Struct, frozen=True, gc=False):
    """One event of a request: its id, and its JSON text as it came. A struct, since there are so many of them.

    `refused`: the limit that it breaks. It is kept all the same, as a dead letter.
    """

    uuid: UUID
    raw: bytes
    refused: str = ""


@dataclass(frozen=True)
class Request:
    """A parsed request. `sent_at` is the client's text, not yet believed; `repaired`: the events are written anew.

    `one_line`: no line break stands in any event. `performance`: one of the events is the SDK's about itself.
    """

    token: str
    sent_at: str | None
    events: list[Incoming] = field(repr=False)
    repaired: bool = False
    historical: bool = False
    one_line: bool = False
    performance: bool = False


class _Id(msgspec.Struct):
    uuid: Any = None
    event: Any = None


class _Head(msgspec.Struct):
    """The few parts of an event that capture looks at; anything may be in them."""

    uuid: Any = None
    event: Any = None
    token: Any = None
    dollar_token: Any = msgspec.field(name="$token", default=None)
    api_key: Any = None
    properties: Raw = Raw(b"null")


class _Envelope(msgspec.Struct):
    token: Any = None
    api_key: Any = None
    sent_at: Any = None
    historical_migration: Any = None
    batch: list[Raw] | None = None


class _TokenInside(msgspec.Struct):
    token: Any = None


_envelope = msgspec.json.Decoder(_Envelope)
_list = msgspec.json.Decoder(list[Raw])
_id = msgspec.json.Decoder(_Id)
_head = msgspec.json.Decoder(_Head)
_token_inside = msgspec.json.Decoder(_TokenInside)
_fields = msgspec.json.Decoder(dict[str, Raw])

# An event of a batch costs memory before it can be counted; no honest batch has so many values of any kind.
_MOST_COMMAS = 2_000_000

# A batch is two levels around its events.
_LEVELS_AROUND = 2


def parse(text: bytes, limits: Limits = DEFAULT, *, nameless: str | None = None, sent_at: str | None = None) -> Request:
    """Parse a plain body: a batch `{"api_key", "batch": […]}`, a list of events, or one event.

    Events without a name get the name `nameless`, and the request without a time of sending `sent_at`.
    Raises Rejected: 400 when it is none of these, 401 when no usable token is in it, 413 for too many events.
    """
    if len(text) > _MOST_COMMAS and text.count(b",") > _MOST_COMMAS:
        raise Rejected(413, "the request holds too many values")
    mended = False
    try:
        if not text.isascii():
            text.decode()  # the decoder takes what it skips on trust
        parts = _parts(text)
    except msgspec.ValidationError as error:
        raise no_request(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        mended = True
        parts = _mended_parts(text, limits)
    except RecursionError as error:
        raise no_request(error) from None
    envelope, raws = parts
    if not raws:
        raise Rejected(400, "the request holds no event")
    if len(raws) > limits.events:
        raise Rejected(413, f"the request holds more than {limits.events} events")
    token = envelope.api_key if envelope.api_key is not None else envelope.token
    ids: list[Any]
    if token is None:
        heads = [_read(_head, raw) for raw in raws]
        token = _token_of(heads)
        ids = heads
    else:
        ids = [_read(_id, raw) for raw in raws]
    texts = list(map(bytes, raws))
    if nameless is not None:
        texts = [_named(each, nameless) for each in texts]
    said = envelope.sent_at if isinstance(envelope.sent_at, str) else sent_at
    return Request(
        checked_key(token),
        said,
        [Incoming(event_id(head.uuid), raw, broken_limit(raw, limits)) for head, raw in zip(ids, texts, strict=True)],
        mended,
        envelope.historical_migration is True,
        one_line=b"\n" not in text and b"\r" not in text,
        performance=any(head.event == PERFORMANCE_EVENT for head in ids),
    )


def broken_limit(raw: bytes, limits: Limits) -> str:
    """The name of the limit that an event breaks, or nothing."""
    if len(raw) > limits.event_bytes:
        return "event_too_large"
    if depth.is_too_deep(raw, limits.levels):
        return "nested_too_deep"
    if len(raw) > 4 * limits.keys and depth.keys(raw) > limits.keys:  # a key takes four bytes at least
        return "too_many_keys"
    return ""


def no_request(error: Exception) -> Rejected:
    """What to say of a body that could not be read."""
    return Rejected(400, f"the body is not the JSON of an event or a batch: {error}")


def _parts(text: bytes) -> tuple[_Envelope, list[Raw]]:
    if text.lstrip()[:1] == b"[":
        return _Envelope(), _list.decode(text)
    envelope = _envelope.decode(text)
    return envelope, [Raw(text)] if envelope.batch is None else envelope.batch


def _mended_parts(text: bytes, limits: Limits) -> tuple[_Envelope, list[Raw]]:
    try:
        return _parts(repaired(text, most_levels=limits.levels + _LEVELS_AROUND))
    except msgspec.DecodeError as error:
        raise no_request(error) from None


def _named(raw: bytes, name: str) -> bytes:
    """The event with that name if it has none; its other fields stay as they came."""
    try:
        fields = _fields.decode(raw)
    except msgspec.ValidationError:
        return raw
    if bytes(fields.get("event", b"null")) != b"null":
        return raw
    return msgspec.json.encode({**fields, "event": name})


def _read(decoder: Any, raw: Raw) -> Any:
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError:
        return decoder.type()  # not an object: kept all the same, ingestion says why it is no event


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


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)
