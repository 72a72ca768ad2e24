"""What a range is compared with."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_pipelines.insights.compare import earlier_range
from analytics_pipelines.insights.dates import DateRange, Interval, date_range
from analytics_pipelines.insights.model import DateRangeModel
from analytics_pipelines.sql.errors import QueryError

NOW = datetime(2024, 5, 8, 15, 30, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")


def both(
    date_from: str | None,
    date_to: str | None = None,
    interval: Interval = Interval.DAY,
    compare_to: str | None = None,
    *,
    zone: ZoneInfo = UTC_ZONE,
    now: datetime = NOW,
    explicit: bool = False,
) -> tuple[DateRange, DateRange]:
    asked = DateRangeModel(date_from=date_from, date_to=date_to, explicit=explicit)
    dates = date_range(date_from, date_to, interval, zone, now, explicit=explicit)
    return dates, earlier_range(dates, asked, compare_to, 0)


def shown(dates: DateRange) -> tuple[str, str]:
    zone = dates.zone
    return tuple(f"{each.astimezone(zone):%Y-%m-%d %H:%M:%S}" for each in (dates.start, dates.end))  # type: ignore[return-value]


DAY, HOUR = Interval.DAY, Interval.HOUR


@pytest.mark.parametrize(
    ("date_from", "date_to", "interval", "start", "end"),
    [
        # whole weeks back from today: by these weeks, and one day is in both
        (None, None, DAY, "2024-04-24 00:00:00", "2024-05-01 23:59:59"),
        ("-7d", None, DAY, "2024-04-24 00:00:00", "2024-05-01 23:59:59"),
        ("-14d", None, DAY, "2024-04-10 00:00:00", "2024-04-24 23:59:59"),
        ("-1w", None, DAY, "2024-04-24 00:00:00", "2024-05-01 23:59:59"),
        ("-7d", None, HOUR, "2024-04-24 00:00:00", "2024-05-01 15:59:59"),
        # any other range: the days just before
        ("-3d", None, DAY, "2024-05-01 00:00:00", "2024-05-04 23:59:59"),
        ("-0d", None, DAY, "2024-05-07 00:00:00", "2024-05-07 23:59:59"),
        ("mStart", None, DAY, "2024-04-23 00:00:00", "2024-04-30 23:59:59"),
        ("2024-05-01", "2024-05-07", DAY, "2024-04-24 00:00:00", "2024-04-30 23:59:59"),
        ("2024-05-07", "2024-05-07", DAY, "2024-05-06 00:00:00", "2024-05-06 23:59:59"),
        ("-7d", "-1d", DAY, "2024-04-24 00:00:00", "2024-04-30 23:59:59"),
        # hours
        ("-24h", None, HOUR, "2024-05-06 15:00:00", "2024-05-07 15:59:59"),
        ("-3h", None, HOUR, "2024-05-08 08:00:00", "2024-05-08 11:59:59"),
        ("-10M", None, Interval.MINUTE, "2024-05-08 15:09:00", "2024-05-08 15:19:59"),
    ],
)
def test_the_range_before(date_from: str | None, date_to: str | None, interval: Interval, start: str, end: str) -> None:
    _, earlier = both(date_from, date_to, interval)
    assert shown(earlier) == (start, end)


@pytest.mark.parametrize(
    ("compare_to", "start", "end"),
    [
        ("-1w", "2024-04-29 00:00:00", "2024-05-01 23:59:59"),
        ("-2d", "2024-05-04 00:00:00", "2024-05-06 23:59:59"),
        ("-1m", "2024-04-06 00:00:00", "2024-04-08 23:59:59"),
        ("-1y", "2023-05-06 00:00:00", "2023-05-08 23:59:59"),
        ("-12h", "2024-05-05 12:00:00", "2024-05-08 11:59:59"),
    ],
)
def test_a_range_so_long_ago(compare_to: str, start: str, end: str) -> None:
    assert shown(both("-2d", compare_to=compare_to)[1]) == (start, end)


def test_the_end_of_a_longer_month() -> None:
    _, earlier = both("2024-05-30", "2024-05-31", compare_to="-1m")
    assert shown(earlier) == ("2024-04-30 00:00:00", "2024-04-30 23:59:59")


def test_exact_times_are_as_long_before() -> None:
    _, earlier = both("2024-05-08T10:00:00", "2024-05-08T12:30:00", HOUR, explicit=True)
    assert shown(earlier) == ("2024-05-08 07:00:00", "2024-05-08 09:30:00")


@pytest.mark.parametrize("text", ["1", "-0d", "yesterday", "-7x", "-1dStart", "-99999y"])
def test_what_nothing_can_be_compared_with(text: str) -> None:
    with pytest.raises(QueryError):
        both("-7d", compare_to=text)


@given(
    zone=st.sampled_from(["US/Pacific", "Asia/Shanghai", "America/Sao_Paulo", "Africa/Casablanca"]).map(ZoneInfo),
    now=st.floats(1_262_304_000, 1_893_456_000).map(lambda second: datetime.fromtimestamp(second, UTC)),
    days=st.integers(0, 40),
)
def test_days_are_compared_with_as_many_days(zone: ZoneInfo, now: datetime, days: int) -> None:
    """Whatever clocks do: as many points, and nothing between the ranges."""
    dates, earlier = both(f"-{days}d", zone=zone, now=now)
    assert len(dates.buckets) == len(earlier.buckets)
    shared = days > 0 and days % 7 == 0
    first = dates.start.astimezone(zone).date()
    assert earlier.end.astimezone(zone).date() == (first if shared else first - timedelta(days=1))
    if not shared:
        assert earlier.end + timedelta(microseconds=1) == dates.start
