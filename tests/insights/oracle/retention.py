"""Which rows and columns of a retention each actor is in, by looking at all its events for each of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from oracle.calendar import Start, from_to, interval_of

WINDOWS = {"hour": timedelta(hours=1), "day": timedelta(hours=24), "week": timedelta(days=7)}
WINDOWS["month"] = timedelta(days=30)
Cells = dict[tuple[Any, int, int], set[Any]]
"""(value, row, column) → who is there."""


@dataclass(frozen=True)
class Asked:
    """`source` is the target without filters on properties; `value` is what a target event is broken down by."""

    source: Callable[[Any], bool]
    target: Callable[[Any], bool]
    returning: Callable[[Any], bool]
    first: Start
    last: Start
    interval: str
    zone: ZoneInfo
    week_start: int
    columns: int
    kind: str = "retention_recurring"
    least: int = 1
    cumulative: bool = False
    brackets: tuple[int, ...] = ()
    rolling: bool = False
    value: Callable[[Any], Any] = lambda event: None


def cells(actors: Mapping[Any, Sequence[Any]], asked: Asked) -> Cells:
    rows = from_to(asked.first, asked.last, asked.interval)
    found: Cells = {}
    for actor, events in actors.items():
        for value, row, began in _beginnings(events, rows, asked):
            later = [
                column for column in range(1, len(rows) - row) if _returned(events, rows, row, began, column, asked)
            ]
            for column in _columns(later, asked):
                found.setdefault((value, row, column), set()).add(actor)
    return found


def _place(event: Any, rows: Sequence[Start], asked: Asked) -> int | None:
    start = interval_of(event.at, asked.interval, asked.zone, asked.week_start)
    return rows.index(start) if start in rows else None


def _beginnings(events: Sequence[Any], rows: Sequence[Start], asked: Asked) -> set[tuple[Any, int, datetime | None]]:
    targets = sorted((event for event in events if asked.target(event)), key=lambda event: event.at)
    if asked.kind == "retention_recurring":
        targets = [event for event in targets if _place(event, rows, asked) is not None]
        if not asked.rolling:
            return {(asked.value(event), rows.index(_start(event, asked)), None) for event in targets}
    if not targets:
        return set()
    first = targets[0]
    ever = asked.kind == "retention_first_ever_occurrence"
    if ever and first.at != min(event.at for event in events if asked.source(event)):
        return set()
    row = _place(first, rows, asked)
    return set() if row is None else {(asked.value(first), row, first.at)}


def _start(event: Any, asked: Asked) -> Start:
    return interval_of(event.at, asked.interval, asked.zone, asked.week_start)


def _returned(
    events: Sequence[Any], rows: Sequence[Start], row: int, began: datetime | None, column: int, asked: Asked
) -> bool:
    back = [event for event in events if asked.returning(event) and _place(event, rows, asked) is not None]
    if asked.rolling:
        assert began is not None
        opens = began + column * WINDOWS[asked.interval]
        there = [event for event in back if opens <= event.at < opens + WINDOWS[asked.interval]]
    else:
        there = [event for event in back if _place(event, rows, asked) == row + column]
    return len(there) >= asked.least


def _columns(later: Sequence[int], asked: Asked) -> set[int]:
    if asked.brackets:
        ends = [sum(asked.brackets[: place + 1]) for place in range(len(asked.brackets))]
        starts = [end - size for end, size in zip(ends, asked.brackets, strict=True)]
        found = {
            place + 1
            for place, (start, end) in enumerate(zip(starts, ends, strict=True))
            if any(start < column <= end for column in later)
        }
        wide = len(asked.brackets) + 1
    else:
        found, wide = set(later), asked.columns
    if asked.cumulative:
        found = {column for column in range(1, wide) if any(other >= column for other in found)}
    return {0} | {column for column in found if column < wide}
