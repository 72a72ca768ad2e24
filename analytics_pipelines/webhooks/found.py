"""Events that match a destination's filters, as ClickHouse finds them, with who and what belongs to them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from analytics_pipelines.insights.filters import all_of
from analytics_pipelines.insights.table import properties_of
from analytics_pipelines.insights.team import Context, Team
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import compile_query
from analytics_pipelines.sql.schema import EVENTS, GROUP_KEYS, SCHEMA, Schema, TableColumn
from analytics_pipelines.sql.types import Kind
from analytics_pipelines.webhooks.feed import Span
from analytics_pipelines.webhooks.filters import Filters, matching
from resources.clickhouse import ClickHouse

# Clocks of senders go wrong by so much; older than that is what happened before the destination was there.
CLOCKS = timedelta(hours=1)
_SETTINGS = {"join_use_nulls": 1, "max_execution_time": 60, "max_memory_usage": 2 << 30}
_MOST_NAME = 200

# Events as people read them, and by which batch they came.
_FEED: Schema = {
    **SCHEMA,
    "events": replace(
        EVENTS,
        columns=(
            *EVENTS.columns,
            TableColumn("batch_id", Kind.UUID, "batch_id", hidden=True),
            TableColumn("arrival_day", Kind.DATE, "arrival_day", hidden=True),
        ),
    ),
}
_PLAIN = ("uuid", "event", "distinct_id", "person_id", "has_person", "timestamp", "received_at", "elements_chain")


@dataclass(frozen=True)
class Found:
    """An event that a destination is to be told of; `told` is `{event, person, groups}`."""

    uuid: UUID
    event: str
    distinct_id: str
    person_id: UUID
    received_at: datetime
    told: Mapping[str, Any]


@dataclass(frozen=True)
class Finder:
    """Looks for events of one project; `base_url` is where people see them."""

    clickhouse: ClickHouse
    team: Team
    base_url: str
    now: datetime

    def page(
        self, filters: Filters, span: Span, since: datetime, after: tuple[datetime, UUID] | None, most: int
    ) -> list[Found]:
        """The next matching events of a batch in order of arrival: what was received `since` the destination is there,
        and did not happen long before. Raises QueryError, ClickHouseUnavailable, ClickHouseRefused."""
        items = (*_PLAIN, "properties", *GROUP_KEYS)
        query = nodes.Select(
            tuple(nodes.Item(nodes.Name((name,)), name) for name in items),
            nodes.TableName("events"),
            where=all_of(
                *_within(span),
                nodes.Compare(">=", nodes.Name(("received_at",)), nodes.Constant(since)),
                nodes.Compare(">=", nodes.Name(("timestamp",)), nodes.Constant(since - CLOCKS)),
                _behind(after),
                matching(filters, Context(self.team, self.now)),
            ),
            order=tuple(nodes.Order(nodes.Name((name,))) for name in ("received_at", "uuid")),
            limit=most,
        )
        rows = [dict(zip(items, row, strict=True)) for row in self._rows(query)]
        persons = self._persons([row["person_id"] for row in rows if row["has_person"]])
        groups = self._groups(rows)
        return [self._found(row, persons, groups) for row in rows]

    def _rows(self, query: nodes.Select) -> list[tuple[Any, ...]]:
        compiled = compile_query(query, self.team.scope(self.now), _FEED)
        return self.clickhouse.query(compiled.sql, compiled.parameters, _SETTINGS).rows

    def _persons(self, ids: Sequence[UUID]) -> dict[UUID, Any]:
        return {row[0]: properties_of(row[1]) for row in self._some("persons", "id", list(dict.fromkeys(ids)))}

    def _groups(self, rows: Sequence[Mapping[str, Any]]) -> dict[tuple[int, str], Any]:
        found: dict[tuple[int, str], Any] = {}
        for index in self.team.group_types:
            keys = list(dict.fromkeys(str(row[GROUP_KEYS[index]]) for row in rows if row[GROUP_KEYS[index]]))
            where = nodes.Compare("=", nodes.Name(("index",)), nodes.Constant(index))
            found |= {(index, row[0]): properties_of(row[1]) for row in self._some("groups", "key", keys, where)}
        return found

    def _some(
        self, table: str, name: str, keys: Sequence[Any], where: nodes.Expr | None = None
    ) -> list[tuple[Any, ...]]:
        if not keys:
            return []
        among = nodes.In(nodes.Name((name,)), tuple(nodes.Constant(each) for each in keys))
        items = tuple(nodes.Item(nodes.Name((each,)), each) for each in (name, "properties"))
        return self._rows(nodes.Select(items, nodes.TableName(table), where=all_of(among, where)))

    def _found(
        self, row: Mapping[str, Any], persons: Mapping[UUID, Any], groups: Mapping[tuple[int, str], Any]
    ) -> Found:
        event = {
            "uuid": str(row["uuid"]),
            "event": row["event"],
            "distinct_id": row["distinct_id"],
            "properties": properties_of(row["properties"]),
            "timestamp": row["timestamp"].isoformat(),
            "elements_chain": row["elements_chain"],
            "url": sql_url(self.base_url, self.team.id, "events", "uuid", str(row["uuid"])),
        }
        told = {
            "event": event,
            "person": self._person(row, persons),
            "groups": {
                name: self._group(index, name, str(row[GROUP_KEYS[index]]), groups)
                for index, name in self.team.group_types.items()
                if row[GROUP_KEYS[index]]
            },
        }
        return Found(row["uuid"], row["event"], row["distinct_id"], row["person_id"], row["received_at"], told)

    def _person(self, row: Mapping[str, Any], persons: Mapping[UUID, Any]) -> dict[str, Any]:
        """Who has no profile is known by the distinct id alone."""
        id_, properties = str(row["person_id"]), persons.get(row["person_id"], {})
        named = (properties.get(key) for key in ("email", "name", "username"))
        name = next((each for each in named if isinstance(each, str) and each), row["distinct_id"])
        return {
            "id": id_,
            "name": name[:_MOST_NAME],
            "url": sql_url(self.base_url, self.team.id, "events", "person_id", id_),
            "properties": properties,
        }

    def _group(self, index: int, name: str, key: str, groups: Mapping[tuple[int, str], Any]) -> dict[str, Any]:
        quoted = json.dumps(key)[1:-1].replace("'", "\\'")
        return {
            "id": key,
            "type": name,
            "index": index,
            "url": sql_url(self.base_url, self.team.id, "events", f"$group_{index}", quoted),
            "properties": groups.get((index, key), {}),
        }


def sql_url(base_url: str, team_id: int, table: str, column: str, value: str) -> str:
    """Where a person sees rows: the page of SQL, with the question written."""
    from urllib.parse import urlencode

    return f"{base_url}/project/{team_id}/sql?" + urlencode(
        {"q": f"SELECT * FROM {table} WHERE {column} = '{value}' LIMIT 100"}
    )


def _within(span: Span) -> tuple[nodes.Expr, ...]:
    day = nodes.Compare("=", nodes.Name(("arrival_day",)), nodes.Constant(span.batch.arrival_hour.date()))
    some: tuple[nodes.Expr, ...] = ()
    if span.batch.uuids is not None:
        some = (nodes.In(nodes.Name(("uuid",)), tuple(nodes.Constant(each) for each in span.batch.uuids)),)
    if span.is_gone:
        start, end = (nodes.Constant(each) for each in span.received)
        return day, nodes.Between(nodes.Name(("received_at",)), start, end), *some
    return day, nodes.Compare("=", nodes.Name(("batch_id",)), nodes.Constant(span.batch.id)), *some


def _behind(after: tuple[datetime, UUID] | None) -> nodes.Expr | None:
    """Rows that come after one, in the order of `page`."""
    if after is None:
        return None
    received_at, uuid = (nodes.Name((name,)) for name in ("received_at", "uuid"))
    moment, last = (nodes.Constant(each) for each in after)
    same = nodes.Logic("AND", (nodes.Compare("=", received_at, moment), nodes.Compare(">", uuid, last)))
    return nodes.Logic("OR", (nodes.Compare(">", received_at, moment), same))
