"""Text files of rows and columns: CSV, tab-separated, or columns between blanks."""

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

from analytics_pipelines.events.limits import DEFAULT
from analytics_pipelines.imports.bad_rows import BadRow
from analytics_pipelines.imports.source import Broken, Source
from analytics_pipelines.problems import Problem

WHITESPACE = "whitespace"
_NAMED = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}

# A quoted cell may hold line breaks. What goes on for longer than that was never closed.
_MOST_LINES = 2000

Cells = dict[str, str]


class Delimited:
    """Rows are column → text, under the names in the first line; a row is numbered by the line that it begins on."""

    noun = "line"

    def __init__(self, source: Source, delimiter: str | None = None, encoding: str | None = None) -> None:
        """`delimiter`: one character, a name such as `tab`, or `whitespace`. Raises Problem."""
        self._source = source
        self._delimiter = _delimiter(delimiter or ("tab" if source.suggests_tabs else ","))
        self._encoding = _encoding(encoding or "utf-8-sig", source)
        self._columns = self._header()

    def columns(self) -> list[str]:
        """The names in the header."""
        return self._columns

    def rows(self) -> Iterator[tuple[int, Cells | BadRow]]:
        """Each row behind the header. Raises Broken."""
        try:
            with self._opened() as text:
                yield from islice(self._records(text), 1, None)
        except UnicodeError:
            raise Broken(f"what follows is not in {self._encoding}") from None

    def _header(self) -> list[str]:
        try:
            with self._opened() as text:
                number, first = next(self._split(text), (0, []))
                more = next(iter(text), None) if first and not isinstance(first, BadRow) else ""
        except UnicodeError:
            raise Problem(f"{self._source.path} is not in {self._encoding}.", "Name another --encoding.") from None
        finally:
            self._source.read_bytes = 0
        name = self._source.path
        if isinstance(first, BadRow):
            raise Problem(f"The header of {name} can't be read: {first}.", "Mend line 1.")
        if not number:
            raise Problem(f"{name} is empty.", "Nothing was imported. Check where it came from.")
        if more is None:
            raise Problem(f"{name} has a header and no rows.", "Nothing was imported. Check where it came from.")
        columns = [cell.strip() or f"column_{at}" for at, cell in enumerate(first, start=1)]
        if any("\udc80" <= mark <= "\udcff" for column in columns for mark in column):
            raise Problem(f"The header of {name} is not UTF-8.", "Name its --encoding, such as latin-1 or utf-16.")
        twice = next((column for column in columns if columns.count(column) > 1), None)
        if twice is not None:
            raise Problem(f"The header of {name} has the column {twice!r} twice.", "Give each a name of its own.")
        return columns

    def _opened(self) -> "_Text":
        return _Text(self._source, self._encoding)

    def _records(self, text: Iterable[str]) -> Iterator[tuple[int, Cells | BadRow]]:
        columns = self._columns
        width = len(columns)
        for number, cells in self._split(text, width):
            if isinstance(cells, BadRow):
                yield number, cells
            else:
                yield number, dict(zip(columns, cells, strict=True))

    def _split(self, text: Iterable[str], width: int | None = None) -> Iterator[tuple[int, list[str] | BadRow]]:
        if self._delimiter == WHITESPACE:
            return _between_blanks(text, width)
        return _quoted(text, self._delimiter, width)


class _Text(io.TextIOWrapper):
    """Lines of the file, whose line breaks are kept. Bytes that are no text become surrogates, which no event takes."""

    def __init__(self, source: Source, encoding: str) -> None:
        self._context = source.unpacked()
        super().__init__(self._context.__enter__(), encoding=encoding, errors="surrogateescape", newline="\n")

    def close(self) -> None:
        super().close()
        self._context.__exit__(None, None, None)


class _Unclosed(Exception):
    """A quote that was opened many lines ago."""


class _Lines:
    """Lines, of which those of the record that is being read can be given back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._back: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else next(self._lines)
        taken = self.taken
        taken.append(line)
        if len(taken) > _MOST_LINES:
            raise _Unclosed
        return line

    def give_back_all_but_one(self) -> None:
        self._back.extendleft(reversed(self.taken[1:]))


def _between_blanks(text: Iterable[str], width: int | None) -> Iterator[tuple[int, list[str] | BadRow]]:
    for number, line in enumerate(text, start=1):
        cells = line.split()
        if cells:
            yield number, cells if width in (None, len(cells)) else _of_other_width(cells, width)


def _quoted(text: Iterable[str], delimiter: str, width: int | None) -> Iterator[tuple[int, list[str] | BadRow]]:
    """Records as csv reads them. One that is broken costs its first line only: reading goes on behind that."""
    csv.field_size_limit(DEFAULT.event_bytes)
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 1
    while True:
        lines.taken = []
        bad: BadRow | None = None
        try:
            cells = next(reader)
        except StopIteration:
            return
        except _Unclosed:
            bad = _broken("a quote is never closed")
        except csv.Error as error:
            bad = _broken("a quote is never closed" if "end of data" in str(error) else str(error))
        else:
            if width is not None and cells and len(cells) != width:
                bad = _of_other_width(cells, width)
        if bad is None:
            if cells:
                yield number, cells
            number += len(lines.taken)
            continue
        lines.give_back_all_but_one()
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        yield number, bad
        number += 1


def _broken(why: str) -> BadRow:
    return BadRow("broken_quoting", f"the quoting is broken: {why}")


def _of_other_width(cells: list[str], width: int | None) -> BadRow:
    return BadRow("wrong_number_of_cells", f"{len(cells)} cells, but the header has {width}")


def _delimiter(given: str) -> str:
    found = _NAMED.get(given, given)
    if found != WHITESPACE and (len(found) != 1 or found in '"\r\n'):
        raise Problem(
            f"{given!r} is no delimiter.", "Give one character, tab, or whitespace (any number of blanks and tabs)."
        )
    return found


def _encoding(given: str, source: Source) -> str:
    try:
        codecs.lookup(given).encode("a")
    except (LookupError, TypeError):
        raise Problem(f"{given!r} is no encoding.", "Give one such as utf-8, latin-1, cp1252 or utf-16.") from None
    with source.unpacked() as file:
        try:
            first = file.read(2)
        except Broken:
            first = b""
    source.read_bytes = 0
    if first in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) and "16" not in given:
        raise Problem(f"{source.path} is not UTF-8.", "Give --encoding utf-16.")
    return "utf-8-sig" if codecs.lookup(given).name == "utf-8" else given
