"""Lines of raw objects: the event as it came, wrapped in all that a later decision may need. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from analytics_pipelines.events.keys import milliseconds
from analytics_pipelines.events.limits import DEFAULT
from analytics_pipelines.events.parse import Incoming, Request
from analytics_pipelines.events.rules import Drop


@dataclass(frozen=True)
class Arrival:
    """What capture knows of a request beside its body."""

    received_at: datetime
    ip: str
    user_agent: str
    path: str
    project: int


class _Line(msgspec.Struct, omit_defaults=True):
    received_at: int  # milliseconds since 1970, by capture's clock
    sent_at: str | None  # the client's words
    ip: str
    user_agent: str
    token: str
    project: int
    path: str
    uuid: UUID
    event: msgspec.Raw
    repaired: bool = False  # the event was no strict JSON, and is written anew
    historical: bool = False  # the sender calls it a migration of old events
    refused: str = ""  # the limit that the event breaks: it becomes a dead letter


class _DropLine(msgspec.Struct):
    received_at: int
    token: str
    project: int
    path: str
    dropped: str  # the project's rule
    name: str
    count: int


_encoder = msgspec.json.Encoder()


def to_lines(request: Request, arrival: Arrival, drops: Iterable[Drop] = ()) -> bytes:
    """One line of JSON an event, in the order they were sent, then one for each drop.

    An event's bytes are copied, not written anew; of one that breaks a limit, the beginning is kept as a text.
    """
    received_at = milliseconds(arrival.received_at)
    lines: list[_Line | _DropLine] = [
        _Line(
            received_at=received_at,
            sent_at=request.sent_at,
            ip=arrival.ip,
            user_agent=arrival.user_agent,
            token=request.token,
            project=arrival.project,
            path=arrival.path,
            uuid=event.uuid,
            event=msgspec.Raw(_held(event) if event.refused else _on_one_line(event.raw)),
            repaired=request.repaired,
            historical=request.historical,
            refused=event.refused,
        )
        for event in request.events
    ]
    lines += [
        _DropLine(received_at, request.token, arrival.project, arrival.path, drop.rule, drop.event, drop.count)
        for drop in drops
    ]
    return _encoder.encode_lines(lines)


def _held(event: Incoming) -> bytes:
    return msgspec.json.encode(event.raw[: DEFAULT.held_bytes].decode("utf-8", "replace"))


def _on_one_line(raw: bytes) -> bytes:
    """JSON strings hold no raw line breaks, so a break stands between tokens and may go."""
    return raw if b"\n" not in raw and b"\r" not in raw else msgspec.json.format(raw, indent=-1)
