"""Histories for tests of how actors behave over time: what they did, when they came to be, and what is asked of it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from analytics_pipelines.insights.kinds import parse_insight
from analytics_pipelines.insights.point import Point
from analytics_pipelines.insights.team import Context, Team
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import compile_query
from resources.clickhouse import ClickHouse

NOW = datetime(2024, 5, 8, 15, 30, tzinfo=UTC)
SETTINGS = {"join_use_nulls": 1}
GROUP = "company"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass(frozen=True)
class Event:
    """`person` is a small number, `company` the key of its group or nothing."""

    name: str
    person: int
    at: datetime
    properties: Mapping[str, Any] = field(default_factory=dict)
    company: str = ""
    has_person: bool = True


def did(name: str, person: int, at: str, company: str = "", has_person: bool = True, **properties: Any) -> Event:
    """`at` in UTC."""
    return Event(name, person, utc(at), properties, company, has_person)


def store(
    clickhouse: ClickHouse, team: int, events: Iterable[Event], births: Mapping[int | str, datetime] | None = None
) -> None:
    """Events, and when persons (numbers) and groups (keys) came to be: where it isn't said, with their first event."""
    events, known = list(events), dict(births or {})
    rows = [
        {
            "team_id": team,
            "uuid": str(uuid4()),
            "event": event.name,
            "distinct_id": str(event.person),
            "person_id": str(UUID(int=event.person)),
            "timestamp": _text(event.at),
            "properties": json.dumps(event.properties),
            "groups": {GROUP: event.company} if event.company else {},
            "has_person": event.has_person,
            "received_at": "2030-01-01 00:00:00",
            "arrival_day": "2030-01-01",
        }
        for event in events
    ]
    for event in sorted(events, key=lambda each: each.at):
        if event.has_person:
            known.setdefault(event.person, event.at)
        if event.company:
            known.setdefault(event.company, event.at)
    persons = [
        {"team_id": team, "id": str(UUID(int=actor)), "created_at": _text(at), "properties": "{}", "version": 1}
        for actor, at in known.items()
        if isinstance(actor, int)
    ]
    groups = [
        {"team_id": team, "index": 0, "type": GROUP, "key": actor, "first_seen": _text(at)}
        for actor, at in known.items()
        if isinstance(actor, str)
    ]
    for table, found in {"events": rows, "persons": persons, "group_facts": groups}.items():
        text = "\n".join(map(json.dumps, found)).encode()
        if text:
            clickhouse.insert_stream(f"INSERT INTO {table} FORMAT JSONEachRow", text)


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")


@dataclass(frozen=True)
class Asker:
    """Asks one kind of question about a team's events."""

    kind: str
    clickhouse: ClickHouse
    team: Team
    now: datetime = NOW

    @property
    def context(self) -> Context:
        return Context(self.team, self.now, datetime(2024, 1, 1, tzinfo=UTC))

    def ask(self, **fields: Any) -> list[dict[str, Any]]:
        kind, query = parse_insight({"kind": self.kind, **fields})
        made = kind.plan(query, self.context)
        rows = [self.clickhouse.query(each.sql, each.parameters, SETTINGS).rows for each in made.statements]
        found: list[dict[str, Any]] = made.answer(rows)["results"]
        return found

    def actors(self, point: Mapping[str, Any], **fields: Any) -> dict[Any, tuple[Any, ...]]:
        """Actor (persons as small numbers) → what else is said of it. Each is there once."""
        kind, query = parse_insight({"kind": self.kind, **fields})
        assert kind.actors is not None
        asked = kind.actors(query, Point.model_validate({"source": {}, **point}), self.context)
        assert isinstance(asked, nodes.Select)
        assert asked.items[0].name == "actor_id"
        compiled = compile_query(asked, self.context.scope())
        rows = self.clickhouse.query(compiled.sql, compiled.parameters, SETTINGS).rows
        found = {row[0].int if isinstance(row[0], UUID) else row[0]: row[1:] for row in rows}
        assert len(found) == len(rows), "an actor twice"
        return found


def sql_of(kind: str, team: Team, **fields: Any) -> str:
    """The statements with their parameters, with a line for each table that is read."""
    found, query = parse_insight({"kind": kind, **fields})
    made = found.plan(query, Context(team, NOW, datetime(2024, 1, 1, tzinfo=UTC)))
    return "".join(
        each.sql.replace(" FROM (", "\nFROM (").replace(" WHERE ", "\nWHERE ") + f"\n-- {each.parameters}\n"
        for each in made.statements
    )
