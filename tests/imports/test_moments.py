"""Times of many spellings are read as what they mean; what can't be read is said to be so."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from analytics_pipelines.imports.bad_rows import BadRow
from analytics_pipelines.imports.moments import Moments, likely_form

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)


def read(value: Any, form: str | None = None, zone: str = "UTC") -> datetime:
    found = datetime.fromisoformat(Moments(NOW, form, zone).read(value))
    assert found.utcoffset() == timedelta(0)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-31T10:20:30Z",
        "2024-01-31T10:20:30+00:00",
        "2024-01-31 10:20:30",
        " 2024-01-31 10:20:30 ",
        "2024-01-31 10:20:30 UTC",
        "2024-01-31 10:20:30.000 UTC",
        "2024-01-31 12:20:30 +0200",
        "20240131T102030",
        "1706696430",
        "1706696430.0",
        "1706696430000",
        "1706696430000000",
        "1706696430000000000",
    ],
)
def test_a_time_is_known_by_its_look(text: str) -> None:
    assert read(text) == datetime(2024, 1, 31, 10, 20, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1706696430, datetime(2024, 1, 31, 10, 20, 30, tzinfo=UTC)),
        (1706696430.5, datetime(2024, 1, 31, 10, 20, 30, 500000, tzinfo=UTC)),
        (Decimal("1706696430.123456"), datetime(2024, 1, 31, 10, 20, 30, 123456, tzinfo=UTC)),
        (1706696430123456, datetime(2024, 1, 31, 10, 20, 30, 123456, tzinfo=UTC)),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (-86400, datetime(1969, 12, 31, tzinfo=UTC)),
        (date(2024, 1, 31), datetime(2024, 1, 31, tzinfo=UTC)),
        (datetime(2024, 1, 31, 10), datetime(2024, 1, 31, 10, tzinfo=UTC)),  # noqa: DTZ001  as Parquet has it
        (datetime(2024, 1, 31, 10, tzinfo=timezone(timedelta(hours=2))), datetime(2024, 1, 31, 8, tzinfo=UTC)),
        ("2024-01-31", datetime(2024, 1, 31, tzinfo=UTC)),
        ("19970131", datetime(1997, 1, 31, tzinfo=UTC)),
        ("19971331", datetime.fromtimestamp(19971331, UTC)),
        ("1900-01-01", datetime(1900, 1, 1, tzinfo=UTC)),
        ("2026-11-24T09:30:00Z", NOW + timedelta(hours=23)),
    ],
)
def test_values_of_all_kinds_are_times(value: Any, moment: datetime) -> None:
    assert read(value) == moment


def test_times_without_a_zone_are_of_the_zone_that_was_named() -> None:
    assert read("2024-07-01 12:00:00", zone="Europe/Berlin") == datetime(2024, 7, 1, 10, tzinfo=UTC)
    assert read("2024-01-01 12:00:00", zone="Europe/Berlin") == datetime(2024, 1, 1, 11, tzinfo=UTC)
    assert read(date(2024, 1, 1), zone="Asia/Kolkata") == datetime(2023, 12, 31, 18, 30, tzinfo=UTC)
    assert read("2024-01-01T12:00:00Z", zone="Europe/Berlin") == datetime(2024, 1, 1, 12, tzinfo=UTC)
    assert read(1706696430, zone="Europe/Berlin") == datetime(2024, 1, 31, 10, 20, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "form", "moment"),
    [
        ("31/01/2024", "%d/%m/%Y", datetime(2024, 1, 31, tzinfo=UTC)),
        ("01/02/2024 3:04 PM", "%m/%d/%Y %I:%M %p", datetime(2024, 1, 2, 15, 4, tzinfo=UTC)),
        ("31/Jan/2024:10:20:30 +0100", "%d/%b/%Y:%H:%M:%S %z", datetime(2024, 1, 31, 9, 20, 30, tzinfo=UTC)),
        ("19970131", "%Y%m%d", datetime(1997, 1, 31, tzinfo=UTC)),
        ("19970131", "unix", datetime.fromtimestamp(19970131, UTC)),
        ("1000", "unix_ms", datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        ("1000000", "unix_us", datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        ("20240131", "iso", datetime(2024, 1, 31, tzinfo=UTC)),
    ],
)
def test_a_format_that_is_given_is_kept_to(text: str, form: str, moment: datetime) -> None:
    assert read(text, form) == moment


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("yesterday", None),
        ("31/01/2024", None),
        ("2024-02-30", None),
        ("2024-01-31", "%d/%m/%Y"),
        ("2024-01-31", "unix"),
        ("1706696430", "iso"),
        ("9" * 30, None),
        (float("nan"), None),
        (float("inf"), None),
        (True, None),
        ([], None),
        (b"2024", None),
    ],
)
def test_what_is_no_time_is_told(value: Any, form: str | None) -> None:
    with pytest.raises(BadRow, match="can't be read") as caught:
        read(value, form)
    assert caught.value.reason == "unreadable_timestamp"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("1899-12-31T23:59:59Z", "timestamp_too_early"),
        ("0001-01-01", "timestamp_too_early"),
        ("2026-11-24T09:30:01Z", "timestamp_in_the_future"),
        ("9999-12-31T23:59:59-12:00", "unreadable_timestamp"),
    ],
)
def test_a_time_that_ingestion_would_move_is_told(value: str, reason: str) -> None:
    with pytest.raises(BadRow) as caught:
        read(value)
    assert caught.value.reason == reason


def test_what_lies_in_the_future_is_told_by_the_moment_that_is_given() -> None:
    moments = Moments(NOW)
    moments.read("2026-11-24T09:00:00Z")
    moments.judge_as_of(NOW - timedelta(days=3))
    with pytest.raises(BadRow, match="future"):
        moments.read("2026-11-24T09:00:00Z")


def test_a_common_format_is_recognised_in_all_samples_together() -> None:
    assert likely_form(["01/02/2024", "31/01/2024"]) == "%d/%m/%Y"
    assert likely_form(["01/02/2024", "01/31/2024"]) == "%m/%d/%Y"
    assert likely_form(["Jan 31, 2024"]) == "%b %d, %Y"
    assert likely_form(["soon", "01/02/2024"]) is None
    assert likely_form([]) is None
