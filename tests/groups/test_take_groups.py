"""What events say of groups, from staged batches."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from staging import RECEIVED, Event, stage

from analytics_pipelines import faults
from analytics_pipelines.groups.taker import take_groups
from analytics_pipelines.groups.types import GroupType, GroupTypes
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

pytestmark = pytest.mark.engines

GROUPS = "SELECT team_id, index, type, key, properties, created_at FROM groups ORDER BY team_id, index, key"


def at(minutes: int) -> datetime:
    return RECEIVED + timedelta(minutes=minutes)


def says(kind: Any, key: Any, said: Any = None, **more: Any) -> Event:
    properties = {"$group_type": kind, "$group_key": key} | ({} if said is None else {"$group_set": said})
    return Event("$groupidentify", properties, **more)


def take(clickhouse: ClickHouse, postgres: Postgres, *events: Event) -> None:
    take_groups(stage(clickhouse, events), clickhouse, postgres)


def found(clickhouse: ClickHouse) -> list[tuple[Any, ...]]:
    return [(*row[:4], json.loads(row[4]), row[5]) for row in clickhouse.query(GROUPS).rows]


def names(postgres: Postgres, team: int = 1) -> list[str]:
    return [each.name for each in GroupTypes(postgres).of([team])]


def test_groupidentify_makes_a_group_with_properties(clickhouse: ClickHouse, postgres: Postgres) -> None:
    take(clickhouse, postgres, says("company", "acme", {"name": "Acme", "seats": 7, "tags": ["a"], "o": {"x": None}}))
    assert found(clickhouse) == [
        (1, 0, "company", "acme", {"name": "Acme", "seats": 7, "tags": ["a"], "o": {"x": None}}, RECEIVED)
    ]


def test_a_group_exists_once_an_event_names_it(clickhouse: ClickHouse, postgres: Postgres) -> None:
    take(clickhouse, postgres, Event(groups={"company": "acme", "team": "red"}))
    assert found(clickhouse) == [(1, 0, "company", "acme", {}, RECEIVED), (1, 1, "team", "red", {}, RECEIVED)]


def test_the_latest_event_decides_each_property_whatever_came_last(clickhouse: ClickHouse, postgres: Postgres) -> None:
    take(clickhouse, postgres, says("company", "acme", {"plan": "new", "late": 1}, timestamp=at(10)))
    take(clickhouse, postgres, says("company", "acme", {"plan": "old", "early": 2}, timestamp=at(-10)))
    assert found(clickhouse) == [(1, 0, "company", "acme", {"plan": "new", "late": 1, "early": 2}, at(-10))]


def test_of_two_events_at_one_moment_the_greater_uuid_decides(clickhouse: ClickHouse, postgres: Postgres) -> None:
    less, greater = UUID("00000000-0000-0001-ffff-ffffffffffff"), UUID("00000000-0000-0002-0000-000000000000")
    take(
        clickhouse,
        postgres,
        says("company", "acme", {"plan": "greater"}, uuid=greater),
        says("company", "acme", {"plan": "less"}, uuid=less),
    )
    assert found(clickhouse)[0][4] == {"plan": "greater"}


def test_created_at_is_the_earliest_event_that_names_the_group(clickhouse: ClickHouse, postgres: Postgres) -> None:
    take(clickhouse, postgres, says("company", "acme", {"a": 1}, timestamp=at(5)))
    take(clickhouse, postgres, Event(groups={"company": "acme"}, timestamp=datetime(2001, 1, 1, tzinfo=UTC)))
    assert found(clickhouse)[0][5] == datetime(2001, 1, 1, tzinfo=UTC)


def test_a_group_without_a_kind_or_key_is_none(clickhouse: ClickHouse, postgres: Postgres) -> None:
    for nothing in ("", None, 0, False):
        take(clickhouse, postgres, says("company", nothing, {"a": 1}), says(nothing, "acme", {"a": 1}))
    take(clickhouse, postgres, Event("$groupidentify"))
    assert (found(clickhouse), names(postgres)) == ([], [])


def test_a_key_is_stored_as_text(clickhouse: ClickHouse, postgres: Postgres) -> None:
    keys = {23: "23", "nul\0l": "nul�l", True: "true", "ä'\"\\/": "ä'\"\\/"}
    take(clickhouse, postgres, *(says("company", key, {"a": 1}) for key in keys))
    assert {row[3] for row in found(clickhouse)} == set(keys.values())


def test_what_is_set_must_be_an_object(clickhouse: ClickHouse, postgres: Postgres) -> None:
    take(clickhouse, postgres, *(says("company", str(said), said) for said in (["a"], "b", 3)))
    assert [row[4] for row in found(clickhouse)] == [{}, {}, {}]


def test_a_property_may_have_any_name(clickhouse: ClickHouse, postgres: Postgres) -> None:
    names = ["__proto__", "a.b", "q'\"`\\", "new\nline", "<b>", "ü" * 10_000, ""]
    take(clickhouse, postgres, says("company", "acme", dict.fromkeys(names, 1)))
    assert found(clickhouse)[0][4] == dict.fromkeys(names, 1)


def test_events_without_a_person_name_no_group(clickhouse: ClickHouse, postgres: Postgres) -> None:
    take(clickhouse, postgres, says("company", "acme", {"a": 1}, has_person=False))
    assert found(clickhouse) == []


def test_projects_number_their_kinds_each_for_itself(clickhouse: ClickHouse, postgres: Postgres) -> None:
    take(clickhouse, postgres, says("company", "acme"), says("team", "red", team_id=2))
    assert [row[:4] for row in found(clickhouse)] == [(1, 0, "company", "acme"), (2, 0, "team", "red")]


def test_kinds_are_numbered_in_order_of_arrival(clickhouse: ClickHouse, postgres: Postgres) -> None:
    take(
        clickhouse,
        postgres,
        says("third", "x", received_at=at(3), timestamp=at(-3)),
        Event(groups={"first": "x", "a second": "y"}, received_at=at(1)),
        says("fourth", "x", received_at=at(4), uuid=UUID("00000000-0000-0001-ffff-ffffffffffff")),
        says("a fifth", "x", received_at=at(4), uuid=UUID("00000000-0000-0002-0000-000000000000")),
    )
    assert names(postgres) == ["first", "a second", "third", "fourth", "a fifth"]


def test_numbers_stay_and_the_lowest_free_one_is_next(clickhouse: ClickHouse, postgres: Postgres) -> None:
    postgres.execute("INSERT INTO group_types VALUES (1, 0, 'old'), (1, 2, 'older')")
    take(clickhouse, postgres, says("b", "x", received_at=at(2)), says("a", "x", received_at=at(1)))
    take(clickhouse, postgres, says("a", "x"), says("b", "x"), says("old", "x"))
    assert names(postgres) == ["old", "a", "older", "b"]


def test_a_sixth_kind_is_ignored_with_a_warning(clickhouse: ClickHouse, postgres: Postgres) -> None:
    kinds = {f"kind {number}": "x" for number in range(7)}
    event = Event(groups=kinds, event="buy")
    for _ in range(2):
        take(clickhouse, postgres, event)
        take(clickhouse, postgres, says("kind 3", "y", {"a": 1}))
    assert names(postgres) == [f"kind {number}" for number in range(5)]
    assert {row[2] for row in found(clickhouse)} == set(names(postgres))
    (warning,) = clickhouse.query("SELECT type, uuid, event, details FROM ingestion_warnings FINAL").rows
    assert warning == ("too_many_group_types", event.uuid, "buy", '{"group_types":["kind 5","kind 6"]}')


def test_a_flood_of_kinds_is_ignored(clickhouse: ClickHouse, postgres: Postgres) -> None:
    take(clickhouse, postgres, says("company", "acme", received_at=at(-1)))
    take(clickhouse, postgres, *(says(f"kind {number}", "x", {"a": 1}) for number in range(2000)))
    assert (len(names(postgres)), names(postgres)[0]) == (5, "company")
    assert len(found(clickhouse)) == 5
    assert clickhouse.query("SELECT count() FROM ingestion_warnings FINAL").one()[0] == 1996


def test_kinds_seen_at_once_by_two_get_numbers_of_their_own(postgres: Postgres) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: GroupTypes(postgres).assign([(1, f"kind {n}")]), range(12)))
    assert [each.index for each in GroupTypes(postgres).of([1])] == [0, 1, 2, 3, 4]


def test_lost_tables_are_filled_with_the_same_numbers(clickhouse: ClickHouse, postgres: Postgres) -> None:
    take(clickhouse, postgres, says("a", "x"))
    take(clickhouse, postgres, says("b", "x"))
    before = found(clickhouse)
    clickhouse.command("TRUNCATE TABLE group_facts")
    clickhouse.command("TRUNCATE TABLE group_types")
    take(clickhouse, postgres, says("b", "x"), says("a", "x"))
    assert found(clickhouse) == before
    assert GroupTypes(postgres).of([1]) == [GroupType(1, 0, "a"), GroupType(1, 1, "b")]


@pytest.mark.parametrize("point", ["groups.after_types", "groups.after_record"])
def test_a_taking_broken_off_is_completed(
    clickhouse: ClickHouse, postgres: Postgres, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    batch = stage(clickhouse, [Event(groups={f"kind {number}": "x"}, received_at=at(number)) for number in range(6)])
    monkeypatch.setattr(faults, "_plan", {point: ("raise", 1)})
    monkeypatch.setattr(faults, "_passes", {})
    with pytest.raises(faults.InjectedFault):
        take_groups(batch, clickhouse, postgres)
    take_groups(batch, clickhouse, postgres)
    assert len(found(clickhouse)) == 5
    assert clickhouse.query("SELECT count() FROM ingestion_warnings FINAL").one() == (1,)


moments = st.integers(0, 3).map(at)
said = st.one_of(st.none(), st.dictionaries(st.sampled_from("abc"), st.integers(0, 3), max_size=3))
identified = st.builds(says, st.sampled_from(["company", "team"]), st.sampled_from("xy"), said, timestamp=moments)
named = st.builds(
    Event, groups=st.dictionaries(st.sampled_from(["company", "team"]), st.sampled_from("xy")), timestamp=moments
)


def model(events: list[Event]) -> dict[tuple[str, str], tuple[dict[str, Any], datetime]]:
    """What is to be known of each group: by the plain reading of the rules."""
    properties: dict[tuple[str, str], dict[str, Any]] = {}
    created: dict[tuple[str, str], datetime] = {}
    for event in sorted(events, key=lambda each: (each.timestamp, str(each.uuid))):
        mentioned = list(event.groups.items())
        if event.event == "$groupidentify":
            group = (event.properties["$group_type"], event.properties["$group_key"])
            mentioned.append(group)
            properties.setdefault(group, {}).update(event.properties.get("$group_set") or {})
        for one in mentioned:
            created.setdefault(one, event.timestamp)
    return {group: (properties.get(group, {}), first) for group, first in created.items()}


@given(data=st.data(), events=st.lists(st.one_of(identified, named), min_size=1, max_size=8))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_splitting_and_repetition_gives_the_same_groups(
    clickhouse: ClickHouse, postgres: Postgres, data: st.DataObject, events: list[Event]
) -> None:
    for table in ("group_facts", "group_types"):
        clickhouse.command(f"TRUNCATE TABLE {table}")
    postgres.execute("DELETE FROM group_types")
    order = data.draw(st.permutations(events)) + data.draw(st.lists(st.sampled_from(events), max_size=3))
    cut = data.draw(st.integers(0, len(order)))
    for batch in (order[:cut], order[cut:]):
        if batch:
            take(clickhouse, postgres, *batch)
    assert {(row[2], row[3]): (row[4], row[5]) for row in found(clickhouse)} == model(events)
