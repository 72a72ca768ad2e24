"""How the points of a chart are called: `9-Jan-2020`, `24-Dec 03:00`, a range of days, `Jan 2020`."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from analytics_pipelines.insights.dates import DateRange, Interval

# Not strftime's, which speak the language of the machine.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def days(dates: DateRange) -> list[str]:
    """The start of each bucket in the project's zone, in ISO's form."""
    shape = "%Y-%m-%d %H:%M:%S" if dates.interval.within_a_day else "%Y-%m-%d"
    return [bucket.astimezone(dates.zone).strftime(shape) for bucket in dates.buckets]


def labels(dates: DateRange) -> list[str]:
    return [_label(bucket.astimezone(dates.zone), dates) for bucket in dates.buckets]


def _label(start: datetime, dates: DateRange) -> str:
    if dates.interval is Interval.SECOND:
        return f"{_day_month(start)} {start:%H:%M:%S}"
    if dates.interval.within_a_day:
        return f"{_day_month(start)} {start:%H:%M}"
    if dates.interval is Interval.WEEK:
        return _week(start.date(), dates)
    if dates.interval is Interval.MONTH:
        return f"{_MONTHS[start.month - 1]} {start.year}"
    return _full(start)


def _week(first: date, dates: DateRange) -> str:
    """The days of the week that lie in the range."""
    last = min(first + timedelta(days=6), dates.end.astimezone(dates.zone).date())
    first = max(first, dates.start.astimezone(dates.zone).date())
    if first >= last:
        return _full(first)
    if first.year != last.year:
        return f"{_full(first)} – {_full(last)}"  # noqa: RUF001 - the dash that people see
    if first.month != last.month:
        return f"{_day_month(first)} – {_day_month(last)}"  # noqa: RUF001
    return f"{first.day}–{last.day} {_MONTHS[last.month - 1]}"  # noqa: RUF001


def _day_month(day: date) -> str:
    return f"{day.day}-{_MONTHS[day.month - 1]}"


def _full(day: date) -> str:
    return f"{_day_month(day)}-{day.year}"
