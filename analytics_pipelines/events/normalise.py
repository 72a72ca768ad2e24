"""A line of a raw object → its row of `events`, one at a time. Pure.

Loading does this in SQL, many at once (`ingest/sql/stage.sql`); tests hold the two against each other.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from analytics_pipelines.events import cookieless, moment, user_agent
from analytics_pipelines.events.elements_chain import elements_chain
from analytics_pipelines.events.hot_properties import HOT_PROPERTIES
from analytics_pipelines.events.line import Line, mended, read_line, rule_broken_by
from analytics_pipelines.events.members import members, value_of, written
from analytics_pipelines.identity.person_id import person_id

_MOST_CHARACTERS = 200
_OF_THE_PERSON = ("$set", "$set_once")
_OF_PERSONS = cookieless.MERGING | {"$groupidentify"}
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# as ClickHouse writes a text anew
_ESCAPED = {
    **{number: f"\\u{number:04X}" for number in (*range(0x20), 0x2028, 0x2029)},
    **{ord(each): "\\" + name for each, name in zip('\b\t\n\f\r"\\', 'btnfr"\\', strict=True)},
}
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


@dataclass(frozen=True)
class Event:
    """A row of `events`, and the names of what was noticed. `properties` is JSON text."""

    team_id: int
    uuid: UUID
    event: str
    distinct_id: str
    person_id: UUID
    timestamp: datetime
    properties: str
    elements_chain: str
    has_person: bool
    is_bot: bool
    ip: str
    located_by: str  # the address by which its place is found
    groups: dict[str, str]
    hot: dict[str, str | None]
    received_at: datetime
    warnings: list[str]


def normalise(line: bytes, *, secret: bytes, arrived: datetime) -> Event | str:
    """The event of a line, or the rule that it breaks.

    `secret` makes the ids of cookieless events; `arrived` is the time of lines whose own is out of range.
    Not for lines that say what was dropped.
    """
    line = mended(line)
    read = read_line(line)
    if read is None or read.dropped:
        return "malformed_line"
    return rule_broken_by(read) or _event(read, _texts(line), secret, arrived)


def _event(line: Line, sent: dict[str, str], secret: bytes, arrived: datetime) -> Event:
    received = (
        datetime.fromtimestamp(line.received_at / 1000, UTC) if 1 <= line.received_at <= 7258118400000 else arrived
    )
    text = _with_what_is_said_beside(sent)
    said = value_of(text)
    ids = (sent.get("distinct_id", ""), sent.get("$distinct_id", ""), text_of(said.get("distinct_id")) or "")
    whole_id = next(each for each in ids if each.strip(" ")).replace("\0", "\ufffd")
    name = sent["event"]
    moment_said = moment.read(sent.get("timestamp", ""))
    if moment_said and not moment.FIRST <= moment_said <= moment.LAST:
        moment_said = None
    offset = _whole(sent.get("offset", ""))
    timestamp, is_ahead = moment.corrected(
        said=moment_said,
        milliseconds_ago=offset,
        sent_at=None if said.get("$ignore_sent_at") is True else moment.read_sent_at(line.sent_at or ""),
        received=received,
    )
    profile = said.get("$process_person_profile")
    is_anonymous = whole_id == cookieless.SENTINEL
    is_cookieless = is_anonymous or said.get("$cookieless_mode") is True
    cannot_merge = is_cookieless and name in cookieless.MERGING
    has_person = profile is not False and not cannot_merge
    browser = text_of(said.get("$raw_user_agent"))
    header = line.user_agent or ""
    agent = browser if browser is not None else header if header.startswith("Mozilla/") else ""
    ip = text_of(said.get("$ip")) or line.ip or ""
    hot = {each: text_of(said.get(each)) for each in HOT_PROPERTIES}
    for each, patterns in user_agent.READ_FROM_USER_AGENT.items():
        hot[each] = user_agent.named(agent, patterns) if hot[each] is None else hot[each]
    session = hot["$session_id"]
    hot["$session_id"] = session.lower() if session is not None and _UUID.fullmatch(session) else session
    distinct_id = whole_id[:_MOST_CHARACTERS]
    if is_anonymous:
        day = timestamp.date()
        host = text_of(said.get("$host")) or ""
        digest = cookieless.digest(secret=secret, day=day, team_id=line.project, ip=ip, host=host, agent=agent)
        distinct_id, hot["$session_id"] = cookieless.distinct_id(digest), cookieless.session_id(digest, day)
        text = written({key: part for key, part in members(text).items() if key not in ("$ip", "$raw_user_agent")})
    chain = sent.get("elements_chain") or text_of(said.get("$elements_chain"))
    noticed = {
        "distinct_id_truncated": len(whole_id) > _MOST_CHARACTERS,
        "event_name_truncated": len(name) > _MOST_CHARACTERS,
        "event_timestamp_in_future": is_ahead,
        "ignored_invalid_timestamp": bool(sent.get("timestamp")) and moment_said is None and offset is None,
        "invalid_process_person_profile": profile is not None and not isinstance(profile, bool),
        "invalid_event_when_process_person_profile_is_false": profile is False and name in _OF_PERSONS,
        "cookieless_event_cannot_merge": cannot_merge,
        "client_ingestion_warning": name == "$$client_ingestion_warning",
    }
    return Event(
        team_id=line.project,
        uuid=UUID(line.uuid),
        event=name[:_MOST_CHARACTERS],
        distinct_id=distinct_id,
        person_id=person_id(line.project, distinct_id),
        timestamp=timestamp,
        properties=text,
        elements_chain=elements_chain(_elements(said.get("$elements"))) if chain is None else chain,
        has_person=has_person,
        is_bot=user_agent.is_bot(agent),
        ip="" if is_anonymous else ip,
        located_by="" if said.get("$geoip_disable") in (True, 1) else ip,
        groups=_texts_of(said.get("$groups")) if has_person else {},
        hot=hot,
        received_at=received,
        warnings=[name for name, is_noticed in noticed.items() if is_noticed],
    )


def text_of(value: Any) -> str | None:
    """A string without its quotes, other values as their JSON, None for null.

    >>> text_of(1.50)
    '1.5'
    """
    return value if value is None or isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value.translate(_ESCAPED)}"'
    if isinstance(value, dict):
        return "{" + ",".join(f"{_json(name)}:{_json(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    return _number(value) if isinstance(value, float) else json.dumps(value)


def _with_what_is_said_beside(sent: dict[str, str]) -> str:
    """The properties, and among them what is said of the person beside them, which wins name by name."""
    text = sent.get("properties", "")
    inside = members(text) if text.startswith("{") else {}
    beside = {name: sent[name] for name in _OF_THE_PERSON if sent.get(name, "").startswith("{")}
    if not beside:
        return text if text.startswith("{") else "{}"
    for name, said in beside.items():
        old = inside.get(name, "")
        if old.startswith("{"):
            new = members(said)
            said = written({key: part for key, part in members(old).items() if key not in new} | new)
        inside[name] = said
    return written(inside)


def _texts(line: bytes) -> dict[str, str]:
    """The fields of a line's event: strings without quotes, other values as their JSON as it was sent, null as ''."""
    fields = _members(_members(line)["event"])
    return {name: _field(bytes(value).decode()) for name, value in fields.items()}


def _field(text: str) -> str:
    if text.startswith('"'):
        return str(msgspec.json.decode(text))
    return "" if text == "null" else text


def _texts_of(value: Any) -> dict[str, str]:
    items = value.items() if isinstance(value, dict) else ()
    return {name: text for name, each in items if (text := text_of(each))}


def _elements(value: Any) -> list[dict[str, str]]:
    return [
        {name: text_of(part) or "" for name, part in each.items()} if isinstance(each, dict) else {}
        for each in (value if isinstance(value, list) and any(isinstance(one, dict) for one in value) else ())
    ]


def _whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[+-]?\d+", text, re.ASCII) and -(1 << 63) <= int(text) < 1 << 63 else None


def _number(value: float) -> str:
    """As JavaScript writes it, but that the sign of no exponent is "+"."""
    exact = Decimal(repr(value)).normalize()
    if -7 < exact.adjusted() < 21 or not value:
        return f"{exact:f}"
    digits, _, exponent = f"{exact:e}".partition("e")
    return f"{digits}e{int(exponent)}"
