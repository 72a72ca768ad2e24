"""Order: whatever comes first, and however often a day is built in between, the tables end up the same."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rollup_world import DAY, NOON, Event, World, session_id

from analytics_pipelines.rollups.tables import ROLLUPS

pytestmark = [pytest.mark.engines, pytest.mark.slow]

MIDNIGHT = NOON.replace(hour=0)
FIRST, LAST = DAY - timedelta(days=3), DAY + timedelta(days=3)
SESSIONS = [session_id(MIDNIGHT + timedelta(minutes=minutes), n) for n, minutes in enumerate((-20, -1, 5, 700))]


def _events() -> list[Event]:
    moments = (-1500, -25, -19, -1, 0, 0, 3, 6, 400, 701, 1439, 1441, 1500)
    return [
        Event(
            MIDNIGHT + timedelta(minutes=minutes),
            ("$pageview", "bought", "$autocapture", "$screen")[number % 4],
            "abc"[number % 3],
            {
                "$session_id": SESSIONS[number % 4],
                "$current_url": f"https://shop.example/{number % 5}",
                "$pathname": f"/{number % 5}",
                "$screen_name": "Cart",
                "utm_source": ("google", "", "facebook")[number % 3],
                "$browser": ("Firefox", "Safari")[number % 2],
            },
            team=1 + number % 2,
            uuid=UUID(int=number),
        )
        for number, minutes in enumerate(moments)
    ]


EVENTS = _events()
# In the order in which a project's people do it; the store sees it in any.
MERGES = [("b", "a", 1), ("c", "a", 1), ("c", "c", 2)]
STEPS = [*EVENTS, *MERGES]


def tables(world: World) -> dict[str, list[tuple[object, ...]]]:
    finished = {"event_counts_hourly": "people", "web_stats_daily": "visitors"}
    return {
        rollup.name: world.rows(
            f"SELECT *{f' REPLACE (finalizeAggregation({column}) AS {column})' if column else ''}"
            f" FROM {rollup.name} ORDER BY ALL"
        )
        for rollup in ROLLUPS
        for column in [finished.get(rollup.name)]
    }


def take(world: World, step: Event | tuple[str, str, int]) -> None:
    if isinstance(step, Event):
        world.store(step)
    else:
        distinct_id, into, version = step
        world.merge(distinct_id, into, version)


def empty(world: World) -> None:
    for table in ("events", "person_overrides", *(rollup.name for rollup in ROLLUPS)):
        world.clickhouse.command(f"TRUNCATE TABLE {table}")
    world.postgres.execute("DELETE FROM rollup_watermark")
    world.postgres.execute("DELETE FROM dirty_days")


@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=st.permutations(STEPS),
    builds=st.sets(st.integers(0, len(STEPS) - 1), max_size=3),
    again=st.lists(st.sampled_from(EVENTS), max_size=3),
)
def test_tables_follow_from_the_set_of_events_alone(
    world: World, order: list[Event | tuple[str, str, int]], builds: set[int], again: list[Event]
) -> None:
    empty(world)
    for number, step in enumerate(order):
        take(world, step)
        if number in builds:
            world.refresh(FIRST, LAST)
    world.touch(*((event.team, event.timestamp.date()) for event in again))  # sent again, and left out by the loader
    world.refresh(FIRST, LAST)
    assert world.dirty() == set()
    made = tables(world)
    assert all(made.values())

    empty(world)
    for step in STEPS:
        take(world, step)
    world.refresh(FIRST, LAST)
    assert made == tables(world)
