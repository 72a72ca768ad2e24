"""Box plots: how the numbers of a property are spread in each bucket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analytics_pipelines.insights.asked import event_name
from analytics_pipelines.insights.labels import days, labels
from analytics_pipelines.insights.maths import TIMESTAMP, Aggregate, Direct
from analytics_pipelines.insights.plan import Rows
from analytics_pipelines.insights.team import Context
from analytics_pipelines.insights.trends.lines import Line, lines
from analytics_pipelines.insights.trends.model import TrendsQuery
from analytics_pipelines.insights.trends.numbers import BUCKET, EVENTS, bucket_of, edges, grouped, item
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import Compiled, compile_query
from analytics_pipelines.sql.errors import QueryError

_QUANTILE = "quantileExactInclusive"
_SHOWN: Mapping[str, Aggregate] = {
    "min": Aggregate("min"),
    "p25": Aggregate(_QUANTILE, 0.25),
    "median": Aggregate(_QUANTILE, 0.5),
    "p75": Aggregate(_QUANTILE, 0.75),
    "max": Aggregate("max"),
    "mean": Aggregate("avg"),
}


@dataclass(frozen=True, slots=True)
class BoxPlan:
    """A statement a series; its rows are `(bucket, min, p25, median, p75, max, mean)`."""

    statements: tuple[Compiled, ...]
    lines: tuple[Line, ...]
    context: Context
    source: str = "events"

    def answer(self, results: Sequence[Rows]) -> dict[str, Any]:
        """`boxplot_data`: for each series and bucket the five numbers and the mean, 0 where there are none."""
        data = [box for line, rows in zip(self.lines, results, strict=True) for box in self._boxes(line, rows)]
        return {"results": [], "boxplot_data": data, "resolved_date_range": self.lines[0].dates.resolved()}

    def _boxes(self, line: Line, rows: Rows) -> list[dict[str, Any]]:
        found = {int(bucket): [number or 0 for number in numbers] for bucket, *numbers in rows}
        named = zip(edges(line.dates), days(line.dates), labels(line.dates), strict=True)
        return [
            {
                "day": day,
                "label": label,
                "series_index": line.order,
                "series_label": event_name(line.series, self.context),
                **dict(zip(_SHOWN, found.get(start, [0] * len(_SHOWN)), strict=True)),
            }
            for start, day, label in named
        ]


def plan(query: TrendsQuery, context: Context) -> BoxPlan:
    """QueryError for a series without a property of events or persons, and for what a box plot can't show."""
    if query.breakdown_filter.all() or query.compare_filter.compare or query.trends_filter.all_formulas:
        raise QueryError("a box plot has no breakdown, formula or comparison")
    found = lines(query, context)
    return BoxPlan(tuple(compile_query(_boxes(line), context.scope()) for line in found), found, context)


def _boxes(line: Line) -> nodes.Select:
    math = line.math
    if not isinstance(math, Direct) or not math.values:
        raise QueryError(f"series {line.order + 1} of a box plot needs a math over a property, such as avg")
    boxes = [item(name, aggregate.of(*math.values)) for name, aggregate in _SHOWN.items()]
    return grouped([item(BUCKET, bucket_of(TIMESTAMP, line.dates))], boxes, EVENTS, line.where)
