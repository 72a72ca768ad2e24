"""Calendar heat maps, by hand."""

from dataclasses import replace
from typing import Any

import pytest
from trends_history import NOW, SETTINGS, Event, store

from analytics_pipelines.insights.calendar_heatmap import plan
from analytics_pipelines.insights.kinds import parse_insight
from analytics_pipelines.insights.team import Context, Team
from analytics_pipelines.sql.errors import QueryError
from resources.clickhouse import ClickHouse


def asked(clickhouse: ClickHouse, team: Team, **series: Any) -> dict[str, Any]:
    _, query = parse_insight(
        {"kind": "CalendarHeatmapQuery", "series": [{"kind": "EventsNode", "event": "view", **series}]}
    )
    made = plan(query, Context(team, NOW))
    (compiled,) = made.statements
    found: dict[str, Any] = made.answer([clickhouse.query(compiled.sql, compiled.parameters, SETTINGS).rows])["results"]
    return found


@pytest.mark.engines
def test_rows_and_columns_count_anew(shared_clickhouse: ClickHouse) -> None:
    team = Team(1, "US/Pacific")
    events = [
        Event("view", 1, "2024-05-05 06:59"),  # Saturday, 23:59 in California
        Event("view", 1, "2024-05-05 07:00"),  # Sunday at midnight
        Event("view", 1, "2024-05-05 08:00"),
        Event("view", 1, "2024-05-06 07:30"),
        Event("view", 2, "2024-05-06 07:30"),
        Event("view", 2, "2024-04-20 07:30"),
        Event("else", 3, "2024-05-06 07:30"),
    ]
    store(shared_clickhouse, [replace(event, team=1) for event in events])
    events_by = asked(shared_clickhouse, team)
    cells = {(cell["row"], cell["column"]): cell["value"] for cell in events_by["data"]}
    assert cells == {(6, 23): 1, (0, 0): 1, (0, 1): 1, (1, 0): 2}
    assert events_by["allAggregations"] == 5
    people = asked(shared_clickhouse, team, math="dau")
    assert people["rowAggregations"] == [{"row": 0, "value": 1}, {"row": 1, "value": 2}, {"row": 6, "value": 1}]
    assert people["columnAggregations"] == [
        {"column": 0, "value": 2},
        {"column": 1, "value": 1},
        {"column": 23, "value": 1},
    ]
    assert people["allAggregations"] == 2
    assert asked(shared_clickhouse, Team(2))["allAggregations"] == 0


def test_another_math_is_refused() -> None:
    series = [{"kind": "EventsNode", "event": "view", "math": "sum", "math_property": "x"}]
    _, query = parse_insight({"kind": "CalendarHeatmapQuery", "series": series})
    with pytest.raises(QueryError, match="heat map"):
        plan(query, Context(Team(1), NOW))
