"""Lines of JSON: events as SDKs and exports write them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from analytics_pipelines.imports.bad_rows import BadRow
from analytics_pipelines.imports.event_of_line import EventOfLine
from analytics_pipelines.imports.event_of_row import Event
from analytics_pipelines.imports.json_lines import JsonLines
from analytics_pipelines.imports.moments import Moments
from analytics_pipelines.imports.source import Source
from analytics_pipelines.problems import Problem

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
WHOLE = {"event": "page", "distinct_id": "ada", "timestamp": "2024-01-31T10:20:30Z", "properties": {"plan": "pro"}}
ID = "01890a5d-ac96-774b-bcce-b302099a8057"


def event(line: bytes | dict[str, Any], zone: str = "UTC") -> Event:
    text = line if isinstance(line, bytes) else json.dumps(line).encode()
    return EventOfLine(Moments(NOW, None, zone))(text)


def lines(path: Path, data: bytes) -> list[tuple[int, Any]]:
    path.write_bytes(data)
    return list(JsonLines(Source.of(path, "jsonl")).rows())


@pytest.mark.parametrize(
    "line",
    [
        json.dumps(WHOLE).encode(),
        b'{ "event":"a", "distinct_id" : 5, "timestamp":"2024-01-31 10:20:30.123456+02:00", "more": 1e400 }',
        b'{"event":"a","properties":{"distinct_id":"ada"},"timestamp":"2024-01-31T10:20:30Z"}',
        b'{"event":"a","$distinct_id":"ada","properties":null,"timestamp":"2024-01-31T10:20:30Z"}',
        '{"event":"ä","distinct_id":"🙂","timestamp":"2024-01-31T10:20:30Z"}'.encode(),
    ],
)
def test_the_bytes_of_an_event_stay_as_they_are(line: bytes) -> None:
    assert event(line).raw == line


def test_its_own_uuid_is_kept_in_any_spelling() -> None:
    assert event({**WHOLE, "uuid": ID}).uuid == UUID(ID)
    assert event({**WHOLE, "uuid": ID.upper()}).uuid == UUID(ID)
    assert event({**WHOLE, "uuid": "order-17"}).uuid == event({**WHOLE, "uuid": "order-17"}).uuid
    assert event({**WHOLE, "uuid": None}).uuid is None
    assert event({**WHOLE, "uuid": ""}).uuid is None


def test_events_that_differ_in_spelling_only_are_equal() -> None:
    turned = dict(reversed(WHOLE.items()))
    assert event(WHOLE).content == event(turned).content == event(json.dumps(turned, indent=1).encode()).content
    assert event(WHOLE).content != event({**WHOLE, "properties": {"plan": "free"}}).content


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-01-31T10:20:30", "2024-01-31T09:20:30+00:00"),
        ("2024-01-31 10:20:30.5", "2024-01-31T09:20:30.500000+00:00"),
        (1706696430, "2024-01-31T10:20:30+00:00"),
        ("1706696430123", "2024-01-31T10:20:30.123000+00:00"),
    ],
)
def test_a_time_that_may_be_read_in_two_ways_is_written_anew(written: Any, meant: str) -> None:
    found = json.loads(event({**WHOLE, "timestamp": written}, "Europe/Berlin").raw)
    assert found == {**WHOLE, "timestamp": meant}


def test_an_offset_does_not_move_a_time_that_is_given() -> None:
    assert json.loads(event({**WHOLE, "offset": 5000}).raw) == {**WHOLE, "offset": None}


def test_an_event_without_a_time_is_known_to_be_one() -> None:
    assert [event({**WHOLE, "timestamp": none}).is_dated for none in (None, "")] == [False, False]
    assert event(WHOLE).is_dated


def test_properties_that_an_export_holds_as_a_text_become_an_object() -> None:
    held = {**WHOLE, "properties": json.dumps(WHOLE["properties"])}
    assert json.loads(event(held).raw) == WHOLE
    without = {"event": "a", "timestamp": "2024-01-31T10:20:30Z", "properties": '{"distinct_id": "ada"}'}
    assert event(without).distinct_id == "ada"


def test_json_that_is_not_strict_is_mended() -> None:
    found = event(b'{"event":"a","distinct_id":"b","timestamp":"2024-01-31","properties":{"x":NaN,"y":"\\ud800"}}')
    assert json.loads(found.raw)["properties"] == {"x": None, "y": "\ufffd"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"nonsense", "malformed_json"),
        (b'{"event": "a", ', "malformed_json"),
        (b'{"event":"caf\xe9","distinct_id":"a"}', "not_utf8"),
        (b"[1]", "not_an_object"),
        (b"17", "not_an_object"),
        (b'"text"', "not_an_object"),
        ({"distinct_id": "a"}, "missing_event_name"),
        ({"event": " ", "distinct_id": "a"}, "missing_event_name"),
        ({"event": "a"}, "missing_distinct_id"),
        ({"event": "a", "distinct_id": "  "}, "missing_distinct_id"),
        ({"event": "a", "distinct_id": "null"}, "missing_distinct_id"),
        ({**WHOLE, "properties": [1]}, "malformed_properties"),
        ({**WHOLE, "properties": "text"}, "malformed_properties"),
        ({**WHOLE, "properties": "[]"}, "malformed_properties"),
        ({**WHOLE, "timestamp": "soon"}, "unreadable_timestamp"),
        ({**WHOLE, "timestamp": {}}, "unreadable_timestamp"),
        ({**WHOLE, "timestamp": "2999-01-01T00:00:00Z"}, "timestamp_in_the_future"),
        ({**WHOLE, "properties": {"x": "y" * (8 << 20)}}, "event_too_large"),
        ({**WHOLE, "properties": {str(key): 1 for key in range(10_001)}}, "too_many_keys"),
        (b'{"event":"a","distinct_id":"b","properties":{"x":' + b"[" * 300 + b"]" * 300 + b"}}", "nested_too_deep"),
    ],
)
def test_a_line_that_is_no_event_is_told(line: Any, reason: str) -> None:
    with pytest.raises(BadRow) as caught:
        event(line)
    assert caught.value.reason == reason


def test_lines_are_numbered_and_blank_ones_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    assert lines(path, b'\xef\xbb\xbf{"a":1}\r\n\n  \n{"b":2}') == [(1, b'{"a":1}'), (4, b'{"b":2}')]


def test_a_line_without_end_is_not_held(tmp_path: Path) -> None:
    found = lines(tmp_path / "a.jsonl", b'{"a":1}\n{"b":"' + b"x" * (30 << 20) + b'"}\n{"c":1}\n')
    assert [number for number, _ in found] == [1, 2, 3]
    assert isinstance(found[1][1], BadRow)


def test_a_list_of_events_is_told_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="jq -c"):
        lines(tmp_path / "a.json", b'[\n{"event":"a"}]')
