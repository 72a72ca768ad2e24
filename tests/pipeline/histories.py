"""What may happen to an installation: what is sent, and what schedules and people do between."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import raw_key
from resources.object_store import ObjectStore

START = datetime(2026, 11, 23, 22, tzinfo=UTC)
"""When the first object is received; each has ten minutes more than the one before, so a history crosses midnight."""

FIRST_DAY, LAST_DAY = START.date() - timedelta(days=2), START.date() + timedelta(days=2)
IDS = st.sampled_from(["a", "a", "b", "b", "c", "d", "null"])
KEYS = st.sampled_from(["plan", "email", "$browser", "$initial_browser"])
WORDS = st.dictionaries(KEYS, st.sampled_from(["x", "y", 1, None]), min_size=1, max_size=2)
VISITS = [
    str(UUID(int=int((START.timestamp() + 3600 * hours) * 1000) << 80 | 7 << 76 | 2 << 62 | number))
    for number, hours in enumerate((-30, 0, 1))
]
ODD: list[Callable[[dict[str, Any]], dict[str, Any] | str]] = [
    lambda line: json.dumps(line)[:-9],
    lambda line: {**line, "uuid": None},
    lambda line: {**line, "event": "text"},
    lambda line: {**line, "event": {**line["event"], "event": ""}},
    lambda line: {**line, "event": {**line["event"], "distinct_id": None}},
    lambda line: {**line, "event": "the beginning", "refused": "event_too_large"},
    lambda line: {
        **{key: line[key] for key in ("received_at", "project")},
        "dropped": "quota",
        "name": "x",
        "count": 3,
    },
]


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """A line without its time of arrival. Few moments, ids and keys, so that they meet."""
    kind = draw(st.sampled_from(["page", "page", "buy", "$identify", "$identify", "$create_alias",
                                 "$merge_dangerously", "$groupidentify", "$exception"]))  # fmt: skip
    said: dict[str, Any] = {}
    if kind == "$identify":
        said["$anon_distinct_id"] = draw(IDS)
    elif kind in ("$create_alias", "$merge_dangerously"):
        said["alias"] = draw(IDS)
    elif kind == "$groupidentify":
        said |= {"$group_type": "company", "$group_key": draw(st.sampled_from(["k", "l"])), "$group_set": draw(WORDS)}
    for name in draw(st.sets(st.sampled_from(["$set", "$set", "$set_once", "$unset", "$browser", "$groups", "visit"]))):
        match name:
            case "$unset":
                said[name] = draw(st.lists(KEYS, min_size=1, max_size=2))
            case "$browser":
                said[name] = draw(st.sampled_from(["Firefox", "Safari"]))
            case "$groups":
                said[name] = draw(st.sampled_from([{"company": "k"}, {"team": "t", "company": "l"}]))
            case "visit":
                said["$session_id"] = draw(st.sampled_from(VISITS))
            case _:
                said[name] = draw(WORDS)
    if draw(st.integers(0, 2)) == 0:
        said["$process_person_profile"] = False
    event: dict[str, Any] = {"event": kind, "distinct_id": draw(IDS), "properties": said}
    if draw(st.integers(0, 5)):
        at = START + timedelta(minutes=draw(st.sampled_from([0, 1, 2, 3, 4, -2000, 130])))
        event["timestamp"] = at.isoformat()
    team = draw(st.sampled_from([1, 1, 1, 2]))
    return {"sent_at": None, "project": team, "uuid": str(draw(st.uuids(version=4))), "event": event}


@dataclass(frozen=True)
class Send:
    """An object of these lines. `late`: it was received so many objects earlier than it comes to the bucket."""

    lines: tuple[tuple[dict[str, Any], int | None], ...]
    """Each with the number of what makes it no event."""
    late: int = 0


@dataclass(frozen=True)
class SendAgain:
    """A line that was sent before, `number` by the order of lines: in another object, as it was or changed."""

    number: int
    changes: bool = False
    late: int = 0


@dataclass(frozen=True)
class Do:
    """Something else happens; `number` chooses to what. It is broken off at a pass of a fault point, and done again."""

    what: str
    number: int = 0
    broken_at: str | None = None
    passes: int = 1


Action = Send | SendAgain | Do


def _sends() -> st.SearchStrategy[Send]:
    is_odd = st.one_of(st.none(), st.none(), st.none(), st.integers(0, len(ODD) - 1))
    lines = st.lists(st.tuples(events(), is_odd), min_size=1, max_size=5)
    return st.builds(Send, lines.map(tuple), st.sampled_from([0, 0, 0, 2]))


def histories(points: list[str], doings: tuple[str, ...]) -> st.SearchStrategy[list[Action]]:
    """Histories whose doings are broken off at any of these points."""
    again = st.builds(SendAgain, st.integers(0, 30), st.booleans(), st.sampled_from([0, 0, 2, 4]))
    drain = st.builds(
        Do, st.just("drain"), broken_at=st.one_of(st.none(), st.sampled_from(points)), passes=st.integers(1, 2)
    )
    do = st.builds(
        Do,
        st.sampled_from(doings),
        st.integers(0, 7),
        st.one_of(st.none(), st.sampled_from(points)),
    )
    middle = st.lists(st.one_of(_sends(), again, drain, do, do), min_size=3, max_size=9)
    return st.tuples(_sends(), middle).map(lambda both: [both[0], Do("drain"), *both[1]])


@dataclass
class Sender:
    """What capture is to the bucket. `example` makes keys of one bucket unlike those of another."""

    store: ObjectStore
    example: int
    objects: int = 0
    sent: tuple[dict[str, Any], ...] = ()

    def send(self, action: Send) -> None:
        lines = [{**line, "received_at": self._received(action.late)} for line, _ in action.lines]
        self.sent += tuple(lines)
        odd = [None if odd is None else ODD[odd] for _, odd in action.lines]
        self._put([make(line) if make else line for line, make in zip(lines, odd, strict=True)], action.late)

    def send_again(self, action: SendAgain) -> None:
        if not self.sent:
            return
        line = self.sent[action.number % len(self.sent)]
        line = {**line, "received_at": self._received(action.late)}
        if action.changes:
            event = line["event"]
            ids = {"a": "b", "b": "c", "c": "a"}
            line["event"] = {**event, "event": "page", "distinct_id": ids.get(event["distinct_id"], "a")}
        self._put([line], action.late)

    def moment(self, late: int = 0) -> datetime:
        return START + timedelta(minutes=10) * (self.objects - late)

    def _received(self, late: int) -> int:
        return int(self.moment(late).timestamp() * 1000)

    def _put(self, lines: list[dict[str, Any] | str], late: int) -> None:
        text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
        payload = zstd.compress(text.encode())
        self.store.put(raw_key(self.moment(late), f"n{self.example}o{self.objects}", payload), payload)
        self.objects += 1
