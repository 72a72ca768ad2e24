"""Web statistics: visits by where they came from, what they saw and what with."""

from datetime import timedelta

import pytest
from rollup_world import DAY, NOON, Event, World, session_id

from analytics_pipelines.rollups.tables import WEB_STATS_DAILY

pytestmark = pytest.mark.engines

COLUMNS = "uniqExactMerge(visitors), sum(views), sum(sessions), sum(bounces), sum(bounceable), sum(duration_seconds)"


def visit(minute: int, who: str, *paths: str, seconds: int = 5, **properties: object) -> list[Event]:
    start = NOON + timedelta(minutes=minute)
    sid = session_id(start)
    return [
        Event(
            start + timedelta(seconds=seconds * number),
            distinct_id=who,
            properties={
                "$session_id": sid,
                "$current_url": f"https://shop.example{path}",
                "$pathname": path,
                **properties,
            },
        )
        for number, path in enumerate(paths)
    ]


def stats(world: World, dimension: str) -> list[tuple[object, ...]]:
    return world.clickhouse.query(
        f"SELECT value, {COLUMNS} FROM web_stats_daily WHERE dimension = {{dimension:String}}"
        " GROUP BY value ORDER BY value",
        {"dimension": dimension},
    ).rows


def test_visits_of_a_day_add_up(world: World) -> None:
    world.store(*visit(0, "ada", "/", "/a"), *visit(1, "ada", "/"), *visit(2, "bob", "/b", "/b", "/"))
    world.refresh()
    assert stats(world, "") == [("", 2, 6, 3, 1, 3, 5 + 0 + 10)]


def test_paths_count_visits_once_and_views_each(world: World) -> None:
    world.store(*visit(0, "ada", "/", "/a", "/"), *visit(1, "bob", "/"))
    world.refresh()
    assert stats(world, "pathname") == [("/", 2, 3, 2, 1, 2, 10), ("/a", 1, 1, 1, 0, 1, 10)]
    assert stats(world, "entry_pathname") == [("/", 2, 4, 2, 1, 2, 10)]
    assert stats(world, "exit_pathname") == [("/", 2, 4, 2, 1, 2, 10)]


def test_each_dimension_parts_the_same_visits(world: World) -> None:
    said = {
        "utm_source": "google",
        "utm_medium": "cpc",
        "utm_campaign": "c",
        "utm_content": "d",
        "utm_term": "e",
        "$referring_domain": "www.google.com",
        "$browser": "Firefox",
        "$os": "Linux",
        "$device_type": "Desktop",
        "$geoip_country_code": "DE",
    }
    world.store(*visit(0, "ada", "/", **said), *visit(1, "bob", "/"))
    world.refresh()
    values = dict(world.rows("SELECT dimension, groupArraySorted(9)(value) FROM web_stats_daily GROUP BY dimension"))
    assert values == {
        "": [""],
        "entry_hostname": ["shop.example"],
        "entry_pathname": ["/"],
        "exit_pathname": ["/"],
        "pathname": ["/"],
        "channel_type": ["Paid Search", "Unknown"],
        "referring_domain": ["", "www.google.com"],
        "utm_source": ["", "google"],
        "utm_medium": ["", "cpc"],
        "utm_campaign": ["", "c"],
        "utm_content": ["", "d"],
        "utm_term": ["", "e"],
        "browser": ["", "Firefox"],
        "os": ["", "Linux"],
        "device_type": ["", "Desktop"],
        "country": ["", "DE"],
    }
    whole = stats(world, "")[0][3]
    for dimension in values.keys() - {"pathname"}:
        assert sum(row[3] for row in stats(world, dimension)) == whole  # type: ignore[misc]


def test_screens_are_views_under_their_name_and_can_not_bounce(world: World) -> None:
    sid = session_id(NOON)
    world.store(Event(NOON, "$screen", properties={"$session_id": sid, "$screen_name": "Cart"}))
    world.refresh()
    assert stats(world, "pathname") == [("Cart", 1, 1, 1, 0, 0, 0)]


def test_visits_without_a_view_do_not_count(world: World) -> None:
    world.store(Event(NOON, "bought", properties={"$session_id": session_id(NOON)}))
    world.refresh()
    assert world.rows("SELECT count() FROM web_stats_daily") == [(0,)]
    assert world.rows("SELECT count() FROM sessions") == [(1,)]


def test_a_visit_counts_on_the_day_of_its_first_event_whatever_its_id_says(world: World) -> None:
    midnight = NOON.replace(hour=0) + timedelta(days=1)
    before, after = session_id(midnight - timedelta(seconds=1)), session_id(midnight + timedelta(hours=3))
    world.store(
        Event(midnight, properties={"$session_id": before}),
        Event(midnight - timedelta(minutes=1), properties={"$session_id": after}),
    )
    world.refresh(DAY, DAY + timedelta(days=1))
    assert world.rows("SELECT day, session_id FROM sessions ORDER BY day") == [
        (DAY, before),
        (DAY + timedelta(days=1), after),
    ]
    assert world.rows("SELECT day, sessions FROM web_stats_daily WHERE dimension = '' ORDER BY day") == [
        (DAY, 1),
        (DAY + timedelta(days=1), 1),
    ]


def test_visits_of_one_day_alone_come_from_sessions_that_are_up_to_date(world: World) -> None:
    world.store(*visit(0, "ada", "/"))
    world.builder.rebuild(WEB_STATS_DAILY, [DAY])
    assert stats(world, "") == [("", 1, 1, 1, 1, 1, 0)]
