"""Every decision about dates: what a date string means, where a bucket starts, when a day ends.

Buckets are computed here, from the IANA database, and travel to ClickHouse as moments; so the two
never disagree about a change of the clocks. A moment is an aware datetime in UTC; what people
write, and a project's zone, is local time without an offset until `_moment` places it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from analytics_pipelines.sql.errors import QueryError

MAX_BUCKETS = 10_000
DEFAULT_FROM = "-7d"
_LAST = timedelta(microseconds=1)
_RELATIVE = re.compile(r"-?(?P<count>\d{1,5})?(?P<unit>[a-zA-Z])(?P<edge>Start|End)?")
_UNITS = {"M": "minute", "h": "hour", "d": "day", "w": "week", "m": "month", "q": "quarter"}
_UNITS["y"] = "year"


class Interval(StrEnum):
    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def within_a_day(self) -> bool:
        return self in (Interval.SECOND, Interval.MINUTE, Interval.HOUR)


@dataclass(frozen=True, slots=True)
class DateRange:
    """From `start` to `end`, both included. `buckets` are the moments at which each one starts.

    Events count from `filter_start`, which for weeks and months is the start of the first bucket.
    """

    start: datetime
    end: datetime
    interval: Interval
    zone: ZoneInfo
    buckets: tuple[datetime, ...]

    @property
    def filter_start(self) -> datetime:
        if self.interval in (Interval.WEEK, Interval.MONTH):
            return min(self.start, self.buckets[0])
        return self.start

    def resolved(self) -> dict[str, str]:
        """As answers show it: `{"date_from": …, "date_to": …}` in the project's zone."""
        return {
            "date_from": self.start.astimezone(self.zone).isoformat(),
            "date_to": self.end.astimezone(self.zone).isoformat(),
        }


@dataclass(frozen=True, slots=True)
class _Read:
    """The moment that a date string means, and whether it moves with the clock."""

    moment: datetime
    relative: bool


def date_range(
    date_from: str | None,
    date_to: str | None,
    interval: Interval,
    zone: ZoneInfo,
    now: datetime,
    *,
    week_start_day: int = 0,
    explicit: bool = False,
    earliest: datetime | None = None,
) -> DateRange:
    """Date strings → moments and buckets.

    `earliest` is the first event's time, for `all`. QueryError for a string that is no date, for a
    range that ends before it starts, and for more than MAX_BUCKETS buckets.
    """
    if date_from == "all":
        start = (earliest or now).astimezone(UTC)
        if not interval.within_a_day:
            start = start_of_day(start.astimezone(zone).date(), zone)
    else:
        start = _read(date_from or DEFAULT_FROM, now, zone, week_start_day).moment
    end = range_end(date_to, interval, zone, now, week_start_day, explicit)
    if end < start:
        raise QueryError("the date range ends before it starts")
    return span(start, end, interval, zone, week_start_day)


def span(start: datetime, end: datetime, interval: Interval, zone: ZoneInfo, week_start_day: int) -> DateRange:
    """From one moment to another, both included, with the buckets between. QueryError for more than MAX_BUCKETS."""
    return DateRange(start, end, interval, zone, _buckets(start, end, interval, zone, week_start_day))


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a local day, also where the clocks skip midnight."""
    return _moment(datetime.combine(day, time()), zone)


def moment(text: str, now: datetime, zone: ZoneInfo, week_start_day: int = 0) -> datetime:
    """The moment that a date string means: `-7d`, `-1mStart`, ISO. QueryError for a string that is no date."""
    return _read(text, now, zone, week_start_day).moment


def earlier(moment: datetime, count: int, unit: str, zone: ZoneInfo) -> datetime:
    """So many units before a moment: hours and less by the clock of physics, days and more by that on the wall.

    The last moment of a day stays one, also where midnight is skipped.
    """
    if unit in ("second", "minute", "hour"):
        return moment - timedelta(**{f"{unit}s": count})
    local = moment.astimezone(zone).replace(tzinfo=None)
    day = back(local, count, unit).date()
    if moment + _LAST == start_of_day(local.date() + timedelta(days=1), zone):
        return start_of_day(day + timedelta(days=1), zone) - _LAST
    return _moment(datetime.combine(day, local.time()), zone)


def _moment(local: datetime, zone: ZoneInfo) -> datetime:
    """A local time that the clocks skip is read with the offset before the change."""
    return local.replace(tzinfo=zone).astimezone(UTC)


def range_end(
    text: str | None,
    interval: Interval,
    zone: ZoneInfo,
    now: datetime,
    week_start_day: int,
    explicit: bool,
) -> datetime:
    """Nothing or a relative date means to the end of that day, or for hours of that hour."""
    read = _read(text, now, zone, week_start_day, last=True) if text else _Read(now.astimezone(UTC), True)
    if explicit or (interval.within_a_day and not read.relative):
        return read.moment
    unit = interval if interval.within_a_day else Interval.DAY
    return next_bucket(bucket_start(read.moment, unit, zone, 0), unit, zone, 0) - _LAST


def _read(text: str, now: datetime, zone: ZoneInfo, week_start_day: int, *, last: bool = False) -> _Read:
    """QueryError for a string that is no date. `last`: of a time that the clocks show twice, the second."""
    try:
        if match := _RELATIVE.fullmatch(text):
            unit = _UNITS.get(match["unit"]) or _UNITS.get(match["unit"].lower())
            if unit and (match["count"] or match["edge"]):
                count = int(match["count"] or 0)
                return _Read(_relative(count, unit, match["edge"], now, zone, week_start_day), True)
        found = datetime.fromisoformat(text)
        if found.tzinfo:
            return _Read(found.astimezone(UTC), False)
        first, second = _moment(found, zone), _moment(found.replace(fold=1), zone)
        return _Read(max(first, second) if last else first, False)
    except (ValueError, OverflowError):
        raise QueryError(f"“{text[:50]}” is not a date that we can read") from None


def _relative(count: int, unit: str, edge: str | None, now: datetime, zone: ZoneInfo, week_start_day: int) -> datetime:
    """`-7d`: midnight 7 days ago; `-24h`: the start of that hour; `-1mEnd`: last month's end."""
    if unit in ("minute", "hour"):
        interval = Interval(unit)
        start = bucket_start(now.astimezone(UTC) - timedelta(**{f"{unit}s": count}), interval, zone, 0)
        return next_bucket(start, interval, zone, 0) - _LAST if edge == "End" else start
    midnight = datetime.combine(now.astimezone(zone).date(), time())
    local = back(midnight, count, unit)
    if edge:
        local = _unit_start(local, unit, week_start_day)
    if edge == "End":
        return _moment(back(local, -1, unit), zone) - _LAST
    return _moment(local, zone)


def back(local: datetime, count: int, unit: str) -> datetime:
    """So many units before a local time without an offset; the 31st becomes the last day of a shorter month."""
    if unit in ("month", "quarter", "year"):
        months = {"month": 1, "quarter": 3, "year": 12}[unit] * count
        year, month = divmod(local.year * 12 + local.month - 1 - months, 12)
        return local.replace(year=year, month=month + 1, day=1) + timedelta(
            days=min(local.day, _days_in_month(year, month + 1)) - 1
        )
    return local - timedelta(**{f"{unit}s": count})


def _days_in_month(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - timedelta(days=1)).day


def _unit_start(midnight: datetime, unit: str, week_start_day: int) -> datetime:
    if unit == "week":
        return midnight - timedelta(days=_days_into_week(midnight.date(), week_start_day))
    if unit == "day":
        return midnight
    month = {"month": midnight.month, "quarter": midnight.month - (midnight.month - 1) % 3}
    return midnight.replace(month=month.get(unit, 1), day=1)


def _days_into_week(day: date, week_start_day: int) -> int:
    return (day.weekday() + 1 - week_start_day) % 7


def _buckets(
    start: datetime, end: datetime, interval: Interval, zone: ZoneInfo, week_start_day: int
) -> tuple[datetime, ...]:
    found: list[datetime] = []
    current = bucket_start(start, interval, zone, week_start_day)
    while current <= end:
        if len(found) == MAX_BUCKETS:
            raise QueryError(f"more than {MAX_BUCKETS} points; choose a longer interval")
        found.append(current)
        current = next_bucket(current, interval, zone, week_start_day)
    return tuple(found)


def bucket_start(moment: datetime, interval: Interval, zone: ZoneInfo, week_start_day: int) -> datetime:
    """The start of the bucket that holds the moment."""
    local = moment.astimezone(zone)
    if interval is Interval.SECOND:
        return moment.replace(microsecond=0)
    if interval is Interval.MINUTE:
        return moment.replace(second=0, microsecond=0)
    if interval is Interval.HOUR:
        into = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        start = moment - into
        while start.astimezone(zone).utcoffset() != local.utcoffset():
            start += timedelta(minutes=1)  # clocks that moved by half an hour within this hour
        return start
    midnight = datetime.combine(local.date(), time())
    return _moment(_unit_start(midnight, interval.value, week_start_day), zone)


def next_bucket(start: datetime, interval: Interval, zone: ZoneInfo, week_start_day: int) -> datetime:
    """The start of the bucket after the one that starts here."""
    if interval in (Interval.SECOND, Interval.MINUTE):
        return start + timedelta(**{f"{interval}s": 1})
    if interval is Interval.HOUR:
        return bucket_start(start + timedelta(hours=1), interval, zone, week_start_day)
    day = start.astimezone(zone).date()
    if interval is Interval.MONTH:
        return start_of_day(date(day.year + day.month // 12, day.month % 12 + 1, 1), zone)
    return start_of_day(day + timedelta(days=7 if interval is Interval.WEEK else 1), zone)
