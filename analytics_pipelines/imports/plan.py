"""What is to be done with a file: read how, and what its rows become. Nothing is stored yet."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from analytics_pipelines.imports.bad_rows import BadRow
from analytics_pipelines.imports.delimited import Delimited
from analytics_pipelines.imports.event_of_line import EventOfLine, row_of_line
from analytics_pipelines.imports.event_of_row import Event, EventOfRow, ToEvent
from analytics_pipelines.imports.json_lines import JsonLines
from analytics_pipelines.imports.load import NoEvents, Reader
from analytics_pipelines.imports.mapping import TIMESTAMP, Mapping
from analytics_pipelines.imports.moments import UNREADABLE, Moments, likely_form
from analytics_pipelines.imports.parquet import Parquet
from analytics_pipelines.imports.source import Broken, Format, Source
from analytics_pipelines.problems import Problem

_ELEMENTS = "elements_chain"


@dataclass(frozen=True)
class Reading:
    """How the file is read, where its name and first bytes do not say it. `once`: equal rows are one event."""

    format: Format | None = None
    delimiter: str | None = None
    encoding: str | None = None
    once: bool = False


@dataclass(frozen=True)
class Plan:
    """An import that can begin. `mapping_digest`: of all that decides what the file becomes."""

    source: Source
    reader: Reader
    to_event: ToEvent
    moments: Moments
    mapping: Mapping
    once: bool
    mapping_digest: bytes


def plan(path: Path, mapping: Mapping, reading: Reading, now: datetime) -> Plan:
    """Look at the file and bind the mapping to it. Raises Problem."""
    mapping.checked()
    source = Source.of(path, reading.format)
    if source.format != "csv" and (reading.delimiter or reading.encoding):
        raise Problem(f"{path} is read as {source.format}.", "--delimiter and --encoding are for --format csv.")
    moments = Moments(now, mapping.timestamp_format, mapping.timezone)
    try:
        reader, to_event, bound = _READERS[source.format](source, mapping, reading, moments)
    except Broken as broken:
        raise Problem(f"{path} is damaged: {broken}.", "Get it anew.") from None
    digest = mapping.digest(
        format=source.format, delimiter=reading.delimiter, encoding=reading.encoding, once=reading.once
    )
    return Plan(source, reader, to_event, moments, bound, reading.once, digest)


def no_events(nothing: NoEvents, plan: Plan) -> Problem:
    """What to say when not a single row is an event."""
    found, name = nothing.nothing, plan.source.path
    if not found.samples:
        return Problem(f"{name} has no rows.", "Nothing was imported. Check where it came from.")
    number, first, _ = found.samples[0]
    where = f"{found.noun} {number}"
    if found.is_all(UNREADABLE):
        column = plan.mapping.timestamp_column or TIMESTAMP
        form = likely_form(_texts([row for _, _, row in found.samples], column))
        mend = "Say how it is written: --timestamp-format, such as '%d/%m/%Y %H:%M', or unix, unix_ms."
        if form:
            mend = f"Perhaps it is written as --timestamp-format {form!r}."
        return Problem(f"The column {column!r} holds no time that can be read; {where}: {first}.", mend)
    return Problem(
        f"None of the {nothing.tally.rows} rows of {name} is an event; {where}: {first}.",
        "Nothing was imported. Check the columns that you named and --format; see `analytics import --help`.",
    )


def _json_lines(source: Source, mapping: Mapping, _: Reading, moments: Moments) -> tuple[Reader, ToEvent, Mapping]:
    reader = JsonLines(source)
    if not mapping.is_of_columns:
        return reader, EventOfLine(moments), mapping
    bound = mapping.bound(reader.columns())
    of_row = EventOfRow(bound, moments, infer=False)

    def to_event(line: bytes) -> Event:
        return of_row(row_of_line(line))

    return reader, to_event, bound


def _delimited(source: Source, mapping: Mapping, reading: Reading, moments: Moments) -> tuple[Reader, ToEvent, Mapping]:
    reader = Delimited(source, reading.delimiter, reading.encoding)
    bound = mapping.bound(reader.columns())
    return reader, EventOfRow(bound, moments, infer=True), bound


def _parquet(source: Source, mapping: Mapping, _: Reading, moments: Moments) -> tuple[Reader, ToEvent, Mapping]:
    reader = Parquet(source)
    columns = reader.columns()
    bound = mapping.bound(columns)
    if bound.properties is not None:
        reader.only = [name for name in columns if name == _ELEMENTS or name in bound.columns_named()]
    return reader, EventOfRow(bound, moments, infer=False), bound


_READERS: dict[str, Callable[[Source, Mapping, Reading, Moments], tuple[Reader, ToEvent, Mapping]]] = {
    "jsonl": _json_lines,
    "csv": _delimited,
    "parquet": _parquet,
}


def _texts(rows: list[Any], column: str) -> list[str]:
    found = []
    for row in rows:
        try:
            value = (row_of_line(row) if isinstance(row, bytes) else row).get(column)
        except BadRow:
            continue
        found.append(value if isinstance(value, str) else "")
    return found
