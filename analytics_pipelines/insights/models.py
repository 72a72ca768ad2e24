"""Questions as PostHog's clients write them."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from analytics_pipelines.insights.dates import Interval
from analytics_pipelines.insights.model import ON_EVERY_QUERY, DateRangeModel, Model
from analytics_pipelines.insights.series import Series


class HogQLQuery(Model):
    """SQL in `query`; see `sql.compiler.compile_select`."""

    kind: Literal["HogQLQuery"] = "HogQLQuery"
    query: str
    harmless: ClassVar[frozenset[str]] = ON_EVERY_QUERY | {"name", "explain"}


Display = Literal[
    "ActionsLineGraph",
    "ActionsAreaGraph",
    "ActionsBar",
    "ActionsStackedBar",
    "ActionsUnstackedBar",
    "ActionsLineGraphCumulative",
    "BoldNumber",
    "ActionsPie",
    "ActionsBarValue",
    "ActionsTable",
]
TOTAL_VALUE = frozenset({"BoldNumber", "ActionsPie", "ActionsBarValue", "ActionsTable"})


class TrendsFilter(Model):
    display: Display | None = None
    smoothing: Literal[1] | None = Field(default=None, alias="smoothingIntervals")
    harmless: ClassVar[frozenset[str]] = frozenset(
        {
            *("aggregationAxisFormat", "aggregationAxisPostfix", "aggregationAxisPrefix"),
            *("decimalPlaces", "minDecimalPlaces", "showLegend", "showValuesOnSeries"),
            *("showLabelsOnSeries", "showPercentStackView", "showMultipleYAxes", "goalLines"),
            *("showAlertThresholdLines", "showTrendLines", "yAxisScaleType", "hiddenLegendIndexes"),
            *("resultCustomizationBy", "resultCustomizations", "detailedResultsAggregationType"),
        }
    )


class TrendsQuery(Model):
    kind: Literal["TrendsQuery"] = "TrendsQuery"
    series: list[Series] = Field(min_length=1, max_length=26)
    interval: Interval = Interval.DAY
    dates: DateRangeModel = Field(default_factory=DateRangeModel, alias="dateRange")
    trends_filter: TrendsFilter = Field(default_factory=TrendsFilter, alias="trendsFilter")
    harmless: ClassVar[frozenset[str]] = ON_EVERY_QUERY

    @model_validator(mode="before")
    @classmethod
    def _absent_means_default(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        optional = ("interval", "dateRange", "trendsFilter")
        kept = {k: v for k, v in data.items() if v is not None or k not in optional}
        if kept.get("samplingFactor") == 1:
            del kept["samplingFactor"]
        return kept
