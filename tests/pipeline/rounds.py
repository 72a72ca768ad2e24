"""Rounds of events over one installation: each with ids of its own, so that what is found is told apart."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from backports import zstd
from installation import Installation

from analytics_pipelines.events.keys import raw_key

DAY = date(2026, 11, 23)
NEXT_DAY = DAY + timedelta(days=1)
MORNING = datetime(2026, 11, 23, 1, tzinfo=UTC)
AFTERWARDS = datetime(2026, 11, 30, tzinfo=UTC)


@dataclass
class Round:
    """The events of one round. Its ids are `a<number>` and so on."""

    living: Installation
    number: int

    def uuid(self, event: int) -> UUID:
        return UUID(int=self.number << 96 | 4 << 76 | 2 << 62 | event)

    def line(self, event: int, name: str, distinct_id: str, **properties: Any) -> dict[str, Any]:
        """Minutes behind each other on the first day. Says when it was received only as `put` has it."""
        at = MORNING + timedelta(minutes=event)
        began = int(at.timestamp() * 1000) // 3600_000 * 3600_000
        visit = str(UUID(int=began << 80 | 7 << 76 | 2 << 62 | self.number))
        return {
            "sent_at": None,
            "project": 1,
            "uuid": str(self.uuid(event)),
            "event": {
                "event": name,
                "distinct_id": f"{distinct_id}{self.number}",
                "timestamp": at.isoformat(),
                "properties": {"$session_id": visit, **properties},
            },
        }

    def put(self, *lines: dict[str, Any] | str, day: date = DAY, seconds: int = 30) -> None:
        """An object of these lines, received on that day."""
        received = datetime(day.year, day.month, day.day, 2, tzinfo=UTC) + timedelta(
            minutes=self.number, seconds=seconds
        )
        stamp = {"received_at": int(received.timestamp() * 1000)}
        text = "".join((line if isinstance(line, str) else json.dumps({**line, **stamp})) + "\n" for line in lines)
        payload = zstd.compress(text.encode())
        self.living.store.put(raw_key(received, "node", payload), payload)

    def begin(self) -> None:
        """Two people, an id without one, and something for the second object to collide with."""
        self.put(
            self.line(1, "page", "a", **{"$set": {"plan": "free"}}),
            self.line(2, "page", "b", **{"$set_once": {"theme": "dark"}, "$groups": {"company": f"k{self.number}"}}),
            self.line(3, "page", "c", **{"$process_person_profile": False}),
        )
        self.living.drain()

    def disturb(self) -> None:
        """What a load may meet: merges, one refused, an event sent before, dead letters, drops, groups, old ones."""
        n = self.number
        said = {"$group_type": "company", "$group_key": f"k{n}", "$group_set": {"size": n}}
        self.put(
            self.line(10, "$identify", "a", **{"$anon_distinct_id": f"b{n}", "$set": {"plan": "pro"}}),
            self.line(11, "$create_alias", "a", alias="null"),
            self.line(12, "$identify", "d", **{"$anon_distinct_id": f"c{n}"}),
            self.line(13, "$groupidentify", "a", **said),
            self.line(0, "page", "b", **{"$unset": ["plan"], "$set": {"size": n}}),
            self.line(14, "page", "a", **{"$process_person_profile": "no"}),
            {**self.line(15, "page", "a"), "uuid": None},
            f'{{"cut {n}',
            {"project": 1, "dropped": "quota", "name": "noise", "count": n + 1},
        )
        self.put(self.line(1, "page", "a", **{"$set": {"plan": "free"}}), seconds=10)

    def merge(self) -> None:
        self.put(self.line(10, "$identify", "a", **{"$anon_distinct_id": f"b{self.number}"}), seconds=40)
        self.living.drain()

    def sent_on_two_days(self) -> None:
        """Three events are loaded; one of each day came a second before, in an object that waits."""
        lines = [self.line(number, "page", each, **{"$set": {"n": number}}) for number, each in ((20, "a"), (21, "e"))]
        self.put(lines[0], seconds=50)
        self.put(lines[1], self.line(22, "page", "b"), day=NEXT_DAY)
        self.living.drain()
        self.put(*lines, seconds=49)

    def said_otherwise(self) -> None:
        """An event said of a group and brought a name; what it said was received before, and said something else."""
        n = self.number
        told = {"$group_type": "company", "$group_key": f"wrong{n}", "$group_set": {"size": n}, f"wrong{n}": 1}
        self.put(self.line(30, "$groupidentify", "a", **told), seconds=55)
        self.living.drain()
        self.put(self.line(30, "page", "b"), seconds=54)
        self.living.drain()
