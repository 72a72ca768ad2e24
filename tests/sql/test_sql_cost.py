"""What stands beside events is joined without a scan of all events."""

from datetime import date
from typing import Any

import pytest
from two_teams import TEAM

from analytics_pipelines.sql.compiler import compile_select

pytestmark = pytest.mark.engines


@pytest.mark.parametrize(
    "asked",
    [
        "count()",
        "uniqExact(person_id)",
        "max(person.properties.age)",
        "max(session.person.properties.age)",
        "max($group_0), max(group_0.key)",
    ],
)
def test_days_and_names_of_events_are_found_by_the_primary_key(two_teams: Any, asked: str) -> None:
    text = f"SELECT {asked} FROM events WHERE event = 'view' AND timestamp >= '2024-05-05' AND timestamp < '2024-05-06'"
    compiled = compile_select(text, TEAM.scope())
    plan = two_teams.query(f"EXPLAIN indexes = 1 {compiled.sql}", compiled.parameters, {"join_use_nulls": 1}).rows
    lines = "\n".join(line for (line,) in plan)
    reading = lines.partition(".events)")[2].partition("Condition: and(")[2].partition("\n")[0]
    assert "(event in ['view', 'view'])" in reading
    assert "(timestamp in " in reading


@pytest.mark.parametrize(
    ("where", "days"),
    [
        ("timestamp >= '2024-05-05' AND timestamp < '2024-05-06T01:00:00+02:00'", [date(2024, 5, 3), date(2024, 5, 7)]),
        ("event = 'view' AND (e.timestamp > '2024-05-05' AND uuid != 'x')", [date(2024, 5, 3)]),
        ("timestamp >= '2024-05-05' OR event = 'view'", []),
        ("NOT (timestamp >= '2024-05-05')", []),
        ("timestamp != '2024-05-05'", []),
        ("received_at >= '2024-05-05'", []),
        ("timestamp >= now()", []),
        ("timestamp >= '5 May 2024'", []),
    ],
)
def test_days_of_events_narrow_the_days_of_sessions(where: str, days: list[date]) -> None:
    compiled = compile_select(f"SELECT session.id FROM events AS e WHERE {where}", TEAM.scope())
    assert [value for value in compiled.parameters.values() if isinstance(value, date)] == days
