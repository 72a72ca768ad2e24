"""PathsQuery, as PostHog's clients write it."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from analytics_pipelines.insights.asked import Asked
from analytics_pipelines.insights.dates import DateRange, Interval, date_range
from analytics_pipelines.insights.funnels.model import FunnelsQuery
from analytics_pipelines.insights.model import Model
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql.errors import QueryError

EventType = Literal["$pageview", "$screen", "custom_event", "hogql"]


class CleaningRule(Model):
    """What matches `regex` becomes `alias`, in which `\\1` is the first group."""

    regex: str | None = None
    alias: str | None = None
    harmless: ClassVar[frozenset[str]] = frozenset({"order"})


class PathsFilter(Model):
    """No `includeEventTypes` means all events; `hogql` alone too, with the expression's value as the name of each.

    Keys are `<place>_<name>`, as in an answer's `source` and `target`: for whoever asks for the people behind them.
    """

    include: list[EventType] = Field(default_factory=list, alias="includeEventTypes")
    expression: str | None = Field(default=None, alias="pathsHogQLExpression")
    start_point: str | None = Field(default=None, alias="startPoint")
    end_point: str | None = Field(default=None, alias="endPoint")
    groupings: list[str] = Field(default_factory=list, alias="pathGroupings", max_length=100)
    exclude: list[str] = Field(default_factory=list, alias="excludeEvents", max_length=1000)
    step_limit: int = Field(default=5, alias="stepLimit", ge=1, le=100)
    edge_limit: int = Field(default=50, alias="edgeLimit", ge=1, le=10_000)
    min_weight: int | None = Field(default=None, alias="minEdgeWeight", ge=0)
    max_weight: int | None = Field(default=None, alias="maxEdgeWeight", ge=0)
    clean: bool = Field(default=False, alias="pathReplacements")
    cleaning_rules: list[CleaningRule] = Field(default_factory=list, alias="localPathCleaningFilters", max_length=100)
    start_key: str | None = Field(default=None, alias="pathStartKey")
    end_key: str | None = Field(default=None, alias="pathEndKey")
    dropoff_key: str | None = Field(default=None, alias="pathDropoffKey")
    harmless: ClassVar[frozenset[str]] = frozenset({"showFullUrls"})

    @model_validator(mode="before")
    @classmethod
    def _absent_means_default(cls, data: Any) -> Any:
        return {name: value for name, value in data.items() if value is not None} if isinstance(data, dict) else data

    @property
    def start(self) -> str | None:
        return _without_slash(self.start_point)

    @property
    def end(self) -> str | None:
        return _without_slash(self.end_point)

    def includes(self, kind: EventType) -> bool:
        return not self.include or kind in self.include


class FunnelPaths(Model):
    """Only what was done before a step of a funnel, after it, or between the step before and it. A negative step is
    about those who left before it: what they did until their last step, or once the funnel's window had passed."""

    kind: Literal["funnel_path_before_step", "funnel_path_between_steps", "funnel_path_after_step"] = Field(
        alias="funnelPathType"
    )
    source: FunnelsQuery = Field(alias="funnelSource")
    step: int = Field(alias="funnelStep")


class PathsQuery(Asked):
    kind: Literal["PathsQuery"] = "PathsQuery"
    paths_filter: PathsFilter = Field(default_factory=PathsFilter, alias="pathsFilter")
    funnel_paths: FunnelPaths | None = Field(default=None, alias="funnelPathsFilter")

    def range(self, context: Context) -> DateRange:
        """QueryError for dates that can't be read."""
        return date_range(
            self.dates.date_from,
            self.dates.date_to,
            Interval.DAY,
            context.team.zone,
            context.now,
            week_start_day=context.team.week_start_day,
            explicit=bool(self.dates.explicit),
            earliest=context.earliest,
        )


def key_parts(key: str) -> tuple[int, str]:
    """`2_/home` → (2, "/home"). QueryError for what is no such key."""
    place, _, item = key.partition("_")
    if not place.isdecimal() or len(place) > 6 or int(place) < 1:
        raise QueryError(f"“{key[:50]}” is no key of a path; they are written like 2_/home")
    return int(place), item


def _without_slash(point: str | None) -> str | None:
    return point.removesuffix("/") if point and len(point) > 1 else point or None
