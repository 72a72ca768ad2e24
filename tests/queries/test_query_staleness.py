"""When an answer is computed anew."""

from datetime import UTC, datetime, timedelta

import pytest

from analytics_pipelines.queries.staleness import Made, is_stale

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
AGES = [
    ("minute", 5, 15),
    ("hour", 60, 120),
    ("day", 360, 720),
    ("week", 1440, 1440),
    ("month", 2880, 2880),
    (None, 360, 720),
]


def made(interval: str | None = "day", date_from: str = "2026-11-17", date_to: str = "2026-11-24T23:59:59") -> Made:
    dates = {"date_from": f"{date_from}T00:00:00+00:00", "date_to": f"{date_to}+00:00"}
    return Made.of(AT, 7, interval, dates)


@pytest.mark.parametrize("minutes_of_age", [-0.1, 0.1])
@pytest.mark.parametrize(("interval", "eager", "lazy"), AGES)
def test_an_answer_stands_as_long_as_its_interval_lets_it(
    interval: str | None, eager: int, lazy: int, minutes_of_age: float
) -> None:
    for minutes, is_lazy in ((eager, False), (lazy, True)):
        now = AT + timedelta(minutes=minutes + minutes_of_age)
        assert is_stale(made(interval), 7, now, behind=None, lazy=is_lazy) is (minutes_of_age > 0)


def test_a_range_that_was_over_stands_while_its_data_are_the_same() -> None:
    later = AT + timedelta(days=300)
    over, settling = made(date_to="2026-11-24T11:59:49"), made(date_to="2026-11-24T11:59:51")
    assert not is_stale(over, 7, later, behind=timedelta(0))
    assert is_stale(over, 8, later, behind=None)
    assert is_stale(settling, 7, later, behind=None)


def test_changed_data_make_an_answer_stale_as_soon_as_its_asker_says() -> None:
    soon = AT + timedelta(minutes=2)
    assert not is_stale(made(), 7, soon, behind=timedelta(0))
    assert is_stale(made(), 8, soon, behind=timedelta(0))
    assert not is_stale(made(), 8, soon, behind=timedelta(minutes=3))
    assert not is_stale(made(), 8, soon, behind=None)


def test_clients_wait_longer_over_long_ranges() -> None:
    assert made().next_refresh() == AT + timedelta(minutes=15)
    assert made(date_from="2026-11-18").next_refresh() == AT + timedelta(minutes=3)
    assert made("hour").next_refresh() == AT + timedelta(minutes=3)
    assert Made.of(AT, 1, None, None).next_refresh() == AT + timedelta(minutes=1)
