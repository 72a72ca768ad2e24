"""The events of a project, by name."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from analytics_pipelines.catalog.page import Page, Wanted
from analytics_pipelines.catalog.statements import statement
from resources.clickhouse import ClickHouse


@dataclass(frozen=True)
class EventDefinition:
    """A name of events. Times are of events; `volume` counts events, within a few percent."""

    id: UUID
    name: str
    first_seen: datetime
    last_seen: datetime
    volume: int

    def public(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "id": str(self.id),
            "name": self.name,
            "created_at": self.first_seen.isoformat(),
            "last_seen_at": self.last_seen.isoformat(),
            "volume": self.volume,
        }


def event_definitions(team: int, wanted: Wanted, reader: ClickHouse) -> Page[EventDefinition]:
    """The names of a project's events."""
    sql = statement("list_events").format(order=wanted.order)
    rows = reader.query(sql, {"team": team, **wanted.parameters}).rows
    return Page([EventDefinition(*row[:-1]) for row in rows], rows[0][-1] if rows else 0)
