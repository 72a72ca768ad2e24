"""Events on their way into the tables, as a load would bring them, without the load around it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from analytics_pipelines.identity.person_id import person_id
from analytics_pipelines.ingest.staged import Staged
from analytics_pipelines.ingest.statements import statement
from analytics_pipelines.persons.taker import take_persons
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Sent:
    """An event, `at` seconds after noon, received `received` seconds after it (by default an hour later)."""

    event: str
    distinct_id: str
    at: float = 0
    properties: dict[str, Any] = field(default_factory=dict)
    team_id: int = 1
    uuid: UUID = field(default_factory=uuid4)
    has_person: bool = True
    received: float | None = None
    text: str | None = None

    @property
    def timestamp(self) -> datetime:
        return NOON + timedelta(seconds=self.at)

    @property
    def received_at(self) -> datetime:
        return NOON + timedelta(seconds=self.at + 3600 if self.received is None else self.received)


_COLUMNS = "team_id, uuid, event, distinct_id, person_id, timestamp, properties, has_person, received_at, arrival_day"


@dataclass
class Tables:
    """Both stores, and the way of a batch into them."""

    clickhouse: ClickHouse
    postgres: Postgres

    def take(self, events: Iterable[Sent], batch_id: UUID | None = None) -> None:
        """Publish the events that are new and have the taker take them."""
        self.staged(list(events), batch_id or uuid4(), take=True)

    def staged(self, events: list[Sent], batch_id: UUID, *, take: bool) -> None:
        staged = Staged(batch_id, NOON.date())
        tables = {"stored": staged.stored, "numbers": staged.numbers, "batch_id": batch_id, "arrival_day": NOON.date()}
        for table in (staged.table, staged.numbers):
            self.clickhouse.command(f"DROP TABLE IF EXISTS {table}")
        self.clickhouse.command(statement("create_staging", staged.table, **tables))
        self.clickhouse.command(f"CREATE TABLE {staged.numbers} (number UInt64) ENGINE = Memory")
        rows = [
            [
                *(each.team_id, each.uuid, each.event, each.distinct_id, person_id(each.team_id, each.distinct_id)),
                *(each.timestamp, json.dumps(each.properties) if each.text is None else each.text),
                *(each.has_person, each.received_at, each.received_at.date(), number),
            ]
            for number, each in enumerate(events)
        ]
        if rows:
            self.clickhouse.insert_rows(staged.table, rows, [*_COLUMNS.split(", "), "number"])
        squashed = "SELECT team_id, distinct_id, person_id AS now FROM squashed_ids FINAL"
        self.clickhouse.command(
            f"CREATE TABLE with_{staged.table} ENGINE = Memory AS SELECT * EXCEPT (person_id, now),"
            f" if(empty(toString(now)) OR now = toUUID('{UUID(int=0)}'), person_id, now) AS person_id"
            f" FROM {staged.table} LEFT JOIN ({squashed}) AS squashed USING (team_id, distinct_id)"
        )
        self.clickhouse.command(f"EXCHANGE TABLES with_{staged.table} AND {staged.table}")
        self.clickhouse.command(f"DROP TABLE with_{staged.table}")
        self.clickhouse.command(
            f"INSERT INTO {staged.numbers} SELECT number FROM {staged.table} WHERE (team_id, uuid) NOT IN"
            f" (SELECT team_id, uuid FROM events WHERE batch_id != '{batch_id}') LIMIT 1 BY team_id, uuid"
        )
        self.clickhouse.command(
            f"INSERT INTO events ({_COLUMNS}, batch_id) SELECT {_COLUMNS}, '{batch_id}' FROM {staged.published}"
            f" WHERE uuid NOT IN (SELECT uuid FROM events WHERE batch_id = '{batch_id}')"
        )
        try:
            if take:
                take_persons(staged, self.clickhouse, self.postgres)
        finally:
            for table in (staged.table, staged.numbers):
                self.clickhouse.command(f"DROP TABLE IF EXISTS {table}")

    def persons(self) -> dict[tuple[int, UUID], tuple[datetime, dict[str, Any], bool]]:
        """Persons that questions see: created_at, properties, is_identified."""
        rows = self.clickhouse.query(
            "SELECT team_id, id, created_at, properties, is_identified FROM persons FINAL WHERE is_deleted = 0"
        ).rows
        return {(team, each): (at, json.loads(text), identified) for team, each, at, text, identified in rows}

    def person_of(self, distinct_id: str, team_id: int = 1) -> dict[str, Any] | None:
        """The properties of this id's person; None when there is no such person."""
        found = self.persons().get((team_id, self.resolved(distinct_id, team_id)))
        return found[1] if found else None

    def ids(self) -> dict[tuple[int, str], UUID]:
        """Which person each known id belongs to."""
        rows = self.clickhouse.query(
            "SELECT team_id, distinct_id, person_id FROM person_distinct_ids FINAL WHERE is_deleted = 0"
        ).rows
        return {(team, distinct_id): person for team, distinct_id, person in rows}

    def overrides(self) -> dict[tuple[int, str], UUID]:
        """Ids whose person is another than their events carry."""
        rows = self.clickhouse.query(
            "SELECT team_id, distinct_id, person_id FROM person_overrides FINAL WHERE is_deleted = 0"
        ).rows
        return {(team, distinct_id): person for team, distinct_id, person in rows}

    def resolved(self, distinct_id: str, team_id: int = 1) -> UUID:
        """The person of an id as questions about events have it."""
        found = self.clickhouse.query(
            "SELECT DISTINCT if(changed.is_changed, changed.now, person_id) FROM events LEFT ANY JOIN"
            " (SELECT stored_person_id, person_id AS now, true AS is_changed FROM person_overrides FINAL"
            "  WHERE is_deleted = 0 AND team_id = {team:Int64}) AS changed"
            " ON events.person_id = changed.stored_person_id"
            " WHERE team_id = {team:Int64} AND distinct_id = {id:String}",
            {"team": team_id, "id": distinct_id},
        ).rows
        assert len(found) == 1, found
        return found[0][0]

    def warnings(self) -> list[tuple[str, str]]:
        """Type and distinct id of each ingestion warning."""
        return self.clickhouse.query("SELECT type, distinct_id FROM ingestion_warnings FINAL ORDER BY ALL").rows
