"""Who or what an erasure means. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Kind = Literal["person", "group", "events", "project"]
KINDS: tuple[Kind, ...] = ("person", "group", "events", "project")

State = Literal["requested", "pending", "erasing", "verifying", "verified", "failed"]


@dataclass(frozen=True)
class EventFilter:
    """Events of these names (none: of all), of this span of event time, that these property filters match."""

    events: tuple[str, ...] = ()
    date_from: datetime | None = None
    date_to: datetime | None = None
    properties: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Subject:
    """Of `kind` person: `distinct_ids`; of a group: `group_type` and `group_key`; of events: `filter`."""

    kind: Kind
    distinct_ids: frozenset[str] = frozenset()
    group_type: str = ""
    group_key: str = ""
    filter: EventFilter = EventFilter()

    @property
    def words(self) -> frozenset[str]:
        """The texts that name the one who is meant; of events and projects nobody is named."""
        return frozenset({self.group_key}) if self.kind == "group" else self.distinct_ids

    def stored(self) -> dict[str, Any]:
        """As JSON."""
        found = self.filter
        return {
            "distinct_ids": sorted(self.distinct_ids),
            "group_type": self.group_type,
            "group_key": self.group_key,
            "filter": {
                "events": list(found.events),
                "date_from": found.date_from.isoformat() if found.date_from else None,
                "date_to": found.date_to.isoformat() if found.date_to else None,
                "properties": [dict(each) for each in found.properties],
            },
        }

    @classmethod
    def read(cls, kind: Kind, stored: Mapping[str, Any]) -> "Subject":
        """What `stored` wrote."""
        given = stored["filter"]
        moments = {
            name: datetime.fromisoformat(text) for name in ("date_from", "date_to") if (text := given[name]) is not None
        }
        return cls(
            kind,
            frozenset(stored["distinct_ids"]),
            stored["group_type"],
            stored["group_key"],
            EventFilter(tuple(given["events"]), properties=tuple(given["properties"]), **moments),
        )


def hashes(salt: bytes, words: Iterable[str]) -> list[bytes]:
    """What is kept of the ids once they are erased: enough to know one again, not to tell who it was.

    >>> hashes(b"salt", ["ada"])[0].hex()[:16]
    '9acd843da0a60261'
    """
    return sorted(hashlib.sha256(salt + word.encode()).digest() for word in words)
