"""Whatever stands in a file: each row is an event that says the same, or is reported. None is lost."""

import csv
import json
import math
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_pipelines.events.rules import Rules
from analytics_pipelines.imports.bad_rows import BadRow
from analytics_pipelines.imports.cells import of_text, plain
from analytics_pipelines.imports.event_of_line import EventOfLine
from analytics_pipelines.imports.event_of_row import Event, EventOfRow
from analytics_pipelines.imports.load import NoEvents, Told, load
from analytics_pipelines.imports.mapping import Mapping
from analytics_pipelines.imports.moments import Moments
from analytics_pipelines.imports.plan import Reading, plan
from analytics_pipelines.imports.row_ids import RowIds
from analytics_pipelines.problems import Problem

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
MOMENTS = Moments(NOW)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = texts.filter(lambda text: text.strip() == text != "")
moments = st.one_of(
    st.datetimes(datetime(1900, 1, 2), datetime(2026, 11, 23)).map(str),  # noqa: DTZ001  as files have them
    st.integers(0, 1_700_000_000).map(str),
    texts,
)
cells = st.one_of(texts, st.integers().map(str), st.floats().map(str), st.decimals().map(str), st.booleans().map(str))
values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(),
        st.decimals(allow_nan=False, allow_infinity=False, places=2),
        st.datetimes(),
        st.dates(),
        st.times(),
        st.timedeltas(),
        st.uuids(),
        st.binary(max_size=20),
        st.text(max_size=20),  # with surrogates, which no text may have
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def is_whole(event: Event) -> dict[str, Any]:
    """The event as ingestion reads it: one line of JSON, with a name, a sender and a time."""
    assert b"\n" not in event.raw
    found: dict[str, Any] = msgspec.json.decode(event.raw)
    assert found == json.loads(event.raw)
    assert event.name.strip()
    assert event.distinct_id.strip()
    return found


def same(one: Any, other: Any) -> bool:
    """Equal as JSON has it: numbers by their value, to a double's precision."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float | Decimal) or isinstance(other, float | Decimal):
        return math.isclose(float(one), float(other), rel_tol=1e-12)
    return bool(one == other) and type(one) is type(other)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    columns = draw(st.lists(names, min_size=4, max_size=7, unique=True))
    row = st.tuples(cells, cells, moments, *[cells] * (len(columns) - 3)).map(list)
    return columns, draw(st.lists(row, min_size=1, max_size=8))


@given(tables(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_every_row_of_a_table_is_an_event_that_says_the_same_or_is_reported(
    table: tuple[list[str], list[list[str]]], choose: bool
) -> None:
    columns, rows = table
    name, who, when, *others = columns
    chosen = {column: f"p{at}" for at, column in enumerate(others)} if choose else None
    mapping = Mapping(event_column=name, distinct_id_column=who, timestamp_column=when, properties=chosen)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([columns, *rows])
        made = plan(path, mapping, Reading(), NOW)
        read = list(made.reader.rows())
    assert len(read) == len(rows)
    for (_, found), row in zip(read, rows, strict=True):
        assert not isinstance(found, BadRow)
        assert list(found.values()) == row
        try:
            event = made.to_event(found)
        except BadRow:
            continue
        sent = is_whole(event)
        assert (sent["event"], sent["distinct_id"]) == (row[0], row[1])
        assert sent["timestamp"] == MOMENTS.read(row[2])
        if "properties" in columns or "elements_chain" in columns:
            continue
        named = chosen or {column: column for column in others}
        expected = {named[column]: of_text(cell) for column, cell in zip(others, row[3:], strict=True) if cell}
        assert same(sent["properties"], expected)


@given(
    st.dictionaries(names, values, max_size=5),
    names | values,
    names | values,
    st.datetimes(datetime(1900, 1, 2), datetime(2026, 11, 23)) | values,  # noqa: DTZ001  as tables have them
)
@settings(max_examples=300, deadline=None)
def test_every_row_of_values_is_an_event_that_says_the_same_or_is_reported(
    others: dict[str, Any], name: Any, who: Any, when: Any
) -> None:
    others = {f"p{column}": value for column, value in others.items()}
    mapping = Mapping(event_column="a", distinct_id_column="b", timestamp_column="c")
    try:
        event = EventOfRow(mapping, MOMENTS, infer=False)({"a": name, "b": who, "c": when, **others})
    except BadRow:
        return
    sent = is_whole(event)
    expected = {column: value for column, value in others.items() if value is not None}
    plainly = msgspec.json.decode(msgspec.json.encode(plain(expected)))
    assert sent["properties"].keys() == plainly.keys()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
json_events = st.fixed_dictionaries(
    {},
    optional={
        "event": json_values,
        "distinct_id": json_values,
        "$distinct_id": json_values,
        "timestamp": moments | json_values,
        "properties": json_values,
        "uuid": json_values,
        "offset": json_values,
        "other": json_values,
    },
)


@given(st.one_of(json_events.map(lambda value: json.dumps(value).encode()), st.binary(max_size=60)))
@settings(max_examples=400, deadline=None)
def test_every_line_is_an_event_that_says_the_same_or_is_reported(line: bytes) -> None:
    try:
        event = EventOfLine(MOMENTS)(line.strip())
    except BadRow:
        return
    sent = msgspec.json.decode(event.raw)
    assert event.name.strip()
    assert event.distinct_id.strip()
    assert isinstance(sent.get("properties") or {}, dict)


@given(st.binary(min_size=1, max_size=200), st.sampled_from(["csv", "jsonl"]))
@settings(max_examples=300, deadline=None)
def test_a_file_of_any_bytes_is_told_about_and_breaks_nothing(data: bytes, form: Any) -> None:
    mapping = Mapping(event="a") if form == "csv" else Mapping()
    header = b"distinct_id,timestamp,x\n" if form == "csv" else b""
    told: list[int] = []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(header + data)
        try:
            made = plan(path, mapping, Reading(format=form), NOW)
            tally = load(
                made.reader,
                made.to_event,
                RowIds(1),
                Rules(),
                None,
                told=Told(lambda number, *_: told.append(number)),
            )
        except (Problem, NoEvents):
            return
    assert tally.rows == tally.events + tally.bad_rows
    assert len(told) == tally.bad_rows
