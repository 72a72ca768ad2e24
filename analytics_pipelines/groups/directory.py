"""The groups of a project, to look them up."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from analytics_pipelines.groups.statements import statement
from resources.clickhouse import ClickHouse


@dataclass(frozen=True)
class Group:
    """A group; `properties` is JSON text, `created_at` the time of the first event that names it."""

    index: int
    key: str
    properties: str
    created_at: datetime

    def public(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "group_type_index": self.index,
            "group_key": self.key,
            "group_properties": json.loads(self.properties),
            "created_at": self.created_at.isoformat(),
        }


@dataclass(frozen=True)
class Groups:
    """The groups of one project."""

    reader: ClickHouse
    team: int

    def page(self, index: int, search: str, limit: int, offset: int) -> tuple[list[Group], int]:
        """Groups of a kind whose key or `name` has `search` in it, by key; and how many there are of them."""
        rows = self.reader.query(
            statement("list_groups"),
            {"team": self.team, "index": index, "search": search, "limit": limit, "offset": offset},
        ).rows
        return [Group(*row[:-1]) for row in rows], rows[0][-1] if rows else 0

    def find(self, index: int, key: str) -> Group | None:
        """The group of this kind and key."""
        rows = self.reader.query(statement("find_group"), {"team": self.team, "index": index, "key": key}).rows
        return Group(*rows[0]) if rows else None
