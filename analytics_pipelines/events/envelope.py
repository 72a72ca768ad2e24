"""Lines of raw objects: the event as it came, wrapped in all that a later decision may need. Pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from analytics_pipelines.events.keys import milliseconds
from analytics_pipelines.events.parse import Request


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


_encoder = msgspec.json.Encoder()


def to_lines(request: Request, arrival: Arrival) -> bytes:
    """One line of JSON an event, in the order they were sent. An event's bytes are copied, not written anew."""
    received_at = milliseconds(arrival.received_at)
    return _encoder.encode_lines(
        [
            _Line(
                received_at=received_at,
                sent_at=request.sent_at,
                ip=arrival.ip,
                user_agent=arrival.user_agent,
                token=request.token,
                project=arrival.project,
                path=arrival.path,
                uuid=event.uuid,
                event=msgspec.Raw(_on_one_line(event.raw)),
                repaired=request.repaired,
            )
            for event in request.events
        ]
    )


def _on_one_line(raw: bytes) -> bytes:
    """JSON strings hold no raw line breaks, so a break stands between tokens and may go."""
    return raw if b"\n" not in raw and b"\r" not in raw else msgspec.json.format(raw, indent=-1)
