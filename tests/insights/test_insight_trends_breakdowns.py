"""Breakdowns, comparison, formulas and smoothing of trends, by hand."""

from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any

import pytest
from trends_history import Asker, Event, store

from analytics_pipelines.insights.team import Action, Team
from analytics_pipelines.insights.trends import ranked
from analytics_pipelines.sql.errors import QueryError
from resources.clickhouse import ClickHouse

pytestmark = pytest.mark.engines

NONE, OTHER = "$$_posthog_breakdown_null_$$", "$$_posthog_breakdown_other_$$"
# 7 and 8 May 2024
TWO_DAYS = {"date_from": "-1d"}
_teams = count(1)


@pytest.fixture
def asker(shared_clickhouse: ClickHouse) -> Asker:
    buying = Action(5, "Buying", ({"event": "buy"},))
    team = Team(next(_teams), actions={5: buying}, cohorts={7: "Friends", 8: "Rich"}, group_types={0: "kind 0"})
    return Asker(shared_clickhouse, team)


def known(asker: Asker, *events: Event) -> None:
    store(asker.clickhouse, [replace(event, team=asker.team.id) for event in events])


def view(person: int, at: str, **properties: Any) -> Event:
    return Event("view", person, f"2024-{at}", properties)


def by(*properties: Any, **more: Any) -> dict[str, Any]:
    """A question about two days, broken down by properties of events, or by whole breakdowns."""
    breakdowns = [each if isinstance(each, dict) else {"property": each} for each in properties]
    filters = {"breakdowns": breakdowns, **more.pop("filters", {})}
    return {"dateRange": TWO_DAYS, "breakdownFilter": filters, **more}


def test_values_are_texts_the_greatest_first_and_none_at_the_end(asker: Asker) -> None:
    values: list[Any] = ["b", "b", "a", "a", "", None, None, True, 2, 2.5, {"x": 1}]
    known(asker, *(view(1, "05-08 10:00", v=each) for each in values), view(1, "05-07 10:00"), view(1, "05-07 10:00"))
    shown = asker.values(dateRange=TWO_DAYS, breakdownFilter={"breakdown": "v"})
    assert list(shown) == ["a", "b", "2", "2.5", "true", '{"x":1}', NONE]
    assert (shown["a"], shown[NONE]) == ([0, 2], [2, 3])


def test_what_finds_no_place_is_other(asker: Asker) -> None:
    known(
        asker,
        *(view(person, "05-08 10:00", v="big") for person in (1, 2, 3)),
        *(view(person, "05-07 10:00", v="mid") for person in (1, 2)),
        view(4, "05-08 10:00", v="x"),
        view(4, "05-08 10:00", v="y"),
        view(5, "05-08 10:00", v="z"),
    )
    shown = asker.values(**by("v", filters={"breakdown_limit": 2}))
    assert shown == {("big",): [0, 3], ("mid",): [2, 0], (OTHER,): [0, 3]}
    unique: dict[str, Any] = by("v", filters={"breakdown_limit": 2}, series=[{"event": "view", "math": "dau"}])
    assert asker.values(**unique)[(OTHER,)] == [0, 2]  # one person with two values is one person
    assert asker.actors({"day": "2024-05-08", "breakdown": [OTHER]}, **unique) == {4, 5}
    hidden = by("v", filters={"breakdown_limit": 2, "breakdown_hide_other_aggregation": True})
    assert list(asker.values(**hidden)) == [("big",), ("mid",)]


def test_many_points_are_counted_as_few_are(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    values = ["often"] * 4 + ["seldom"] * 3 + ["rare", "rarer", "", None]
    days = ("05-07", "05-08")
    known(
        asker,
        *(view(n, f"{days[n % 2]} 1{n % 3}:00", v=value, w=n % 2) for n, value in enumerate(values)),
        view(9, days[0]),
    )
    asked = [
        by("v", filters={"breakdown_limit": 2}, interval="hour"),
        by("v", "w", filters={"breakdown_limit": 3}),
        by("v", trendsFilter={"display": "BoldNumber"}),
    ]
    few = [asker.values(**each) for each in asked]
    monkeypatch.setattr(ranked, "_MAX_POINTS", 1)
    assert [asker.values(**each) for each in asked] == few
    assert sum(sum(points) for points in few[0].values()) == len(values) + 1


def test_there_are_25_values_unless_somebody_says_otherwise(asker: Asker) -> None:
    known(asker, *(view(1, "05-08 10:00", v=str(n)) for n in range(30)))
    assert len(asker.values(**by("v"))) == 26
    assert len(asker.values(**by("v", filters={"breakdown_limit": 30}))) == 30
    assert len(asker.values(**by("v", trendsFilter={"display": "WorldMap"}))) == 30
    assert list(asker.values(**by("v"))) == [*sorted((str(n),) for n in range(30))[:25], (OTHER,)]


def test_a_value_may_be_of_several_properties(asker: Asker) -> None:
    known(asker, view(1, "05-08 10:00", a="x", b=1), view(2, "05-08 10:00", a="x"), view(3, "05-08 10:00", a="x", b=1))
    rows = asker.rows(**by("a", "b", "c"))
    assert [(row["breakdown_value"], row["label"], row["count"]) for row in rows] == [
        (["x", "1", NONE], f"x::1::{NONE}", 2),
        (["x", NONE, NONE], f"x::{NONE}::{NONE}", 1),
    ]
    assert asker.actors({"breakdown": ["x", "1", NONE]}, **by("a", "b", "c")) == {1, 3}


def test_series_have_values_of_their_own(asker: Asker) -> None:
    known(asker, view(1, "05-08 10:00", v="a"), Event("buy", 2, "2024-05-08", {"v": "b"}))
    rows = asker.rows(**by("v", series=[{"event": "view"}, {"kind": "ActionsNode", "id": 5}]))
    assert [(row["label"], row["action"]["order"], row["action"]["type"]) for row in rows] == [
        ("view - a", 0, "events"),
        ("Buying - b", 1, "actions"),
    ]


def test_values_of_other_things(asker: Asker) -> None:
    known(
        asker,
        Event("view", 1, "2024-05-08 10:00", {"price": 3}, {0: "acme"}),
        Event("view", 2, "2024-05-08 10:00", {"price": 5}, {}),
    )
    number = {"property": "toFloat(properties.price) > 4", "type": "hogql"}
    assert asker.values(**by(number)) == {("0",): [0, 1], ("1",): [0, 1]}
    assert asker.values(**by({"property": "distinct_id", "type": "event_metadata"})) == {("1",): [0, 1], ("2",): [0, 1]}
    for kind in ({"property": "plan", "type": "group", "group_type_index": 0}, {"property": "plan", "type": "person"}):
        assert asker.values(**by(kind)) == {(NONE,): [0, 2]}
    assert asker.values(**by({"property": "$channel_type", "type": "session"})) == {(NONE,): [0, 2]}


def test_addresses_without_their_tails(asker: Asker) -> None:
    urls = ["/a", "/a/", "/a?", "/a/#", "/", "", "/a/b"]
    known(asker, *(view(1, "05-08 10:00", url=each) for each in urls))
    shown = asker.values(**by({"property": "url", "normalize_url": True}))
    assert shown == {("/a",): [0, 4], ("/",): [0, 1], ("/a/b",): [0, 1], (NONE,): [0, 1]}


def test_numbers_in_bins(asker: Asker) -> None:
    values = [0, 1, 2.4, 2.5, 5, 7.5, 9.9, 10, "x", None]
    known(asker, *(view(1, "05-08 10:00", v=each) for each in values), view(1, "04-01 10:00", v=1000))
    shown = asker.values(**by({"property": "v", "histogram_bin_count": 4}))
    assert shown == {
        ("[0,2.5]",): [0, 3],
        ("[7.5,10.01]",): [0, 3],
        ("[2.5,5]",): [0, 1],
        ("[5,7.5]",): [0, 1],
        ('["",""]',): [0, 2],
    }
    legacy = {"breakdown": "v", "breakdown_histogram_bin_count": 4}
    assert asker.values(dateRange=TWO_DAYS, breakdownFilter=legacy)["[2.5,5]"] == [0, 1]
    assert asker.actors({"breakdown": ["[2.5,5]"]}, **by({"property": "v", "histogram_bin_count": 4})) == {1}


def test_bins_of_one_number_and_of_none(asker: Asker) -> None:
    binned = by({"property": "v", "histogram_bin_count": 4})
    assert asker.values(**binned) == {}
    known(asker, view(1, "05-08 10:00"))
    assert asker.values(**binned) == {('["",""]',): [0, 1]}
    known(asker, view(1, "05-08 10:00", v=3))
    assert asker.values(**binned) == {("[3,3.01]",): [0, 1], ('["",""]',): [0, 1]}


def test_cohorts_may_share_people(asker: Asker) -> None:
    known(asker, *(view(person, "05-08 10:00") for person in (1, 2, 3)))
    asker.clickhouse.command(
        "INSERT INTO cohort_people (team_id, cohort_id, person_id) SELECT "
        f"{asker.team.id}, c.1, toUUID(concat('00000000-0000-0000-0000-00000000000', toString(c.2)))"
        " FROM (SELECT arrayJoin([(7, 1), (7, 2), (8, 2)]) AS c)"
    )
    filters = {"breakdown": [7, "all", 8], "breakdown_type": "cohort"}
    rows = asker.rows(dateRange=TWO_DAYS, breakdownFilter=filters)
    assert [(row["label"], row["breakdown_value"], row["data"]) for row in rows] == [
        ("Friends", 7, [0, 2]),
        ("all users", "all", [0, 3]),
        ("Rich", 8, [0, 1]),
    ]
    asked: dict[str, Any] = {"dateRange": TWO_DAYS, "breakdownFilter": filters}
    assert asker.actors({"breakdown": 7, "day": "2024-05-08"}, **asked) == {1, 2}
    assert asker.actors({"breakdown": "all"}, **asked) == {1, 2, 3}
    with pytest.raises(QueryError, match="no cohort 9"):
        asker.rows(breakdownFilter={"breakdown": 9, "breakdown_type": "cohort"})
    with pytest.raises(QueryError, match="combined"):
        asker.rows(**by({"property": 7, "type": "cohort"}, "v"))


def test_each_period_lists_its_own_values(asker: Asker) -> None:
    known(asker, view(1, "05-08 10:00", v="new"), view(1, "05-01 10:00", v="old"), view(1, "04-30 09:00", v="older"))
    rows = asker.rows(breakdownFilter={"breakdown": "v"}, compareFilter={"compare": True})
    found = [(row["compare_label"], row["breakdown_value"], row["data"], row["days"][0]) for row in rows]
    assert found == [
        ("current", "new", [0] * 7 + [1], "2024-05-01"),
        ("current", "old", [1] + [0] * 7, "2024-05-01"),
        ("previous", "old", [0] * 7 + [1], "2024-04-24"),
        ("previous", "older", [0] * 6 + [1, 0], "2024-04-24"),
    ]
    assert all(row["compare"] is True for row in rows)
    asked: dict[str, Any] = {"compareFilter": {"compare": True}}
    assert asker.actors({"day": "2024-04-30", "compare": "previous"}, **asked) == {1}


def test_totals_are_compared_too(asker: Asker) -> None:
    known(asker, view(1, "05-08 10:00"), view(1, "05-06 10:00"), view(2, "05-06 10:00"))
    found = asker.total(dateRange=TWO_DAYS, compareFilter={"compare": True})
    assert found == [1, 2]
    found = asker.total(dateRange=TWO_DAYS, compareFilter={"compare": True, "compare_to": "-1w"})
    assert found == [1, 0]


def formula(asker: Asker, text: str, **more: Any) -> list[dict[str, Any]]:
    series = [{"event": "view"}, {"event": "buy", "math": "dau"}]
    return asker.rows(**{"series": series, "dateRange": TWO_DAYS, "trendsFilter": {"formula": text}, **more})


def test_formulas_point_by_point(asker: Asker) -> None:
    known(asker, view(1, "05-07 10:00"), view(1, "05-08 10:00"), Event("buy", 2, "2024-05-08"))
    (row,) = formula(asker, "(A + B) * 10")
    assert (row["label"], row["data"], row["count"], row["action"]) == ("Formula ((A + B) * 10)", [10, 20], 30, None)
    assert formula(asker, "A/B")[0]["data"] == [0, 1]
    assert formula(asker, "-A + 2.5")[0]["data"] == [1.5, 1.5]
    nodes = {"formulaNodes": [{"formula": "A+B"}, {"formula": "a*2", "custom_name": "Twice"}]}
    rows = formula(asker, "", trendsFilter=nodes)
    assert [(row["label"], row["data"]) for row in rows] == [("Formula (A+B)", [1, 2]), ("Twice", [2, 2])]
    assert [row["data"] for row in formula(asker, "", trendsFilter={"formulas": ["A", "B"]})] == [[1, 1], [0, 1]]
    (row,) = formula(asker, "", trendsFilter={"formula": "A/B", "display": "BoldNumber"})
    assert (row["aggregated_value"], row["data"], row["days"]) == (2, [], [])


def test_formulas_by_value_and_by_period(asker: Asker) -> None:
    known(
        asker,
        view(1, "05-07 10:00", v="a"),
        view(1, "05-08 10:00", v="a"),
        Event("buy", 2, "2024-05-08", {"v": "b"}),
        view(1, "05-06 10:00"),
    )
    rows = formula(asker, "A+2*B", breakdownFilter={"breakdown": "v"})
    assert [(row["breakdown_value"], row["data"], row["label"]) for row in rows] == [
        ("a", [1, 1], "Formula (A+2*B)"),
        ("b", [0, 2], "Formula (A+2*B)"),
    ]
    rows = formula(asker, "A+B", compareFilter={"compare": True})
    assert [(row["compare_label"], row["data"], row["days"]) for row in rows] == [
        ("current", [1, 2], ["2024-05-07", "2024-05-08"]),
        ("previous", [0, 1], ["2024-05-05", "2024-05-06"]),
    ]


@pytest.mark.parametrize(
    "text", ["A+", "C", "A**B", "A if B else 1", "__import__('os')", "A.b", "f(A)", "True", "9" * 400, "(" * 300, "A;B"]
)
def test_formulas_that_can_not_be(asker: Asker, text: str) -> None:
    with pytest.raises(QueryError):
        formula(asker, text)


def test_smoothing_is_the_mean_of_the_days_before_rounded_down(asker: Asker) -> None:
    known(asker, *(view(n, "05-06 10:00", p=1) for n in range(4)), *(view(n, "05-07 10:00", p=2) for n in range(3)))
    asked: dict[str, Any] = {"dateRange": {"date_from": "-3d"}, "trendsFilter": {"smoothingIntervals": 3}}
    assert asker.data(**asked) == [[0, 2, 2, 2]]  # 0, 4/2, 7/3, 7/3
    series = [{"event": "view", "math": "avg", "math_property": "p"}]
    assert asker.data(series=series, **asked) == [[0, 0.5, 1, 1]]


def test_filters_of_the_question_and_of_the_project(asker: Asker) -> None:
    known(asker, view(1, "05-08 10:00", plan="pro", v="a"), view(2, "05-08 10:00", plan="free", v="a"))
    ours = Asker(
        asker.clickhouse,
        replace(asker.team, test_account_filters=({"key": "plan", "value": "pro", "operator": "is_not"},)),
    )
    assert ours.data(dateRange=TWO_DAYS) == [[0, 2]]
    assert ours.data(dateRange=TWO_DAYS, filterTestAccounts=True) == [[0, 1]]
    assert ours.values(**by("v", filterTestAccounts=True)) == {("a",): [0, 1]}
    group = {"type": "OR", "values": [{"type": "AND", "values": [{"key": "plan", "value": "free", "type": "event"}]}]}
    assert ours.data(dateRange=TWO_DAYS, properties=group) == [[0, 1]]


def test_many_values_at_many_hours_are_all_there(asker: Asker) -> None:
    asker.clickhouse.command(
        "INSERT INTO events (team_id, uuid, event, distinct_id, person_id, timestamp, properties, received_at) SELECT "
        f"{asker.team.id}, generateUUIDv4(), 'view', 'd', generateUUIDv4(),"
        " toDateTime64('2024-05-08 00:00:00', 6, 'UTC') - toIntervalMinute(number),"
        " concat('{\"v\": ', toString(number % 60), '}'), now() FROM numbers(54000)"
    )
    asked = by("v", interval="hour", filters={"breakdown_limit": 60})
    rows = asker.rows(**{**asked, "dateRange": {"date_from": "-40d"}})
    assert (len(rows), sum(row["count"] for row in rows)) == (60, 54_000)


def test_days_are_those_of_the_zone(asker: Asker) -> None:
    known(asker, view(1, "05-07 20:00"))
    shanghai = Asker(asker.clickhouse, replace(asker.team, timezone="Asia/Shanghai"))
    assert shanghai.data(dateRange=TWO_DAYS) == [[0, 1]]
    pacific = Asker(
        asker.clickhouse, replace(asker.team, timezone="US/Pacific"), datetime.fromisoformat("2024-05-08T03:00Z")
    )
    assert pacific.data(dateRange=TWO_DAYS) == [[0, 1]]
