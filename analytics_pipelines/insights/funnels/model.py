"""FunnelsQuery, as PostHog's clients write it."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag, model_validator

from analytics_pipelines.insights.asked import Asked
from analytics_pipelines.insights.breakdowns import BreakdownFilter
from analytics_pipelines.insights.dates import Interval
from analytics_pipelines.insights.model import Model
from analytics_pipelines.insights.series import ActionsNode, EventsNode, Series

MOST_STEPS = 30
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 7 * 86_400, "month": 30 * 86_400}


class ExcludedEvents(EventsNode):
    """Steps are counted from 0. What happens after the one and before the other spoils the path."""

    from_step: int = Field(alias="funnelFromStep", ge=0)
    to_step: int = Field(alias="funnelToStep", ge=0)


class ExcludedActions(ActionsNode):
    from_step: int = Field(alias="funnelFromStep", ge=0)
    to_step: int = Field(alias="funnelToStep", ge=0)


def _kind(data: Any) -> str:
    return str(data.get("kind", "EventsNode") if isinstance(data, dict) else getattr(data, "kind", None))


Exclusion: TypeAlias = Annotated[
    Annotated[ExcludedEvents, Tag("EventsNode")] | Annotated[ExcludedActions, Tag("ActionsNode")], Discriminator(_kind)
]


class FunnelsFilter(Model):
    """`window` and `unit` say how much time there is from the first step to the last; a month has 30 days."""

    order: Literal["ordered", "strict", "unordered"] = Field(default="ordered", alias="funnelOrderType")
    viz: Literal["steps", "trends", "time_to_convert"] = Field(default="steps", alias="funnelVizType")
    window: int = Field(default=14, alias="funnelWindowInterval", ge=1, le=100_000)
    unit: Literal["second", "minute", "hour", "day", "week", "month"] = Field(
        default="day", alias="funnelWindowIntervalUnit"
    )
    from_step: int | None = Field(default=None, alias="funnelFromStep", ge=0)
    to_step: int | None = Field(default=None, alias="funnelToStep", ge=0)
    bin_count: int | None = Field(default=None, alias="binCount")
    exclusions: list[Exclusion] = Field(default_factory=list, max_length=30)
    attribution: Literal["first_touch", "last_touch", "all_events", "step"] = Field(
        default="first_touch", alias="breakdownAttributionType"
    )
    attribution_step: int = Field(default=0, alias="breakdownAttributionValue", ge=0)
    aggregate_by: str | None = Field(default=None, alias="funnelAggregateByHogQL")
    harmless: ClassVar[frozenset[str]] = frozenset(
        {
            *("funnelStepReference", "layout", "hiddenLegendBreakdowns", "hidden_legend_breakdowns"),
            *("resultCustomizations", "resultCustomizationBy", "useUdf", "goalLines", "showTrendLines"),
            *("showValuesOnSeries", "showLegend", "breakdownSorting", "funnelStepRange", "decimalPlaces"),
        }
    )

    @model_validator(mode="before")
    @classmethod
    def _absent_means_default(cls, data: Any) -> Any:
        return {name: given for name, given in data.items() if given is not None} if isinstance(data, dict) else data

    @property
    def microseconds(self) -> int:
        return self.window * _SECONDS[self.unit] * 1_000_000


class FunnelsQuery(Asked):
    kind: Literal["FunnelsQuery"] = "FunnelsQuery"
    series: list[Series] = Field(min_length=1, max_length=MOST_STEPS)
    interval: Interval = Interval.DAY
    funnels_filter: FunnelsFilter = Field(default_factory=FunnelsFilter, alias="funnelsFilter")
    breakdown_filter: BreakdownFilter = Field(default_factory=BreakdownFilter, alias="breakdownFilter")

    @model_validator(mode="before")
    @classmethod
    def _no_comparison(cls, data: Any) -> Any:
        """A funnel is compared with nothing, so a comparison that is off says nothing."""
        compared = data.get("compareFilter") if isinstance(data, dict) else None
        if isinstance(compared, dict) and not compared.get("compare"):
            return {name: given for name, given in data.items() if name != "compareFilter"}
        return data

    @property
    def counted_expression(self) -> str | None:
        """The SQL of what goes through the funnel, where that is neither persons nor groups."""
        written = (self.funnels_filter.aggregate_by or "").strip()
        of_persons = self.aggregation_group_type_index is not None or written in ("", "person_id", "person.id")
        return None if of_persons else written
