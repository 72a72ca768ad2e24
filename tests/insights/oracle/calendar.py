"""The calendar by days on the wall, for evaluators: an interval is the date that it starts on, or an hour's moment.

Zones here are whole hours away from UTC.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

Start = date | datetime


def interval_of(at: datetime, interval: str, zone: ZoneInfo, week_start: int) -> Start:
    """`week_start`: 0 Sunday, 1 Monday."""
    if interval == "hour":
        return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    day = at.astimezone(zone).date()
    if interval == "week":
        while day.isoweekday() % 7 != week_start:
            day -= timedelta(days=1)
    return day.replace(day=1) if interval == "month" else day


def following(start: Start, interval: str) -> Start:
    if interval == "month":
        return (start + timedelta(days=32)).replace(day=1)
    return start + timedelta(**{f"{interval}s": 1})


def preceding(start: Start, interval: str) -> Start:
    if interval == "month":
        return (start - timedelta(days=1)).replace(day=1)
    return start - timedelta(**{f"{interval}s": 1})


def from_to(first: Start, last: Start, interval: str) -> list[Start]:
    found = [first]
    while found[-1] < last:
        found.append(following(found[-1], interval))
    return found
