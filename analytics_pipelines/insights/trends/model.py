"""TrendsQuery, as PostHog's clients write it."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from analytics_pipelines.insights.breakdowns import BreakdownFilter
from analytics_pipelines.insights.dates import Interval
from analytics_pipelines.insights.filters import PropertyFilter, PropertyGroup
from analytics_pipelines.insights.formulas import FormulaNode
from analytics_pipelines.insights.model import ON_EVERY_QUERY, DateRangeModel, Model
from analytics_pipelines.insights.series import Series
from analytics_pipelines.sql.errors import QueryError

CUMULATIVE = "ActionsLineGraphCumulative"
WORLD_MAP = "WorldMap"
Display = Literal[
    "ActionsLineGraph",
    "ActionsAreaGraph",
    "ActionsBar",
    "ActionsStackedBar",
    "ActionsUnstackedBar",
    "ActionsLineGraphCumulative",
    "SlopeGraph",
    "BoldNumber",
    "ActionsPie",
    "ActionsBarValue",
    "ActionsTable",
    "WorldMap",
]
TOTAL_VALUE = frozenset({"BoldNumber", "ActionsPie", "ActionsBarValue", "ActionsTable", WORLD_MAP})


class TrendsFilter(Model):
    """`formula` and `formulas` are older ways to write `formulaNodes`, which win."""

    display: Display | None = None
    smoothing: int | None = Field(default=None, alias="smoothingIntervals", ge=1, le=1000)
    formula: str | None = None
    formulas: list[str] | None = Field(default=None, max_length=100)
    formula_nodes: list[FormulaNode] | None = Field(default=None, alias="formulaNodes", max_length=100)
    harmless: ClassVar[frozenset[str]] = frozenset(
        {
            *("aggregationAxisFormat", "aggregationAxisPostfix", "aggregationAxisPrefix"),
            *("decimalPlaces", "minDecimalPlaces", "showLegend", "showValuesOnSeries", "showConfidenceIntervals"),
            *("showLabelsOnSeries", "showPercentStackView", "showMultipleYAxes", "goalLines", "confidenceLevel"),
            *(
                "showAlertThresholdLines",
                "showTrendLines",
                "yAxisScaleType",
                "hiddenLegendIndexes",
                "hidden_legend_keys",
            ),
            *("resultCustomizationBy", "resultCustomizations", "detailedResultsAggregationType"),
            *("showMovingAverage", "movingAverageIntervals", "excludeBoxPlotOutliers"),
        }
    )

    @property
    def all_formulas(self) -> list[FormulaNode]:
        if self.formula_nodes:
            return self.formula_nodes
        texts = self.formulas or ([self.formula] if self.formula else [])
        return [FormulaNode(formula=text) for text in texts if text.strip()]


class CompareFilter(Model):
    compare: bool | None = None
    compare_to: str | None = None


class TrendsQuery(Model):
    kind: Literal["TrendsQuery"] = "TrendsQuery"
    series: list[Series] = Field(min_length=1, max_length=26)
    interval: Interval = Interval.DAY
    dates: DateRangeModel = Field(default_factory=DateRangeModel, alias="dateRange")
    trends_filter: TrendsFilter = Field(default_factory=TrendsFilter, alias="trendsFilter")
    properties: PropertyGroup | list[PropertyFilter | PropertyGroup] | None = None
    test_accounts: bool = Field(default=False, alias="filterTestAccounts")
    breakdown_filter: BreakdownFilter = Field(default_factory=BreakdownFilter, alias="breakdownFilter")
    compare_filter: CompareFilter = Field(default_factory=CompareFilter, alias="compareFilter")
    group_index: int | None = Field(default=None, alias="aggregation_group_type_index", ge=0, le=4)
    sampling: float | None = Field(default=None, alias="samplingFactor")
    harmless: ClassVar[frozenset[str]] = ON_EVERY_QUERY

    @model_validator(mode="before")
    @classmethod
    def _absent_means_default(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        optional = {name for field in cls.model_fields.items() for name in (field[0], field[1].alias)}
        return {name: value for name, value in data.items() if value is not None or name not in optional}

    @field_validator("sampling")
    @classmethod
    def _no_sampling(cls, value: float | None) -> float | None:
        if value not in (None, 1):
            raise QueryError("samplingFactor: events are not sampled here; leave it out, or write 1")
        return value

    @property
    def total_value(self) -> bool:
        """One number a series instead of one a bucket."""
        return self.trends_filter.display in TOTAL_VALUE

    @property
    def kept_values(self) -> int | None:
        """How many values of a breakdown are shown on their own; None for all, as on a map."""
        given = self.breakdown_filter.breakdown_limit
        return None if given is None and self.trends_filter.display == WORLD_MAP else self.breakdown_filter.limit

    @property
    def cumulative(self) -> bool:
        return self.trends_filter.display == CUMULATIVE
