"""What ClickHouse refuses, told at the place where the person wrote it, without what we made of it."""

from typing import Any

import pytest
from two_teams import TEAM

from analytics_pipelines.sql.compiler import compile_select
from analytics_pipelines.sql.engine_errors import explained
from resources.clickhouse import ClickHouseRefused

pytestmark = pytest.mark.engines


@pytest.mark.parametrize(
    ("text", "message", "marked"),
    [
        ("SELECT event, count() FROM events", "“event” must stand in GROUP BY or inside an aggregate", "event"),
        (
            "SELECT person.properties.email, count() FROM events",
            "a column must stand in GROUP BY or inside an aggregate",
            None,
        ),
        ("SELECT event + 1 FROM events", "Illegal types String and UInt8 of arguments of function plus", "+"),
        ("SELECT lower(1) FROM events", "Illegal type UInt8 of argument of function lower", "lower"),
        (
            "SELECT event = 1 FROM events",
            "There is no supertype for types String, UInt8 because some of them are String/FixedString/Enum "
            "and some of them are not",
            "=",
        ),
        ("SELECT uuid = 'x' FROM events", "Cannot parse uuid x", "="),
        ("SELECT toDate('2020-13-45')", "Cannot read DateTime: unexpected date: 2020-13-45", "'2020-13-45'"),
        ("SELECT intDiv(1, 0)", "Division by zero", None),
    ],
)
def test_it_is_told(two_teams: Any, text: str, message: str, marked: str | None) -> None:
    compiled = compile_select(text, TEAM.scope())
    with pytest.raises(ClickHouseRefused) as caught:
        two_teams.query(compiled.sql, compiled.parameters, {"join_use_nulls": 1})
    error = explained(caught.value.code, str(caught.value), text)
    assert error.message == message
    assert (None if error.start is None else text[error.start : error.end]) == marked
