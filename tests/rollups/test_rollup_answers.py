"""Questions are answered from rollups as soon as these are built, and never from days that changed since."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from rollup_world import DAY, NOON, Event, World

from analytics_pipelines.insights.team import Team
from analytics_pipelines.queries.ask import Questions
from analytics_pipelines.queries.question import read_question
from analytics_pipelines.queries.rollup_days import RollupDays
from analytics_pipelines.settings import Settings

pytestmark = pytest.mark.engines

PEOPLE = {
    "kind": "TrendsQuery",
    "series": [{"kind": "EventsNode", "event": "$pageview", "math": "dau"}, {"kind": "EventsNode", "event": None}],
    "dateRange": {"date_from": "-1d"},
}


def answer(world: World, **scope: Any) -> tuple[list[list[int]], set[str]]:
    """The points of each series, and the tables that were read."""
    settings = Settings()
    questions = Questions(world.clickhouse, settings, lambda: NOON, RollupDays(world.postgres, settings))
    computed = questions.compute(read_question(PEOPLE), Team(1, **scope))
    tables = {table for read in computed.reads for table in read.tables}
    return [row["data"] for row in computed.answer["results"]], tables & {"events", "active_people_daily"}


def test_what_is_built_is_read_and_what_changed_since_is_not(world: World) -> None:
    yesterday = NOON - timedelta(days=1)
    ada = Event(yesterday)
    world.store(ada, replace(ada, distinct_id="bob", uuid=Event(NOON).uuid), Event(NOON))
    assert answer(world) == ([[2, 1], [2, 1]], {"events"})
    world.refresh(DAY - timedelta(days=1), DAY)
    assert answer(world) == ([[2, 1], [2, 1]], {"active_people_daily"})

    world.store(Event(NOON, distinct_id="carl"))
    assert answer(world) == ([[2, 2], [2, 2]], {"active_people_daily", "events"})
    world.merge("bob", into="ada")
    assert answer(world) == ([[1, 2], [2, 2]], {"events"})
    world.refresh(DAY - timedelta(days=1), DAY)
    assert answer(world) == ([[1, 2], [2, 2]], {"active_people_daily"})


def test_another_projects_changes_cost_nothing(world: World) -> None:
    world.store(Event(NOON), Event(NOON, team=2))
    world.refresh()
    world.store(Event(NOON, team=2))
    assert answer(world) == ([[0, 1], [0, 1]], {"active_people_daily"})
