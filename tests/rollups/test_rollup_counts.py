"""Counts and people: sums over the rollups are sums over the events."""

from datetime import UTC, date, datetime, timedelta

import pytest
from rollup_world import DAY, NOON, Event, World, session_id

pytestmark = pytest.mark.engines

OLD = datetime(1997, 6, 14, 23, 59, 59, 999_999, tzinfo=UTC)
# In the first project b and a are one.
PERSON = "if(team_id = 1 AND distinct_id = 'b', 'a', distinct_id)"


def some_days(world: World) -> None:
    """Three people of two projects over three days; two of them turn out to be one."""
    for team in (1, 2):
        world.store(
            *(
                Event(
                    NOON + timedelta(hours=7 * number),
                    ("page", "bought")[number % 3 == 0],
                    "abc"[number % 3],
                    team=team,
                )
                for number in range(-6, 7)
            )
        )
    world.merge("b", into="a")
    world.refresh(DAY - timedelta(days=2), DAY + timedelta(days=2))


def test_hours_sum_up_to_the_events_and_their_people(world: World) -> None:
    some_days(world)
    rollup = world.rows(
        "SELECT team_id, event, hour, sum(events), uniqExactMerge(people) FROM event_counts_hourly"
        " GROUP BY ALL ORDER BY ALL"
    )
    events = world.rows(
        f"SELECT team_id, event, toStartOfHour(timestamp) AS hour, count(), uniqExact({PERSON}) FROM events"
        " GROUP BY ALL ORDER BY ALL"
    )
    assert rollup == events
    assert len(rollup) > 20


def test_people_of_hours_unite_to_the_people_of_any_span(world: World) -> None:
    some_days(world)
    people = "SELECT team_id, uniqExactMerge(people) FROM event_counts_hourly GROUP BY team_id ORDER BY team_id"
    assert world.rows(people) == [(1, 2), (2, 3)]


def test_people_of_a_day_are_those_who_did_something_with_how_often(world: World) -> None:
    some_days(world)
    rollup = world.rows(
        "SELECT team_id, day, uniqExact(person_id), sum(events) FROM active_people_daily GROUP BY ALL ORDER BY ALL"
    )
    events = world.rows(
        f"SELECT team_id, toDate32(timestamp) AS day, uniqExact({PERSON}), count() FROM events"
        " GROUP BY ALL ORDER BY ALL"
    )
    assert rollup == events


def test_a_person_has_a_profile_when_one_of_the_events_had(world: World) -> None:
    world.store(
        Event(NOON, distinct_id="ada", has_person=False),
        Event(NOON, distinct_id="ada"),
        Event(NOON, distinct_id="bob", has_person=False),
    )
    world.refresh()
    assert world.rows("SELECT events, has_person FROM active_people_daily ORDER BY events") == [(1, False), (2, True)]


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1900, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        OLD,
        datetime(2001, 2, 3, 4, 5, tzinfo=UTC),
        datetime(2199, 12, 31, 23, tzinfo=UTC),
    ],
    ids=lambda moment: f"{moment:%Y-%m-%d %H:%M}",
)
def test_events_of_any_age_are_counted_on_their_day_and_hour(world: World, moment: datetime) -> None:
    world.store(Event(moment), Event(NOON))
    world.refresh(moment.date())
    hour = moment.replace(minute=0, second=0, microsecond=0)
    assert world.rows("SELECT day, hour, events FROM event_counts_hourly") == [(moment.date(), hour, 1)]
    assert world.rows("SELECT day, events FROM active_people_daily") == [(moment.date(), 1)]


def test_a_build_over_the_first_day_of_unix_time_loses_nothing(world: World) -> None:
    days = [date(1969, 12, 30) + timedelta(days=n) for n in range(4)]
    world.store(*(Event(datetime(day.year, day.month, day.day, 5, tzinfo=UTC)) for day in days))
    world.refresh(days[0], days[-1])
    assert [day for (day,) in world.rows("SELECT day FROM event_counts_hourly ORDER BY day")] == days


def test_days_end_at_midnight_utc(world: World) -> None:
    midnight = datetime(2026, 3, 11, tzinfo=UTC)
    moments = [midnight - timedelta(microseconds=1), midnight]
    world.store(*(Event(moment, properties={"$session_id": session_id(moment)}) for moment in moments))
    world.refresh(DAY, DAY + timedelta(days=1))
    both = [(DAY, 1), (DAY + timedelta(days=1), 1)]
    for table in ("event_counts_hourly", "active_people_daily", "sessions", "web_stats_daily"):
        of_all = "WHERE dimension = ''" if table == "web_stats_daily" else ""
        assert world.rows(f"SELECT day, count() FROM {table} {of_all} GROUP BY day ORDER BY day") == both, table


@pytest.mark.parametrize("undone", [False, True], ids=["overridden", "no longer overridden"])
def test_an_undone_merge_parts_the_people_again(world: World, undone: bool) -> None:
    world.store(Event(NOON, distinct_id="a"), Event(NOON, distinct_id="b"))
    world.merge("b", into="a", version=1)
    world.refresh()
    assert world.rows("SELECT uniqExact(person_id) FROM active_people_daily") == [(1,)]
    world.merge("b", into="a" if undone else "b", version=2, undone=undone)
    world.refresh()
    assert world.rows("SELECT uniqExact(person_id) FROM active_people_daily") == [(2,)]
