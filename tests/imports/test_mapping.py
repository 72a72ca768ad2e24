"""What columns mean: by options, by a file, by their names; and what is said of a mapping that can't be."""

from typing import Any

import pytest

from analytics_pipelines.imports.mapping import Mapping, pairs, read_mapping
from analytics_pipelines.problems import Problem

COLUMNS = ["user", "action", "at", "amount"]
FULL = Mapping(event_column="action", distinct_id_column="user", timestamp_column="at")


def problem(call: Any, *parts: str) -> None:
    with pytest.raises(Problem) as caught:
        call()
    assert all(part in str(caught.value) for part in parts), str(caught.value)
    assert caught.value.mend


def test_columns_are_taken_for_what_they_are_called() -> None:
    found = Mapping().bound(["uuid", "event", "distinct_id", "timestamp", "x"])
    assert found == Mapping(
        event_column="event", distinct_id_column="distinct_id", timestamp_column="timestamp", uuid_column="uuid"
    )
    assert Mapping(event="buy").bound(["event", "distinct_id", "timestamp"]).event_column is None


def test_an_unknown_column_is_told_with_the_one_that_is_meant() -> None:
    for name, meant in (("usr", "user"), ("AT", "at"), ("amont", "amount")):
        problem(lambda name=name: Mapping(distinct_id_column=name).bound(COLUMNS), f"{name!r}", f"{meant!r}", "action")
    problem(lambda: Mapping(text=("xyz",)).bound(COLUMNS), "'xyz'", "user, action, at, amount")
    problem(lambda: Mapping(set={"xyz": "b"}).bound(COLUMNS), "'xyz'")
    problem(lambda: Mapping(properties={"xyz": "b"}).bound(COLUMNS), "'xyz'")
    problem(lambda: Mapping(distinct_id_column="user").bound(["user;action;at"]), "--delimiter")


@pytest.mark.parametrize(
    ("mapping", "option"),
    [
        (Mapping(distinct_id_column="user", timestamp_column="at"), "--event"),
        (Mapping(event="buy", timestamp_column="at"), "--distinct-id-column"),
        (Mapping(event="buy", distinct_id_column="user"), "--timestamp-column"),
    ],
)
def test_what_is_not_said_is_asked_for(mapping: Mapping, option: str) -> None:
    problem(lambda: mapping.bound(COLUMNS), option, "user, action, at, amount")


@pytest.mark.parametrize(
    ("mapping", "parts"),
    [
        (Mapping(event="buy", event_column="action"), ("--event", "not both")),
        (Mapping(event=" "), ("empty",)),
        (Mapping(timezone="Berlin"), ("Berlin", "Europe/Berlin")),
        (Mapping(timezone="../../etc"), ("no time zone",)),
        (Mapping(timestamp_format="dd/mm/yyyy"), ("dd/mm/yyyy", "unix_ms", "%Y-%m-%d")),
    ],
)
def test_a_mapping_that_contradicts_itself_is_none(mapping: Mapping, parts: tuple[str, ...]) -> None:
    problem(mapping.checked, *parts)


def test_a_file_says_the_same_as_options() -> None:
    text = """
        event_column = "action"
        distinct_id_column = "user"
        timestamp_column = "at"
        timezone = "Europe/Berlin"
        delimiter = ";"
        text = ["version"]
        [properties]
        amount = "revenue"
        [set]
        country = "country"
    """
    found, reading = read_mapping(text, "mapping.toml")
    assert found == Mapping(
        event_column="action",
        distinct_id_column="user",
        timestamp_column="at",
        timezone="Europe/Berlin",
        text=("version",),
        properties={"amount": "revenue"},
        set={"country": "country"},
    )
    assert reading == {"delimiter": ";"}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("event = ", ("no TOML",)),
        ("evnt = 'buy'", ("'evnt'", "'event'")),
        ("xyz = 'buy'", ("'xyz'", "distinct_id_column")),
        ("event = 1", ("event", "1")),
        ("properties = ['a']", ("properties",)),
        ("[properties]\na = 1", ("properties",)),
        ("text = 'a'", ("text",)),
        ("delimiter = 1", ("delimiter",)),
        ("format = 'xls'", ("'xls'", "parquet")),
    ],
)
def test_a_file_that_is_no_mapping_is_told(text: str, parts: tuple[str, ...]) -> None:
    problem(lambda: read_mapping(text, "mapping.toml"), "mapping.toml", *parts)


def test_pairs_are_columns_and_names() -> None:
    assert pairs(["a", "b=c", "d=e=f"], "--set") == {"a": "a", "b": "c", "d=e": "f"}
    for bad in ("=a", "a=", ""):
        problem(lambda bad=bad: pairs([bad], "--set"), "--set")


def test_digests_differ_when_the_events_would() -> None:
    digests = {
        FULL.digest(format="csv"),
        FULL.digest(format="jsonl"),
        Mapping(event="a").digest(format="csv"),
        Mapping(event="a", properties={}).digest(format="csv"),
        Mapping(event="a", timezone="Europe/Berlin").digest(format="csv"),
    }
    assert len(digests) == 5
    assert FULL.digest(format="csv") == FULL.digest(format="csv")
