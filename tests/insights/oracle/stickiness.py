"""In how many intervals each actor was active, counted on the fingers."""

import operator
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from oracle.calendar import interval_of

COMPARE = {"gte": operator.ge, "lte": operator.le, "exact": operator.eq}


def intervals_of(
    active: Mapping[Any, Sequence[datetime]],
    interval: str,
    zone: ZoneInfo,
    week_start: int,
    criteria: tuple[str, int] = ("gte", 1),
    block: int | None = None,
    last_day: date | None = None,
) -> dict[Any, int]:
    """Actor → number of intervals, or of blocks of so many of them that end with `last_day`; nobody with none."""
    found = {}
    for actor, moments in active.items():
        places = [
            _age(at.astimezone(zone).date(), last_day, interval) // block
            if block and last_day
            else interval_of(at, interval, zone, week_start)
            for at in moments
        ]
        enough = {place for place in places if COMPARE[criteria[0]](places.count(place), criteria[1])}
        if enough:
            found[actor] = len(enough)
    return found


def _age(day: date, last_day: date, interval: str) -> int:
    """How many whole units lie between a day and the end of the last one."""
    if interval != "month":
        return (last_day - day).days // {"day": 1, "week": 7}[interval]
    end, months = last_day + timedelta(days=1), 0
    while _months_before(end, months + 1) > day:
        months += 1
    return months


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for of_month in range(day.day, 0, -1):
        try:
            return date(year, month + 1, of_month)
        except ValueError:
            continue
    raise AssertionError
