"""A file's rows → events in the bucket: each once, whatever is broken off and begun again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from analytics_pipelines.events.parse import PERFORMANCE_EVENT
from analytics_pipelines.events.rules import Rules
from analytics_pipelines.imports.bad_rows import BadRow
from analytics_pipelines.imports.event_of_row import Event, ToEvent
from analytics_pipelines.imports.moments import UNREADABLE
from analytics_pipelines.imports.row_ids import RowIds
from analytics_pipelines.imports.source import Broken
from analytics_pipelines.imports.tally import Tally
from analytics_pipelines.imports.writer import Writer
from analytics_pipelines.problems import Problem

# When the times of so many rows can't be read, and of none before, it is the format that is wrong and not the rows.
_ENOUGH = 1000

# Bad rows that are kept to say what they have in common.
_SAMPLES = 50

_TOLD_EVERY = 1000


class Reader(Protocol):
    """A file that is being read. `noun`: what a number counts."""

    noun: str

    def rows(self) -> Iterator[tuple[int, Any | BadRow]]: ...


@dataclass
class Told:
    """Whom to tell: of each bad row (its number, what is wrong, the row), of progress, of the first events."""

    bad_row: Callable[[int, BadRow, Any], None] = lambda *_: None
    progress: Callable[[Tally], None] = lambda _: None
    event: Callable[[Event], None] | None = None


@dataclass
class Nothing:
    """No row became an event: the first bad ones, with what is wrong."""

    noun: str
    samples: list[tuple[int, BadRow, Any]] = field(default_factory=list)

    def note(self, number: int, bad: BadRow, row: Any) -> None:
        if len(self.samples) < _SAMPLES:
            self.samples.append((number, bad, row))

    def is_all(self, reason: str) -> bool:
        """Whether that is wrong with all of them."""
        return all(bad.reason == reason for _, bad, _ in self.samples)


class NoEvents(Exception):
    """None of the rows is an event; nothing was stored."""

    def __init__(self, nothing: Nothing, tally: Tally) -> None:
        super().__init__("no row is an event")
        self.nothing = nothing
        self.tally = tally


def load(
    reader: Reader,
    to_event: ToEvent,
    ids: RowIds,
    rules: Rules,
    writer: Writer | None,
    *,
    stored_before: int = 0,
    once: bool = False,
    told: Told,
) -> Tally:
    """Read all rows and store those behind the first `stored_before`; without a writer none.

    The first ones are read all the same, since equal rows are told apart by how many came before.
    Raises NoEvents, Problem for a file that breaks off, StoreUnavailable, PostgresUnavailable.
    """
    tally = Tally()
    nothing = Nothing(reader.noun)
    looks_at_names = rules.look_at_names
    try:
        for number, row in reader.rows():
            tally.rows += 1
            if not tally.rows % _TOLD_EVERY:
                told.progress(tally)
                if tally.rows == _ENOUGH == tally.bad_rows and nothing.is_all(UNREADABLE):
                    raise NoEvents(nothing, tally)
            try:
                if isinstance(row, BadRow):
                    raise row
                event = to_event(row)
            except BadRow as bad:
                tally.bad_rows += 1
                nothing.note(number, bad, row)
                told.bad_row(number, bad, row)
                continue
            uuid, came_before = (event.uuid, False) if event.uuid is not None else ids.take(event.content)
            is_dropped = looks_at_names or event.name == PERFORMANCE_EVENT
            is_dropped = is_dropped and bool(rules.drops(event.name, event.distinct_id))
            if came_before and once:
                tally.duplicate_rows += 1
                if is_dropped:
                    continue
                # Else it is stored all the same: ingestion knows for certain that it is the same event.
            elif is_dropped:
                tally.dropped += 1
            else:
                tally.events += 1
                tally.undated += not event.is_dated
            if told.event is not None:
                told.event(event)
            if writer is not None and tally.rows > stored_before:
                writer.add(uuid, event.raw, tally.rows)
    except Broken as broken:
        if writer is not None:
            writer.finish(tally.rows)
        raise Problem(
            f"The file breaks off after {tally.rows} rows: {broken}.",
            "What came before is stored. Get the file whole and run the command again: nothing is stored twice.",
        ) from None
    told.progress(tally)
    if tally.bad_rows == tally.rows:
        raise NoEvents(nothing, tally)
    if writer is not None:
        writer.finish(tally.rows)
    return tally
