"""What stands for a moment in a file → the moment in UTC, as ingestion reads it. Pure."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from analytics_pipelines.imports.bad_rows import BadRow

UNREADABLE = "unreadable_timestamp"

# Ingestion takes nothing earlier for a time, nor what lies further ahead of its arrival: it would be moved silently.
_FIRST = datetime(1900, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(hours=23)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_DAY = re.compile(r"(?:19|20|21)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")  # as in 19970131

# Seconds since 1970 have ten digits from 2001 to 2286; what is larger counts smaller units.
_UNITS = ((10**11, 1), (10**14, 10**3), (10**17, 10**6), (10**20, 10**9))
_UNIX = {"unix": 1, "unix_ms": 10**3, "unix_us": 10**6}

# Guessed at only to say what might be meant.
_COMMON = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d",
    "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d.%m.%Y %H:%M", "%Y/%m/%d %H:%M", "%m/%d/%y %H:%M",
    "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y",
    "%d %b %Y %H:%M:%S", "%a %b %d %H:%M:%S %Y", "%d/%b/%Y:%H:%M:%S %z", "%a, %d %b %Y %H:%M:%S %z",
)  # fmt: skip


class Moments:
    """Reads times that are written in one way, or in any of the known ways."""

    def __init__(self, now: datetime, form: str | None = None, timezone: str = "UTC") -> None:
        self._zone = ZoneInfo(timezone)
        self._form = form
        self._of_text = lru_cache(1 << 16)(self._read_text)
        self.judge_as_of(now)

    def judge_as_of(self, now: datetime) -> None:
        """Tell what lies in the future from then on by that moment."""
        self._latest = now + _AHEAD
        self._of_text.cache_clear()

    def read(self, value: object) -> str:
        """ISO 8601 in UTC. Times without a zone are of the zone that was named.

        Raises BadRow for what can't be read as a time, or is one that no event can have.
        """
        if isinstance(value, str):
            return self._of_text(value)
        if isinstance(value, datetime):
            return self._within(value, value)
        if isinstance(value, date):
            return self._within(datetime(value.year, value.month, value.day), value)  # noqa: DTZ001  its zone follows
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise _unreadable(value)
        return self._within(self._counted(Decimal(str(value)), value), value)

    def _read_text(self, text: str) -> str:
        text = text.strip()
        form = self._form
        try:
            if form is None or form in _UNIX:
                if _NUMBER.fullmatch(text) and (form is not None or not _DAY.fullmatch(text)):
                    return self._within(self._counted(Decimal(text), text), text)
                if form is not None:
                    raise _unreadable(text)
            if form is None or form == "iso":
                return self._within(_iso(text), text)
            return self._within(datetime.strptime(text, form), text)  # noqa: DTZ007  its zone follows
        except (ValueError, OverflowError):
            raise _unreadable(text) from None

    def _counted(self, number: Decimal, shown: object) -> datetime:
        if not number.is_finite():
            raise _unreadable(shown)
        unit = _UNIX.get(self._form or "") or next((unit for most, unit in _UNITS if abs(number) < most), None)
        if unit is None:
            raise _unreadable(shown)
        try:
            return _EPOCH + timedelta(microseconds=int(number * 10**6 / unit))
        except OverflowError:
            raise _unreadable(shown) from None

    def _within(self, moment: datetime, shown: object) -> str:
        try:
            found = (moment if moment.tzinfo is not None else moment.replace(tzinfo=self._zone)).astimezone(UTC)
        except (OverflowError, ValueError):
            raise _unreadable(shown) from None
        if found < _FIRST:
            raise BadRow("timestamp_too_early", f"the time {_short(shown)} lies before 1900")
        if found > self._latest:
            raise BadRow("timestamp_in_the_future", f"the time {_short(shown)} lies in the future")
        return found.isoformat()


def likely_form(texts: Iterable[str]) -> str | None:
    """A way of writing times that all of these follow, if it is a common one."""
    samples = [text.strip() for text in texts]
    return next((form for form in _COMMON if samples and all(_follows(text, form) for text in samples)), None)


def _follows(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007  only whether it can be read
    except ValueError:
        return False
    return True


def _iso(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        # as databases write it: `2024-01-31 10:00:00 UTC`, `2024-01-31 10:00:00 +0000`
        for end in (" UTC", " GMT", "UTC"):
            if text.endswith(end):
                return datetime.fromisoformat(text.removesuffix(end)).replace(tzinfo=UTC)
        head, space, zone = text.rpartition(" ")
        if space and zone[:1] in ("+", "-"):
            return datetime.fromisoformat(head + zone)
        raise


def _unreadable(value: object) -> BadRow:
    return BadRow(UNREADABLE, f"the time {_short(value)} can't be read")


def _short(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"
