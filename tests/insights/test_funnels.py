"""Each rule of funnels, on histories small enough to walk by hand. Times are minutes after midnight."""

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from funnels_history import Asker, history, question
from trends_history import NOW, Event

from analytics_pipelines.insights.funnels import plan
from analytics_pipelines.insights.kinds import parse_insight
from analytics_pipelines.insights.team import Action, Context, Team
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.sql.recheck import recheck
from resources.clickhouse import ClickHouse

GOLDEN = Path(__file__).parent / "golden"
_teams = count(5000)
X = {"kind": "EventsNode", "event": "x"}
MINUTES = {"funnelWindowIntervalUnit": "minute"}


@pytest.fixture
def asker(shared_clickhouse: ClickHouse) -> Asker:
    return Asker(shared_clickhouse, Team(next(_teams), group_types={0: "kind 0", 1: "kind 1"}))


def tell(asker: Asker, *histories: str) -> None:
    """The first history is of person 1, and so on."""
    asker.know(*(event for actor, text in enumerate(histories, 1) for event in history(actor, text)))


def excluding(first: int, last: int) -> dict[str, Any]:
    return {"exclusions": [{**X, "funnelFromStep": first, "funnelToStep": last}]}


def step(name: str, **more: Any) -> dict[str, Any]:
    return {"kind": "EventsNode", "event": name, **more}


# Counts and shape


@pytest.mark.engines
def test_the_shape_of_an_answer(asker: Asker) -> None:
    tell(asker, "a0 b1 c4", "a0 b3", "a0", "b0 c1", "c0 b1 a2")
    first, second, third = asker.results([step("a", custom_name="Start"), "b", "c"])
    assert first == {
        "action_id": "a",
        "name": "a",
        "custom_name": "Start",
        "order": 0,
        "people": [],
        "count": 4,
        "type": "events",
        "average_conversion_time": None,
        "median_conversion_time": None,
        "converted_people_url": None,
        "dropped_people_url": None,
    }
    assert (second["count"], second["average_conversion_time"], second["median_conversion_time"]) == (2, 120, 120)
    assert (third["count"], third["average_conversion_time"], third["order"]) == (1, 180, 2)


@pytest.mark.engines
def test_nobody_is_an_empty_list(asker: Asker) -> None:
    assert asker.results() == []
    tell(asker, "b0 c1")
    assert asker.results() == []
    assert asker.results(breakdownFilter={"breakdown": "colour"}) == []
    tell(asker, "a3")
    second = asker.results("ab")[1]
    assert (second["count"], second["average_conversion_time"], second["median_conversion_time"]) == (0, None, None)


@pytest.mark.engines
def test_the_median_lies_between_two(asker: Asker) -> None:
    tell(asker, "a0 b1", "a0 b2", "a0 b4", "a0 b9")
    second = asker.results("ab")[1]
    assert (second["average_conversion_time"], second["median_conversion_time"]) == (240, 180)


# Order and window


@pytest.mark.engines
def test_the_window_counts_from_the_first_step_and_includes_its_end(asker: Asker) -> None:
    tell(asker, "a0 b6 c10", "a0 b6 c10.5", "a0 b10.5")
    assert asker.counts(funnelWindowInterval=10, **MINUTES) == [3, 2, 1]
    assert asker.counts(funnelWindowInterval=630, funnelWindowIntervalUnit="second") == [3, 3, 2]


@pytest.mark.engines
@pytest.mark.parametrize(("unit", "days"), [("hour", 1 / 24), ("day", 1), ("week", 7), ("month", 30)])
def test_units_of_the_window(asker: Asker, unit: str, days: float) -> None:
    asker = replace(asker, now=datetime(2024, 6, 1, 12, tzinfo=UTC))
    last = datetime(2024, 5, 31, 12, tzinfo=UTC).timestamp()
    for actor, late in ((1, 0), (2, 1)):
        at = datetime.fromtimestamp(last - days * 86_400 - late, UTC)
        asker.know(Event("a", actor, at), Event("b", actor, datetime.fromtimestamp(last, UTC)))
    asked = {"dateRange": {"date_from": "-60d"}, "funnelWindowInterval": 1, "funnelWindowIntervalUnit": unit}
    assert asker.counts("ab", **asked) == [2, 1]


@pytest.mark.engines
def test_the_latest_start_counts(asker: Asker) -> None:
    tell(asker, "a0 b1 a5 b6 c9")
    rows = asker.results(funnelWindowInterval=5, **MINUTES)
    assert [row["count"] for row in rows] == [1, 1, 1]
    assert [row["average_conversion_time"] for row in rows] == [None, 60, 180]


@pytest.mark.engines
def test_the_times_are_those_of_the_first_path_that_got_furthest(asker: Asker) -> None:
    tell(asker, "a0 b7 a20 b21")
    assert asker.results("ab")[1]["average_conversion_time"] == 420


@pytest.mark.engines
def test_a_later_start_does_not_take_a_path_away(asker: Asker) -> None:
    tell(asker, "a0 b1 a2 c3")
    assert asker.counts() == [1, 1, 1]
    assert asker.results()[1]["average_conversion_time"] == 60


@pytest.mark.engines
def test_an_event_is_of_one_step_at_a_time(asker: Asker) -> None:
    tell(asker, "a0", "a0 a1", "a0 a1 a2")
    assert asker.counts("aaa") == [3, 2, 1]
    assert asker.counts("aaa", funnelOrderType="strict") == [3, 2, 1]
    assert asker.counts("aaa", funnelOrderType="unordered") == [3, 2, 1]


@pytest.mark.engines
def test_events_of_one_moment_are_taken_in_the_order_of_the_steps(asker: Asker) -> None:
    tell(asker, "c0 b0 a0", "b0 a0", "c0 a0 b1")
    for order in ("ordered", "strict"):
        assert asker.counts(funnelOrderType=order) == [3, 3, 1]


@pytest.mark.engines
def test_only_events_within_the_dates_count(asker: Asker) -> None:
    asker.know(*history(1, "a0", "2024-04-30"), *history(1, "b5"), *history(2, "a0"), *history(2, "b9", "2024-05-09"))
    assert asker.counts("ab") == [1, 0]
    assert asker.counts("ab", dateRange={"date_from": "2024-04-30"}) == [2, 1]
    sao_paulo = replace(asker, team=replace(asker.team, timezone="America/Sao_Paulo"))
    assert sao_paulo.counts("ab", dateRange={"date_from": "2024-05-08"}) == []
    assert sao_paulo.counts("ab", dateRange={"date_from": "2024-05-07", "date_to": "2024-05-07"}) == [1, 0]


# Strict


@pytest.mark.engines
def test_strict_steps_follow_each_other(asker: Asker) -> None:
    tell(asker, "a0 b1 c2", "a0 z1 b2 c3", "a0 b1 z2 c3", "z0 a1 b2 c3", "a0 a1 b2 b3 c4", "a0 z1 a2 b3 c4")
    assert asker.counts(funnelOrderType="strict") == [6, 5, 4]
    assert asker.counts() == [6, 6, 6]


@pytest.mark.engines
def test_what_happens_at_the_moment_of_a_step_does_not_break_it(asker: Asker) -> None:
    tell(asker, "a0 b1 z1 c2", "a0 z0.5 z0.5 b1")
    assert asker.counts(funnelOrderType="strict") == [2, 1, 1]


# Unordered


@pytest.mark.engines
def test_steps_in_any_order(asker: Asker) -> None:
    tell(asker, "c0 a1 b4", "b0 b1", "c0 a2", "a0 c6 b7", "z0")
    rows = asker.results(funnelOrderType="unordered", funnelWindowInterval=5, **MINUTES)
    assert [row["count"] for row in rows] == [4, 3, 1]
    assert [row["name"] for row in rows] == ["Completed 1 step", "Completed 2 steps", "Completed 3 steps"]
    assert [row["action_id"] for row in rows] == [None] * 3
    assert [row["average_conversion_time"] for row in rows] == [None, (60 + 120 + 60) / 3, 180]


@pytest.mark.engines
def test_the_window_moves_on(asker: Asker) -> None:
    tell(asker, "a0 b9 c12 a13")
    assert asker.counts(funnelOrderType="unordered", funnelWindowInterval=5, **MINUTES) == [1, 1, 1]


@pytest.mark.engines
def test_an_event_of_two_steps_counts_for_the_one_that_waited_longest(asker: Asker) -> None:
    red = [{"key": "colour", "value": "red", "operator": "exact", "type": "event"}]
    asker.know(
        Event("a", 1, "2024-05-08 00:00:00", {"colour": "red"}),  # for the first: neither was seen
        Event("a", 1, "2024-05-08 00:01:00"),  # only of the first
        Event("a", 1, "2024-05-08 00:02:00", {"colour": "red"}),  # for the second, which was never seen
    )
    rows = asker.results([step("a"), step("a", properties=red)], funnelOrderType="unordered")
    assert [row["count"] for row in rows] == [1, 1]
    assert rows[1]["average_conversion_time"] == 120


# Exclusions


@pytest.mark.engines
def test_an_excluded_event_removes_whom_it_spoils(asker: Asker) -> None:
    tell(asker, "a0 x1 b2", "a0 b1 x2 c3", "x0 a1 b2 c3", "a0 b1 c2 x3", "a0 x1", "a0")
    assert asker.counts(**excluding(0, 1)) == [4, 3, 3]
    assert asker.counts(**excluding(0, 2)) == [3, 2, 2]
    assert asker.counts(**excluding(1, 2)) == [5, 3, 2]


@pytest.mark.engines
def test_a_clean_attempt_that_gets_as_far_makes_up_for_a_spoiled_one(asker: Asker) -> None:
    tell(asker, "a0 x1 b2 a3 b4", "a0 b1 a5 x6 b7", "a0 x1 b2 a3", "a0 x1 a2")
    assert asker.counts("ab", **excluding(0, 1)) == [3, 2]


@pytest.mark.engines
def test_an_excluded_event_matters_within_the_window_only(asker: Asker) -> None:
    tell(asker, "a0 x6", "a0 x5", "a0 x5 a9 x14", "a0 x5 a9 x15")
    assert asker.counts("ab", **excluding(0, 1), funnelWindowInterval=5, **MINUTES) == [2, 0]


@pytest.mark.engines
def test_what_is_excluded_at_the_moment_of_a_step_spoils_nothing(asker: Asker) -> None:
    tell(asker, "a0 x0 b1", "a0 b1 x1", "a0 x1 x1 b2")
    assert asker.counts("ab", **excluding(0, 1)) == [2, 2]


@pytest.mark.engines
def test_a_start_that_was_spoiled_is_not_taken_again(asker: Asker) -> None:
    tell(asker, "a0 b1 x2 b3 c4")
    assert asker.counts(**excluding(1, 2)) == []


@pytest.mark.engines
def test_strict_and_excluding(asker: Asker) -> None:
    tell(asker, "a0 b1 x2 c3", "a0 b1 z2 x3", "a0 b1 c2")
    assert asker.counts(funnelOrderType="strict", **excluding(1, 2)) == [2, 2, 1]


@pytest.mark.engines
def test_what_was_broken_before_is_not_spoiled_while_another_start_waits(asker: Asker) -> None:
    tell(asker, "a0 z1 a2 x3", "a0 z1 x2", "a0 x1", "a0 a1 x2", "a0 z1 a2 z3 a4 x5", "a0 x1 a2 z3 a4 x5")
    assert asker.counts("ab", funnelOrderType="strict", **excluding(0, 1)) == [4, 0]


@pytest.mark.engines
def test_an_excluded_event_ends_what_has_no_order(asker: Asker) -> None:
    tell(asker, "a0 x1 b2", "x0 b1 a2", "a0 b1 x2", "a0 x0 b1", "a0 x1 b1")
    assert asker.counts("ab", funnelOrderType="unordered", **excluding(0, 1)) == [5, 4]


# Optional steps


@pytest.mark.engines
def test_optional_steps_may_be_left_out(asker: Asker) -> None:
    tell(asker, "a0 b1 c3", "a0 c5", "a0 b1", "a0", "b0 c1")
    rows = asker.results([step("a"), step("b", optionalInFunnel=True), step("c")])
    assert [row["count"] for row in rows] == [4, 2, 2]
    # from the last step that had to be taken
    assert [row["average_conversion_time"] for row in rows] == [None, 60, 240]


@pytest.mark.engines
def test_a_path_goes_on_from_the_nearest_step_that_was_taken(asker: Asker) -> None:
    tell(asker, "a0 d1", "a0 b1 d2", "a0 c1 d2", "a0 c1 b2 d3", "a0 b1 a3 d4")
    optional = [step("a"), step("b", optionalInFunnel=True), step("c", optionalInFunnel=True), step("d")]
    assert asker.counts(optional) == [5, 2, 2, 5]


# First time ever


@pytest.mark.engines
def test_only_those_who_come_for_the_first_time(asker: Asker) -> None:
    green = [{"key": "colour", "value": "green", "operator": "exact", "type": "event"}]
    asker.know(
        *history(1, "a0 b1"),
        *history(2, "a0", "2024-03-01"),
        *history(2, "a0 b1"),
        Event("a", 3, "2024-05-08 00:00:00", {"colour": "red"}),
        Event("a", 3, "2024-05-08 00:01:00", {"colour": "green"}),
        Event("b", 3, "2024-05-08 00:02:00"),
        Event("a", 4, "2024-05-08 00:00:00", {"colour": "green"}),
    )
    assert asker.counts([step("a", math="first_time_for_user"), "b"]) == [3, 2]
    assert asker.counts([step("a", math="first_time_for_user", properties=green), "b"]) == [1, 0]
    with_filters = step("a", math="first_time_for_user_with_filters", properties=green)
    assert asker.counts([with_filters, "b"]) == [2, 1]


# Actors and filters


@pytest.mark.engines
def test_groups_and_expressions_go_through_a_funnel(asker: Asker) -> None:
    asker.know(
        Event("a", 1, "2024-05-08 00:00:00", {"visit": "v1"}, {0: "acme"}),
        Event("b", 2, "2024-05-08 00:01:00", {"visit": "v2"}, {0: "acme"}),
        Event("a", 2, "2024-05-08 00:02:00", {"visit": "v2"}, {1: "acme"}),
        Event("a", 3, "2024-05-08 00:03:00", {"visit": "v3"}),
        Event("b", 3, "2024-05-08 00:04:00", {"visit": "v3"}),
        Event("b", 3, "2024-05-08 00:04:00"),
    )
    assert asker.counts("ab") == [3, 1]
    assert asker.counts("ab", aggregation_group_type_index=0) == [1, 1]
    assert asker.counts("ab", aggregation_group_type_index=1) == [1, 0]
    assert asker.counts("ab", funnelAggregateByHogQL="properties.visit") == [3, 1]
    assert asker.counts("ab", funnelAggregateByHogQL="person_id") == [3, 1]
    groups = question("ab", aggregation_group_type_index=0)
    assert asker.actors(groups, funnelStep=2) == ["acme"]


@pytest.mark.engines
def test_filters_of_steps_of_the_question_and_of_the_project(asker: Asker) -> None:
    red, blue = ([{"key": "colour", "value": each, "operator": "exact", "type": "event"}] for each in ("red", "blue"))
    for actor, colours in ((1, ("red", "red")), (2, ("red", "blue")), (3, ("blue", "blue"))):
        for name, colour in zip("ab", colours, strict=True):
            asker.know(Event(name, actor, f"2024-05-08 00:0{'ab'.index(name)}:00", {"colour": colour}))
    assert asker.counts("ab") == [3, 3]
    assert asker.counts([step("a", properties=red), step("b", properties=blue)]) == [2, 1]
    assert asker.counts("ab", properties=red) == [2, 1]
    guarded = replace(asker, team=replace(asker.team, test_account_filters=tuple(blue)))
    assert guarded.counts("ab", filterTestAccounts=True) == [1, 1]
    assert guarded.counts("ab") == [3, 3]


@pytest.mark.engines
def test_actions_and_all_events_are_steps(asker: Asker) -> None:
    tell(asker, "a0 b1", "a0 c1", "z0 b1")
    buy = Action(7, "Buy", ({"event": "b"}, {"event": "c"}))
    acting = replace(asker, team=replace(asker.team, actions={7: buy}))
    rows = acting.results([step("a"), {"kind": "ActionsNode", "id": 7}])
    assert [row["count"] for row in rows] == [2, 2]
    assert (rows[1]["action_id"], rows[1]["name"], rows[1]["type"]) == (7, "Buy", "actions")
    assert asker.counts([{"kind": "EventsNode", "event": None}, "b"]) == [3, 2]
    excluded = {"kind": "ActionsNode", "id": 7, "funnelFromStep": 0, "funnelToStep": 1}
    assert acting.counts("az", exclusions=[excluded]) == []


# Breakdowns


def coloured(asker: Asker, *histories: str) -> None:
    """`a0red b1 c2blue`: events with the property `colour`, or without."""
    for actor, text in enumerate(histories, 1):
        for word in text.split():
            minute = word[1:2]
            asker.know(Event(word[0], actor, f"2024-05-08 00:0{minute}:00", {"colour": word[2:]} if word[2:] else {}))


@pytest.mark.engines
def test_attribution(asker: Asker) -> None:
    coloured(asker, "a0 b1red c2blue", "a0red b1blue c2blue", "a0 b1", "a0blue a1red b2red")
    by: dict[str, Any] = {"breakdownFilter": {"breakdown": "colour"}}
    assert asker.counts(**by) == {"red": [2, 2, 2], "blue": [1, 1, 0], "": [1, 1, 0]} | {}
    assert asker.counts(**by, breakdownAttributionType="last_touch") == {
        "blue": [2, 2, 2],
        "red": [1, 1, 0],
        "": [1, 1, 0],
    }
    assert asker.counts(**by, breakdownAttributionType="all_events") == {
        "": [2, 1, 0],
        "red": [2, 1, 0],
        "blue": [1, 0, 0],
    }
    second = {"breakdownAttributionType": "step", "breakdownAttributionValue": 1}
    assert asker.counts(**by, **second) == {"red": [2, 2, 1], "blue": [1, 1, 1], "": [1, 1, 0]}
    first = {"breakdownAttributionType": "step", "breakdownAttributionValue": 0}
    assert asker.counts(**by, **first) == {"": [2, 2, 1], "red": [2, 2, 1], "blue": [1, 1, 0]}


@pytest.mark.engines
def test_without_an_order_the_first_event_of_a_path_may_decide(asker: Asker) -> None:
    coloured(asker, "b0red a1blue", "a0blue")
    asked: dict[str, Any] = {"breakdownFilter": {"breakdown": "colour"}, "breakdownAttributionType": "step"}
    assert asker.counts("ab", **asked, funnelOrderType="unordered") == {"red": [1, 1], "blue": [2, 0]}


@pytest.mark.engines
def test_the_limit_and_the_others(asker: Asker) -> None:
    coloured(asker, "a0red b1red", "a0blue", "a0blue", "a0green", "a0pink", "a0")
    by = {"breakdown": "colour", "breakdown_limit": 2}
    rows = asker.results("ab", breakdownFilter=by)
    assert [(steps[0]["breakdown"], [row["count"] for row in steps]) for steps in rows] == [
        (["red"], [1, 1]),
        (["blue"], [2, 0]),
        (["Other"], [3, 0]),
    ]
    assert rows[0][1]["average_conversion_time"] == 60
    assert rows[1][1]["average_conversion_time"] is None
    hidden = asker.counts("ab", breakdownFilter={**by, "breakdown_hide_other_aggregation": True})
    assert list(hidden) == ["red", "blue"]
    query = question("ab", breakdownFilter=by)
    assert len(asker.actors(query, funnelStep=1, funnelStepBreakdown="Other")) == 3
    assert len(asker.actors(query, funnelStep=-2, funnelStepBreakdown=["blue"])) == 2


@pytest.mark.engines
def test_several_properties_at_once(asker: Asker) -> None:
    for actor, size in ((1, "big"), (2, "big"), (3, None)):
        properties = {"colour": "red", **({"size": size} if size else {})}
        asker.know(Event("a", actor, "2024-05-08 00:00:00", properties), Event("b", actor, "2024-05-08 00:01:00"))
    by = {"breakdowns": [{"property": "colour", "type": "event"}, {"property": "size", "type": "event"}]}
    found = asker.results("ab", breakdownFilter=by)
    assert [(rows[0]["breakdown_value"], rows[1]["count"]) for rows in found] == [(["red", "big"], 2), (["red", ""], 1)]
    query = question("ab", breakdownFilter=by)
    assert asker.actors(query, funnelStep=2, funnelStepBreakdown=["red", ""]) == [UUID(int=3)]


@pytest.mark.engines
def test_properties_of_persons_groups_and_expressions(asker: Asker) -> None:
    for person, plan_ in ((1, "free"), (2, "paid"), (3, "paid")):
        asker.clickhouse.insert_rows(
            "persons",
            [[asker.team.id, UUID(int=person), NOW, json.dumps({"plan": plan_}), True, 1, 0]],
            ["team_id", "id", "created_at", "properties", "is_identified", "version", "is_deleted"],
        )
    tell(asker, "a0 b1", "a0 b1", "a0", "a0")
    by = {"breakdown": "plan", "breakdown_type": "person"}
    assert asker.counts("ab", breakdownFilter=by) == {"paid": [2, 1], "free": [1, 1], "": [1, 0]}
    by = {"breakdown": "toString(toMinute(timestamp) > 0)", "breakdown_type": "hogql"}
    asked: dict[str, Any] = {"breakdownFilter": by, "breakdownAttributionType": "last_touch"}
    assert asker.counts("ab", **asked) == {"1": [2, 2], "0": [2, 0]}


@pytest.mark.engines
def test_cohorts(asker: Asker) -> None:
    asker = replace(asker, team=replace(asker.team, cohorts={7: "Friends", 8: "Rich"}))
    tell(asker, "a0 b1", "a0 b1", "a0")
    asker.clickhouse.command(
        "INSERT INTO cohort_people (team_id, cohort_id, person_id) SELECT "
        f"{asker.team.id}, c.1, toUUID(concat('00000000-0000-0000-0000-00000000000', toString(c.2)))"
        " FROM (SELECT arrayJoin([(7, 1), (7, 3), (8, 3)]) AS c)"
    )
    filters = {"breakdown": ["all", 7, 8], "breakdown_type": "cohort"}
    found = asker.results("ab", breakdownFilter=filters)
    assert [(rows[0]["breakdown"], rows[0]["breakdown_value"], rows[1]["count"]) for rows in found] == [
        ("all users", "all", 2),
        ("Friends", 7, 1),
        ("Rich", 8, 0),
    ]
    query = question("ab", breakdownFilter=filters)
    assert set(asker.actors(query, funnelStep=1, funnelStepBreakdown=7)) == {UUID(int=1), UUID(int=3)}
    assert len(asker.actors(query, funnelStep=1, funnelStepBreakdown="all")) == 3


# Views


@pytest.mark.engines
def test_trends_go_by_when_people_entered(asker: Asker) -> None:
    for actor, day, text in (
        (1, "06", "a0"),
        (1, "07", "b0 a1"),
        (2, "07", "a0 b1"),
        (3, "07", "a0"),
        (3, "08", "a0 b1"),
    ):
        asker.know(*history(actor, text, f"2024-05-{day}"))
    asked: dict[str, Any] = {"funnelVizType": "trends", "dateRange": {"date_from": "-3d"}}
    (row,) = asker.results("ab", **asked)
    assert row == {
        "count": 4,
        "data": [0, 100, 66.67, 100],
        "days": ["2024-05-05", "2024-05-06", "2024-05-07", "2024-05-08"],
        "labels": ["5-May-2024", "6-May-2024", "7-May-2024", "8-May-2024"],
        "reached_from_step_count": [0, 1, 3, 1],
        "reached_to_step_count": [0, 1, 2, 1],
    }
    query = question("ab", **asked)
    point = {"funnelTrendsEntrancePeriodStart": "2024-05-07"}
    assert set(asker.actors(query, **point)) == {UUID(int=2), UUID(int=3)}
    assert asker.actors(query, **point, funnelTrendsDropOff=True) == [UUID(int=1)]


@pytest.mark.engines
def test_trends_between_two_steps(asker: Asker) -> None:
    tell(asker, "a0 b1 c2 d3", "a0 b1 c2", "a0 b1", "a0")
    asked: dict[str, Any] = {"funnelVizType": "trends", "dateRange": {"date_from": "-0d"}}
    (row,) = asker.results("abcd", **asked, funnelFromStep=1, funnelToStep=2)
    assert (row["data"], row["reached_from_step_count"], row["reached_to_step_count"]) == ([66.67], [3], [2])


@pytest.mark.engines
def test_trends_of_values(asker: Asker) -> None:
    coloured(asker, "a0red b1red", "a0red", "a0blue", "a0")
    asked: dict[str, Any] = {"funnelVizType": "trends", "dateRange": {"date_from": "-1d"}}
    rows = asker.results("ab", **asked, breakdownFilter={"breakdown": "colour", "breakdown_limit": 2})
    assert [(row["breakdown_value"], row["data"]) for row in rows] == [
        (["red"], [0, 50]),
        ([""], [0, 0]),
        (["Other"], [0, 0]),
    ]


@pytest.mark.engines
def test_each_bucket_of_trends_is_judged_on_its_own(asker: Asker) -> None:
    asker.know(*history(1, "a0 x1 b2", "2024-05-07"), *history(1, "a0 b1"))
    asked: dict[str, Any] = {"funnelVizType": "trends", "dateRange": {"date_from": "-1d"}, **excluding(0, 1)}
    (row,) = asker.results("ab", **asked, funnelWindowInterval=1)
    assert (row["reached_from_step_count"], row["reached_to_step_count"]) == ([0, 1], [0, 1])


@pytest.mark.engines
def test_times_to_convert(asker: Asker) -> None:
    tell(asker, "a0 b37 c40", "a0 b36.5", "a0 b1380", "a0")
    found = asker.results(funnelVizType="time_to_convert", funnelFromStep=0, funnelToStep=1)
    # three actors make two bins: 2190 to 82800 seconds
    assert found == {
        "bins": [[2190, 2], [42495, 0], [82800, 1]],
        "average_conversion_time": (2220 + 2190 + 82800) / 3,
    }
    assert asker.results(funnelVizType="time_to_convert", binCount=1) == {
        "bins": [[2400, 1], [2460, 0]],
        "average_conversion_time": 2400,
    }
    nobody = asker.results("abz", funnelVizType="time_to_convert")
    assert nobody == {"bins": [], "average_conversion_time": None}


@pytest.mark.engines
def test_who_is_behind_each_step(asker: Asker) -> None:
    tell(asker, "a0 b1 c2", "a0 b1", "a0 b1", "a0")
    query = question()

    def who(**point: Any) -> set[int]:
        return {int(each) for each in asker.actors(query, **point)}

    assert [who(funnelStep=step) for step in (1, 2, 3)] == [{1, 2, 3, 4}, {1, 2, 3}, {1}]
    assert [who(funnelStep=step) for step in (-2, -3)] == [{4}, {2, 3}]
    assert who(funnelCustomSteps=[1, 3]) == {1, 4}
    for step in (0, -1, 4, -4, None):
        with pytest.raises(QueryError):
            asker.actors(query, funnelStep=step)


# What is refused, and the SQL


def by_step(place: int) -> dict[str, Any]:
    by = {"breakdown": "colour"}
    return {"breakdownFilter": by, "breakdownAttributionType": "step", "breakdownAttributionValue": place}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (excluding(1, 1), "exclusion must lie between"),
        (excluding(0, 3), "exclusion must lie between"),
        ({**excluding(0, 1), "funnelOrderType": "unordered"}, "reach over all steps"),
        ({"exclusions": [{**step("b"), "funnelFromStep": 0, "funnelToStep": 1}]}, "can't be a step"),
        ({"funnelFromStep": 2, "funnelToStep": 1, "funnelVizType": "trends"}, "must come before"),
        ({"funnelToStep": 3, "funnelVizType": "time_to_convert"}, "must come before"),
        ({"steps": [step("a", optionalInFunnel=True), "b"]}, "first step of a funnel can't be optional"),
        ({"steps": ["a", step("b", optionalInFunnel=True)], "funnelOrderType": "unordered"}, "have an order"),
        ({"steps": [step("a", math="sum")]}, "can't be used in a funnel"),
        ({"steps": []}, "series"),
        ({"steps": "a" * 31}, "series"),
        ({"funnelWindowInterval": 0}, "greater than or equal to 1"),
        ({"compareFilter": {"compare": True}}, "compareFilter"),
        ({"samplingFactor": 0.1}, "samplingFactor"),
        ({"somethingNew": 1}, "somethingNew"),
        (by_step(3), "must be a step"),
        ({**by_step(1), "funnelOrderType": "unordered"}, "step 0"),
    ],
)  # fmt: skip
def test_questions_without_sense_are_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(QueryError, match=said):
        plan(question(**fields), Context(Team(1), NOW))


def test_what_changes_nothing_is_let_through() -> None:
    looks = {
        "layout": "vertical",
        "funnelStepReference": "previous",
        "hiddenLegendBreakdowns": ["x"],
        "exclusions": None,
    }
    bare = question("ab", compareFilter={"compare": False}, samplingFactor=1, interval=None)
    assert (bare.interval, bare.funnels_filter.window, bare.funnels_filter.unit) == ("day", 14, "day")
    _, parsed = parse_insight({"kind": "FunnelsQuery", "series": [step("a"), step("b")], "funnelsFilter": looks})
    assert plan(parsed, Context(Team(1), NOW)).statements


QUESTIONS: dict[str, dict[str, Any]] = {
    "ordered": {},
    "strict_without": {"funnelOrderType": "strict", **excluding(0, 1)},
    "unordered": {"steps": "ab", "funnelOrderType": "unordered"},
    "by_browser": {"steps": "ab", "breakdownFilter": {"breakdown": "$browser"}},
    "trends": {"steps": "ab", "funnelVizType": "trends"},
    "time_to_convert": {"steps": "ab", "funnelVizType": "time_to_convert"},
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_sql_is_as_agreed(name: str) -> None:
    (compiled,) = plan(question(**QUESTIONS[name]), Context(Team(1, "America/Sao_Paulo"), NOW)).statements
    text = compiled.sql.replace(" FROM (", "\nFROM (") + f"\n-- {compiled.parameters}\n"
    path = GOLDEN / f"funnels_{name}.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()
    recheck(compiled.sql, compiled.parameters)


@pytest.mark.engines
@pytest.mark.parametrize(
    "fields", [{}, {"dateRange": {"date_from": "2001-01-01"}, **excluding(0, 8)}, {"funnelOrderType": "unordered"}]
)
def test_long_funnels_and_ranges_are_answered(asker: Asker, fields: dict[str, Any]) -> None:
    """More bits than a number of 64 has; and more steps than passes over arrays are made for."""
    names = [f"e{place}" for place in range(9)]
    asker.know(*(Event(name, 1, f"2024-05-08 00:{place:02}:00") for place, name in enumerate(names)))
    assert asker.counts(names, **fields) == [1] * 9


@pytest.mark.parametrize(
    "fields", [{}, {"funnelOrderType": "strict", **excluding(0, 29)}, {"funnelOrderType": "unordered"}]
)
def test_the_sql_of_the_longest_funnels_is_short_enough_for_the_engine(fields: dict[str, Any]) -> None:
    names = [f"e{place}" for place in range(30)]
    (compiled,) = plan(question(names, **fields), Context(Team(1), NOW)).statements
    assert len(compiled.sql) < 200_000
