"""Which names events and properties have, and of what type they are, from staged batches."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from staging import RECEIVED, Event, stage

from analytics_pipelines import faults
from analytics_pipelines.catalog.taker import take_catalog
from analytics_pipelines.groups.taker import take_groups
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

pytestmark = pytest.mark.engines

TYPES = "SELECT name, type FROM property_catalog WHERE kind = {kind:String} AND NOT is_other"
ALL = (
    "SELECT kind, name, type, volume, first_seen, last_seen, is_other, team_id, group_type_index FROM property_catalog"
    " ORDER BY ALL"
)
# Each is the one of its part of the range of hashes whose value counts: of uuids by chance two may be of one part.
SAMPLED = tuple(UUID(int=number) for number in (1, 2, 3, 4))


def at(minutes: int) -> datetime:
    return RECEIVED + timedelta(minutes=minutes)


def take(clickhouse: ClickHouse, postgres: Postgres, *events: Event, **more: int) -> None:
    staged = stage(clickhouse, events)
    take_groups(staged, clickhouse, postgres)
    take_catalog(staged, clickhouse, postgres, **more)


def types(clickhouse: ClickHouse, kind: str = "event") -> dict[str, str]:
    return dict(clickhouse.query(TYPES, {"kind": kind}).rows)


def test_a_property_has_the_type_of_its_values(clickhouse: ClickHouse, postgres: Postgres) -> None:
    values: dict[str, list[Any]] = {
        "String": ["word", "", "12", "2026-13-23", "2026-11-23 or so", "1234-5678", "True enough"],
        "Numeric": [12, -0.5, 0, 1e300],
        "Boolean": [True, False, "true", "false"],
        "DateTime": ["2026-11-23", "2026-11-23T10:30:00Z", "2026-11-23 10:30:00.123456+01:00", "2026-11-23T10:30"],
        "": [None, {"a": 1}, [1, 2], [], {}],
    }
    said = {repr(value): (value, type_) for type_, some in values.items() for value in some}
    take(clickhouse, postgres, Event(properties={name: value for name, (value, _) in said.items()}))
    assert types(clickhouse) == {name: type_ for name, (_, type_) in said.items()}


def test_some_properties_are_texts_whatever_they_look_like(clickhouse: ClickHouse, postgres: Postgres) -> None:
    names = ["utm_campaign", "$feature/new-page", "$survey_response_1", "$feature_flag_response"]
    for value in ("true", "2026-11-23"):
        take(clickhouse, postgres, Event(properties=dict.fromkeys(names, value)))
    assert types(clickhouse) == dict.fromkeys(names, "String")


def test_the_type_is_that_of_most_values(clickhouse: ClickHouse, postgres: Postgres) -> None:
    first, second, third, fourth = SAMPLED
    said = [Event(properties={"price": "n/a", "even": "1"}, uuid=first), Event(properties={"price": None}, uuid=second)]
    take(clickhouse, postgres, *said)
    said = [Event(properties={"price": 5, "even": 1}, uuid=third), Event(properties={"price": 5.5}, uuid=fourth)]
    take(clickhouse, postgres, *said)
    assert types(clickhouse) == {"price": "Numeric", "even": "String"}


def test_properties_count_their_events_and_know_their_first_and_last(
    clickhouse: ClickHouse, postgres: Postgres
) -> None:
    first = Event(properties={"a": 1}, timestamp=at(-60), uuid=SAMPLED[0])
    last = Event(properties={"a": "x", "b": 2}, timestamp=at(60), uuid=SAMPLED[1])
    take(clickhouse, postgres, last)
    take(clickhouse, postgres, first, Event(properties={"a": 1}, uuid=SAMPLED[2]))
    assert [row[:6] for row in clickhouse.query(ALL).rows] == [
        ("event", "a", "Numeric", 3, at(-60), at(60)),
        ("event", "b", "Numeric", 1, at(60), at(60)),
    ]


def test_events_are_catalogued_by_name(clickhouse: ClickHouse, postgres: Postgres) -> None:
    take(clickhouse, postgres, Event("buy", timestamp=at(3)), Event("buy", timestamp=at(1)), Event("page", {"a": 1}))
    rows = clickhouse.query("SELECT name, volume, first_seen, last_seen FROM event_catalog ORDER BY name").rows
    assert rows == [("buy", 2, at(1), at(3)), ("page", 1, at(0), at(0))]


def test_what_is_set_of_a_person_is_a_property_of_persons(clickhouse: ClickHouse, postgres: Postgres) -> None:
    said = {"$set": {"email": "a@example.com", "age": 7}, "$set_once": {"signed_up": "2026-11-23"}, "plain": 1}
    take(clickhouse, postgres, Event(properties=said))
    assert types(clickhouse, "person") == {"email": "String", "age": "Numeric", "signed_up": "DateTime"}
    assert types(clickhouse) == {"plain": "Numeric"}


def test_events_that_say_nothing_of_persons_bring_no_property_of_theirs(
    clickhouse: ClickHouse, postgres: Postgres
) -> None:
    said = {"$set": {"email": "a@example.com"}}
    take(clickhouse, postgres, Event(properties=said, has_person=False))
    take(clickhouse, postgres, Event("$exception", said), Event("$$heatmap", said))
    assert types(clickhouse, "person") == {}


def test_what_is_set_of_a_group_is_a_property_of_its_kind(clickhouse: ClickHouse, postgres: Postgres) -> None:
    def says(kind: str, said: dict[str, Any], minutes: int) -> Event:
        properties = {"$group_type": kind, "$group_key": "x", "$group_set": said}
        return Event("$groupidentify", properties, received_at=at(minutes))

    take(clickhouse, postgres, says("company", {"seats": 5}, 0), says("team", {"name": "Red"}, 1))
    found = "SELECT group_type_index, name, type FROM property_catalog WHERE kind = 'group' ORDER BY 1"
    assert clickhouse.query(found).rows == [(0, "seats", "Numeric"), (1, "name", "String")]
    assert types(clickhouse) == {"$group_type": "String", "$group_key": "String"}


def test_a_property_may_have_any_name(clickhouse: ClickHouse, postgres: Postgres) -> None:
    names = ["__proto__", "a.b", "q'\"`\\", "new\nline", "<b>", "ü" * 200, "", "nul\0l"]
    take(clickhouse, postgres, Event(properties=dict.fromkeys(names, 1)))
    assert types(clickhouse) == dict.fromkeys(names, "Numeric")


def test_a_name_of_endless_length_is_among_the_others(clickhouse: ClickHouse, postgres: Postgres) -> None:
    take(clickhouse, postgres, Event(properties={"ü" * 201: 1, "a": 1}), Event("e" * 201))
    assert types(clickhouse) == {"a": "Numeric"}
    assert clickhouse.query("SELECT name, volume FROM property_catalog WHERE is_other").rows == [("", 1)]
    assert clickhouse.query("SELECT count() FROM ingestion_warnings").one() == (0,)


def test_names_beyond_the_most_are_counted_together_with_one_warning(
    clickhouse: ClickHouse, postgres: Postgres
) -> None:
    flood = [Event(f"event {n}", {f"property {n}": n, "known": 1}) for n in range(30)]
    take(clickhouse, postgres, Event("kept", {"known": 1, "$set": {"email": "x"}}), most_names=10)
    for _ in range(2):
        take(clickhouse, postgres, *flood, Event(properties={"theirs": 1}, team_id=2), most_names=10)
    counts = "SELECT team_id, countIf(NOT is_other), sumIf(volume, is_other) FROM {} GROUP BY 1 ORDER BY 1"
    assert clickhouse.query(counts.format("property_catalog")).rows == [(1, 10, 22), (2, 1, 0)]
    assert clickhouse.query(counts.format("event_catalog")).rows == [(1, 10, 21), (2, 1, 0)]
    assert {"known", "email"} <= {row[0] for row in clickhouse.query("SELECT name FROM property_catalog").rows}
    warnings = clickhouse.query("SELECT team_id, type, details FROM ingestion_warnings FINAL ORDER BY type").rows
    assert [row[:2] for row in warnings] == [(1, "too_many_event_names"), (1, "too_many_property_names")]
    assert warnings[1][2].startswith('{"limit":10,"names":["property ')


def test_what_was_listed_goes_on_being_counted_when_the_list_is_full(
    clickhouse: ClickHouse, postgres: Postgres
) -> None:
    take(clickhouse, postgres, Event(properties={"a": 1, "b": 1}), most_names=2)
    take(clickhouse, postgres, Event(properties={"a": 1, "c": 1}), most_names=2)
    found = clickhouse.query("SELECT name, volume FROM property_catalog ORDER BY name").rows
    assert found == [("", 1), ("a", 2), ("b", 1)]


def test_a_taking_broken_off_is_completed(
    clickhouse: ClickHouse, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged = stage(clickhouse, [Event(properties={f"property {n}": 1}) for n in range(6)])
    monkeypatch.setattr(faults, "_plan", {"catalog.after_record": ("raise", 1)})
    monkeypatch.setattr(faults, "_passes", {})
    with pytest.raises(faults.InjectedFault):
        take_catalog(staged, clickhouse, postgres, most_names=4)
    take_catalog(staged, clickhouse, postgres, most_names=4)
    assert clickhouse.query("SELECT countIf(NOT is_other), sum(volume) FROM property_catalog").one() == (4, 6)
    assert clickhouse.query("SELECT count() FROM ingestion_warnings").one() == (1,)


@pytest.mark.slow
def test_two_hundred_thousand_names_leave_a_catalog_of_the_most(clickhouse: ClickHouse, postgres: Postgres) -> None:
    staged = stage(clickhouse, [Event(properties={"before": 1})])
    take_catalog(staged, clickhouse, postgres)
    clickhouse.command(f"TRUNCATE TABLE {staged.table}")
    clickhouse.command(f"INSERT INTO {staged.numbers} SELECT number FROM numbers(20000)")
    clickhouse.command(
        f"INSERT INTO {staged.table} SELECT number, 1, generateUUIDv4(), 'page', 'ada', toDateTime64('2026-11-23', 6),"
        " concat('{', arrayStringConcat(arrayMap(n -> format('\"p{}\":1', number * 10 + n), range(10)), ','), '}'),"
        " toDateTime64('2026-11-23', 3), 1, map() FROM numbers(20000)"
    )
    take_catalog(staged, clickhouse, postgres)
    counts = "SELECT countIf(NOT is_other), countIf(is_other) FROM property_catalog"
    assert clickhouse.query(counts).one() == (10_000, 1)
    assert clickhouse.query("SELECT count() FROM property_catalog WHERE name = 'before'").one() == (1,)
    (volume,) = clickhouse.query("SELECT volume FROM property_catalog WHERE is_other").one()
    assert volume == pytest.approx(20_000, rel=0.06)


def test_repetition_leaves_even_large_counts(clickhouse: ClickHouse, postgres: Postgres) -> None:
    staged = stage(clickhouse, [])
    clickhouse.command(
        f"INSERT INTO {staged.table} SELECT number, 1, generateUUIDv4(), 'page', 'ada', toDateTime64('2026-11-23', 6),"
        " '{\"a\":1}', toDateTime64('2026-11-23', 3), 1, map() FROM numbers(50000)"
    )
    clickhouse.command(f"INSERT INTO {staged.numbers} SELECT number FROM numbers(50000)")
    volumes = []
    for _ in range(3):
        take_catalog(staged, clickhouse, postgres)
        volumes.append(clickhouse.query("SELECT volume FROM property_catalog").one()[0])
    assert len(set(volumes)) == 1
    assert volumes[0] == pytest.approx(50_000, rel=0.06)


values = st.one_of(st.none(), st.integers(0, 2), st.sampled_from(["x", "2026-11-23"]), st.booleans())
properties = st.dictionaries(st.sampled_from(["a", "b", "utm_x"]), values, max_size=3)
events = st.builds(
    lambda name, said, of_person, minutes, team: Event(
        name, {**said, "$set": of_person}, timestamp=at(minutes), team_id=team
    ),
    st.sampled_from(["page", "buy"]),
    properties,
    properties,
    st.integers(0, 3),
    st.sampled_from([1, 2]),
)


@given(data=st.data(), sent=st.lists(events, min_size=1, max_size=8))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_splitting_and_repetition_gives_the_same_catalog(
    clickhouse: ClickHouse, postgres: Postgres, data: st.DataObject, sent: list[Event]
) -> None:
    def catalogs(*batches: list[Event]) -> list[Any]:
        clickhouse.command("TRUNCATE TABLE sightings")
        for batch in batches:
            if batch:
                take(clickhouse, postgres, *batch)
        return [clickhouse.query(ALL).rows, clickhouse.query("SELECT * FROM event_catalog ORDER BY ALL").rows]

    order = data.draw(st.permutations(sent)) + data.draw(st.lists(st.sampled_from(sent), max_size=3))
    cut = data.draw(st.integers(0, len(order)))
    assert catalogs(order[:cut], order[cut:]) == catalogs(sent)
