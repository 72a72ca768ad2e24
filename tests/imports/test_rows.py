"""Rows of tables become the events that the mapping says."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from analytics_pipelines.imports.bad_rows import BadRow
from analytics_pipelines.imports.cells import as_id, of_text, plain
from analytics_pipelines.imports.event_of_row import Event, EventOfRow
from analytics_pipelines.imports.mapping import Mapping
from analytics_pipelines.imports.moments import Moments

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
MAPPING = Mapping(event="buy", distinct_id_column="user", timestamp_column="at")
ROW = {"user": "ada", "at": "2024-01-31", "amount": "12.50", "note": ""}


def event(row: dict[str, Any], *, infer: bool = True, **more: Any) -> Event:
    mapping = Mapping(**{"event": "buy", "distinct_id_column": "user", "timestamp_column": "at", **more})
    return EventOfRow(mapping, Moments(NOW), infer=infer)(row)


def sent(row: dict[str, Any], **how: Any) -> Any:
    return json.loads(event(row, **how).raw)


def test_a_row_becomes_an_event() -> None:
    assert sent(ROW) == {
        "event": "buy",
        "distinct_id": "ada",
        "timestamp": "2024-01-31T00:00:00+00:00",
        "properties": {"amount": 12.5},
    }


def test_names_come_from_a_column() -> None:
    found = sent({**ROW, "kind": "refund"}, event=None, event_column="kind")
    assert (found["event"], found["properties"]) == ("refund", {"amount": 12.5})


def test_only_the_columns_that_are_named_become_properties() -> None:
    assert sent({**ROW, "x": "1"}, properties={"amount": "revenue", "user": "who"})["properties"] == {
        "revenue": 12.5,
        "who": "ada",
    }
    assert sent(ROW, properties={})["properties"] == {}


def test_a_column_may_be_of_the_person() -> None:
    found = sent({**ROW, "country": "de"}, set={"country": "home"})
    assert (found["$set"], found["properties"]) == ({"home": "de"}, {"amount": 12.5})


def test_an_empty_cell_is_no_property() -> None:
    assert "note" not in sent(ROW)["properties"]
    assert sent({**ROW, "amount": None}, infer=False)["properties"] == {"note": ""}


def test_texts_that_look_like_numbers_become_numbers_unless_they_are_to_stay() -> None:
    row = {**ROW, "version": "1.10"}
    assert sent(row)["properties"]["version"] == 1.1
    assert sent(row, text=("version",))["properties"] == {"amount": 12.5, "version": "1.10"}
    assert sent(row, text=("version",), properties={"version": "v"})["properties"] == {"v": "1.10"}
    assert sent(row, infer=False)["properties"]["version"] == "1.10"


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("0", 0),
        ("-7", -7),
        ("-0", 0),
        ("12.50", 12.5),
        ("999999999999999", 999999999999999),
        ("true", True),
        ("FALSE", False),
        *((each, each) for each in ("", "007", "1e5", "+1", "1.", ".5", "1,5", "0x1", "-", "1 2", "NaN", "tRUE")),
        ("\u0661", "\u0661"),  # a digit, but none of JSON's
        ("1234567890123456", "1234567890123456"),
        ("1.234567890123456789", "1.234567890123456789"),
    ],
)
def test_a_cell_is_a_number_only_if_nothing_is_lost_by_it(cell: str, value: Any) -> None:
    assert of_text(cell) == value
    assert type(of_text(cell)) is type(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("00001", "00001"),
        (7, "7"),
        (7.0, "7"),
        (7.5, "7.5"),
        (Decimal("7.00"), "7"),
        (True, "true"),
        (None, ""),
        (float("nan"), ""),
        (b"ada", "ada"),
        (UUID(int=1), str(UUID(int=1))),
    ],
)
def test_ids_are_texts(value: Any, text: str) -> None:
    assert as_id(value) == text


def test_values_that_json_has_not_become_plain() -> None:
    moment = datetime(2024, 1, 31, tzinfo=UTC)
    found = plain(
        {1: b"abc", "b": b"\xff", "c": [float("nan"), moment, moment.date()], "d": (UUID(int=1), moment - moment)}
    )
    assert found == {
        "1": "abc",
        "b": "ff",
        "c": [None, "2024-01-31T00:00:00+00:00", "2024-01-31"],
        "d": [str(UUID(int=1)), 0.0],
    }


def test_numbers_of_tables_stay_exact() -> None:
    raw = event({**ROW, "amount": Decimal("1234567890123456789.01")}, infer=False).raw
    assert b'"amount":1234567890123456789.01' in raw


def test_properties_of_an_export_are_the_events_properties() -> None:
    row = {**ROW, "properties": '{"plan": "pro", "amount": 1}', "elements_chain": "a:b"}
    found = sent(row)
    assert found["properties"] == {"plan": "pro", "amount": 1}
    assert found["elements_chain"] == "a:b"
    assert sent({**ROW, "properties": {"plan": "pro"}}, infer=False)["properties"]["plan"] == "pro"
    assert sent(row, properties={"properties": "as_text"})["properties"] == {"as_text": '{"plan": "pro", "amount": 1}'}


def test_an_id_of_its_own_is_kept() -> None:
    number = "01890a5d-ac96-774b-bcce-b302099a8057"
    for value in (number, number.upper(), UUID(number), UUID(number).bytes, UUID(number).hex):
        assert event({**ROW, "id": value}, uuid_column="id").uuid == UUID(number)
    assert event({**ROW, "id": "17"}, uuid_column="id").uuid == event({**ROW, "id": 17}, uuid_column="id").uuid
    assert event({**ROW, "id": ""}, uuid_column="id").uuid is None
    assert event(ROW).uuid is None


def test_equal_rows_have_equal_contents_in_any_order_of_columns() -> None:
    assert event(ROW).content == event(dict(reversed(ROW.items()))).content
    assert event(ROW).content != event({**ROW, "amount": "1"}).content


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"user": ""}, "missing_distinct_id"),
        ({"user": None}, "missing_distinct_id"),
        ({"user": " "}, "missing_distinct_id"),
        ({"user": "null"}, "missing_distinct_id"),
        ({"at": ""}, "missing_timestamp"),
        ({"at": None}, "missing_timestamp"),
        ({"at": "soon"}, "unreadable_timestamp"),
        ({"at": "2999-01-01"}, "timestamp_in_the_future"),
        ({"note": "caf\udce9"}, "not_utf8"),
        ({"user": "caf\udce9"}, "not_utf8"),
        ({"properties": "{"}, "malformed_properties"),
        ({"properties": "[]"}, "malformed_properties"),
        ({"note": "x" * (9 << 20)}, "event_too_large"),
    ],
)
def test_a_row_that_is_no_event_is_told(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadRow) as caught:
        event({**ROW, **changes})
    assert caught.value.reason == reason


def test_a_row_without_a_name_is_told() -> None:
    with pytest.raises(BadRow, match="'kind'"):
        event({**ROW, "kind": ""}, event=None, event_column="kind")
