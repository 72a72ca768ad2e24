"""The spans of time that behavioural criteria speak of, all from the first to the last microsecond included.

A relative one begins at midnight in the project's zone (of hours: at the full hour) so many units ago, and ends with
today: whoever did something at any time of the first day is in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from analytics_pipelines.cohorts.criteria import Behavioral, Unit
from analytics_pipelines.insights import dates
from analytics_pipelines.insights.dates import Interval
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql.errors import QueryError

_LAST = timedelta(microseconds=1)
_LETTERS: dict[Unit, str] = {"hour": "h", "day": "d", "week": "w", "month": "m", "year": "y"}
_SECONDS: dict[Unit, int] = {"hour": 3600, "day": 86_400, "week": 604_800, "month": 2_592_000, "year": 31_536_000}


@dataclass(frozen=True, slots=True)
class Window:
    """From `start`, or ever since, to `end`."""

    start: datetime | None
    end: datetime

    def up_to(self, moment: datetime) -> Window:
        """The part before a moment."""
        return Window(self.start, moment - _LAST)


def window(one: Behavioral, context: Context) -> Window:
    """The window of a criterion. QueryError for dates that can't be read, or an end before the start."""
    if not (one.explicit_datetime or one.explicit_datetime_to):
        return last(one.time_value or 0, one.time_interval or "day", context)
    since, till = one.explicit_datetime or "all", one.explicit_datetime_to
    zone, week_start_day = context.team.zone, context.team.week_start_day
    start = None if since == "all" else dates.moment(since, context.now, zone, week_start_day)
    has_time = till is not None and ":" in till
    end = dates.range_end(till, Interval.DAY, zone, context.now, week_start_day, has_time)
    if start is not None and end < start:
        raise QueryError(f"{one.value}: explicit_datetime_to lies before explicit_datetime")
    return Window(start, end)


def last(count: int, unit: Unit, context: Context) -> Window:
    """So many units up to the end of today."""
    end = dates.range_end(None, Interval.DAY, context.team.zone, context.now, 0, False)
    return Window(ago(count, unit, context), end)


def ago(count: int, unit: Unit, context: Context) -> datetime:
    """Midnight so many units ago; of hours the full hour. QueryError when that is before the year 1."""
    return dates.moment(f"-{count}{_LETTERS[unit]}", context.now, context.team.zone, context.team.week_start_day)


def recent(one: Behavioral, within: Window, context: Context) -> datetime:
    """Where the recent past begins. QueryError when that is before the window."""
    start = ago(one.seq_time_value or 0, one.seq_time_interval or "day", context)
    if within.start is not None and start < within.start:
        raise QueryError(f"{one.value}: the recent past (seq_time_value) is longer than the window around it")
    return start


def periods(one: Behavioral, context: Context) -> tuple[datetime, ...]:
    """The bounds of the periods, the earliest first, one more than there are periods: the last ends with yesterday,
    of hours with the hour before this one."""
    unit, length, total = one.time_interval or "day", one.time_value or 1, one.total_periods or 1
    return tuple(ago(length * place, unit, context) for place in range(total, -1, -1))


def seconds(count: int, unit: Unit) -> int:
    """The length of so many units; a month has 30 days, a year 365."""
    return count * _SECONDS[unit]
