"""What the columns of a file mean. Pure."""

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from analytics_pipelines.problems import Problem

# Columns that are taken for what they are called, as files have them that were exported from PostHog.
EVENT, DISTINCT_ID, TIMESTAMP, UUID, PROPERTIES = "event", "distinct_id", "timestamp", "uuid", "properties"

# Goes up when the same file and mapping would become other events than before: then nothing is resumed.
_FORM = 1

_DIRECTIVES = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True)
class Mapping:
    """Which column is what. Names of columns are compared exactly.

    `event` is one name for all rows, `event_column` a column of names. `timestamp_format` is of strptime, or `iso`,
    `unix`, `unix_ms`, `unix_us`; none: known by its look. `timezone`: where times without one were written down.
    `properties`: column → property; None: every column that is not otherwise used. `set`: column → person property.
    `text`: columns whose values stay texts though they look like numbers.
    """

    event: str | None = None
    event_column: str | None = None
    distinct_id_column: str | None = None
    timestamp_column: str | None = None
    timestamp_format: str | None = None
    timezone: str = "UTC"
    uuid_column: str | None = None
    properties: dict[str, str] | None = None
    set: dict[str, str] | None = None
    text: tuple[str, ...] = ()

    @property
    def is_of_columns(self) -> bool:
        """Whether it names any column or event; without, JSON objects are events as they are."""
        plain = Mapping(timestamp_format=self.timestamp_format, timezone=self.timezone)
        return self != plain

    def columns_named(self) -> list[str]:
        """Every column that is asked for, each once."""
        one = (self.event_column, self.distinct_id_column, self.timestamp_column, self.uuid_column)
        named = [name for name in one if name is not None]
        return list(dict.fromkeys([*named, *(self.properties or ()), *(self.set or ()), *self.text]))

    def checked(self) -> "Mapping":
        """The same. Raises Problem for what contradicts itself, an unknown time zone or time format."""
        if self.event is not None and self.event_column is not None:
            raise Problem("The event's name is given twice.", "Give --event NAME or --event-column COL, not both.")
        if self.event is not None and not self.event.strip():
            raise Problem("The event's name is empty.", "Give one, such as --event purchase.")
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise Problem(
                f"{self.timezone!r} is no time zone.", "Use a name of the IANA database, such as Europe/Berlin."
            ) from None
        form = self.timestamp_format
        if form is not None and form not in ("iso", "unix", "unix_ms", "unix_us") and "%" not in form:
            raise Problem(
                f"{form!r} is no time format.",
                f"Use iso, unix, unix_ms, unix_us, or strptime's directives, such as {_DIRECTIVES!r}.",
            )
        return self

    def bound(self, columns: Sequence[str]) -> "Mapping":
        """With every column decided, for a file of these columns.

        Raises Problem for a column that is not there, or when the event, its sender or its time stands nowhere.
        """
        for name in self.columns_named():
            if name not in columns:
                raise unknown_column(name, columns)
        event_column = self.event_column or (EVENT if self.event is None and EVENT in columns else None)
        found = replace(
            self,
            event_column=event_column,
            distinct_id_column=self.distinct_id_column or (DISTINCT_ID if DISTINCT_ID in columns else None),
            timestamp_column=self.timestamp_column or (TIMESTAMP if TIMESTAMP in columns else None),
            uuid_column=self.uuid_column or (UUID if UUID in columns else None),
        )
        there = f"The columns are: {_listed(columns)}."
        if found.event is None and found.event_column is None:
            raise Problem(
                "What the events are called is not said.", f"Give --event NAME or --event-column COL. {there}"
            )
        if found.distinct_id_column is None:
            raise Problem("Whose events these are is not said.", f"Give --distinct-id-column COL. {there}")
        if found.timestamp_column is None:
            raise Problem("When the events happened is not said.", f"Give --timestamp-column COL. {there}")
        return found

    def digest(self, **more: object) -> bytes:
        """Of all that decides what a file becomes, with what `more` adds to it."""
        text = msgspec.json.encode({"form": _FORM, **asdict(self), **more}, order="deterministic")
        return hashlib.sha256(text).digest()


def unknown_column(name: str, columns: Sequence[str]) -> Problem:
    """What to say of a column that is not in the file."""
    near = next(iter(get_close_matches(name, columns, 1)), None)
    near = near or next((column for column in columns if column.strip().lower() == name.strip().lower()), None)
    hint = f"Did you mean {near!r}? " if near else ""
    if len(columns) == 1 and any(mark in columns[0] for mark in ",;\t| "):
        hint = "The header is a single column; perhaps --delimiter is another. "
    return Problem(f"The file has no column {name!r}.", f"{hint}The columns are: {_listed(columns)}.")


def read_mapping(text: str, name: str) -> tuple[Mapping, dict[str, Any]]:
    """A mapping of a TOML file, and its settings of the reader (`format`, `delimiter`, `encoding`).

    Raises Problem for what is no TOML, an unknown key or a value of another kind.
    """
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Problem(f"{name} is no TOML: {error}.", "docs/import.md shows one.") from None
    reading: dict[str, Any] = {key: found.pop(key) for key in ("format", "delimiter", "encoding") if key in found}
    known = [field.name for field in fields(Mapping)]
    for key, value in found.items():
        if key not in known:
            near = next(iter(get_close_matches(key, known, 1)), None)
            raise Problem(
                f"{name}: {key!r} is no key of a mapping.",
                f"Did you mean {near!r}?" if near else f"The keys are: {_listed(known)}.",
            )
        if not _is_of_its_kind(key, value):
            raise Problem(f"{name}: {key} has a value of the wrong kind: {value!r}.", "docs/import.md shows one.")
    for key, value in reading.items():
        if not isinstance(value, str):
            raise Problem(f"{name}: {key} has a value of the wrong kind: {value!r}.", "docs/import.md shows one.")
    if reading.get("format", "csv") not in ("jsonl", "csv", "parquet"):
        raise Problem(f"{name}: {reading['format']!r} is no format.", "Use jsonl, csv or parquet.")
    if "text" in found:
        found["text"] = tuple(found["text"])
    return Mapping(**found), reading


def pairs(given: Sequence[str], option: str) -> dict[str, str]:
    """`COL` and `COL=name` of an option → column → name. Raises Problem for an empty name."""
    found = {}
    for each in given:
        column, mark, name = each.rpartition("=")
        column, name = (column, name) if mark else (each, each)
        if not column or not name:
            raise Problem(f"{option} {each!r} lacks a column or a name.", f"Write {option} COLUMN=name.")
        found[column] = name
    return found


def _is_of_its_kind(key: str, value: object) -> bool:
    if key in ("properties", "set"):
        return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    if key == "text":
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    return isinstance(value, str)


def _listed(names: Sequence[str], most: int = 40) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
