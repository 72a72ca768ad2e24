"""What a question needs to know of the project it is asked in."""

from __future__ import annotations

from dataclasses import dataclass

from analytics_pipelines.sql.scope import Scope


@dataclass(frozen=True, slots=True)
class Team:
    """`week_start_day`: 0 Sunday, 1 Monday; `timezone` is a name of the IANA database."""

    id: int
    timezone: str = "UTC"
    week_start_day: int = 0

    def scope(self) -> Scope:
        return Scope(self.id, self.timezone, self.week_start_day)
