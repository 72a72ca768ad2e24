"""Whose data a query may read, and under which limits."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DEFAULT_LIMIT = 100
MAX_LIMIT = 50_000


@dataclass(frozen=True, slots=True)
class Scope:
    """`week_start_day`: 0 Sunday, 1 Monday. ValueError for a zone or a limit that can't be."""

    team_id: int
    timezone: str = "UTC"
    week_start_day: int = 0
    default_limit: int = DEFAULT_LIMIT
    max_limit: int = MAX_LIMIT

    def __post_init__(self) -> None:
        if type(self.team_id) is not int:
            raise ValueError("a scope needs the number of a team")
        if self.week_start_day not in (0, 1):
            raise ValueError("the week starts on 0 (Sunday) or 1 (Monday)")
        if not 0 < self.default_limit <= self.max_limit:
            raise ValueError("the default limit must lie between 1 and the highest limit")
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"unknown time zone {self.timezone!r}") from error
