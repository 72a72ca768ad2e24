"""Asking funnels about the events of a team."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from trends_history import NOW, SETTINGS, Event, store

from analytics_pipelines.insights.funnels import FunnelsQuery, actors, plan
from analytics_pipelines.insights.parsing import parse_as
from analytics_pipelines.insights.point import Point
from analytics_pipelines.insights.team import Context, Team
from analytics_pipelines.sql.compiler import compile_query
from resources.clickhouse import ClickHouse


def question(steps: Any = "abc", **fields: Any) -> FunnelsQuery:
    """`steps`: names of events, or series. Fields of `funnelsFilter` may stand beside those of the query."""
    series = [{"kind": "EventsNode", "event": step} if isinstance(step, str) else step for step in steps]
    own = {name: fields.pop(name) for name in list(fields) if name in _FILTER}
    query: FunnelsQuery = parse_as(FunnelsQuery, {"series": series, "funnelsFilter": own, **fields})
    return query


_FILTER = {
    *("funnelOrderType", "funnelVizType", "funnelWindowInterval", "funnelWindowIntervalUnit", "funnelFromStep"),
    *("funnelToStep", "binCount", "exclusions", "breakdownAttributionType", "breakdownAttributionValue"),
    "funnelAggregateByHogQL",
}


@dataclass(frozen=True)
class Asker:
    clickhouse: ClickHouse
    team: Team
    now: datetime = NOW

    @property
    def context(self) -> Context:
        return Context(self.team, self.now, datetime(2024, 1, 1, tzinfo=UTC))

    def know(self, *events: Event) -> None:
        store(self.clickhouse, [replace(event, team=self.team.id) for event in events])

    def answer(self, query: FunnelsQuery) -> Any:
        made = plan(query, self.context)
        results = [self.clickhouse.query(each.sql, each.parameters, SETTINGS).rows for each in made.statements]
        return made.answer(results)["results"]

    def results(self, steps: Any = "abc", **fields: Any) -> Any:
        return self.answer(question(steps, **fields))

    def counts(self, steps: Any = "abc", **fields: Any) -> Any:
        """How many got to each step; with a breakdown, by value."""
        found = self.results(steps, **fields)
        if found and isinstance(found[0], list):
            return {shown(rows[0]["breakdown_value"]): [row["count"] for row in rows] for rows in found}
        return [row["count"] for row in found]

    def actors(self, query: FunnelsQuery, **point: Any) -> list[Any]:
        tree = actors(query, Point(source={}, **point), self.context)
        made = compile_query(tree, self.team.scope())
        return [row[0] for row in self.clickhouse.query(made.sql, made.parameters, SETTINGS).rows]


def shown(value: Any) -> Any:
    return ",".join(value) if isinstance(value, list) else value


def history(actor: int, text: str, day: str = "2024-05-08") -> Sequence[Event]:
    """`a0 b5 x7.5`: events with their minutes after midnight."""
    found = []
    for word in text.split():
        name, minutes = word[0], float(word[1:])
        hour, minute = divmod(minutes, 60)
        second = round(minute % 1 * 60)
        found.append(Event(name, actor, f"{day} {int(hour):02}:{int(minute):02}:{second:02}"))
    return found
