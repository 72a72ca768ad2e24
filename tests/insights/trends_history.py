"""Histories for tests of trends: events as ClickHouse stores them, and what is asked about them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from analytics_pipelines.insights.kinds import parse_insight
from analytics_pipelines.insights.point import Point
from analytics_pipelines.insights.team import Context, Team
from analytics_pipelines.insights.trends import Plan, TrendsQuery, actors, plan
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import compile_query
from resources.clickhouse import ClickHouse

NOW = datetime(2024, 5, 8, 15, 30, tzinfo=UTC)
SETTINGS = {"join_use_nulls": 1}


@dataclass(frozen=True)
class Event:
    """`person` is a small number; `at` a time in UTC, as text or moment; `groups` by index."""

    name: str
    person: int
    at: Any
    properties: Mapping[str, Any] = field(default_factory=dict)
    groups: Mapping[int, str] = field(default_factory=dict)
    team: int = 1
    uuid: UUID = field(default_factory=uuid4)

    @property
    def moment(self) -> datetime:
        return self.at if isinstance(self.at, datetime) else datetime.fromisoformat(self.at).replace(tzinfo=UTC)


def store(clickhouse: ClickHouse, events: Iterable[Event]) -> None:
    rows = [
        {
            "team_id": event.team,
            "uuid": str(event.uuid),
            "event": event.name,
            "distinct_id": str(event.person),
            "person_id": str(UUID(int=event.person)),
            "timestamp": event.moment.strftime("%Y-%m-%d %H:%M:%S.%f"),
            "properties": json.dumps(event.properties, separators=(",", ":")),
            "groups": {f"kind {index}": key for index, key in event.groups.items()},
            "received_at": "2030-01-01 00:00:00",
            "arrival_day": "2030-01-01",
        }
        for event in events
    ]
    clickhouse.insert_stream("INSERT INTO events FORMAT JSONEachRow", "\n".join(map(json.dumps, rows)).encode())


def question(**fields: Any) -> TrendsQuery:
    series = [{"kind": "EventsNode", **one} for one in fields.pop("series", [{"event": "view"}])]
    _, query = parse_insight({"kind": "TrendsQuery", "series": series, **fields})
    assert isinstance(query, TrendsQuery)
    return query


@dataclass(frozen=True)
class Asker:
    """Asks about a team's events."""

    clickhouse: ClickHouse
    team: Team
    now: datetime = NOW

    @property
    def context(self) -> Context:
        return Context(self.team, self.now, datetime(2024, 1, 1, tzinfo=UTC))

    def rows(self, **fields: Any) -> list[dict[str, Any]]:
        return self.answer(question(**fields))

    def answer(self, query: TrendsQuery) -> list[dict[str, Any]]:
        made = plan(query, self.context)
        assert isinstance(made, Plan)
        found: list[dict[str, Any]] = made.answer(self.results(made))["results"]
        return found

    def results(self, made: Plan) -> list[Any]:
        return [self.clickhouse.query(each.sql, each.parameters, SETTINGS).rows for each in made.statements]

    def data(self, **fields: Any) -> list[list[float]]:
        return [row["data"] for row in self.rows(**fields)]

    def total(self, display: str = "BoldNumber", **fields: Any) -> list[float]:
        rows = self.rows(**fields, trendsFilter={"display": display})
        return [row["aggregated_value"] for row in rows]

    def values(self, **fields: Any) -> dict[Any, Any]:
        """Breakdown value → data, or the total, in the answer's order."""
        rows = self.rows(**fields)
        return {
            tuple(row["breakdown_value"]) if isinstance(row["breakdown_value"], list) else row["breakdown_value"]: (
                row["data"] or row["aggregated_value"]
            )
            for row in rows
        }

    def actors(self, point: Mapping[str, Any], **fields: Any) -> set[Any]:
        """Persons as small numbers, groups by their keys."""
        query = actors(question(**fields), Point.model_validate({"source": {}, **point}), self.context)
        ids = nodes.Select((nodes.Item(nodes.Name(("actor_id",)), "actor_id"),), nodes.Derived(query, "a"), limit=9999)
        compiled = compile_query(ids, self.context.scope())
        found = [row[0] for row in self.clickhouse.query(compiled.sql, compiled.parameters, SETTINGS).rows]
        assert len(found) == len(set(found)), "an actor twice"
        return {each.int if isinstance(each, UUID) else each for each in found}
