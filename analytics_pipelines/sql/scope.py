"""Whose data a query may read, and under which limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from analytics_pipelines.sql import nodes

DEFAULT_LIMIT = 100
MAX_LIMIT = 50_000


@dataclass(frozen=True, slots=True)
class Filters:
    """What `{filters}` stands for. `condition` is given the name of a table and says what must be true of its rows
    (None: anything goes; QueryError: these filters can't be used there). Times from `date_from` on, before `date_to`.
    """

    condition: Callable[[str], nodes.Expr | None] = lambda table: None
    date_from: datetime | None = None
    date_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class SavedAction:
    """`condition` gives what is true of its events, None when all are meant."""

    name: str
    condition: Callable[[], nodes.Expr | None]


@dataclass(frozen=True, slots=True)
class Scope:
    """`week_start_day`: 0 Sunday, 1 Monday. ValueError for a zone or a limit that can't be.

    `property_types` gives `(kind, name)` → `String`, `Numeric`, `Boolean` or `DateTime`, kinds being `event`, `person`,
    `group_0` … `group_4`; what is not there is text. `group_types` are the names of the kinds of groups by index,
    `cohorts` the names of cohorts by id. `variables` are what `{variables.x}` stands for, `values` what `{x}` does.
    """

    team_id: int
    timezone: str = "UTC"
    week_start_day: int = 0
    default_limit: int = DEFAULT_LIMIT
    max_limit: int = MAX_LIMIT
    property_types: Mapping[tuple[str, str], str] = field(default_factory=dict)
    group_types: Mapping[int, str] = field(default_factory=dict)
    cohorts: Mapping[int, str] = field(default_factory=dict)
    actions: Mapping[int, SavedAction] = field(default_factory=dict)
    filters: Filters | None = None
    variables: Mapping[str, nodes.Value] = field(default_factory=dict)
    values: Mapping[str, nodes.Value] = field(default_factory=dict)

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
