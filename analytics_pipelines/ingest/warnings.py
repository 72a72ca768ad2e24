"""Ingestion warnings: events that were stored, but not as their sender may have meant them; and what to do about it."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID

from resources.clickhouse import ClickHouse


@dataclass(frozen=True)
class WarningType:
    """A kind of warning in words: what happened, and what the people who send events can do."""

    title: str
    meaning: str
    advice: str


UNKNOWN = WarningType(
    "Other",
    "Events were stored, but something about them was not as expected.",
    "Look at the example; its type says what was noticed.",
)

WARNING_TYPES = {
    "cannot_merge_already_identified": WarningType(
        "Merge refused: already identified",
        "An event said that two people are one, but both were identified before, so they stay two. The event"
        " is stored.",
        "Call reset() when somebody logs out, before the next person logs in on the same device. If the two"
        " really are one person, send $merge_dangerously.",
    ),
    "cannot_merge_with_illegal_distinct_id": WarningType(
        "Merge refused: an id that is nobody's",
        "An event wanted to merge a person with an id such as “null”, “undefined” or “anonymous”, which many"
        " people would share. The event is stored; nobody was merged.",
        "Call identify() with an id of your user, and only once it is known.",
    ),
    "client_ingestion_warning": WarningType(
        "Noticed by the SDK",
        "An SDK says that it held back events, mostly because far too many were captured in a short time.",
        "Look for a loop that captures an event again and again.",
    ),
    "cookieless_event_cannot_merge": WarningType(
        "Merge refused: cookieless",
        "An event of a browser that stores nothing said who its visitor is. Such visitors stay unknown: the event is"
        " stored, and nobody was merged.",
        "Identify people only where the SDK may store who they are.",
    ),
    "distinct_id_truncated": WarningType(
        "Distinct ID too long",
        "A distinct ID had more than 200 characters and was cut there. Two that differ only behind it are one person.",
        "Send a shorter ID: the primary key of your user, or a hash of it.",
    ),
    "event_name_truncated": WarningType(
        "Event name too long",
        "The name of an event had more than 200 characters and was cut there.",
        "Send a short name, and put what varies into properties.",
    ),
    "event_timestamp_in_future": WarningType(
        "Timestamp in the future",
        "An event claimed a time more than 23 hours ahead. It is stored with the time at which it arrived.",
        "Check the clock and the time zone of the sender: timestamps are ISO 8601 with a zone, best in UTC."
        " SDKs that send sent_at have wrong clocks corrected.",
    ),
    "ignored_invalid_timestamp": WarningType(
        "Timestamp that can't be read",
        "The timestamp of an event is not a time. It is stored with the time at which it arrived.",
        "Send ISO 8601, such as 2026-11-23T10:30:00Z.",
    ),
    "invalid_event_when_process_person_profile_is_false": WarningType(
        "Identified without a person profile",
        "An event that is about persons or groups came with $process_person_profile set to false, so it"
        " changed neither.",
        "Let identify, alias and group events be sent with person profiles, or do not send them.",
    ),
    "invalid_process_person_profile": WarningType(
        "$process_person_profile is neither true nor false",
        "The property was something else, and was taken for true.",
        "Send the boolean true or false, not a text.",
    ),
    "too_many_event_names": WarningType(
        "Too many names of events",
        "The project has as many names of events as its catalog takes. Events with further names are stored"
        " and can be queried, but are not listed.",
        "Send few names, and put what varies (an id, an address) into properties.",
    ),
    "too_many_group_types": WarningType(
        "More than five kinds of groups",
        "A project has five kinds of groups, and they are taken. Events that name another kind are stored,"
        " and keep it in $groups, but the group is not.",
        "Send one of the five kinds, or make the new one a property.",
    ),
    "too_many_property_names": WarningType(
        "Too many names of properties",
        "The project has as many names of properties as its catalog takes. Further ones are stored and can be"
        " queried, but are not listed.",
        "Do not make names out of data: send {“item”: “a12”}, not {“item_a12”: true}.",
    ),
}


@dataclass(frozen=True)
class Warned:
    """Warnings of one type: of how many events, when the latest arrived, and which event that was.

    `details` is JSON text, or empty.
    """

    type: str
    events: int
    last_seen: datetime
    event: str
    distinct_id: str
    uuid: UUID
    details: str

    def public(self) -> dict[str, Any]:
        """As the API shows it."""
        words = WARNING_TYPES.get(self.type, UNKNOWN)
        return {
            "type": self.type,
            "title": words.title,
            "meaning": words.meaning,
            "advice": words.advice,
            "events": self.events,
            "last_seen": self.last_seen.isoformat(),
            "example": {
                "event": self.event,
                "distinct_id": self.distinct_id,
                "uuid": str(self.uuid),
                "details": self.details,
            },
        }


# Types are few; more of them than this can only be rows that something else wrote.
_MOST_TYPES = 50


def warnings_of(team: int, since: datetime, reader: ClickHouse) -> list[Warned]:
    """A project's warnings that arrived since then, by type, the latest first."""
    found = reader.query(_list_warnings(), {"team": team, "since": since, "most": _MOST_TYPES})
    return [Warned(*row) for row in found.rows]


@cache
def _list_warnings() -> str:
    return (files(__package__) / "sql" / "list_warnings.sql").read_text()
