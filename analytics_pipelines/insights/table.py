"""Plans whose answer is rows: of EventsQuery, ActorsQuery, SessionsQuery."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from analytics_pipelines.insights.columns import DEFAULT_ROWS, MOST_ROWS
from analytics_pipelines.insights.plan import Rows
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import Compiled, compile_query
from analytics_pipelines.sql.scope import Scope

# Ids travel as parameters of an address.
_MOST_IDS = 1000


@dataclass(frozen=True, slots=True)
class TableColumn:
    """`shape` makes of ClickHouse's value what is shown. `refers` to a person or group: that is looked up afterwards,
    and put in place of the id that `shape` gives."""

    name: str
    shape: Callable[[Any], Any] = lambda value: value
    refers: str = ""


@dataclass(frozen=True, slots=True)
class TablePlan:
    """One statement, which asks for one row more than `limit`: whether it comes tells whether there are more."""

    statements: tuple[Compiled]
    columns: tuple[TableColumn, ...]
    limit: int
    offset: int
    limit_applied: bool
    scope: Scope
    extra: Mapping[str, Any]

    def more(self, results: Sequence[Rows]) -> Sequence[Compiled]:
        """Statements for what the rows refer to; after the rows of these, perhaps more; at last none."""
        ids = self._ids(results[0], "person")
        people = len(_chunks(ids))
        if not ids or len(results) > 1 + 2 * people:
            return ()
        if len(results) == 1:
            return [compiled for chunk in _chunks(ids) for compiled in _people(chunk, self.scope)]
        known = {row[0] for rows in results[2::2] for row in rows}
        return [_ids_in_events(chunk, self.scope) for chunk in _chunks([each for each in ids if each not in known])]

    def answer(self, results: Sequence[Rows]) -> dict[str, Any]:
        ids = self._ids(results[0], "person")
        looked_up = {"person": _persons(ids, results[1:])} if ids else {}
        shown = results[0][: self.limit]
        return {
            "results": [
                [self._value(*pair, looked_up) for pair in zip(self.columns, row, strict=True)] for row in shown
            ],
            "columns": [column.name for column in self.columns],
            "limit": self.limit,
            "offset": self.offset,
            "hasMore": len(results[0]) > self.limit,
            "limit_applied": self.limit_applied and len(results[0]) > self.limit,
            **self.extra,
        }

    def _ids(self, rows: Rows, kind: str) -> list[UUID]:
        found: dict[UUID, None] = {}
        for place, column in enumerate(self.columns):
            if column.refers == kind:
                found |= dict.fromkeys(column.shape(row[place])["id"] for row in rows[: self.limit])
        return list(found)

    def _value(self, column: TableColumn, value: Any, looked_up: Mapping[str, Mapping[UUID, Any]]) -> Any:
        shaped = column.shape(value)
        return {**shaped, **looked_up[column.refers].get(shaped["id"], {})} if column.refers else shaped


def limits(limit: int | None, offset: int | None) -> tuple[int, int]:
    """Of a question that may leave them out, or ask for more than there may be."""
    return min(DEFAULT_ROWS if limit is None else limit, MOST_ROWS), offset or 0


def properties_of(text: Any) -> Any:
    """JSON text as what it says; text that is no JSON stays."""
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return text


def _chunks(ids: Sequence[UUID]) -> list[Sequence[UUID]]:
    return [ids[start : start + _MOST_IDS] for start in range(0, len(ids), _MOST_IDS)]


def _among(name: str, ids: Sequence[UUID]) -> nodes.Expr:
    return nodes.In(nodes.Name((name,)), tuple(nodes.Constant(each) for each in ids))


def _people(ids: Sequence[UUID], scope: Scope) -> tuple[Compiled, Compiled]:
    """Statements of who they are, and of their distinct ids."""
    named = ("id", "properties", "created_at", "is_identified")
    persons = nodes.Select(
        tuple(nodes.Item(nodes.Name((name,)), name) for name in named),
        nodes.TableName("persons"),
        where=_among("id", ids),
    )
    return compile_query(persons, scope), _distinct_ids("person_distinct_ids", ids, scope)


def _ids_in_events(ids: Sequence[UUID], scope: Scope) -> Compiled:
    """Statement of the distinct ids of those who have no profile."""
    return _distinct_ids("events", ids, scope)


def _distinct_ids(table: str, ids: Sequence[UUID], scope: Scope) -> Compiled:
    distinct = nodes.Call("groupUniqArray", (nodes.Name(("distinct_id",)),), params=(nodes.Constant(100),))
    query = nodes.Select(
        (
            nodes.Item(nodes.Name(("person_id",)), "person_id"),
            nodes.Item(nodes.Call("arraySort", (distinct,)), "distinct_ids"),
        ),
        nodes.TableName(table),
        where=_among("person_id", ids),
        group=(nodes.Name(("person_id",)),),
    )
    return compile_query(query, scope)


def _persons(ids: Sequence[UUID], results: Sequence[Rows]) -> dict[UUID, dict[str, Any]]:
    """`results` are those of `more`: persons and distinct ids in turn for each chunk, then ids found in events."""
    chunks = 2 * len(_chunks(ids))
    profiles = {row[0]: row[1:] for rows in results[:chunks:2] for row in rows}
    distinct = {row[0]: list(row[1]) for rows in [*results[1:chunks:2], *results[chunks:]] for row in rows}
    found = {}
    for each in ids:
        properties, created_at, is_identified = profiles.get(each, ("{}", None, False))
        found[each] = {
            "id": str(each),
            "uuid": str(each),
            "distinct_ids": distinct.get(each, []),
            "properties": properties_of(properties),
            "created_at": created_at,
            "is_identified": bool(is_identified),
        }
    return found
