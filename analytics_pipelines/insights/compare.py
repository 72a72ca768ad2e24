"""Which range a range is compared with."""

from __future__ import annotations

import re
from datetime import timedelta
from math import ceil

from analytics_pipelines.insights.dates import DateRange, earlier, span
from analytics_pipelines.insights.model import DateRangeModel
from analytics_pipelines.sql.errors import QueryError

_SHIFT = re.compile(r"-?(?P<count>[1-9]\d{0,4})(?P<unit>[hdwmqy])")
_UNITS = {"h": "hour", "d": "day", "w": "week", "m": "month", "q": "quarter", "y": "year"}
_WHOLE_WEEKS = re.compile(r"-(?P<count>\d{1,5})(?P<unit>[dw])")
_WHOLE_DAYS = re.compile(r"-(?P<count>\d{1,5})h")
_DAY = timedelta(days=1)


def earlier_range(dates: DateRange, asked: DateRangeModel, compare_to: str | None, week_start_day: int) -> DateRange:
    """The range before this one, or the one that lies `compare_to` (`-1w`, `-2m`) before it.

    The range before has as many days and ends where this one starts. One that reaches back from today by whole weeks
    (`-7d` has eight points) moves by just these weeks, so that weekdays stand beside weekdays; one by whole days of
    hours (`-24h`) by just these hours.
    """
    if compare_to:
        match = _SHIFT.fullmatch(compare_to)
        if not match:
            raise QueryError(f"“{compare_to[:50]}” is no time to compare with; write for instance -1w, -1m or -2d")
        count, unit = int(match["count"]), _UNITS[match["unit"]]
    else:
        count, unit = _length(dates, asked)
    try:
        start, end = (earlier(moment, count, unit, dates.zone) for moment in (dates.start, dates.end))
    except (ValueError, OverflowError):
        raise QueryError("there is no time so long ago to compare with") from None
    return span(start, end, dates.interval, dates.zone, week_start_day)


def _length(dates: DateRange, asked: DateRangeModel) -> tuple[int, str]:
    if not asked.date_to and not asked.explicit:
        if match := _WHOLE_WEEKS.fullmatch(asked.date_from or "-7d"):
            days = int(match["count"]) * (7 if match["unit"] == "w" else 1)
            if days and days % 7 == 0:
                return days, "day"
        elif match := _WHOLE_DAYS.fullmatch(asked.date_from or ""):
            hours = int(match["count"])
            if hours and hours % 24 == 0:
                return hours, "hour"
    length = dates.end - dates.start
    if dates.interval.within_a_day and length < _DAY:
        unit = dates.interval.value
        return max(ceil(length / timedelta(**{f"{unit}s": 1})), 1), unit
    if asked.explicit:
        return max(ceil(length / _DAY), 1), "day"
    first, last = (moment.astimezone(dates.zone).date() for moment in (dates.start, dates.end))
    return (last - first).days + 1, "day"
