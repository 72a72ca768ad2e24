"""Days in a row: work is done for many days at once where they follow each other. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)
# Before this day ClickHouse's Date, by which events are sorted, begins again from its end: no range may cross it.
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, order=True)
class Days:
    """The days from `first` to `last`, both included; UTC."""

    first: date
    last: date

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))

    def widened(self, reach: int) -> "Days":
        """These and `reach` days before and after."""
        return Days(self.first - timedelta(days=reach), self.last + timedelta(days=reach))


def in_a_row(days: Iterable[date], most: int) -> list[Days]:
    """The days as spans without gaps of at most `most` days each, in order."""
    spans: list[Days] = []
    for day in sorted(set(days)):
        span = spans[-1] if spans else None
        if span and day == span.last + ONE_DAY and day != EPOCH and (day - span.first).days < most:
            spans[-1] = Days(span.first, day)
        else:
            spans.append(Days(day, day))
    return spans
