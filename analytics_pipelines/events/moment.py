"""What clients write for a time → the time. Pure; its twin in SQL is `ingest/sql/stage.sql`."""

import re
from datetime import UTC, datetime, timedelta, timezone

FIRST = datetime(1900, 1, 1, tzinfo=UTC)
LAST = datetime(2200, 1, 1, tzinfo=UTC)
"""Times beyond these count as unsaid: arithmetic on them would leave what ClickHouse can store."""

_AHEAD = timedelta(hours=23)
_MOST_MILLISECONDS = 3_153_600_000_000

_CLOCK = r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d|60)(?:\.(?P<fraction>\d+))?)?"
_ZONE = r"(?P<zone>Z|UTC|GMT|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)"
_ISO = re.compile(rf"(?P<year>\d{{4}})([-/])(?P<month>\d\d?)\2(?P<day>\d\d?)(?:[T ]{_CLOCK}(?: ?{_ZONE})?)?", re.A)
_SLASHES = re.compile(rf"(?P<month>\d\d?)/(?P<day>\d\d?)/(?P<year>\d{{4}})(?: {_CLOCK}(?: ?{_ZONE})?)?", re.A)
_MAIL = re.compile(
    r"(?:(?:MON|TUE|WED|THU|FRI|SAT|SUN), )?(?P<day>\d\d?) (?P<name>[A-Z]{3}) (?P<year>\d{4}) " + f"{_CLOCK} {_ZONE}",
    re.A,
)
_SINCE_1970 = re.compile(r"(?P<whole>\d{10}|\d{13}|\d{16}|\d{19})", re.A)
_SECONDS = re.compile(r"\d{10}\.\d+", re.A)
_STRICT = re.compile(r"\d{4}-\d\d-\d\dT.*(?:Z|[+-]\d\d(?::?\d\d)?)", re.A)
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def read(text: str) -> datetime | None:
    """ISO 8601 (of a time without a zone, UTC), `2026/11/23`, `11/23/2026`, RFC 2822, or digits since 1970.

    >>> read("2026-11-23T10:29:50.5+02").isoformat()
    '2026-11-23T08:29:50.500000+00:00'
    """
    said = text.strip(" ").upper()
    try:
        if match := _ISO.fullmatch(said) or _SLASHES.fullmatch(said):
            return _moment(match, int(match["month"]))
        if (match := _MAIL.fullmatch(said)) and match["name"] in _MONTHS:
            return _moment(match, _MONTHS.index(match["name"]) + 1)
        if match := _SINCE_1970.fullmatch(said):
            return _since_1970(int(said) * 10 ** (19 - len(said)) // 1000)
        if _SECONDS.fullmatch(said):
            whole, fraction = said.split(".")
            return _since_1970(int(whole + (fraction + "000000")[:6]))
    except (ValueError, OverflowError):
        return None
    return None


def read_sent_at(text: str) -> datetime | None:
    """When a request was sent: ISO 8601 with a zone, and nothing else."""
    return read(text) if _STRICT.fullmatch(text.strip(" ").upper()) else None


def corrected(
    *, said: datetime | None, milliseconds_ago: int | None, sent_at: datetime | None, received: datetime
) -> tuple[datetime, bool]:
    """When an event happened by our clock, and whether that was too far ahead, so that it counts as now.

    A client's clock may be wrong: what it says is moved by what it was off by when it sent.
    """
    if milliseconds_ago is not None and abs(milliseconds_ago) < _MOST_MILLISECONDS:
        moment = received - timedelta(milliseconds=milliseconds_ago)
    elif said is None or not FIRST <= said <= LAST:
        moment = received
    elif sent_at is None or not FIRST <= sent_at <= LAST:
        moment = said
    else:
        moment = received - (sent_at - said)
    is_ahead = moment > received + _AHEAD
    return (received if is_ahead or moment < FIRST else moment), is_ahead


def _moment(match: re.Match[str], month: int) -> datetime:
    part = match.groupdict()
    zone = part["zone"] or "Z"
    offset = timedelta()
    if zone[0] in "+-":
        digits = zone[1:].replace(":", "")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    start = datetime(int(part["year"]), month, int(part["day"]), tzinfo=timezone(-offset if zone[0] == "-" else offset))
    clock = timedelta(
        hours=int(part["hour"] or 0),
        minutes=int(part["minute"] or 0),
        seconds=int(part["second"] or 0),
        microseconds=int(((part["fraction"] or "") + "000000")[:6]),
    )
    return (start + clock).astimezone(UTC)


def _since_1970(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
