"""A part of a list: what is looked for, in which order, how much of it."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")

# What people may order by, and what that is in SQL.
ORDERS = {
    "name": "name",
    "-name": "name DESC",
    "volume": "volume",
    "-volume": "volume DESC",
    "last_seen_at": "last_seen",
    "-last_seen_at": "last_seen DESC",
}


@dataclass(frozen=True)
class Wanted:
    """`search` is any part of a name; `ordering` is one of ORDERS."""

    search: str = ""
    ordering: str = "name"
    limit: int = 100
    offset: int = 0

    @property
    def order(self) -> str:
        return ORDERS[self.ordering]

    @property
    def parameters(self) -> dict[str, Any]:
        return {"search": self.search, "limit": self.limit, "offset": self.offset}


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Some of a list; `count` is how long the whole list is, 0 beyond its end."""

    items: list[Item]
    count: int
