"""Parquet files, a batch of rows at a time."""

from collections.abc import Callable, Iterator
from typing import Any

from analytics_pipelines.imports.bad_rows import BadRow
from analytics_pipelines.imports.cells import plain
from analytics_pipelines.imports.source import Broken, Source
from analytics_pipelines.problems import Problem

_ROWS = 8192


class Parquet:
    """Rows are column → value, numbered from 1. `only`: the columns that are read, all when it is empty."""

    noun = "row"

    def __init__(self, source: Source) -> None:
        """Raises Problem when it can't be read, or pyarrow is not installed."""
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError:
            raise Problem("Parquet files need the package pyarrow.", "Run `pip install pyarrow`.") from None
        self._arrow = pyarrow
        self._source = source
        try:
            self._file = pyarrow.parquet.ParquetFile(source.path)
        except (pyarrow.ArrowException, OSError) as error:
            raise Problem(f"{source.path} is a broken Parquet file: {_first_line(error)}.", "Get it anew.") from None
        self._schema = self._file.schema_arrow
        self._rows = self._file.metadata.num_rows
        if not self._rows:
            raise Problem(f"{source.path} has no rows.", "Nothing was imported. Check where it came from.")
        self.only: list[str] = []

    def columns(self) -> list[str]:
        """The names in the schema."""
        return list(self._schema.names)

    def rows(self) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
        """Each row. Raises Broken."""
        number = 0
        try:
            for batch in self._file.iter_batches(_ROWS, columns=self.only or None):
                names = batch.schema.names
                for row in zip(*map(self._values, batch.columns), strict=True):
                    number += 1
                    yield number, dict(zip(names, row, strict=True))
                self._source.read_bytes = self._source.size * number // self._rows
        except (self._arrow.ArrowException, OSError) as error:
            raise Broken(_first_line(error)) from None

    def _values(self, column: Any) -> list[Any]:
        """The column's values as Python has them; times to the microsecond, bytes and what holds others made plain."""
        kinds = self._arrow.types
        kind = column.type
        if kinds.is_dictionary(kind):
            column, kind = column.dictionary_decode(), kind.value_type
        if kinds.is_timestamp(kind) and kind.unit == "ns":
            column = column.cast(self._arrow.timestamp("us", kind.tz), safe=False)
        elif kinds.is_duration(kind) and kind.unit == "ns":
            column = column.cast(self._arrow.duration("us"), safe=False)
        elif kinds.is_time(kind) and kind.bit_width == 64:
            column = column.cast(self._arrow.time64("us"), safe=False)
        if _is_simple(kinds, kind):
            values: list[Any] = column.to_pylist()
            return values
        if kinds.is_fixed_size_binary(kind):  # digests and uuids
            return [None if value is None else value.hex() for value in column.to_pylist()]
        made: Callable[[Any], Any] = dict if kinds.is_map(kind) else (lambda value: value)
        return [None if value is None else plain(made(value)) for value in map(_python, column)]


def _is_simple(kinds: Any, kind: Any) -> bool:
    """Whether JSON has such values, or the reader of times takes them."""
    return bool(
        kinds.is_string(kind)
        or kinds.is_large_string(kind)
        or kinds.is_integer(kind)
        or kinds.is_floating(kind)
        or kinds.is_boolean(kind)
        or kinds.is_decimal(kind)
        or kinds.is_temporal(kind)
        or kinds.is_null(kind)
        or str(kind) == "extension<arrow.uuid>"
    )


def _python(scalar: Any) -> Any:
    try:
        return scalar.as_py()
    except ValueError:  # nanoseconds within a list, for example
        return str(scalar)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
