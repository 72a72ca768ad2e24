"""Builds: only what changed is made anew, whole days at a time, and no reader sees a day without its rows."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from rollup_world import DAY, NOON, Event, World, session_id

from analytics_pipelines.faults import InjectedFault
from analytics_pipelines.migrations.apply import migrate
from analytics_pipelines.rollups import build
from analytics_pipelines.rollups.build import Builder
from analytics_pipelines.rollups.days import Days
from analytics_pipelines.rollups.tables import ACTIVE_PEOPLE_DAILY, EVENT_COUNTS_HOURLY, ROLLUPS, SESSIONS
from analytics_pipelines.rollups.watermark import Watermark
from resources.clickhouse import ClickHouse

pytestmark = pytest.mark.engines

WEEK = Days(DAY - timedelta(days=7), DAY)


def parts(world: World, table: str) -> dict[str, str]:
    """The parts of a table by partition; a partition that is made anew has another one."""
    return dict(
        world.clickhouse.query(
            "SELECT partition, name FROM system.parts"
            " WHERE active AND database = currentDatabase() AND table = {table:String}",
            {"table": table},
        ).rows
    )


@contextmanager
def meanwhile(point: str, action: Callable[[], None]) -> Iterator[None]:
    """Do something when a build passes a point."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "hit", lambda passed: action() if passed == point else None)
        yield


def a_week(world: World) -> None:
    world.store(
        *(
            Event(moment, properties={"$session_id": session_id(moment)})
            for moment in (NOON - timedelta(days=n) for n in range(8))
        )
    )
    world.refresh(WEEK.first, WEEK.last)


def test_a_late_event_rebuilds_its_day_and_no_other(world: World) -> None:
    a_week(world)
    before = parts(world, "event_counts_hourly")
    late = NOON - timedelta(days=4)
    world.store(Event(late))
    assert world.dirty() == {late.date()}
    built = world.refresh(WEEK.first, WEEK.last)
    after = parts(world, "event_counts_hourly")
    assert {day for day in before if before[day] != after[day]} == {f"{late:%Y%m%d}"}
    assert world.rows("SELECT sum(events) FROM event_counts_hourly") == [(9,)]
    assert built["active_people_daily"] == 1
    assert (built["sessions"], built["web_stats_daily"]) == (3, 5)  # with the days that its session may belong to


def test_nothing_is_built_when_nothing_changed(world: World) -> None:
    a_week(world)
    assert set(world.refresh(WEEK.first, WEEK.last).values()) == {0}
    assert world.dirty() == set()


def test_a_merge_rebuilds_the_days_of_the_merged_id(world: World) -> None:
    a_week(world)
    world.store(Event(NOON, distinct_id="bob"))
    world.refresh()
    world.merge("bob", into="ada")
    assert world.refresh(WEEK.first, WEEK.last)["active_people_daily"] == 1
    assert world.rows("SELECT uniqExact(person_id), sum(events) FROM active_people_daily") == [(1, 9)]


def test_a_day_that_lost_its_last_event_is_empty(world: World) -> None:
    a_week(world)
    world.clickhouse.command("DELETE FROM events WHERE toDate32(timestamp) = {day:Date32}", {"day": DAY})
    world.touch((1, DAY))
    world.refresh()
    for table in ("event_counts_hourly", "active_people_daily", "sessions", "web_stats_daily"):
        assert world.rows(f"SELECT max(day) FROM {table}") == [(DAY - timedelta(days=1),)], table


def test_a_rebuild_of_days_makes_them_anew_though_nothing_changed(world: World) -> None:
    a_week(world)
    world.clickhouse.command("TRUNCATE TABLE event_counts_hourly")
    built = world.builder.rebuild(EVENT_COUNTS_HOURLY, list(WEEK))
    assert (built.days, built.rows) == (8, 8)
    assert world.rows("SELECT sum(events) FROM event_counts_hourly") == [(8,)]


def test_a_day_touched_while_it_is_built_stays_dirty(world: World) -> None:
    world.store(Event(NOON))
    with meanwhile("rollups.after_stage", lambda: world.store(Event(NOON))):
        world.builder.rebuild(EVENT_COUNTS_HOURLY, [DAY])
    for rollup in ROLLUPS:
        if rollup != EVENT_COUNTS_HOURLY:
            world.builder.refresh(rollup, Days(DAY, DAY))
    world.builder.watermark.clear(Days(DAY, DAY))
    assert world.dirty() == {DAY}
    assert world.builder.watermark.stale_days(EVENT_COUNTS_HOURLY, Days(DAY, DAY)) == [DAY]
    world.refresh()
    assert world.rows("SELECT sum(events) FROM event_counts_hourly") == [(2,)]
    assert world.dirty() == set()


def test_a_day_is_cleared_only_when_every_table_holds_it(world: World) -> None:
    world.store(Event(NOON))
    for rollup in ROLLUPS:
        world.builder.watermark.clear(WEEK)
        assert world.dirty() == {DAY}
        world.builder.refresh(rollup, Days(DAY, DAY))
    assert world.builder.watermark.clear(WEEK) == 1
    assert world.dirty() == set()


def test_a_build_that_was_killed_is_mended_by_the_next(world: World) -> None:
    a_week(world)
    world.store(*(Event(NOON - timedelta(days=n)) for n in range(8)))

    def die() -> None:
        raise InjectedFault

    for place in ("rollups.after_stage", "rollups.after_day"):
        with meanwhile(place, die), pytest.raises(InjectedFault):
            world.refresh(WEEK.first, WEEK.last)
    world.clickhouse.command("CREATE TABLE building_event_counts_hourly_left AS event_counts_hourly")
    world.refresh(WEEK.first, WEEK.last)
    assert world.rows("SELECT sum(events), uniqExact(day) FROM event_counts_hourly") == [(16, 8)]
    assert (
        world.rows("SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE 'building%'") == []
    )


def test_a_reader_never_sees_a_day_without_its_rows(world: World, reader: ClickHouse) -> None:
    world.store(*(Event(NOON + timedelta(minutes=n), distinct_id=f"{n}") for n in range(300)))
    world.builder.rebuild(ACTIVE_PEOPLE_DAILY, [DAY])
    seen, over = set(), threading.Event()

    def read() -> None:
        while not over.is_set():
            seen.add(reader.query("SELECT count(), sum(events) FROM active_people_daily").one())

    thread = threading.Thread(target=read)
    thread.start()
    try:
        for _ in range(15):
            world.builder.rebuild(ACTIVE_PEOPLE_DAILY, [DAY])
    finally:
        over.set()
        thread.join()
    assert seen == {(300, 300)}


def test_two_builders_at_once_make_what_one_makes(world: World) -> None:
    world.store(*(Event(NOON - timedelta(days=n % 8)) for n in range(80)))
    builders = [Builder(world.postgres, world.clickhouse, bounce_seconds=10) for _ in range(3)]
    threads = [threading.Thread(target=builder.rebuild, args=(EVENT_COUNTS_HOURLY, list(WEEK))) for builder in builders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert world.rows("SELECT sum(events), uniqExact(day) FROM event_counts_hourly") == [(80, 8)]


def test_a_reader_knows_which_days_to_take_from_the_events(world: World) -> None:
    a_week(world)
    watermark = Watermark(world.postgres, bounce_seconds=10)
    for rollup in ROLLUPS:
        assert watermark.live_days([rollup], 1, WEEK)[rollup.name] == []
    world.store(Event(NOON - timedelta(days=3), team=2))
    assert watermark.live_days([EVENT_COUNTS_HOURLY], 1, WEEK)[EVENT_COUNTS_HOURLY.name] == []
    assert watermark.live_days([EVENT_COUNTS_HOURLY], 2, WEEK)[EVENT_COUNTS_HOURLY.name] == [DAY - timedelta(days=3)]
    assert watermark.live_days([SESSIONS], 2, WEEK)[SESSIONS.name] == [DAY - timedelta(days=n) for n in (4, 3, 2)]


def test_live_rows_of_a_day_are_those_that_a_build_makes(world: World) -> None:
    a_week(world)
    world.merge("ada", into="bob")
    world.refresh(WEEK.first, WEEK.last)
    for rollup in ROLLUPS:
        columns = f"SELECT * REPLACE ({_finished(rollup.name)}) FROM" if _finished(rollup.name) else "SELECT * FROM"
        live = world.clickhouse.query(
            f"{columns} ({rollup.select(10, live=True)}) ORDER BY ALL",
            {"first": WEEK.first, "last": WEEK.last, "teams": [1]},
        )
        assert live.rows == world.rows(f"{columns} {rollup.name} ORDER BY ALL"), rollup.name
        assert live.rows


def test_another_version_of_the_sql_has_every_day_built_again(world: World) -> None:
    a_week(world)
    world.builder = Builder(world.postgres, world.clickhouse, bounce_seconds=20, now=lambda: NOON)
    assert Watermark(world.postgres, 20).live_days([SESSIONS], 1, WEEK)[SESSIONS.name] == list(WEEK)
    overdue = world.builder.watermark.overdue(DAY, NOON + timedelta(hours=1), timedelta(minutes=10), most=3)
    assert len(overdue) == 3
    built = world.refresh(WEEK.first, WEEK.last)
    assert (built["event_counts_hourly"], built["sessions"] >= 8) == (0, True)


def test_tables_that_were_made_anew_hold_nothing(world: World) -> None:
    a_week(world)
    world.clickhouse.command(f"DROP DATABASE {world.clickhouse.database} SYNC")
    migrate(world.postgres, world.clickhouse, None)
    world.touch(*((1, day) for day in WEEK))  # as loading everything again does
    assert world.builder.watermark.live_days([EVENT_COUNTS_HOURLY], 1, WEEK)[EVENT_COUNTS_HOURLY.name] == list(WEEK)


def test_overdue_days_are_those_that_waited_longest_and_were_not_just_built(world: World) -> None:
    days = [date(1997, 6, 1), date(2020, 1, 1), DAY]
    for day in reversed(days):
        world.store(Event(datetime(day.year, day.month, day.day, tzinfo=UTC)))
    watermark, pause = world.builder.watermark, timedelta(minutes=10)
    assert [one.day for one in watermark.overdue(DAY, NOON, pause, 10)] == [days[1], days[0]]
    assert [one.day for one in watermark.overdue(DAY, NOON, pause, 1)] == [days[1]]
    world.refresh(days[1])
    world.store(Event(datetime(2020, 1, 1, tzinfo=UTC)))
    soon, later = NOON + timedelta(minutes=9), NOON + timedelta(minutes=11)
    assert [one.day for one in watermark.overdue(DAY, soon, pause, 10)] == [days[0]]
    assert [one.day for one in watermark.overdue(DAY, later, pause, 10)] == [days[0], days[1]]


def test_days_before_a_day_are_found_however_old(world: World) -> None:
    world.store(*(Event(datetime(year, 5, 6, tzinfo=UTC)) for year in (1900, 1969, 1970, 1997, 2026)))
    assert world.builder.days_before(date(2015, 1, 1)) == [date(year, 5, 6) for year in (1900, 1969, 1970, 1997)]


def _finished(table: str) -> str:
    return {
        "event_counts_hourly": "finalizeAggregation(people) AS people",
        "web_stats_daily": "finalizeAggregation(visitors) AS visitors",
    }.get(table, "")
