"""Random cohorts over random histories: ClickHouse finds whom the definitions name."""

import json
import os
import random
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from naive_cohorts import Happened, World

from analytics_pipelines.cohorts.membership import Definition, members
from analytics_pipelines.insights.team import Action, Context, Team
from analytics_pipelines.sql.compiler import compile_query

EXAMPLES = int(os.environ.get("ANALYTICS_EXAMPLES", "60"))
WORLDS = 12
PEOPLE = 8
EVENTS = ("a", "b", "c")
KINDS = ("x", "y")
ZONES = ("UTC", "US/Pacific", "Asia/Shanghai")
BEHAVIOURS = (
    "performed_event",
    "performed_event_multiple",
    "performed_event_first_time",
    "performed_event_sequence",
    "performed_event_regularly",
    "stopped_performing_event",
    "restarted_performing_event",
)


def a_world(dice: random.Random) -> World:
    """Some people over ten weeks, most of what they did in the last days, some of it in the same moment."""
    now = datetime(2024, 3, 20, dice.randrange(24), 30, tzinfo=UTC)
    events: dict[int, list[Happened]] = {}
    for person in range(PEOPLE):
        events[person] = []
        for number in range(dice.choice((0, 1, 2, 5, 12))):
            ago = timedelta(minutes=dice.randrange(1, 60 * 24 * dice.choice((2, 10, 70))))
            if number and dice.random() < 0.15:
                ago = now - events[person][-1].at
            kind = dice.choice(KINDS)
            events[person].append(Happened(dice.choice(EVENTS), now - ago, number, {"kind": kind}))
    properties: dict[int, dict[str, Any]] = {
        person: {key: dice.choice(("pro", "Pro plus", "free")) for key in ("plan", "role") if dice.random() < 0.7}
        for person in range(PEOPLE)
    }
    world = World(now, ZoneInfo(dice.choice(ZONES)), properties, events)
    world.actions = {1: [("a", None), ("b", "x")], 2: [("c", "y")]}
    world.lists = {101: {person for person in range(PEOPLE) if dice.random() < 0.4}}
    world.cohorts[99] = None
    for cohort in (102, 103):
        world.cohorts[cohort] = a_tree(dice, world, 1)
    return world


def a_tree(dice: random.Random, world: World, depth: int) -> dict[str, Any]:
    parts = [
        a_tree(dice, world, depth - 1) if depth and dice.random() < 0.4 else a_leaf(dice, world)
        for _ in range(dice.choice((1, 1, 2, 3)))
    ]
    return {"type": dice.choice(("AND", "OR")), "values": parts}


def a_leaf(dice: random.Random, world: World) -> dict[str, Any]:
    negation = {"negation": True} if dice.random() < 0.3 else {}
    roll = dice.random()
    if roll < 0.15:
        operator = dice.choice(("exact", "is_not", "is_set", "icontains"))
        value = {"exact": ["pro", "free"], "is_not": ["pro"], "is_set": None, "icontains": "PRO"}[operator]
        key = dice.choice(("plan", "role"))
        return {"type": "person", "key": key, "operator": operator, "value": value, **negation}
    if roll < 0.3:
        cohort = dice.choice([*world.lists, *world.cohorts])
        return {"type": "cohort", "key": "id", "value": cohort, **negation}
    return {**a_behaviour(dice), **negation}


def an_event(dice: random.Random) -> tuple[str | int, str]:
    return (dice.choice((1, "2")), "actions") if dice.random() < 0.3 else (dice.choice(EVENTS), "events")


def a_behaviour(dice: random.Random) -> dict[str, Any]:
    value = dice.choice(BEHAVIOURS)
    key, event_type = an_event(dice)
    leaf: dict[str, Any] = {"type": "behavioral", "value": value, "key": key, "event_type": event_type}
    leaf |= {"time_value": dice.choice((1, 2, 3, 7)), "time_interval": dice.choice(("hour", "day", "week", "month"))}
    if dice.random() < 0.25:
        leaf["event_filters"] = [{"key": "kind", "type": "event", "operator": "exact", "value": ["x"]}]
    if value == "performed_event_regularly":
        leaf["total_periods"] = dice.choice((1, 3, 5))
        leaf["min_periods"] = dice.randint(1, leaf["total_periods"])
        leaf["time_interval"] = dice.choice(("hour", "day", "week"))
    if value in ("performed_event_multiple", "performed_event_regularly"):
        leaf |= {"operator": dice.choice(("gte", "lte", "gt", "lt", "eq")), "operator_value": dice.choice((1, 2, 3))}
    if value == "performed_event_sequence":
        leaf["seq_event"], leaf["seq_event_type"] = an_event(dice)
        leaf |= {"seq_time_value": dice.choice((1, 3)), "seq_time_interval": dice.choice(("hour", "day", "week"))}
    elif value in ("stopped_performing_event", "restarted_performing_event"):
        leaf |= {"time_value": dice.choice((2, 4)), "time_interval": dice.choice(("week", "month"))}
        leaf |= {"seq_time_value": dice.choice((1, 3, 10)), "seq_time_interval": "day"}
    elif value != "performed_event_regularly" and dice.random() < 0.25:
        leaf["explicit_datetime"] = "2024-03-01"
        if dice.random() < 0.5:
            leaf["explicit_datetime_to"] = dice.choice(("2024-03-01", "2024-03-15"))
    return leaf


def person_id(team: int, person: int) -> uuid.UUID:
    return uuid.UUID(int=team * 1000 + person)


def store(clickhouse: Any, worlds: dict[int, World]) -> None:
    events, persons, cohort_people = [], [], []
    for team, world in worlds.items():
        for person, properties in world.properties.items():
            owner = person_id(team, person)
            persons.append([team, owner, world.now, json.dumps(properties), True, 1, 0])
            events += [
                [team, uuid.uuid4(), one.name, "d", owner, one.at, json.dumps(dict(one.properties)), world.now]
                for one in world.events[person]
            ]
        # someone without a profile did it all, and is in nothing
        events += [
            [team, uuid.uuid4(), name, "n", uuid.uuid4(), world.now, '{"kind": "x"}', world.now] for name in EVENTS
        ]
        for cohort, listed in world.lists.items():
            cohort_people += [[team, cohort, person_id(team, person)] for person in listed]
    clickhouse.insert_rows(
        "persons", persons, ["team_id", "id", "created_at", "properties", "is_identified", "version", "is_deleted"]
    )
    columns = ["team_id", "uuid", "event", "distinct_id", "person_id", "timestamp", "properties", "received_at"]
    clickhouse.insert_rows("events", events, columns)
    clickhouse.insert_rows("cohort_people", cohort_people, ["team_id", "cohort_id", "person_id"])


def context(team: int, world: World) -> Context:
    kind = {"key": "kind", "type": "event", "operator": "exact"}
    actions = {
        number: Action(
            number,
            "it",
            tuple({"event": name, "properties": [{**kind, "value": value}] if value else []} for name, value in steps),
        )
        for number, steps in world.actions.items()
    }
    cohorts = dict.fromkeys((*world.lists, *world.cohorts), "it")
    return Context(Team(team, str(world.zone), actions=actions, cohorts=cohorts), world.now)


def found(clickhouse: Any, team: int, world: World, tree: dict[str, Any]) -> set[int]:
    others = {number: Definition({}, is_static=True) for number in world.lists}
    for number, nested in world.cohorts.items():
        others[number] = Definition({"properties": nested} if nested else {}, deleted=nested is None)
    asked = context(team, world)
    query = members({"properties": tree}, asked, others)
    compiled = compile_query(query, replace(asked.team.scope(), max_limit=10**9))
    rows = clickhouse.query(compiled.sql, compiled.parameters, {"join_use_nulls": 1}).rows
    people = [person.int - team * 1000 for (person,) in rows]
    assert len(people) == len(set(people))
    return set(people)


@pytest.mark.engines
def test_any_cohort_has_the_members_that_its_criteria_name(clickhouse: Any) -> None:
    dice = random.Random(int(os.environ.get("ANALYTICS_SEED", "5")))  # noqa: S311
    worlds = {team: a_world(dice) for team in range(1, WORLDS + 1)}
    store(clickhouse, worlds)
    sizes = set()
    for number in range(EXAMPLES):
        team = dice.choice(list(worlds))
        # every behaviour stands alone a few times, where no other criterion can hide a mistake
        alone = {"type": "AND", "values": [a_leaf(dice, worlds[team])]}
        tree = alone if number % 2 else a_tree(dice, worlds[team], 2)
        expected = worlds[team].members(tree)
        sizes.add(len(expected))
        assert found(clickhouse, team, worlds[team], tree) == expected, json.dumps(tree, default=str)
    assert len(sizes) > 4
