"""The properties of a project's events, persons and groups, with their types: as seen, or as people say."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from analytics_pipelines.catalog.page import Page, Wanted
from analytics_pipelines.catalog.statements import statement
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

KINDS = ("event", "person", "group")
PROPERTY_TYPES = ("String", "Numeric", "Boolean", "DateTime")

NOT_OF_A_GROUP = -1


@dataclass(frozen=True)
class PropertyDefinition:
    """A property. Times are of events; `volume` counts the events that had it, within a few percent.

    `group_type_index` is NOT_OF_A_GROUP but for the kind `group`. `type` is one of PROPERTY_TYPES, or empty when only
    objects, lists and nulls were seen; `is_type_set` when people said so.
    """

    id: UUID
    name: str
    kind: str
    group_type_index: int
    type: str
    first_seen: datetime
    last_seen: datetime
    volume: int
    is_type_set: bool = False

    def public(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "id": str(self.id),
            "name": self.name,
            "type": self.kind,
            "group_type_index": None if self.group_type_index == NOT_OF_A_GROUP else self.group_type_index,
            "property_type": self.type or None,
            "is_property_type_set": self.is_type_set,
            "is_numerical": self.type == "Numeric",
            "created_at": self.first_seen.isoformat(),
            "last_seen_at": self.last_seen.isoformat(),
            "volume": self.volume,
        }


class PropertyDefinitions:
    """What ClickHouse saw, with what people said in Postgres over it."""

    def __init__(self, reader: ClickHouse, postgres: Postgres) -> None:
        self._reader = reader
        self._postgres = postgres

    def page(
        self, team: int, kind: str, wanted: Wanted, group_type_index: int = NOT_OF_A_GROUP
    ) -> Page[PropertyDefinition]:
        """Properties of a kind; of groups, those of all kinds of groups unless one is named."""
        rows = self._reader.query(
            statement("list_properties").format(order=wanted.order),
            {"team": team, "kind": kind, "group_type_index": group_type_index, **wanted.parameters},
        ).rows
        return Page(self._with_types(team, rows), rows[0][-1] if rows else 0)

    def find(self, team: int, property_id: UUID) -> PropertyDefinition | None:
        """The property of this id, if it is the project's."""
        rows = self._reader.query(statement("find_property"), {"team": team, "id": property_id}).rows
        return self._with_types(team, rows)[0] if rows else None

    def set_type(
        self, team: int, property_id: UUID, property_type: str | None, now: datetime
    ) -> PropertyDefinition | None:
        """Say what the type of a property is; None goes back to what its values look like."""
        found = self.find(team, property_id)
        if found is None:
            return None
        key = [team, found.kind, found.group_type_index, _in_postgres(found.name)]
        if property_type is None:
            self._postgres.execute(
                "DELETE FROM property_types WHERE (team_id, kind, group_type_index, name) = (%s, %s, %s, %s)", key
            )
        else:
            self._postgres.execute(
                "INSERT INTO property_types (team_id, kind, group_type_index, name, property_type, updated_at)"
                " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (team_id, kind, group_type_index, name)"
                " DO UPDATE SET property_type = excluded.property_type, updated_at = excluded.updated_at",
                [*key, property_type, now],
            )
        return self.find(team, property_id)

    def _with_types(self, team: int, rows: Sequence[tuple[Any, ...]]) -> list[PropertyDefinition]:
        seen = [PropertyDefinition(*row[:-1]) for row in rows]
        said = {
            (row["kind"], row["group_type_index"], row["name"]): row["property_type"]
            for row in self._postgres.rows(
                "SELECT kind, group_type_index, name, property_type FROM property_types"
                " WHERE team_id = %s AND name = ANY(%s)",
                [team, [_in_postgres(each.name) for each in seen]],
            )
        }
        return [
            replace(each, type=said[key], is_type_set=True)
            if (key := (each.kind, each.group_type_index, _in_postgres(each.name))) in said
            else each
            for each in seen
        ]


def _in_postgres(name: str) -> str:
    """Postgres takes no NUL in a text."""
    return name.replace("\0", "�")
