"""The persons of a project, to look them up."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from analytics_pipelines.insights.filters import PropertyFilter, all_of, condition, in_cohort
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import compile_query
from resources.clickhouse import ClickHouse

# How many of a person's distinct ids are listed.
MOST_IDS = 100
_NAMES = ("email", "name", "username")
_ID, _CREATED_AT = nodes.Name(("id",)), nodes.Name(("created_at",))


@dataclass(frozen=True)
class Person:
    """`created_at` is the time of the person's earliest event; of its distinct ids the first MOST_IDS are there."""

    id: UUID
    properties: Mapping[str, Any]
    created_at: datetime
    distinct_ids: Sequence[str]

    def public(self) -> dict[str, Any]:
        """As the API shows it."""
        named = next((str(self.properties[name]) for name in _NAMES if self.properties.get(name)), None)
        return {
            "id": str(self.id),
            "uuid": str(self.id),
            "type": "person",
            "name": named or next(iter(self.distinct_ids), str(self.id)),
            "distinct_ids": list(self.distinct_ids),
            "properties": self.properties,
            "created_at": self.created_at.isoformat(),
        }


@dataclass(frozen=True)
class WantedPersons:
    """Which to list: `search` is any part of an email address, a name or a distinct id, or a person's whole id."""

    search: str = ""
    distinct_id: str = ""
    properties: Sequence[PropertyFilter] = ()
    cohort_id: int | None = None
    limit: int = 100
    offset: int = 0


@dataclass(frozen=True)
class Persons:
    """The persons of the context's project."""

    reader: ClickHouse
    context: Context
    settings: Mapping[str, Any]

    def page(self, wanted: WantedPersons) -> tuple[list[Person], int]:
        """Those of a page, the newest first; and how many there are in all. QueryError for filters that can't be."""
        where = all_of(
            condition(list(wanted.properties), self.context, "persons"),
            _search(wanted.search) if wanted.search else None,
            _has_id(nodes.Compare("=", _DISTINCT_ID, nodes.Constant(wanted.distinct_id)))
            if wanted.distinct_id
            else None,
            in_cohort(_ID, wanted.cohort_id) if wanted.cohort_id is not None else None,
        )
        found = self._persons(where, wanted.limit, wanted.offset)
        count = nodes.Item(nodes.Call("count"), "n", "n")
        ((total,),) = self._run(nodes.Select((count,), nodes.TableName("persons"), where=where))
        return found, total

    def find(self, person_id: UUID) -> Person | None:
        """The person of this id."""
        found = self._persons(nodes.Compare("=", _ID, nodes.Call("toUUID", (nodes.Constant(str(person_id)),))), 1, 0)
        return found[0] if found else None

    def _persons(self, where: nodes.Expr | None, limit: int, offset: int) -> list[Person]:
        items = tuple(nodes.Item(nodes.Name((name,)), name, name) for name in ("id", "properties", "created_at"))
        order = (nodes.Order(_CREATED_AT, descending=True), nodes.Order(_ID))
        rows = self._run(
            nodes.Select(items, nodes.TableName("persons"), where=where, order=order, limit=limit, offset=offset)
        )
        ids = self._distinct_ids([row[0] for row in rows])
        return [
            Person(person_id, json.loads(properties), created_at, ids.get(person_id, ()))
            for person_id, properties, created_at in rows
        ]

    def _distinct_ids(self, persons: Sequence[UUID]) -> dict[UUID, list[str]]:
        rows = self.reader.query(
            "SELECT person_id, arraySort(groupArray({most:UInt32})(distinct_id))"
            " FROM (SELECT person_id, distinct_id FROM person_distinct_ids FINAL"
            " WHERE team_id = {team:Int64} AND is_deleted = 0 AND person_id IN {ids:Array(UUID)}) GROUP BY person_id",
            {"team": self.context.team.id, "ids": [str(each) for each in persons], "most": MOST_IDS},
            self.settings,
        ).rows
        return dict(rows)

    def _run(self, query: nodes.Query) -> list[tuple[Any, ...]]:
        compiled = compile_query(query, replace(self.context.team.scope(), timezone="UTC"))
        return self.reader.query(compiled.sql, compiled.parameters, self.settings).rows


_DISTINCT_ID = nodes.Name(("distinct_id",))


def _has_id(test: nodes.Expr) -> nodes.Expr:
    item = nodes.Item(nodes.Name(("person_id",)), "person_id")
    return nodes.In(_ID, nodes.Select((item,), nodes.TableName("person_distinct_ids"), where=test))


def _search(text: str) -> nodes.Expr:
    pattern = nodes.Constant("%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%")
    said = [nodes.Compare("ILIKE", nodes.Name(("properties", name), raw=True), pattern) for name in _NAMES]
    same = nodes.Compare("=", nodes.Call("toString", (_ID,)), nodes.Constant(text.lower()))
    return nodes.Logic("OR", (*said, _has_id(nodes.Compare("ILIKE", _DISTINCT_ID, pattern)), same))
