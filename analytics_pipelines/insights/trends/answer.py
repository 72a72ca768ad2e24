"""Numbers of lines → rows in PostHog's shape."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import floor, isfinite
from typing import Any

from analytics_pipelines.insights.asked import described, event_name
from analytics_pipelines.insights.breakdowns import cohort_name, labelled, shown_order
from analytics_pipelines.insights.formulas import Formula, FormulaNode
from analytics_pipelines.insights.labels import days, labels
from analytics_pipelines.insights.maths import Direct, PerSession, whole
from analytics_pipelines.insights.team import Context
from analytics_pipelines.insights.trends.lines import Line
from analytics_pipelines.insights.trends.model import TrendsQuery
from analytics_pipelines.sql.errors import QueryError

Row = dict[str, Any]
Value = tuple[str, ...]


@dataclass(slots=True)
class Drawn:
    """A line with its numbers: for each value the points, or of a total the one number."""

    line: Line
    points: dict[Value, list[float]] = field(default_factory=dict)
    edges: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.edges = [int(bucket.timestamp()) for bucket in self.line.dates.buckets]
        if not self.line.values:
            self.points[()] = self._empty()

    def put(self, value: Value, bucket: int | None, number: Any) -> None:
        points = self.points.setdefault(value, self._empty())
        place = 0 if bucket is None else max(bisect_right(self.edges, int(bucket)) - 1, 0)
        points[place] = _number(number, self.line)

    def put_all(self, value: Value, numbers: Sequence[Any]) -> None:
        self.points[value] = [_number(each, self.line) for each in numbers]

    def _empty(self) -> list[float]:
        return [0] * (1 if self.line.total else len(self.edges))


def _number(found: Any, line: Line) -> float:
    """What is missing or not finite is 0, so that formulas can go on."""
    if found is None:
        return 0
    try:
        number = found if isinstance(found, int) else float(found)
    except (TypeError, ValueError):
        raise QueryError(f"series {line.order + 1}: the expression does not give a number") from None
    multiplier = line.series.math_multiplier
    if multiplier is not None and not isinstance(line.math, PerSession) and not _of_property(line):
        number *= multiplier
    return number if isfinite(number) else 0


def _of_property(line: Line) -> bool:
    return isinstance(line.math, Direct) and bool(line.math.values)


def answer(query: TrendsQuery, context: Context, drawn: Sequence[Drawn]) -> list[Row]:
    """One row a line and value, in the order of PostHog: series by series, the greatest first, “None” and “Other”
    last; what is compared with after all others. With formulas a row for each of them and value instead."""
    rows = [(each.line, list(_rows(each, query, context))) for each in drawn]
    formulas = query.trends_filter.all_formulas
    if not formulas:
        return [row for _, found in rows for row in found]
    return [
        row
        for node in formulas
        for previous in dict.fromkeys(line.previous for line, _ in rows)
        for row in _formula_rows(node, query, [found for line, found in rows if line.previous == previous])
    ]


def _rows(drawn: Drawn, query: TrendsQuery, context: Context) -> Iterator[Row]:
    made = [_row(drawn.line, value, points, query, context) for value, points in drawn.points.items()]
    yield from sorted(made, key=_rank)


def _rank(row: Row) -> tuple[Any, ...]:
    value = row.get("breakdown_value")
    listed = value if isinstance(value, list) else [str(value)]
    return shown_order(listed), -(row["aggregated_value"] if "aggregated_value" in row else row["count"]), listed


def _row(line: Line, value: Value, points: list[float], query: TrendsQuery, context: Context) -> Row:
    row: Row = {
        "action": _action(line, context),
        "label": event_name(line.series, context),
        "count": 0,
        "data": [],
        "labels": [],
        "days": [],
        "filter": _filter(line, query),
    }
    if line.total:
        row["aggregated_value"] = points[0]
    else:
        data = _smoothed(_cumulated(points, line), line, query.trends_filter.smoothing or 1)
        row |= {
            "data": data,
            "count": data[-1] if line.cumulative else sum(data),
            "labels": labels(line.dates),
            "days": days(line.dates),
        }
    if query.compare_filter.compare:
        row |= {"compare": True, "compare_label": "previous" if line.previous else "current"}
    if line.cohort is not None:
        _break_down(
            row, line.cohort, cohort_name(line.cohort, context), query, listed=bool(query.breakdown_filter.breakdowns)
        )
    elif value:
        _break_down(row, list(value) if query.breakdown_filter.listed else value[0], labelled(value), query)
    return row


def _break_down(row: Row, value: Any, label: str, query: TrendsQuery, *, listed: bool = False) -> None:
    row["breakdown_value"] = [value] if listed else value
    row["label"] = f"{row['label']} - {label}" if len(query.series) > 1 else label


def _cumulated(points: list[float], line: Line) -> list[float]:
    return list(accumulate(points)) if line.cumulative else points


def _smoothed(points: list[float], line: Line, length: int) -> list[float]:
    """The mean of each point and those before it, as many as there are up to `length`; of counts rounded down."""
    if length == 1:
        return points
    windows = (points[max(place - length + 1, 0) : place + 1] for place in range(len(points)))
    means = (sum(window) / len(window) for window in windows)
    counts = whole(line.math) and line.series.math_multiplier is None
    return [floor(mean) if counts else mean for mean in means]


def _action(line: Line, context: Context) -> Row:
    series = line.series
    return {
        **described(series, line.order, context),
        "math_property": series.math_property,
        "math_hogql": series.math_hogql,
        "math_group_type_index": series.math_group_type_index,
        "days": [bucket.astimezone(line.dates.zone).isoformat() for bucket in line.dates.buckets],
    }


def _filter(line: Line, query: TrendsQuery) -> Row:
    return {
        "insight": "TRENDS",
        "interval": query.interval.value,
        "display": query.trends_filter.display or "ActionsLineGraph",
        **line.dates.resolved(),
    }


def _formula_rows(node: FormulaNode, query: TrendsQuery, found: Sequence[Sequence[Row]]) -> list[Row]:
    """The formula for each value that any series has; a series without it counts 0."""
    formula = Formula(node.formula, len(query.series))
    values: dict[Any, Row] = {}
    for rows in found:
        for row in rows:
            values.setdefault(_key(row), row)
    made = []
    for value, pattern in values.items():
        series: list[list[float]] = [[0.0] * (len(pattern["data"]) or 1) for _ in query.series]
        for rows in found:
            for row in rows:
                if _key(row) == value:
                    series[row["action"]["order"]] = row["data"] or [row.get("aggregated_value", 0)]
        points = formula(series)
        row = {**pattern, "label": node.label, "action": None}
        if query.total_value:
            row |= {"aggregated_value": points[0], "data": [], "count": 0}
        else:
            row |= {"data": points, "count": sum(points)}
        made.append(row)
    return sorted(made, key=_rank)


def _key(row: Row) -> Any:
    value = row.get("breakdown_value")
    return tuple(value) if isinstance(value, list) else value
