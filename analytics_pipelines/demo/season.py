"""The demo shop's calendar: growth, busy days and hours, one campaign, one outage. Pure."""

from datetime import UTC, datetime, timedelta
from itertools import accumulate
from math import exp
from random import Random

DAYS = 182

# Days are counted from the first one. Both windows lie well inside the default ranges of charts.
CAMPAIGN = range(DAYS - 78, DAYS - 72)
OUTAGE = range(DAYS - 24, DAYS - 19)

_GROWTH = 1.1  # the last day sees e^1.1 = 3 times the first day's newcomers
_CAMPAIGN_FACTOR = 2.6
_WEEKDAYS = [1.0, 1.04, 1.0, 0.97, 0.85, 0.6, 0.7]  # from Monday
_HOURS = [4, 2, 1, 1, 1, 2, 5, 10, 16, 20, 22, 24, 27, 24, 22, 21, 22, 25, 30, 36, 40, 37, 25, 12]  # local time


class Season:
    """The days until `now` (a moment with a time zone), whose date in UTC is day `DAYS`."""

    def __init__(self, now: datetime) -> None:
        today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self.start = today - timedelta(days=DAYS)
        self._weekday = self.start.weekday()
        self._newcomers = list(accumulate(self._weight(day) for day in range(DAYS + 1)))
        self._hours = list(accumulate(_HOURS))

    def first_day(self, random: Random) -> int:
        """A day for a first visit."""
        return random.choices(range(DAYS + 1), cum_weights=self._newcomers)[0]

    def likely_day(self, day: int, random: Random) -> int:
        """That day, or the one or two behind it when it falls on a quiet one."""
        for _ in range(2):
            if random.random() > self._of_week(day):
                day += 1
        return day

    def moment(self, day: int, offset: timedelta, random: Random) -> datetime:
        """A moment of that day as clocks `offset` ahead of UTC show it."""
        hour = random.choices(range(24), cum_weights=self._hours)[0]
        return self.start + timedelta(days=day, hours=hour, milliseconds=random.randrange(3_600_000)) - offset

    def _of_week(self, day: int) -> float:
        return _WEEKDAYS[(self._weekday + day) % 7]

    def _weight(self, day: int) -> float:
        campaign = _CAMPAIGN_FACTOR if day in CAMPAIGN else 1.0
        return exp(_GROWTH * day / DAYS) * self._of_week(day) * campaign
