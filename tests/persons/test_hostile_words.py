"""Values that were never meant well load, and stop nobody else's."""

import json
from datetime import datetime, timedelta

import pytest
from person_tables import NOON, Sent, Tables

from analytics_pipelines.identity.person_id import person_id

pytestmark = pytest.mark.engines

GOOD = Sent("page", "good", 0, {"$set": {"fine": True}})

VALUES = {
    "nul": {"a": "x\0y", "b\0": ["\0"], "c": "\\u0000"},
    "escapes": {'"quoted"\\': '\\"\n\t\x01\u2028', "": "", "\u00e9": "\U0001f600", "tab\t": "\r\n"},
    "numbers": {"big": 1e300, "long": 18446744073709551615, "small": -1e-300, "half": 0.5},
    "deep": {"deep": json.loads("[" * 50 + "]" * 50)},
    "sql": {"'; DROP TABLE persons; --": "{braces} %s %(version)s {changed}"},
}


@pytest.mark.parametrize("name", VALUES)
def test_strange_values_are_kept_as_they_were_sent(tables: Tables, name: str) -> None:
    tables.take([Sent("page", f"{name} '\\\t\n\"", 0, {"$set": VALUES[name]}), GOOD])
    assert tables.person_of(f"{name} '\\\t\n\"") == VALUES[name]
    assert tables.person_of("good") == {"fine": True}


@pytest.mark.parametrize(
    "text",
    [
        '{"$set": {"a": "\\ud800"}}',
        '{"$set": [1, 2], "$set_once": "text", "$unset": 5}',
        '{"$set": null, "$unset": {"a": 1}}',
        '{"$set": {"a": 1e999999}}',
        "[]",
        "",
        "{",
    ],
)
def test_what_can_not_be_read_says_nothing_and_its_sender_is_a_person_all_the_same(tables: Tables, text: str) -> None:
    tables.take([Sent("page", "bad", 0, text=text), Sent("$identify", "bad", 1, text=text), GOOD])
    assert tables.person_of("bad") in ({}, {"a": None})
    assert tables.person_of("good") == {"fine": True}


def test_ten_thousand_properties_in_an_event_and_a_thousand_shapes(tables: Tables) -> None:
    many = {f"key {n}": n for n in range(10_000)}
    tables.take([Sent("page", "many", 0, {"$set": many}), GOOD])
    tables.take([Sent("page", "many", 1 + n, {"$set": {f"key {n}": "new", f"shape {n}": n}}) for n in range(1000)])
    found = tables.person_of("many")
    assert found is not None
    assert len(found) == 11_000
    assert found["key 999"] == "new"
    assert found["key 1000"] == 1000


def test_long_ids_are_whole_and_a_merge_names_them_cut_as_events_do(tables: Tables) -> None:
    long = "\u00e9" * 200
    tables.take([Sent("page", long, 0, {"$set": {"a": 1}})])
    tables.take([Sent("$identify", "user", 1, {"$anon_distinct_id": long + "more"}), GOOD])
    assert tables.ids()[1, "user"] == tables.ids()[1, long] == person_id(1, long)


@pytest.mark.parametrize("other", [None, "", False, 0, 0.0, "target", [], {}, True, 7, "  ", "0"])
def test_who_names_nobody_merges_with_nobody(tables: Tables, other: object) -> None:
    tables.take([Sent("$identify", "target", 1, {"$anon_distinct_id": other, "$set": {"a": 1}}), GOOD])
    if other == 7:
        assert tables.ids()[1, "7"] == person_id(1, "target")
    else:
        assert set(tables.ids()) == {(1, "target"), (1, "good")}
    assert tables.person_of("target") == {"a": 1}


def test_times_of_two_centuries_sort(tables: Tables) -> None:
    def at(year: int, value: int) -> Sent:
        seconds = (datetime(year, 1, 1, tzinfo=NOON.tzinfo) - NOON) / timedelta(seconds=1)
        return Sent("page", "a", seconds, {"$set": {"last": value}, "$set_once": {"first": value}}, received=0)

    tables.take([at(1970, 2), at(2026, 3)])
    tables.take([at(1900, 1)])
    assert tables.person_of("a") == {"last": 3, "first": 1}
    assert tables.persons()[1, person_id(1, "a")][0].year == 1900


def test_two_projects_with_the_same_ids_never_mix(tables: Tables) -> None:
    tables.take(
        [
            Sent("page", "a", 0, {"$set": {"of": 1}}),
            Sent("page", "a", 0, {"$set": {"of": 2}}, team_id=2),
            Sent("$identify", "user", 1, {"$anon_distinct_id": "a"}, team_id=2),
            Sent("page", "user", 2, {"$set": {"user": 1}}),
        ]
    )
    assert tables.ids() == {
        (1, "a"): person_id(1, "a"),
        (1, "user"): person_id(1, "user"),
        (2, "a"): person_id(2, "a"),
        (2, "user"): person_id(2, "a"),
    }
    assert tables.person_of("a") == {"of": 1}
    assert tables.person_of("user", 2) == {"of": 2}
