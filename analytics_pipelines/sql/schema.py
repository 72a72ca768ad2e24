"""The tables that questions may read, as data. A new table or column is a line here.

A virtual table is what people see; each is printed as a guarded subselect over a physical table
(see `printer`), so a column that is not listed here (`team_id`, `batch_id`) can't be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analytics_pipelines.sql.types import Kind


@dataclass(frozen=True, slots=True)
class TableColumn:
    """`source` is the physical column; `zoned` ones are instants, shown in the project's zone."""

    name: str
    kind: Kind
    source: str
    nullable: bool = False

    @property
    def zoned(self) -> bool:
        return self.kind is Kind.INSTANT


@dataclass(frozen=True, slots=True)
class Table:
    """`physical` must carry a `team_id Int64` column."""

    name: str
    physical: str
    columns: tuple[TableColumn, ...]

    def guarded(self) -> str:
        """The only form in which the physical table is ever read."""
        columns = ", ".join(
            column.name if column.name == column.source else f"{column.source} AS {column.name}"
            for column in self.columns
        )
        return f"(SELECT {columns} FROM {self.physical} WHERE team_id = {{team_id:Int64}})"


Schema = Mapping[str, Table]


def _columns(text: str) -> tuple[TableColumn, ...]:
    """Lines of `name kind [source]`."""
    rows = (line.split() for line in text.strip().splitlines())
    return tuple(TableColumn(row[0], Kind(row[1]), row[2] if row[2:] else row[0]) for row in rows)


EVENTS = Table(
    name="events",
    physical="events",
    columns=_columns(
        """
        uuid            uuid
        event           string
        properties      json
        timestamp       instant
        distinct_id     string
        person_id       uuid
        elements_chain  string
        received_at     instant
        created_at      instant  received_at
        """
    ),
)

SCHEMA: Schema = {table.name: table for table in (EVENTS,)}

RESERVED_NAMES = frozenset({"team_id", "true", "false", "null"})
"""Names that nothing in a query may be given."""
