"""RetentionQuery, as PostHog's clients write it."""

from __future__ import annotations

from itertools import accumulate
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from analytics_pipelines.insights.asked import Asked
from analytics_pipelines.insights.breakdowns import BreakdownFilter
from analytics_pipelines.insights.dates import DateRange, Interval, date_range
from analytics_pipelines.insights.filters import PropertyFilter, PropertyGroup
from analytics_pipelines.insights.intervals import last_intervals, whole
from analytics_pipelines.insights.model import Model
from analytics_pipelines.insights.series import ActionsNode, EventsNode, Series
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql.errors import QueryError

DEFAULT_INTERVALS = 7
MOST_INTERVALS = 1000
_HOURS = {"Hour": 1, "Day": 24, "Week": 7 * 24, "Month": 30 * 24}
RetentionType = Literal["retention_recurring", "retention_first_time", "retention_first_ever_occurrence"]


class Entity(Model):
    """The events that somebody begins or returns with: those of a name, those of an action, or all where there is no
    `id`."""

    id: str | int | None = None
    type: Literal["events", "actions"] | None = None
    kind: Literal["EventsNode", "ActionsNode"] | None = None
    properties: list[PropertyFilter | PropertyGroup] | PropertyGroup | None = None
    harmless: ClassVar[frozenset[str]] = frozenset({"name", "custom_name", "order", "uuid"})

    @property
    def series(self) -> Series:
        """QueryError for an action without a number."""
        if self.type == "actions" or self.kind == "ActionsNode":
            try:
                return ActionsNode(id=int(self.id or ""), properties=self.properties)
            except ValueError:
                raise QueryError("an action of a retention needs its number as “id”") from None
        return EventsNode(event=None if self.id is None else str(self.id), properties=self.properties)


PAGEVIEW = Entity(id="$pageview")


class RetentionFilter(Model):
    """`meanRetentionCalculation` and `retentionReference` say how percentages are made of the counts, which stay."""

    retention_type: RetentionType = Field(default="retention_recurring", alias="retentionType")
    total: int = Field(default=DEFAULT_INTERVALS, alias="totalIntervals", ge=1, le=MOST_INTERVALS)
    target: Entity = Field(default=PAGEVIEW, alias="targetEntity")
    returning: Entity = Field(default=PAGEVIEW, alias="returningEntity")
    period: Literal["Hour", "Day", "Week", "Month"] = "Day"
    cumulative: bool = False
    minimum_occurrences: int = Field(default=1, alias="minimumOccurrences", ge=1)
    mean: Literal["simple", "weighted", "none"] | None = Field(default=None, alias="meanRetentionCalculation")
    reference: Literal["total", "previous"] | None = Field(default=None, alias="retentionReference")
    window_mode: Literal["strict_calendar_dates", "24_hour_windows"] = Field(
        default="strict_calendar_dates", alias="timeWindowMode"
    )
    brackets: list[int] = Field(default_factory=list, alias="retentionCustomBrackets", max_length=MOST_INTERVALS)
    aggregation: Literal["count"] = Field(default="count", alias="aggregationType")
    harmless: ClassVar[frozenset[str]] = frozenset(
        {"dashboardDisplay", "display", "showMean", "showTrendLines", "showLegend", "selectedInterval", "goalLines"}
    )

    @model_validator(mode="before")
    @classmethod
    def _absent_means_default(cls, data: Any) -> Any:
        return {name: value for name, value in data.items() if value is not None} if isinstance(data, dict) else data

    @field_validator("brackets")
    @classmethod
    def _sizes(cls, value: list[int]) -> list[int]:
        if any(size < 1 for size in value) or sum(value) > 10 * MOST_INTERVALS:
            raise QueryError("retentionCustomBrackets are numbers of intervals, at least 1 each")
        return value

    @property
    def interval(self) -> Interval:
        return Interval(self.period.lower())

    @property
    def rolling(self) -> bool:
        return self.window_mode == "24_hour_windows"

    @property
    def window_hours(self) -> int:
        """How long an interval is that starts with the actor and not with the calendar."""
        return _HOURS[self.period]

    @property
    def bracket_ends(self) -> list[int]:
        """The last interval after the first that each bracket covers."""
        return list(accumulate(self.brackets))

    @property
    def column_labels(self) -> list[str]:
        if not self.brackets:
            return [f"{self.period} {place}" for place in range(self.total)]
        firsts = [1, *(end + 1 for end in self.bracket_ends)]
        spans = [
            f"{first}" if first == end else f"{first}-{end}"
            for first, end in zip(firsts, self.bracket_ends, strict=False)
        ]
        return [f"{self.period} {span}" for span in ("0", *spans)]


class RetentionQuery(Asked):
    """Without a `date_from` the last `totalIntervals` intervals are rows; with one those from it on."""

    kind: Literal["RetentionQuery"] = "RetentionQuery"
    retention_filter: RetentionFilter = Field(default_factory=RetentionFilter, alias="retentionFilter")
    breakdown_filter: BreakdownFilter = Field(default_factory=BreakdownFilter, alias="breakdownFilter")

    @model_validator(mode="after")
    def _can_be_combined(self) -> RetentionQuery:
        if self.retention_filter.rolling and self.retention_filter.cumulative:
            raise QueryError("cumulative retention can't be combined with windows of 24 hours")
        return self

    def intervals(self, context: Context) -> DateRange:
        """The rows, each a whole interval. QueryError for dates that can't be read."""
        asked, team = self.retention_filter, context.team
        if self.dates.date_from is None:
            return last_intervals(asked.total, self.dates.date_to, asked.interval, context)
        found = date_range(
            self.dates.date_from,
            self.dates.date_to,
            asked.interval,
            team.zone,
            context.now,
            week_start_day=team.week_start_day,
            earliest=context.earliest,
        )
        return whole(found, team.week_start_day)

    def columns(self, row: int, rows: int) -> int:
        """How many columns a row has: those whose first interval lies in the range."""
        if not self.retention_filter.brackets:
            return min(self.retention_filter.total, rows - row)
        firsts = [0, 1, *(end + 1 for end in self.retention_filter.bracket_ends[:-1])]
        return sum(row + first < rows for first in firsts)
