"""Web analytics over plain Python lists, from the definitions: visits, their views, and what is counted of them."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

VIEWS = ("$pageview", "$screen")


def began(session: str) -> datetime | None:
    """The moment in a session's id; None when the id is no UUIDv7."""
    try:
        number = UUID(session)
    except ValueError:
        return None
    if len(session) != 36 or number.version != 7:
        return None
    return datetime.fromtimestamp((number.int >> 80) / 1000, tz=UTC)


def order(event: Any) -> tuple[Any, ...]:
    """By time; of one time in ClickHouse's order of UUIDs, which compares their second halves first."""
    return event.moment, event.uuid.int % 2**64, event.uuid.int


class Visit:
    """All events of a session in order of time; `views` are those that pass the filter in the range."""

    def __init__(self, events: list[Any], views: list[Any]) -> None:
        self.events = sorted(events, key=order)
        self.views = sorted(views, key=order)

    @property
    def start(self) -> datetime:
        return self.events[0].moment  # type: ignore[no-any-return]

    @property
    def person(self) -> int:
        return self.events[-1].person  # type: ignore[no-any-return]

    @property
    def duration(self) -> int:
        return (self.events[-1].moment - self.start) // timedelta(seconds=1)

    @property
    def bounced(self) -> bool | None:
        names = [event.name for event in self.events]
        if "$pageview" not in names:
            return None
        return names.count("$pageview") == 1 and "$autocapture" not in names and self.duration < 10

    def first(self, name: str) -> str | None:
        said = (event.properties.get(name) for event in self.events)
        return next((value for value in said if value), None)


def visits(
    events: Iterable[Any], start: datetime, end: datetime, passes: Callable[[Any], bool] = lambda event: True
) -> list[Visit]:
    """Those that begin from `start` to `end`, both included, and have a view there."""
    sessions: dict[str, list[Any]] = defaultdict(list)
    for event in events:
        session = event.properties.get("$session_id", "")
        moment = began(session)
        if moment is not None and abs(event.moment - moment) <= timedelta(hours=24):
            sessions[session].append(event)
    found = []
    for members in sessions.values():
        views = [event for event in members if event.name in VIEWS and start <= event.moment <= end and passes(event)]
        visit = Visit(members, views)
        if views and start <= visit.start <= end:
            found.append(visit)
    return found


def overview(found: list[Visit]) -> dict[str, float | None]:
    bounces = [visit.bounced for visit in found if visit.bounced is not None]
    return {
        "visitors": len({visit.person for visit in found}),
        "views": sum(len(visit.views) for visit in found),
        "sessions": len(found),
        "session duration": sum(visit.duration for visit in found) / len(found) if found else None,
        "bounce rate": 100 * sum(bounces) / len(bounces) if bounces else None,
    }


def by_page(found: list[Visit]) -> dict[str | None, tuple[int, int]]:
    """Page → visitors and views."""
    people: dict[str | None, set[int]] = defaultdict(set)
    views: dict[str | None, int] = defaultdict(int)
    for visit in found:
        for view in visit.views:
            page = view.properties.get("$screen_name" if view.name == "$screen" else "$pathname") or None
            people[page].add(visit.person)
            views[page] += 1
    return {page: (len(people[page]), views[page]) for page in people}


def by_first(found: list[Visit], name: str) -> dict[str | None, tuple[int, int]]:
    """First value of a property that the visit says → visitors and views."""
    people: dict[str | None, set[int]] = defaultdict(set)
    views: dict[str | None, int] = defaultdict(int)
    for visit in found:
        people[visit.first(name)].add(visit.person)
        views[visit.first(name)] += len(visit.views)
    return {value: (len(people[value]), views[value]) for value in people}
