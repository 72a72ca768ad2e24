"""ClickHouse's values as JSON has them."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from ipaddress import IPv4Address
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_pipelines.queries.plain import plain


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (2**64 - 1, 2**64 - 1),
        (1.5, 1.5),
        (float("nan"), None),
        (float("inf"), None),
        (float("-inf"), None),
        (Decimal("1.50"), "1.50"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (IPv4Address("192.0.2.7"), "192.0.2.7"),
        (b"a\xff", "a\ufffd"),
        (date(2026, 11, 23), "2026-11-23"),
        (datetime(2026, 11, 23, 10, tzinfo=UTC), "2026-11-23T15:30:00+05:30"),
        (datetime(2026, 11, 23, 10), "2026-11-23T10:00:00"),  # noqa: DTZ001
        ([float("nan"), [UUID(int=1)]], [None, ["00000000-0000-0000-0000-000000000001"]]),
        ((1, "a"), [1, "a"]),
        ({1: float("inf"), "b": [Decimal(1)]}, {"1": None, "b": ["1"]}),
    ],
)
def test_a_value_is_shown_in_json(value: Any, shown: Any) -> None:
    assert plain([(value,)], "Asia/Kolkata") == [[shown]]


VALUES: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.decimals()
    | st.uuids()
    | st.dates()
    | st.datetimes(datetime(1900, 1, 1), datetime(2299, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=10,
)


@given(st.lists(VALUES, max_size=3), st.sampled_from(["UTC", "America/St_Johns", "Pacific/Apia"]))
def test_any_row_is_valid_json(row: list[Any], zone: str) -> None:
    json.dumps(plain([row], zone), allow_nan=False)
