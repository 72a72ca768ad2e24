"""Session recordings: what a `$snapshot` event must have to be stored. Pure."""

import re
from dataclasses import replace
from typing import Any

import msgspec

from analytics_pipelines.events.parse import Incoming, Request

_SESSION_ID = re.compile(r"[A-Za-z0-9-]{1,70}")


class _Properties(msgspec.Struct):
    session_id: Any = msgspec.field(name="$session_id", default=None)
    data: msgspec.Raw = msgspec.field(name="$snapshot_data", default=msgspec.Raw(b"null"))


class _Snapshot(msgspec.Struct):
    properties: _Properties


_snapshot = msgspec.json.Decoder(_Snapshot)


def checked(request: Request) -> Request:
    """The request with the reason noted at each event that can't be part of a recording; those are kept as they are."""
    return replace(request, events=[_checked(event) for event in request.events])


def _checked(event: Incoming) -> Incoming:
    return msgspec.structs.replace(event, refused=event.refused or _wrong(event.raw))


def _wrong(raw: bytes) -> str:
    try:
        properties = _snapshot.decode(raw).properties
    except msgspec.ValidationError:
        return "no_snapshot"
    if not isinstance(properties.session_id, str) or not _SESSION_ID.fullmatch(properties.session_id):
        return "invalid_session_id"
    if bytes(properties.data)[:1] not in (b"[", b"{"):
        return "missing_snapshot_data"
    return ""
