"""TrendsQuery, as PostHog's clients write it."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from analytics_pipelines.insights.asked import Asked
from analytics_pipelines.insights.breakdowns import BreakdownFilter
from analytics_pipelines.insights.dates import Interval
from analytics_pipelines.insights.formulas import FormulaNode
from analytics_pipelines.insights.model import Model
from analytics_pipelines.insights.series import Series

CUMULATIVE = "ActionsLineGraphCumulative"
WORLD_MAP = "WorldMap"
BOX_PLOT = "BoxPlot"
Display = Literal[
    "ActionsLineGraph",
    "ActionsAreaGraph",
    "ActionsBar",
    "ActionsStackedBar",
    "ActionsUnstackedBar",
    "ActionsLineGraphCumulative",
    "SlopeGraph",
    "BoxPlot",
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
            *("showMovingAverage", "movingAverageIntervals"),
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


class TrendsQuery(Asked):
    """A breakdown is of each series; formulas take the place of the series that they are made of."""

    kind: Literal["TrendsQuery"] = "TrendsQuery"
    series: list[Series] = Field(min_length=1, max_length=26)
    interval: Interval = Interval.DAY
    trends_filter: TrendsFilter = Field(default_factory=TrendsFilter, alias="trendsFilter")
    breakdown_filter: BreakdownFilter = Field(default_factory=BreakdownFilter, alias="breakdownFilter")
    compare_filter: CompareFilter = Field(default_factory=CompareFilter, alias="compareFilter")

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
