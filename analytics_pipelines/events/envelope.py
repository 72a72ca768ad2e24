"""Lines of raw objects: the event as it came, wrapped in all that a later decision may need. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

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


class _Head(msgspec.Struct, omit_defaults=True):
    """What the lines of a request have in common. Each goes on with its `uuid` and `event`."""

    received_at: int  # milliseconds since 1970, by capture's clock
    sent_at: str | None  # the client's words
    ip: str
    user_agent: str
    token: str
    project: int
    path: str
    repaired: bool = False  # the events were no strict JSON, and are written anew
    historical: bool = False  # the sender calls it a migration of old events


class _DropLine(msgspec.Struct):
    received_at: int
    token: str
    project: int
    path: str
    dropped: str  # the project's rule
    name: str
    count: int


_encode = msgspec.json.Encoder().encode


def to_lines(request: Request, arrival: Arrival, drops: Iterable[Drop] = ()) -> bytes:
    """One line of JSON an event, in the order they were sent, then one for each drop.

    An event's bytes are copied, not written anew; of one that breaks a limit (`refused`, the limit), the beginning is
    kept as a text.
    """
    head = _Head(
        received_at=milliseconds(arrival.received_at),
        sent_at=request.sent_at,
        ip=arrival.ip,
        user_agent=arrival.user_agent,
        token=request.token,
        project=arrival.project,
        path=arrival.path,
        repaired=request.repaired,
        historical=request.historical,
    )
    before = _encode(head)[:-1] + b',"uuid":'
    pieces: list[bytes] = []
    for event in request.events:
        raw = event.raw if request.one_line else _on_one_line(event.raw)
        if event.refused:
            raw = _held(event) + b',"refused":' + _encode(event.refused)
        pieces += (before, _encode(event.uuid), b',"event":', raw, b"}\n")
    for drop in drops:
        line = _DropLine(
            head.received_at, request.token, arrival.project, arrival.path, drop.rule, drop.event, drop.count
        )
        pieces += (_encode(line), b"\n")
    return b"".join(pieces)


def _held(event: Incoming) -> bytes:
    return _encode(event.raw[: DEFAULT.held_bytes].decode("utf-8", "replace"))


def _on_one_line(raw: bytes) -> bytes:
    """JSON strings hold no raw line breaks, so a break stands between tokens and may go."""
    return raw if b"\n" not in raw and b"\r" not in raw else msgspec.json.format(raw, indent=-1)
