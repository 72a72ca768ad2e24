"""Half-open spans of arrival time, aligned to UTC hours or days: what one file set, or one overwrite, stands for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum


class Every(StrEnum):
    """How long an interval is."""

    HOUR = "hour"
    DAY = "day"

    @property
    def length(self) -> timedelta:
        return timedelta(hours=1) if self is Every.HOUR else timedelta(days=1)

    def floor(self, moment: datetime) -> datetime:
        """The start of the interval that holds the moment.

        >>> Every.DAY.floor(datetime(2026, 11, 24, 10, 5, tzinfo=UTC)).isoformat()
        '2026-11-24T00:00:00+00:00'
        """
        moment = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return moment if self is Every.HOUR else moment.replace(hour=0)

    def ceiling(self, moment: datetime) -> datetime:
        """The start of the first interval that does not begin before the moment."""
        floor = self.floor(moment)
        return floor if floor == moment else floor + self.length


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """From `start` on, before `end`; both in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if not self.start < self.end:
            raise ValueError("an interval ends after it starts")

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} UTC"


def intervals(start: datetime, end: datetime, every: Every) -> Iterator[Interval]:
    """The whole intervals that touch the span from `start` on, before `end`.

    >>> span = datetime(2026, 11, 24, 9, 30, tzinfo=UTC), datetime(2026, 11, 24, 11, tzinfo=UTC)
    >>> [f"{each.start:%H}-{each.end:%H}" for each in intervals(*span, Every.HOUR)]
    ['09-10', '10-11']
    """
    at = every.floor(start)
    while at < end:
        yield Interval(at, at + every.length)
        at += every.length
