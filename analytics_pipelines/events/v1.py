"""The second capture protocol, `POST /i/v1/analytics/events`: each event has an answer of its own. Pure.

Its events are turned into those of the first protocol, by putting back into the properties what its SDKs move out of
them; so everything behind capture knows one kind of event.
"""

import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from analytics_pipelines.events import zstd
from analytics_pipelines.events.decompress import decompress
from analytics_pipelines.events.limits import DEFAULT, Limits
from analytics_pipelines.events.parse import PERFORMANCE_EVENT, Incoming, Request, broken_limit
from analytics_pipelines.events.project_key import checked_key
from analytics_pipelines.events.rejection import Rejected
from analytics_pipelines.events.repair import repaired

Result = Literal["ok", "warning", "drop", "retry"]

_NAME_BYTES = 200
_LEVELS_AROUND = 2  # a batch is two levels around its events

# Ids that show a mistake in the sender's code: the event is kept, and makes no person. Compared in lower case.
_ILLEGAL_IDS = frozenset(
    {
        *("anonymous", "anonymous-user", "guest", "user", "backend", "system", "not_authenticated"),
        *("id", "distinct_id", "distinctid", "email"),
        *("0", "00000000-0000-0000-0000-000000000000", "nan", "none", "null", "undefined", "[object object]"),
        *("true", "false"),
    }
)
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class Headers:
    """What the protocol says in headers. `sent_at` plays the part of the first protocol's."""

    authorization: str
    content_type: str
    content_encoding: str
    sdk_info: str
    attempt: str
    request_id: str
    sent_at: str

    def missing(self) -> list[str]:
        """Names of the headers that have to be there and are not."""
        named = {
            "Authorization": self.authorization,
            "Content-Type": self.content_type,
            "PostHog-Sdk-Info": self.sdk_info,
            "PostHog-Attempt": self.attempt,
            "PostHog-Request-Id": self.request_id,
            "PostHog-Request-Timestamp": self.sent_at,
        }
        return [name for name, value in named.items() if not value]


@dataclass(frozen=True)
class Outcome:
    """What is said of one event. `details` is a word for programs."""

    result: Result
    details: str = ""


@dataclass(frozen=True)
class Batch:
    """The events to keep, as those of the first protocol, and what to say of each event of the request, in order."""

    request: Request
    outcomes: dict[UUID, Outcome]


class _Event(msgspec.Struct):
    event: Any = None
    uuid: Any = None
    distinct_id: Any = None
    timestamp: Any = None
    session_id: Any = None
    window_id: Any = None
    options: Any = None
    properties: msgspec.Raw = msgspec.Raw(b"{}")


class _Body(msgspec.Struct):
    created_at: Any = None
    historical_migration: Any = None
    capture_internal: Any = None
    batch: list[msgspec.Raw] | None = None


_body = msgspec.json.Decoder(_Body)
_event = msgspec.json.Decoder(_Event)
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])


def plain(body: bytes, encoding: str, most: int) -> bytes:
    """The text of a body with that Content-Encoding. Raises Rejected: 415, 413, 400."""
    named = encoding.strip().lower()
    if not body:
        raise Rejected(400, "request body is empty", "empty_body")
    if named in {"", "identity", "gzip"}:
        return decompress(body, most)
    try:
        if named == "deflate":
            inflater = zlib.decompressobj()
            text = inflater.decompress(body, most + 1)
            whole = inflater.eof
        elif named == "zstd":
            decompressor = zstd.ZstdDecompressor()
            text = decompressor.decompress(body, most + 1)
            whole = decompressor.eof
        else:
            raise Rejected(415, f"unsupported content encoding: {named}", "unsupported_encoding")
    except (zlib.error, zstd.ZstdError):
        raise _undecodable(named) from None
    if len(text) > most:
        raise Rejected(413, f"the body is larger than {most} bytes after decompression")
    if not whole:
        raise _undecodable(named)
    return text


def parse_v1(body: bytes, headers: Headers, limits: Limits = DEFAULT) -> Batch:
    """Parse a request. Raises Rejected, with the protocol's tags: then no event of it is kept."""
    missing = headers.missing()
    if missing:
        raise Rejected(400, f"request is missing required headers: {missing}", "missing_required_headers")
    scheme, _, key = headers.authorization.partition(" ")
    token = checked_key(key if scheme.lower() == "bearer" else None)
    if headers.content_type.split(";")[0].strip().lower() != "application/json":
        raise Rejected(415, f"unsupported content type: {headers.content_type[:100]}", "unsupported_content_type")
    _moment(headers.sent_at, "PostHog-Request-Timestamp", "invalid_header_value")
    if not headers.attempt.isdigit():
        raise Rejected(400, "invalid header value: PostHog-Attempt", "invalid_header_value")
    text = plain(body, headers.content_encoding, limits.text_bytes)
    read, mended = _read(text, limits)
    if not read.batch:
        raise Rejected(400, "request batch is empty", "empty_batch")
    if len(read.batch) > limits.events:
        raise Rejected(413, f"the request holds more than {limits.events} events")
    _moment(read.created_at, "created_at", "invalid_batch")
    events: list[Incoming] = []
    outcomes: dict[UUID, Outcome] = {}
    for raw in read.batch:
        event = _one(raw)
        uuid = _uuid(event.uuid, outcomes)
        outcomes[uuid], incoming = _judged(uuid, event, bytes(raw), headers.sdk_info, read, limits)
        events.append(incoming)
    request = Request(
        token,
        headers.sent_at,
        events,
        mended,
        read.historical_migration is True,
        one_line=True,  # events are written anew; of one that is not, a text is kept
        performance=PERFORMANCE_EVENT.encode() in text,
    )
    return Batch(request, outcomes)


def _read(text: bytes, limits: Limits) -> tuple[_Body, bool]:
    try:
        try:
            if not text.isascii():
                text.decode()
            return _body.decode(text), False
        except msgspec.ValidationError:
            raise
        except (msgspec.DecodeError, UnicodeDecodeError):
            return _body.decode(repaired(text, most_levels=limits.levels + _LEVELS_AROUND)), True
    except (msgspec.DecodeError, RecursionError) as error:
        raise Rejected(400, f"Failed to parse request body: {error}") from None


def _one(raw: msgspec.Raw) -> _Event:
    try:
        return _event.decode(raw)
    except msgspec.ValidationError:
        raise Rejected(400, "invalid batch: an event is not an object", "invalid_batch") from None


def _uuid(given: Any, seen: dict[UUID, Outcome]) -> UUID:
    if given is None or given == "":
        raise Rejected(400, "event submitted without a uuid", "missing_event_uuid")
    try:
        uuid = UUID(given.strip())
    except (ValueError, AttributeError):
        raise Rejected(400, f"invalid batch: {str(given)[:100]!r} is no UUID", "invalid_batch") from None
    if uuid in seen:
        raise Rejected(400, f"duplicate event uuid: {uuid}", "duplicate_event_uuid")
    return uuid


def _judged(
    uuid: UUID, event: _Event, raw: bytes, sdk_info: str, body: _Body, limits: Limits
) -> tuple[Outcome, Incoming]:
    """What to say of an event, and what to keep of it: one that is dropped is kept as a dead letter."""
    options, wrong = _options(event.options)
    reason = broken_limit(raw, limits) or _wrong(event, limits) or ("invalid_options" if wrong else "")
    try:
        properties = _fields.decode(event.properties)
    except msgspec.ValidationError:
        properties, reason = {}, reason or "malformed_event_properties"
    if reason:
        return Outcome("drop", reason), Incoming(uuid, raw, reason)
    distinct_id = event.distinct_id.strip()
    outcome = Outcome("ok")
    if distinct_id.lower() in _ILLEGAL_IDS:
        outcome = Outcome("warning", "person_processing_disabled")
        options["$process_person_profile"] = False
    library, _, version = sdk_info.partition("/")
    back = {
        "$session_id": event.session_id,
        "$window_id": event.window_id,
        "$lib": library,
        "$lib_version": version,
        **options,
        "capture_internal": True if body.capture_internal is True else None,
    }
    merged = {**properties, **{name: value for name, value in back.items() if value is not None}}
    kept = {
        "event": event.event,
        "uuid": str(uuid),
        "distinct_id": distinct_id,
        "timestamp": event.timestamp,
        "properties": merged,
    }
    return outcome, Incoming(uuid, msgspec.json.encode(kept))


def _wrong(event: _Event, limits: Limits) -> str:
    if not isinstance(event.event, str) or not event.event.strip():
        return "missing_event_name"
    if len(event.event.encode("utf-8", "replace")) > _NAME_BYTES:
        return "event_name_too_long"
    if not isinstance(event.distinct_id, str) or not event.distinct_id.strip():
        return "missing_distinct_id"
    if len(event.distinct_id.strip().encode("utf-8", "replace")) > limits.distinct_id_bytes:
        return "distinct_id_too_large"
    if not _is_moment(event.timestamp):
        return "invalid_event_timestamp"
    return ""


def _options(given: Any) -> tuple[dict[str, Any], bool]:
    """The options as properties of the first protocol, and whether one of them can't be understood."""
    if given is None:
        return {}, False
    if not isinstance(given, dict):
        return {}, True
    found: dict[str, Any] = {}
    wrong = False
    for name, property_name in (
        ("cookieless_mode", "$cookieless_mode"),
        ("disable_skew_correction", "$ignore_sent_at"),
        ("process_person_profile", "$process_person_profile"),
    ):
        value = given.get(name)
        if value is None:
            continue
        truth = _truth(value)
        wrong = wrong or truth is None
        found[property_name] = truth
    tour = given.get("product_tour_id")
    if tour is not None:
        wrong = wrong or isinstance(tour, bool) or not isinstance(tour, (str, int))
        found["$product_tour_id"] = str(tour)
    return found, wrong


def _truth(value: Any) -> bool | None:
    if isinstance(value, str):
        return _TRUTHS.get(value.strip().lower())
    return bool(value) if isinstance(value, (bool, int, float)) else None


def _moment(text: Any, name: str, tag: str) -> None:
    if not _is_moment(text):
        raise Rejected(400, f"{name} is no RFC 3339 time with an offset", tag)


def _is_moment(text: Any) -> bool:
    if not isinstance(text, str):
        return False
    try:
        return datetime.fromisoformat(text.strip()).tzinfo is not None
    except ValueError:
        return False


def _undecodable(named: str) -> Rejected:
    return Rejected(400, f"the body's {named} stream is broken", "request_decoding_error")
