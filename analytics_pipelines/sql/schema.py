"""The tables that questions may read, as data. A new table or column is a line here.

A virtual table is what people see; each is printed as a guarded subselect over a physical table
(see `printer`) with the columns that the question uses, so one that is not listed here (`team_id`, `batch_id`) can't be
read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from analytics_pipelines.events.hot_properties import HOT_PROPERTIES
from analytics_pipelines.sql.types import Kind


@dataclass(frozen=True, slots=True)
class TableColumn:
    """`source` is the physical column, or an expression over what `join` brings; `zoned` ones are instants, shown in
    the project's zone. `apart` are the keys of an object that have a physical column of their own, named like them."""

    name: str
    kind: Kind
    source: str
    nullable: bool = False
    join: str = ""
    apart: frozenset[str] = frozenset()

    @property
    def zoned(self) -> bool:
        return self.kind is Kind.INSTANT

    @property
    def item(self) -> str:
        """How it stands in a select list."""
        return self.name if self.name == self.source else f"{self.source} AS {self.name}"


@dataclass(frozen=True, slots=True)
class Table:
    """`physical` must carry a `team_id Int64` column."""

    name: str
    physical: str
    columns: tuple[TableColumn, ...]

    def guarded(self, used: Collection[str]) -> str:
        """The only form in which the physical table is ever read: the columns used, of one team."""
        items = [item for name, item in self.items() if name in used]
        joins = dict.fromkeys(column.join for column in self.columns if column.join and column.name in used)
        source = " ".join([self.physical, *joins])
        team = f"{self.physical}.team_id" if joins else "team_id"
        return f"(SELECT {', '.join(items) or '1'} FROM {source} WHERE {team} = {{team_id:Int64}})"

    def items(self) -> Iterator[tuple[str, str]]:
        """What may stand in the select list, by the name it is used by."""
        for column in self.columns:
            yield column.name, column.item
        for column in self.columns:
            yield from ((key, f"`{key}`") for key in sorted(column.apart))


Schema = Mapping[str, Table]


def _columns(text: str) -> tuple[TableColumn, ...]:
    """Lines of `name kind [source]`."""
    rows = (line.split() for line in text.strip().splitlines())
    return tuple(TableColumn(row[0], Kind(row[1]), row[2] if row[2:] else row[0]) for row in rows)


# Who the stored person has become since: a question finds them by what its events carry, 16 bytes and not a text.
_OVERRIDES = (
    "GLOBAL ANY LEFT JOIN (SELECT stored_person_id, toNullable(person_id) AS current_person_id"
    " FROM person_overrides FINAL WHERE team_id = {team_id:Int64} AND is_deleted = 0) AS overrides"
    " ON events.person_id = overrides.stored_person_id"
)


def _events(columns: tuple[TableColumn, ...]) -> Iterator[TableColumn]:
    for column in columns:
        if column.name == "person_id":
            current = "ifNull(overrides.current_person_id, events.person_id)"
            yield replace(column, source=current, join=_OVERRIDES)
        elif column.name == "properties":
            yield replace(column, apart=frozenset(HOT_PROPERTIES))
        else:
            yield column


EVENTS = Table(
    name="events",
    physical="events",
    columns=tuple(
        _events(
            _columns(
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
            )
        )
    ),
)

SCHEMA: Schema = {table.name: table for table in (EVENTS,)}

RESERVED_NAMES = frozenset({"team_id", "true", "false", "null"})
"""Names that nothing in a query may be given."""
