"""How long an answer stands before it is computed anew, and when a client may ask for that. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

_MINUTES = {"second": 5, "minute": 5, "hour": 60, "day": 6 * 60, "week": 24 * 60, "month": 48 * 60, None: 6 * 60}
_LAZY_MINUTES = {"second": 15, "minute": 15, "hour": 120, "day": 12 * 60, "week": 24 * 60, "month": 48 * 60}
_LAZY_PLAIN = 12 * 60

# A range that ended so shortly before the answer may still have got events when it was read.
_SETTLING = timedelta(seconds=10)
_SHORT_RANGE = timedelta(days=7, hours=1)  # seven days over a change of the clocks
_REFRESH_SHORT, _REFRESH_LONG, _REFRESH_PLAIN = (timedelta(minutes=minutes) for minutes in (3, 15, 1))


@dataclass(frozen=True, slots=True)
class Made:
    """When and over what an answer was computed. `version` numbers the last change of the project's data then;
    `interval`, `date_from` and `date_to` are None where a question has none."""

    at: datetime
    version: int
    interval: str | None = None
    date_from: datetime | None = None
    date_to: datetime | None = None

    @classmethod
    def of(cls, at: datetime, version: int, interval: str | None, dates: Mapping[str, str] | None) -> Made:
        """`dates` is an answer's `resolved_date_range`."""
        first, last = (_moment((dates or {}).get(name)) for name in ("date_from", "date_to"))
        return cls(at, version, interval, first, last)

    def target_age(self, *, lazy: bool = False) -> datetime:
        """Until when it stands."""
        minutes = _LAZY_MINUTES.get(self.interval or "", _LAZY_PLAIN) if lazy else _MINUTES.get(self.interval, 6 * 60)
        return self.at + timedelta(minutes=minutes)

    def is_over(self) -> bool:
        """Whether the time that it is about had ended: only changed data can change it."""
        return self.date_to is not None and self.date_to < self.at - _SETTLING

    def next_refresh(self) -> datetime:
        """When a client may have it computed anew."""
        if self.date_from is None or self.date_to is None:
            return self.at + _REFRESH_PLAIN
        short = self.interval in ("second", "minute", "hour") or self.date_to - self.date_from <= _SHORT_RANGE
        return self.at + (_REFRESH_SHORT if short else _REFRESH_LONG)


def is_stale(made: Made, version: int, now: datetime, *, behind: timedelta | None, lazy: bool = False) -> bool:
    """Whether an answer is to be computed anew.

    Of the same data it stands until its age, or for ever when its time is over. `behind` is how long it may go on
    standing when the data have changed since: None, as long as by its age.
    """
    if made.version == version and made.is_over():
        return False
    if now >= made.target_age(lazy=lazy):
        return True
    return made.version != version and behind is not None and now >= made.at + behind


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None
