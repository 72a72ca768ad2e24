"""Each math of a trend, on histories small enough to count by hand."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from trends_history import NOW, Asker, Event, question, store

from analytics_pipelines.insights.team import Team
from analytics_pipelines.insights.trends import plan
from analytics_pipelines.sql.errors import QueryError
from resources.clickhouse import ClickHouse

pytestmark = pytest.mark.engines

_teams = count(1)
# 6, 7 and 8 May 2024
THREE_DAYS = {"date_from": "-2d"}


@pytest.fixture
def asker(shared_clickhouse: ClickHouse) -> Asker:
    return Asker(shared_clickhouse, Team(next(_teams), group_types={0: "kind 0", 1: "kind 1"}))


def known(asker: Asker, *events: Event) -> None:
    store(asker.clickhouse, [replace(event, team=asker.team.id) for event in events])


def view(person: int, at: str, groups: dict[int, str] | None = None, **properties: Any) -> Event:
    return Event("view", person, f"2024-{at}", properties, groups or {})


def math(asker: Asker, name: str, **more: Any) -> list[float]:
    series = {"event": "view", "math": name, **more.pop("series", {})}
    (data,) = asker.data(**{"series": [series], "dateRange": THREE_DAYS, **more})
    return data


def total(asker: Asker, name: str, **more: Any) -> float:
    (found,) = asker.total(series=[{"event": "view", "math": name, **more}], dateRange=THREE_DAYS)
    return found


def price(asker: Asker, name: str) -> list[float]:
    return math(asker, name, series={"math_property": "price"})


def test_numbers_of_properties(asker: Asker) -> None:
    prices = [1, 2, 10, "4.5", "much", None, True, {"a": 1}, "inf"]
    known(asker, *(view(1, "05-06 10:00", price=each) for each in prices), view(1, "05-07 10:00", price=-3))
    known(asker, view(1, "05-08 10:00"))
    assert price(asker, "sum") == [17.5, -3, 0]
    assert price(asker, "avg") == [17.5 / 4, -3, 0]
    assert price(asker, "min") == [1, -3, 0]
    assert price(asker, "max") == [10, -3, 0]
    assert price(asker, "median") == [3.25, -3, 0]  # between 2 and 4.5
    assert price(asker, "p75") == pytest.approx([5.875, -3, 0])
    assert price(asker, "p90") == pytest.approx([8.35, -3, 0])
    assert price(asker, "p95") == pytest.approx([9.175, -3, 0])
    assert price(asker, "p99") == pytest.approx([9.835, -3, 0])
    assert total(asker, "sum", math_property="price") == 14.5
    assert total(asker, "median", math_property="price") == 2


def test_a_percentile_is_exact_however_many_values_there_are(asker: Asker) -> None:
    known(asker, *(view(1, "05-08 10:00", price=each) for each in range(20_001)))
    assert price(asker, "p90")[2] == 18_000
    assert price(asker, "p99")[2] == 19_800


def test_a_multiplier_is_applied_to_each_value_or_to_the_count(asker: Asker) -> None:
    known(asker, view(1, "05-08 10:00", price=5), view(1, "05-08 10:00", price=7))
    assert math(asker, "sum", series={"math_property": "price", "math_multiplier": 0.5}) == [0, 0, 6]
    assert math(asker, "min", series={"math_property": "price", "math_multiplier": -1}) == [0, 0, -7]
    assert math(asker, "total", series={"math_multiplier": 10}) == [0, 0, 20]


def test_time_of_the_event_as_a_number(asker: Asker) -> None:
    known(asker, view(1, "05-08 10:00:00.9"), view(1, "05-08 10:00:02"))
    assert (
        math(asker, "max", series={"math_property": "$time"})[2]
        == datetime(2024, 5, 8, 10, 0, 2, tzinfo=UTC).timestamp()
    )
    assert math(asker, "min", series={"math_property": "$time"})[2] == datetime(2024, 5, 8, 10, tzinfo=UTC).timestamp()


def test_a_session_counts_once_whatever_its_events(asker: Asker) -> None:
    sessions = {f"018f5{n}00-0000-7000-8000-000000000000": seconds for n, seconds in enumerate((10, 100, 0))}
    for session, seconds in sessions.items():
        asker.clickhouse.command(
            "INSERT INTO sessions (team_id, session_id, day, distinct_id, person_id, start, `end`, duration)"
            f" VALUES ({asker.team.id}, '{session}', '2024-05-06', 'd', generateUUIDv4(), now(), now(), {seconds})"
        )
    ten, hundred, none = sessions
    known(
        asker,
        *(view(1, f"05-07 10:0{n}", **{"$session_id": ten}) for n in range(5)),
        view(1, "05-07 11:00", **{"$session_id": hundred}),
        view(1, "05-08 11:00", **{"$session_id": hundred}),
        view(1, "05-08 12:00", **{"$session_id": none}),
        view(1, "05-08 12:00", **{"$session_id": "unknown"}),
        view(1, "05-08 12:00"),
    )
    assert math(asker, "avg", series={"math_property": "$session_duration"}) == [0, 55, 50]
    assert math(asker, "median", series={"math_property": "$session_duration"}) == [0, 55, 50]
    assert math(asker, "sum", series={"math_property": "$session_duration"}) == [0, 110, 100]
    assert total(asker, "sum", math_property="$session_duration") == 110
    by = {"breakdowns": [{"property": "$session_duration", "type": "session"}]}
    shown = asker.values(dateRange=THREE_DAYS, breakdownFilter=by)
    assert shown["100",] == [0, 1, 1]
    assert shown["10",] == [0, 5, 0]
    assert math(asker, "unique_session") == [0, 2, 3]  # without a session is no session
    assert total(asker, "unique_session") == 4


def test_properties_of_persons(asker: Asker) -> None:
    for person, age in ((1, 20), (2, 40)):
        asker.clickhouse.insert_rows(
            "persons",
            [[asker.team.id, UUID(int=person), NOW, json.dumps({"age": age}), True, 1, 0]],
            ["team_id", "id", "created_at", "properties", "is_identified", "version", "is_deleted"],
        )
    known(asker, view(1, "05-08 10:00"), view(2, "05-08 10:00"), view(3, "05-08 10:00"))
    assert math(asker, "avg", series={"math_property": "age", "math_property_type": "person_properties"}) == [0, 0, 30]
    by = {"breakdown": "age", "breakdown_type": "person"}
    shown = asker.values(dateRange=THREE_DAYS, breakdownFilter=by)
    assert list(shown) == ["20", "40", "$$_posthog_breakdown_null_$$"]


def test_groups(asker: Asker) -> None:
    known(
        asker,
        view(1, "05-07 10:00", {0: "acme"}),
        view(2, "05-07 10:00", {0: "acme"}),
        view(3, "05-07 10:00", {0: "initech", 1: "pro"}),
        view(4, "05-07 10:00", {0: ""}),
        view(4, "05-08 10:00"),
    )
    assert math(asker, "unique_group", series={"math_group_type_index": 0}) == [0, 2, 0]
    assert math(asker, "unique_group", series={"math_group_type_index": 1}) == [0, 1, 0]
    assert math(asker, "dau") == [0, 4, 1]
    assert math(asker, "dau", aggregation_group_type_index=0) == [0, 2, 0]
    assert math(asker, "max_count_per_actor", aggregation_group_type_index=0) == [0, 2, 0]
    assert math(asker, "first_time_for_user", aggregation_group_type_index=0) == [0, 2, 0]
    assert math(asker, "total", aggregation_group_type_index=0) == [0, 4, 1]
    asked: dict[str, Any] = {"series": [{"event": "view", "math": "unique_group", "math_group_type_index": 0}]}
    assert asker.actors({"day": "2024-05-07"}, **asked) == {"acme", "initech"}
    by = {"breakdown": "", "breakdown_type": "event"}
    assert math(asker, "dau", breakdownFilter=by) == [0, 4, 1]


def test_events_of_each_actor(asker: Asker) -> None:
    times = {1: 1, 2: 2, 3: 6}
    known(asker, *(view(person, "05-07 10:00") for person, n in times.items() for _ in range(n)))
    known(asker, view(1, "05-08 10:00"))
    assert math(asker, "avg_count_per_actor") == [0, 3, 1]
    assert math(asker, "min_count_per_actor") == [0, 1, 1]
    assert math(asker, "max_count_per_actor") == [0, 6, 1]
    assert math(asker, "median_count_per_actor") == [0, 2, 1]
    assert math(asker, "p75_count_per_actor") == [0, 4, 1]
    assert math(asker, "p99_count_per_actor") == pytest.approx([0, 5.92, 1])
    assert total(asker, "median_count_per_actor") == 2
    assert total(asker, "min_count_per_actor") == 2


def test_the_active_of_the_last_days(asker: Asker) -> None:
    known(
        asker,
        view(1, "05-01 00:00"),  # a week before the 8th: not one of the seven days that end with it
        view(2, "05-02 00:00"),
        view(3, "05-08 15:00"),
        view(3, "05-07 15:00"),
        view(4, "04-08 12:00"),
        view(5, "04-09 12:00"),
    )
    assert math(asker, "weekly_active") == [2, 3, 2]
    assert math(asker, "monthly_active") == [4, 5, 4]
    assert asker.actors({"day": "2024-05-07"}, series=[{"event": "view", "math": "weekly_active"}]) == {1, 2, 3}
    assert asker.actors({"day": "2024-05-08"}, series=[{"event": "view", "math": "weekly_active"}]) == {2, 3}
    # of a total: the last days of the range
    assert total(asker, "weekly_active") == 2
    assert total(asker, "monthly_active") == 4
    # a bucket as long as the window: just the unique
    assert math(asker, "weekly_active", interval="week") == [1]
    assert math(asker, "monthly_active", interval="week") == [4]  # 7 April to 5 May
    assert math(asker, "monthly_active", interval="month") == [3]
    assert math(asker, "weekly_active", trendsFilter={"display": "ActionsLineGraphCumulative"}) == [0, 1, 1]


def test_the_active_before_an_hour(asker: Asker) -> None:
    known(asker, view(1, "05-01 12:00"), view(2, "05-08 12:30"))
    hours = {"date_from": "2024-05-08T11:00:00", "date_to": "2024-05-08T13:59:59"}
    assert math(asker, "weekly_active", interval="hour", dateRange=hours) == [1, 1, 1]
    later = {"date_from": "2024-05-08T13:00:00", "date_to": "2024-05-08T13:59:59"}
    assert math(asker, "weekly_active", interval="hour", dateRange=later) == [1]


def test_the_first_time_ever(asker: Asker) -> None:
    known(
        asker,
        view(1, "04-01 10:00"),
        view(1, "05-07 10:00"),
        view(2, "05-07 10:00", plan="pro"),
        view(2, "05-08 10:00"),
        view(3, "05-07 10:00"),
        view(3, "05-08 10:00", plan="pro"),
        Event("other", 4, "2024-05-06 10:00"),
        view(4, "05-08 10:00", plan="pro"),
        view(5, "05-09 10:00"),
    )
    pro = {"properties": [{"key": "plan", "value": ["pro"], "operator": "exact", "type": "event"}]}
    assert math(asker, "first_time_for_user") == [0, 2, 1]
    assert math(asker, "first_time_for_user", series=pro) == [0, 1, 1]
    assert math(asker, "first_time_for_user", **pro) == [0, 1, 1]
    assert math(asker, "first_matching_event_for_user", series=pro) == [0, 1, 2]
    assert total(asker, "first_time_for_user") == 3
    series = [{"event": "view", "math": "first_time_for_user"}]
    assert asker.actors({"day": "2024-05-07"}, series=series, dateRange=THREE_DAYS) == {2, 3}
    by = {"breakdown": "plan"}
    shown = asker.values(series=series, dateRange=THREE_DAYS, breakdownFilter=by)
    assert shown == {"pro": [0, 1, 1], "$$_posthog_breakdown_null_$$": [0, 1, 0]}
    found = asker.actors({"day": "2024-05-08", "breakdown": "pro"}, series=series, breakdownFilter=by)
    assert found == {4}


def test_expressions(asker: Asker) -> None:
    known(asker, view(1, "05-07 10:00", price=3), view(2, "05-07 10:00", price=4), view(1, "05-08 10:00"))
    found = math(asker, "hogql", series={"math_hogql": "sum(toFloat(properties.price)) / count(DISTINCT person_id)"})
    assert found == [0, 3.5, 0]
    assert math(asker, "hogql", series={"math_hogql": "count() / 0"}) == [0, 0, 0]
    with pytest.raises(QueryError, match="does not give a number"):
        math(asker, "hogql", series={"math_hogql": "max(event)"})


@pytest.mark.parametrize(
    ("series", "said"),
    [
        ({"math": "quine"}, "quine"),
        ({"math": "sum"}, "math_property"),
        ({"math": "hogql"}, "math_hogql"),
        ({"math": "unique_group"}, "math_group_type_index"),
        ({"math": "quine_count_per_actor"}, "quine"),
        ({"math": "sum", "math_property": "x", "math_property_type": "data_warehouse_properties"}, "data_warehouse"),
        ({"math": "sum", "math_property": "x", "math_property_revenue_currency": {"static": "EUR"}}, "currency"),
    ],
)
def test_maths_that_can_not_be(asker: Asker, series: dict[str, Any], said: str) -> None:
    with pytest.raises(QueryError, match=said):
        asker.rows(series=[{"event": "view", **series}])


def test_what_is_cumulated(asker: Asker) -> None:
    known(
        asker,
        view(1, "05-05 10:00"),
        *(view(1, f"05-0{day} 10:00", **{"$session_id": "s"}) for day in (6, 7, 8)),
        view(2, "05-07 10:00"),
        view(2, "05-07 11:00"),
    )
    cumulative = {"trendsFilter": {"display": "ActionsLineGraphCumulative"}}
    assert math(asker, "total", **cumulative) == [1, 4, 5]
    assert math(asker, "dau", **cumulative) == [1, 2, 2]  # each once, at the first appearance within the range
    assert math(asker, "unique_session", **cumulative) == [1, 1, 1]
    (row,) = asker.rows(series=[{"event": "view", "math": "dau"}], dateRange=THREE_DAYS, **cumulative)
    assert row["count"] == 2
    asked: dict[str, Any] = {"series": [{"event": "view", "math": "dau"}], "dateRange": THREE_DAYS, **cumulative}
    assert asker.actors({"day": "2024-05-06"}, **asked) == {1}
    assert asker.actors({"day": "2024-05-08"}, **asked) == {1, 2}


def test_people_of_a_point(asker: Asker) -> None:
    known(asker, view(1, "05-07 10:00"), view(1, "05-07 10:00"), view(2, "05-08 10:00"), Event("buy", 3, "2024-05-08"))
    series = {"series": [{"event": "view"}, {"event": "buy"}]}
    assert asker.actors({"day": "2024-05-07"}, **series) == {1}
    assert asker.actors({"day": "2024-05-07T00:00:00Z"}, **series) == {1}
    assert asker.actors({"day": "2024-05-08", "series": 1}, **series) == {3}
    assert asker.actors({}, **series, trendsFilter={"display": "BoldNumber"}) == {1, 2}
    for point in ({"day": "2023-01-01"}, {"day": "x"}, {"series": 2}, {"compare": "previous"}):
        with pytest.raises(QueryError):
            asker.actors(point, **series)
    with pytest.raises(QueryError, match="series"):
        asker.actors({"day": "2024-05-07"}, **series, trendsFilter={"formula": "A+B"})


def test_an_hour_ago_is_now(asker: Asker) -> None:
    known(asker, view(1, "05-08 15:30:59"), view(1, "05-08 15:29:01"))
    (row,) = Asker(asker.clickhouse, asker.team, NOW.replace(second=59)).rows(
        interval="second", dateRange={"date_from": "2024-05-08T15:30:58", "date_to": "2024-05-08T15:31:00"}
    )
    assert row["data"] == [0, 1, 0]
    assert row["labels"] == ["8-May 15:30:58", "8-May 15:30:59", "8-May 15:31:00"]


def test_box_plots(asker: Asker) -> None:
    known(asker, *(view(1, "05-07 10:00", price=each) for each in (1, 2, 3, 4, 10, "much")))
    asked = question(
        series=[{"event": "view", "math": "avg", "math_property": "price"}],
        dateRange={"date_from": "-1d"},
        trendsFilter={"display": "BoxPlot"},
    )
    made = plan(asked, asker.context)
    (compiled,) = made.statements
    first, second = made.answer([asker.clickhouse.query(compiled.sql, compiled.parameters).rows])["boxplot_data"]
    assert first == {
        "day": "2024-05-07",
        "label": "7-May-2024",
        "series_index": 0,
        "series_label": "view",
        "min": 1,
        "p25": 2,
        "median": 3,
        "p75": 4,
        "max": 10,
        "mean": 4,
    }
    assert [second[name] for name in ("day", "min", "median", "max", "mean")] == ["2024-05-08", 0, 0, 0, 0]
    with pytest.raises(QueryError, match="property"):
        plan(question(trendsFilter={"display": "BoxPlot"}), asker.context)
