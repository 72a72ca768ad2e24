"""WebOverviewQuery: visitors, views, visits, how long they last and how many bounce; or how many convert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from analytics_pipelines.insights.columns import expression
from analytics_pipelines.insights.dates import DateRange
from analytics_pipelines.insights.plan import Rows
from analytics_pipelines.insights.team import Context
from analytics_pipelines.insights.web_sessions import BOUNCED, WebQuery, visits
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import Compiled, compile_query

# key, kind of number, SQL over visits, whether more is worse
_TILES = (
    ("visitors", "unit", "uniqExact(person)", False),
    ("views", "unit", "sum(views)", False),
    ("sessions", "unit", "count()", False),
    ("session duration", "duration_s", "avg(duration)", False),
    ("bounce rate", "percentage", f"avg({BOUNCED})", True),
)
_GOAL_TILES = (
    ("visitors", "unit", "uniqExact(person)", False),
    ("total conversions", "unit", "sum(conversions)", False),
    ("unique conversions", "unit", "uniqExactIf(person, conversions > 0)", False),
    ("conversion rate", "percentage", "uniqExactIf(person, conversions > 0) / nullIf(uniqExact(person), 0)", False),
)


class WebOverviewQuery(WebQuery):
    """The numbers above a site's page, with those of the range before if asked."""

    kind: Literal["WebOverviewQuery"] = "WebOverviewQuery"


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement for each range, one row each: the tiles' values."""

    statements: tuple[Compiled, ...]
    tiles: Sequence[tuple[str, str, str, bool]]
    dates: DateRange

    def answer(self, results: Sequence[Rows]) -> dict[str, Any]:
        """Percentages of 0 to 100; a value is null where there was nothing to take it of."""
        current = results[0][0]
        previous = results[1][0] if len(results) > 1 else [None] * len(self.tiles)
        return {
            "results": [_tile(*tile) for tile in zip(self.tiles, current, previous, strict=True)],
            "resolved_date_range": self.dates.resolved(),
            "dateFrom": self.dates.resolved()["date_from"],
            "dateTo": self.dates.resolved()["date_to"],
        }


def plan(query: WebOverviewQuery, context: Context) -> Plan:
    """QueryError for dates, filters and goals that can't be read."""
    tiles = _TILES if query.conversion_goal is None else _GOAL_TILES
    ranges = query.ranges(context)
    return Plan(tuple(_statement(query, dates, tiles, context) for dates in ranges), tiles, ranges[0])


def _statement(
    query: WebOverviewQuery, dates: DateRange, tiles: Sequence[tuple[str, str, str, bool]], context: Context
) -> Compiled:
    items = tuple(
        nodes.Item(expression(sql), f"tile_{place}", f"tile_{place}") for place, (_, _, sql, _) in enumerate(tiles)
    )
    return compile_query(nodes.Select(items, visits(query, dates, context)), context.scope())


def _tile(tile: tuple[str, str, str, bool], current: Any, previous: Any) -> dict[str, Any]:
    key, kind, _, worse = tile
    values = [_value(value, kind) for value in (current, previous)]
    return {
        "key": key,
        "kind": kind,
        "isIncreaseBad": worse,
        "value": values[0],
        "previous": values[1],
        "changeFromPreviousPct": change(*values),
    }


def _value(value: Any, kind: str) -> float | None:
    if value is None or value != value:  # NaN: an average of nothing
        return None
    return value * 100 if kind == "percentage" else value  # type: ignore[no-any-return]


def change(current: float | None, previous: float | None) -> int | None:
    """In percent of what it was, to the nearest whole; null when it was nothing.

    >>> change(150, 100), change(0, 3), change(5, 0), change(5, None)
    (50, -100, None, None)
    """
    if current is None or not previous:
        return None
    return round(100 * (current - previous) / previous)
