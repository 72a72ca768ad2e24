"""What a question needs to know of the project it is asked in, and of the moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from analytics_pipelines.insights.rollup_state import RollupState
from analytics_pipelines.sql.scope import SavedAction, Scope


@dataclass(frozen=True, slots=True)
class Action:
    """A saved action; `steps` are ORed, and are objects in PostHog's shape (event, url, selector, properties, …)."""

    id: int
    name: str
    steps: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Team:
    """`week_start_day`: 0 Sunday, 1 Monday; `timezone` is a name of the IANA database.

    `test_account_filters` are property filters in PostHog's shape. `property_types` gives `(kind, name)` → `String`,
    `Numeric`, `Boolean` or `DateTime`, kinds being `event`, `person`, `group_0` … `group_4`; what is not there is text.
    `cohorts` are the names of those that exist, by id; `group_types` the names of kinds of groups, by index.
    `path_cleaning_filters` are objects with a `regex` and the `alias` for what it matches.
    """

    id: int
    timezone: str = "UTC"
    week_start_day: int = 0
    test_account_filters: tuple[Mapping[str, Any], ...] = ()
    property_types: Mapping[tuple[str, str], str] = field(default_factory=dict)
    actions: Mapping[int, Action] = field(default_factory=dict)
    cohorts: Mapping[int, str] = field(default_factory=dict)
    group_types: Mapping[int, str] = field(default_factory=dict)
    path_cleaning_filters: tuple[Mapping[str, Any], ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def scope(self, now: datetime | None = None) -> Scope:
        """What SQL may know of the project. Without the moment it knows no actions, since these may tell time by it."""
        actions = {id_: self._saved(action, now) for id_, action in self.actions.items()} if now else {}
        return Scope(
            self.id,
            self.timezone,
            self.week_start_day,
            property_types=self.property_types,
            group_types=self.group_types,
            cohorts=self.cohorts,
            actions=actions,
        )

    def _saved(self, action: Action, now: datetime) -> SavedAction:
        from analytics_pipelines.insights.actions import action_condition

        return SavedAction(action.name, lambda: action_condition(action, Context(self, now)))


@dataclass(frozen=True, slots=True)
class Context:
    """Where and when a question is asked. `earliest` is the time of the project's first event, None without any.

    With `rollups` questions may be answered from these.
    """

    team: Team
    now: datetime
    earliest: datetime | None = None
    rollups: RollupState | None = None

    def scope(self) -> Scope:
        """What SQL may know of the project."""
        return self.team.scope(self.now)
