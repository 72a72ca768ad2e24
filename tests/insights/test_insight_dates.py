"""Date strings, buckets and days, checked against the IANA database."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_pipelines.insights.dates import MAX_BUCKETS, Interval, date_range, start_of_day
from analytics_pipelines.insights.labels import days, labels
from analytics_pipelines.sql.errors import QueryError

ZONES = [
    "America/Sao_Paulo",  # clocks skipped midnight until 2018
    "Asia/Kathmandu",  # 5:45
    "Australia/Lord_Howe",  # half an hour of summer time
    "US/Pacific",
    "Asia/Shanghai",
    "Africa/Casablanca",  # two changes around Ramadan
    "UTC",
]
zones = st.sampled_from(ZONES).map(ZoneInfo)
seconds = st.floats(978_307_200, 1_893_456_000)  # 2001 to 2030
moments = seconds.map(lambda second: datetime.fromtimestamp(second, UTC))
intervals = st.sampled_from([Interval.HOUR, Interval.DAY, Interval.WEEK, Interval.MONTH])
week_starts = st.sampled_from([0, 1])
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
WEEKS = ["24\u201327 Apr", "28-Apr \u2013 4-May", "5\u20138 May"]
NOW = datetime(2024, 5, 8, 15, 30, 20, tzinfo=UTC)  # a Wednesday, 12:30 in Sao Paulo


def local(moment: datetime, zone: ZoneInfo = SAO_PAULO) -> str:
    return moment.astimezone(zone).replace(tzinfo=None).isoformat(" ")


@pytest.mark.parametrize(
    ("text", "start"),
    [
        (None, "2024-05-01 00:00:00"),
        ("-7d", "2024-05-01 00:00:00"),
        ("-0d", "2024-05-08 00:00:00"),
        ("-2w", "2024-04-24 00:00:00"),
        ("-1m", "2024-04-08 00:00:00"),
        ("-3m", "2024-02-08 00:00:00"),
        ("-1q", "2024-02-08 00:00:00"),
        ("-1y", "2023-05-08 00:00:00"),
        ("-24h", "2024-05-07 12:00:00"),
        ("-30M", "2024-05-08 12:00:00"),
        ("dStart", "2024-05-08 00:00:00"),
        ("-1dStart", "2024-05-07 00:00:00"),
        ("-1dEnd", "2024-05-07 23:59:59.999999"),
        ("wStart", "2024-05-05 00:00:00"),
        ("mStart", "2024-05-01 00:00:00"),
        ("-1mStart", "2024-04-01 00:00:00"),
        ("-1mEnd", "2024-04-30 23:59:59.999999"),
        ("qStart", "2024-04-01 00:00:00"),
        ("yStart", "2024-01-01 00:00:00"),
        ("hStart", "2024-05-08 12:00:00"),
        ("2024-02-29", "2024-02-29 00:00:00"),
        ("2024-05-01T10:30:00", "2024-05-01 10:30:00"),
        ("2024-05-01 10:30:00", "2024-05-01 10:30:00"),
        ("2024-05-01T10:30:00Z", "2024-05-01 07:30:00"),
        ("2024-05-01T10:30:00+02:00", "2024-05-01 05:30:00"),
    ],
)
def test_date_from(text: str | None, start: str) -> None:
    assert local(date_range(text, None, Interval.DAY, SAO_PAULO, NOW).start) == start


@pytest.mark.parametrize(
    ("text", "interval", "end"),
    [
        (None, Interval.DAY, "2024-05-08 23:59:59.999999"),
        (None, Interval.HOUR, "2024-05-08 12:59:59.999999"),
        (None, Interval.MINUTE, "2024-05-08 12:30:59.999999"),
        ("-1d", Interval.DAY, "2024-05-07 23:59:59.999999"),
        ("-1dEnd", Interval.DAY, "2024-05-07 23:59:59.999999"),
        ("-1h", Interval.HOUR, "2024-05-08 11:59:59.999999"),
        ("2024-05-07", Interval.DAY, "2024-05-07 23:59:59.999999"),
        ("2024-05-07", Interval.HOUR, "2024-05-07 00:00:00"),
        ("2024-05-07T10:00:00", Interval.DAY, "2024-05-07 23:59:59.999999"),
        ("2024-05-07T10:00:00", Interval.HOUR, "2024-05-07 10:00:00"),
    ],
)
def test_date_to(text: str | None, interval: Interval, end: str) -> None:
    assert local(date_range("2024-05-06", text, interval, SAO_PAULO, NOW).end) == end


def test_explicit_dates_are_not_rounded() -> None:
    found = date_range("2024-05-07", "2024-05-07T10:00:00", Interval.DAY, SAO_PAULO, NOW, explicit=True)
    assert local(found.end) == "2024-05-07 10:00:00"


def test_all_starts_at_the_earliest_event() -> None:
    earliest = datetime(2024, 5, 5, 1, tzinfo=UTC)
    found = date_range("all", None, Interval.DAY, SAO_PAULO, NOW, earliest=earliest)
    assert local(found.start) == "2024-05-04 00:00:00"
    assert len(found.buckets) == 5
    assert len(date_range("all", None, Interval.DAY, SAO_PAULO, NOW).buckets) == 1


@pytest.mark.parametrize(
    "text",
    ["", "-", "d", "7", "-7x", "yesterday", "2024-13-01", "2024-02-30", "-99999y", "9" * 50, "Start", "-1d; DROP"],
)
def test_a_string_that_is_no_date_is_refused(text: str) -> None:
    if text:
        with pytest.raises(QueryError, match="is not a date"):
            date_range(text, None, Interval.DAY, SAO_PAULO, NOW)


def test_impossible_ranges_are_refused() -> None:
    with pytest.raises(QueryError, match="ends before it starts"):
        date_range("2024-05-08", "2024-05-07", Interval.DAY, SAO_PAULO, NOW)
    with pytest.raises(QueryError, match=f"more than {MAX_BUCKETS} points"):
        date_range("-1m", None, Interval.MINUTE, SAO_PAULO, NOW)


@pytest.mark.parametrize(
    ("interval", "date_from", "shown", "called"),
    [
        (Interval.DAY, "-1d", ["2024-05-07", "2024-05-08"], ["7-May-2024", "8-May-2024"]),
        (Interval.HOUR, "-1h", ["2024-05-08 11:00:00", "2024-05-08 12:00:00"], ["8-May 11:00", "8-May 12:00"]),
        (Interval.WEEK, "-2w", ["2024-04-21", "2024-04-28", "2024-05-05"], WEEKS),
        (Interval.MONTH, "-1m", ["2024-04-01", "2024-05-01"], ["Apr 2024", "May 2024"]),
    ],
)  # fmt: skip
def test_names_of_points(interval: Interval, date_from: str, shown: list[str], called: list[str]) -> None:
    found = date_range(date_from, None, interval, SAO_PAULO, NOW)
    assert days(found) == shown
    assert labels(found) == called


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/Sao_Paulo", date(2018, 11, 4), 23),
        ("America/Sao_Paulo", date(2018, 2, 17), 25),
        ("US/Pacific", date(2024, 3, 10), 23),
        ("US/Pacific", date(2024, 11, 3), 25),
        ("Africa/Casablanca", date(2024, 4, 14), 23),
        ("Australia/Lord_Howe", date(2024, 4, 7), 24.5),
        ("Australia/Lord_Howe", date(2024, 10, 6), 23.5),
        ("Asia/Kathmandu", date(2024, 5, 5), 24),
    ],
)
def test_days_on_which_clocks_change_are_whole(zone: str, day: date, hours: float) -> None:
    place = ZoneInfo(zone)
    start, end = start_of_day(day, place), start_of_day(day + timedelta(days=1), place)
    assert end - start == timedelta(hours=hours)
    text = day.isoformat()
    by_hour = date_range(f"{text}T00:00:00", f"{text}T23:59:59", Interval.HOUR, place, NOW)
    assert len(by_hour.buckets) == -(-hours // 1)
    assert len(set(by_hour.buckets)) == len(by_hour.buckets)


@given(zones, moments, intervals, week_starts, st.integers(0, 40))
def test_buckets_are_the_calendar_of_the_zone(
    zone: ZoneInfo, now: datetime, interval: Interval, week_start: int, back: int
) -> None:
    found = date_range(f"-{back}d", None, interval, zone, now, week_start_day=week_start)
    assert found.buckets[0] <= found.start
    assert found.buckets[-1] <= found.end
    assert list(found.buckets) == sorted(set(found.buckets))
    for bucket in found.buckets:
        there = bucket.astimezone(zone)
        before = (bucket - timedelta(microseconds=1)).astimezone(zone)
        if interval is Interval.HOUR:
            assert (there.hour, there.utcoffset()) != (before.hour, before.utcoffset())
            continue
        assert there.date() != before.date()
        if interval is Interval.WEEK:
            assert (there.weekday() + 1) % 7 == week_start
        if interval is Interval.MONTH:
            assert there.day == 1


@given(zones, moments, moments)
def test_every_moment_lies_in_the_bucket_of_its_day(zone: ZoneInfo, now: datetime, moment: datetime) -> None:
    there = moment.astimezone(zone)
    found = date_range(there.date().isoformat(), there.date().isoformat(), Interval.DAY, zone, now)
    assert len(found.buckets) == 1
    assert found.filter_start <= moment <= found.end
    assert found.end + timedelta(microseconds=1) == start_of_day(there.date() + timedelta(days=1), zone)


@given(zones, moments, st.integers(0, 400))
def test_days_back_are_counted_on_the_calendar(zone: ZoneInfo, now: datetime, back: int) -> None:
    found = date_range(f"-{back}d", None, Interval.DAY, zone, now)
    assert len(found.buckets) == back + 1
    assert found.start.astimezone(zone).date() == now.astimezone(zone).date() - timedelta(days=back)


@given(zones, moments, st.integers(0, 200))
def test_hours_back_are_hours_that_passed(zone: ZoneInfo, now: datetime, back: int) -> None:
    found = date_range(f"-{back}h", None, Interval.HOUR, zone, now)
    passed = now - timedelta(hours=back)
    assert found.start <= passed < found.start + timedelta(hours=1)
    assert found.start <= now <= found.end


@given(zones, moments, week_starts)
def test_a_week_filter_starts_with_the_week(zone: ZoneInfo, now: datetime, week_start: int) -> None:
    found = date_range("-10d", None, Interval.WEEK, zone, now, week_start_day=week_start)
    assert found.filter_start == found.buckets[0]
    first = found.start.astimezone(zone).date()
    into = (first.weekday() + 1 - week_start) % 7
    assert found.buckets[0] == start_of_day(first - timedelta(days=into), zone)


@given(zones, moments)
def test_month_arithmetic_stays_in_the_month(zone: ZoneInfo, now: datetime) -> None:
    today = now.astimezone(zone).date()
    start = date_range("-1m", None, Interval.DAY, zone, now).start.astimezone(zone)
    assert (today.year * 12 + today.month) - (start.year * 12 + start.month) == 1
    assert start.day <= today.day
    assert start.time() == time() or start_of_day(start.date(), zone) == start
