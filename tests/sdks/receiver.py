"""Capture as it runs in earnest, seen by one project: where SDKs send to, and what of it can be queried."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from analytics_pipelines.accounts.projects import Project
from analytics_pipelines.ingest.drain import Drain
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres


@dataclass(frozen=True)
class Stored:
    """A row of `events`."""

    uuid: str
    event: str
    distinct_id: str
    timestamp: datetime
    received_at: datetime
    properties: dict[str, Any]
    elements_chain: str


@dataclass(frozen=True)
class Receiver:
    """A project of its own at a capture that tests share."""

    port: int
    project: Project
    store: ObjectStore
    postgres: Postgres
    clickhouse: ClickHouse

    @property
    def token(self) -> str:
        return self.project.api_token

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stored(self, *, dead: Sequence[str] = ()) -> list[Stored]:
        """Drain, then all rows of the project by time. No uuid may be stored twice, and no line be dead except `dead`,
        by their reasons."""
        Drain(self.store, self.postgres, self.clickhouse, batch_objects=100, batch_bytes=10_000_000).everything()
        project = {"project": self.project.id}
        letters = self.clickhouse.query(
            "SELECT reason, line FROM dead_letters WHERE team_id = {project:Int64}", project
        )
        assert sorted(reason for reason, _ in letters.rows) == sorted(dead), letters.rows
        rows = self.clickhouse.query(
            "SELECT toString(uuid), event, distinct_id, timestamp, received_at, properties, elements_chain"
            " FROM events WHERE team_id = {project:Int64} ORDER BY timestamp, uuid",
            project,
        ).rows
        found = [Stored(*row[:5], json.loads(row[5]), row[6]) for row in rows]
        assert len({each.uuid for each in found}) == len(found)
        return found
