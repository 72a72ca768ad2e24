"""Names of raw objects."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_pipelines.events.keys import (
    arrival_hour,
    hour_of,
    hour_prefix,
    is_raw_key,
    raw_key,
    raw_key_floor,
    received_at,
)

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)


@given(MOMENTS, MOMENTS)
def test_keys_sort_by_arrival(one: datetime, other: datetime) -> None:
    keys = [raw_key(moment, "node", b"x") for moment in (one, other)]
    assert (keys[0] < keys[1]) == (one < other)


@given(MOMENTS)
def test_a_key_tells_when_its_object_came(moment: datetime) -> None:
    key = raw_key(moment, "node7", b"content")
    assert is_raw_key(key)
    assert received_at(key) == moment
    assert arrival_hour(key) == hour_of(moment)
    assert key.startswith(hour_prefix(hour_of(moment)) + "/")


@given(MOMENTS, MOMENTS)
def test_the_floor_of_a_moment_lies_between_earlier_keys_and_later_ones(moment: datetime, other: datetime) -> None:
    other = other.replace(year=moment.year, month=moment.month, day=1, hour=moment.hour)
    moment = moment.replace(day=1)
    floor = raw_key_floor(hour_of(moment), moment)
    assert (raw_key(other, "node", b"x") > floor) == (other >= moment)


def test_the_same_content_gets_the_same_key_and_other_content_another() -> None:
    moment = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
    assert raw_key(moment, "a", b"x") == raw_key(moment, "a", b"x")
    assert len({raw_key(moment, "a", b"x"), raw_key(moment, "a", b"y"), raw_key(moment, "b", b"x")}) == 3


def test_hours_are_those_of_utc() -> None:
    moment = datetime(2026, 11, 23, 0, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert raw_key(moment, "n", b"").startswith("raw/v1/dt=2026-11-22/hour=19/")


@pytest.mark.parametrize(
    "key",
    [
        "",
        "raw/v1/dt=2026-11-23/hour=10/readme.txt",
        "raw/v1/dt=2026-11-23/hour=10/1795429815123-node-0123456789abcdef.jsonl",
        "raw/v1/dt=2026-11-23/hour=10/1795429815123-node-0123456789abcdef.jsonl.zst.tmp",
        "raw/v1/dt=2026-11-23/hour=10/sub/1795429815123-node-0123456789abcdef.jsonl.zst",
        "raw/v2/dt=2026-11-23/hour=10/1795429815123-node-0123456789abcdef.jsonl.zst",
        "checks/1795429815123-node-0123456789abcdef.jsonl.zst",
        "raw/v1/dt=2026-11-23/hour=10/179542981512-node-0123456789abcdef.jsonl.zst",
        "raw/v1/dt=2026-11-23/hour=10/1795429815123-NODE-0123456789abcdef.jsonl.zst",
    ],
)
def test_a_foreign_name_is_known_as_one(key: str) -> None:
    assert not is_raw_key(key)
    with pytest.raises(ValueError, match="not a raw object"):
        received_at(key)


@pytest.mark.parametrize("key", ["", "raw/v1", "raw/v1/dt=2026-11-23", "raw/v1/dt=2026-11-23/hour=1/", "x/hour=10"])
def test_a_foreign_name_has_no_hour(key: str) -> None:
    with pytest.raises(ValueError, match="not a raw object"):
        arrival_hour(key)
