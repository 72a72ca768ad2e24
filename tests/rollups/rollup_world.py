"""Events as they are stored, and the builder of what is derived from them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from analytics_pipelines.identity.person_id import person_id
from analytics_pipelines.rollups.build import Builder
from analytics_pipelines.rollups.days import Days
from analytics_pipelines.rollups.tables import ROLLUPS
from analytics_pipelines.rollups.watermark import touch_days
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

DAY = date(2026, 3, 10)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
_COLUMNS = (
    *("$session_id", "$current_url", "$host", "$pathname", "$referring_domain", "$browser", "$os", "$device_type"),
    *("$screen_name", "$geoip_country_code", "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"),
    *("gclid", "gad_source", "fbclid"),
)
_numbers = count(1)


def session_id(moment: datetime, number: int | None = None) -> str:
    """A UUIDv7 of that moment."""
    number = next(_numbers) if number is None else number
    return str(UUID(int=int(moment.timestamp() * 1000) << 80 | 0x7 << 76 | 0x2 << 62 | number))


@dataclass(frozen=True)
class Event:
    """One stored event; `properties` fill the columns that are named like them."""

    timestamp: datetime
    name: str = "$pageview"
    distinct_id: str = "ada"
    properties: Mapping[str, Any] = field(default_factory=dict)
    team: int = 1
    uuid: UUID = field(default_factory=uuid4)
    has_person: bool = True


@dataclass
class World:
    """The stores of one test. Whatever it changes, it touches the days of, as the loader does."""

    clickhouse: ClickHouse
    postgres: Postgres
    builder: Builder

    def store(self, *events: Event) -> None:
        rows = [
            [
                event.team,
                event.uuid,
                event.name,
                event.distinct_id,
                person_id(event.team, event.distinct_id),
                event.timestamp,
                json.dumps(event.properties),
                event.has_person,
                NOON,
                *(event.properties.get(name) for name in _COLUMNS),
            ]
            for event in events
        ]
        names = ("team_id", "uuid", "event", "distinct_id", "person_id", "timestamp", "properties", "has_person")
        self.clickhouse.insert_rows("events", rows, [*names, "received_at", *_COLUMNS])
        self.touch(*((event.team, event.timestamp.date()) for event in events))

    def merge(self, distinct_id: str, into: str, version: int = 1, team: int = 1, *, undone: bool = False) -> None:
        """From now on the distinct id is of the person of `into`, or no longer."""
        self.clickhouse.insert_rows(
            "person_overrides",
            [[team, distinct_id, person_id(team, distinct_id), person_id(team, into), version, int(undone)]],
            ["team_id", "distinct_id", "stored_person_id", "person_id", "version", "is_deleted"],
        )
        days = self.clickhouse.query(
            "SELECT DISTINCT team_id, toDate32(timestamp) FROM events"
            " WHERE team_id = {team:Int64} AND distinct_id = {id:String}",
            {"team": team, "id": distinct_id},
        ).rows
        self.touch(*days)

    def touch(self, *days: tuple[int, date]) -> None:
        touch_days(self.postgres, sorted(set(days)), NOON)

    def refresh(self, first: date = DAY, last: date | None = None) -> dict[str, int]:
        """What a scheduled run of these event days does; how many days of each table it built."""
        days = Days(first, last or first)
        return {rollup.name: self.builder.catch_up(rollup, days, only_changed=True).days for rollup in ROLLUPS}

    def dirty(self) -> set[date]:
        return {row["day"] for row in self.postgres.rows("SELECT day FROM dirty_days")}

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.clickhouse.query(sql).rows

    def session(self, columns: str) -> tuple[Any, ...]:
        """The only session."""
        return self.clickhouse.query(f"SELECT {columns} FROM sessions").one()
