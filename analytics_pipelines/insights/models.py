"""Questions as PostHog's clients write them.

A field that we don't know is ignored when it can't change a number, and refused otherwise: an
answer to another question than was asked would look right.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from analytics_pipelines.insights.dates import Interval
from analytics_pipelines.sql.errors import QueryError


class Model(BaseModel):
    """`harmless` names the fields that change nothing but the looks of an answer."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)
    harmless: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="after")
    def _refuse_what_would_be_ignored(self) -> Model:
        for name, value in (self.model_extra or {}).items():
            if name not in self.harmless and value not in (None, False, "", [], {}):
                raise QueryError(f"“{name}” is not supported yet")
        return self


_ON_EVERY_QUERY = frozenset({"version", "tags", "response", "dataColorTheme"})


class HogQLQuery(Model):
    """SQL in `query`; see `sql.compiler.compile_select`."""

    kind: Literal["HogQLQuery"] = "HogQLQuery"
    query: str
    harmless: ClassVar[frozenset[str]] = _ON_EVERY_QUERY | {"name", "explain"}


class DateRangeModel(Model):
    """Strings as `dates.date_range` reads them; both may be absent."""

    date_from: str | None = None
    date_to: str | None = None
    explicit: bool | None = Field(default=None, alias="explicitDate")


class EventsNode(Model):
    """One series: the events of a name, or all events when `event` is null."""

    kind: Literal["EventsNode"] = "EventsNode"
    event: str | None = None
    name: str | None = None
    custom_name: str | None = None
    math: Literal["total", "dau"] | None = None
    harmless: ClassVar[frozenset[str]] = frozenset({"version", "response"})

    @property
    def label(self) -> str:
        return self.event or "All events"


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
    series: list[EventsNode] = Field(min_length=1, max_length=26)
    interval: Interval = Interval.DAY
    dates: DateRangeModel = Field(default_factory=DateRangeModel, alias="dateRange")
    trends_filter: TrendsFilter = Field(default_factory=TrendsFilter, alias="trendsFilter")
    harmless: ClassVar[frozenset[str]] = _ON_EVERY_QUERY

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


Query = HogQLQuery | TrendsQuery
_KINDS: dict[str, type[Query]] = {"HogQLQuery": HogQLQuery, "TrendsQuery": TrendsQuery}


def parse_query(data: Any) -> Query:
    """A JSON object with a `kind` → its model. QueryError says which field is wrong, and why."""
    kind = data.get("kind") if isinstance(data, dict) else None
    model = _KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise QueryError(f"kind must be one of {', '.join(_KINDS)}")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise QueryError(f"{where}: {first['msg']}") from error
