"""Staged batches made by hand: what the parts of a load are given, without the load."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from analytics_pipelines.ingest.staged import Staged
from resources.clickhouse import ClickHouse

RECEIVED = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)

_COLUMNS = {
    "team_id": "Int64",
    "uuid": "UUID",
    "event": "String",
    "distinct_id": "String",
    "timestamp": "DateTime64(6, 'UTC')",
    "properties": "String",
    "received_at": "DateTime64(3, 'UTC')",
    "has_person": "Bool",
    "groups": "Map(LowCardinality(String), String)",
}


@dataclass(frozen=True)
class Event:
    """A staged event."""

    event: str = "page"
    properties: Any = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    timestamp: datetime = RECEIVED
    received_at: datetime = RECEIVED
    team_id: int = 1
    distinct_id: str = "ada"
    has_person: bool = True
    uuid: UUID = field(default_factory=uuid4)

    def row(self) -> list[Any]:
        text = self.properties if isinstance(self.properties, str) else json.dumps(self.properties)
        return [
            dict(self.groups) if name == "groups" else getattr(self, name) if name != "properties" else text
            for name in _COLUMNS
        ]


def stage(clickhouse: ClickHouse, events: Iterable[Event]) -> Staged:
    """A batch of these events, each published once."""
    staged = Staged(uuid4(), RECEIVED.date())
    columns = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
    clickhouse.command(f"CREATE TABLE {staged.table} (number UInt64, {columns}) ENGINE = Memory")
    clickhouse.command(f"CREATE TABLE {staged.numbers} (number UInt64) ENGINE = Memory")
    rows = {(event.team_id, event.uuid): event.row() for event in events}
    clickhouse.insert_rows(staged.table, [[n, *row] for n, row in enumerate(rows.values())], ["number", *_COLUMNS])
    clickhouse.insert_rows(staged.numbers, [[number] for number in range(len(rows))], ["number"])
    return staged
