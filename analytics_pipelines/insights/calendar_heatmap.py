"""Calendar heat maps: on which days of the week, and at which hours, something happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from analytics_pipelines.insights.asked import EVENTS, TIMESTAMP, Asked, call, item, name
from analytics_pipelines.insights.dates import DateRange, Interval, date_range
from analytics_pipelines.insights.filters import all_of
from analytics_pipelines.insights.plan import Rows
from analytics_pipelines.insights.series import Series, series_condition
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import Compiled, compile_query
from analytics_pipelines.sql.errors import QueryError

_ALL = -1


class CalendarHeatmapQuery(Asked):
    """One series, of the math `total` or `dau`."""

    kind: Literal["CalendarHeatmapQuery"] = "CalendarHeatmapQuery"
    series: list[Series] = Field(min_length=1, max_length=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows are `(day of the week, hour, number)`, where -1 means all of them."""

    statements: tuple[Compiled]
    dates: DateRange

    def answer(self, results: Sequence[Rows]) -> dict[str, Any]:
        """`results {data, rowAggregations, columnAggregations, allAggregations}`: rows are days of the week, 0 being
        Sunday, columns hours. Where nothing happened, there is no entry."""
        found = sorted((int(row), int(column), int(value)) for row, column, value in results[0])
        return {
            "results": {
                "data": [
                    {"row": row, "column": column, "value": value}
                    for row, column, value in found
                    if row != _ALL and column != _ALL
                ],
                "rowAggregations": [
                    {"row": row, "value": value} for row, column, value in found if row != _ALL and column == _ALL
                ],
                "columnAggregations": [
                    {"column": column, "value": value} for row, column, value in found if row == _ALL != column
                ],
                "allAggregations": next((value for row, column, value in found if row == column == _ALL), 0),
            },
            "resolved_date_range": self.dates.resolved(),
        }


def plan(query: CalendarHeatmapQuery, context: Context) -> Plan:
    """One pass: each event counts in its cell, its row, its column and in all, so that who comes often counts once in
    each. QueryError for dates that can't be read, and for another math."""
    (series,) = query.series
    if series.math not in (None, "total", "dau"):
        raise QueryError("a calendar heat map counts events (total) or different actors (dau)")
    team = context.team
    dates = date_range(
        query.dates.date_from,
        query.dates.date_to,
        Interval.DAY,
        team.zone,
        context.now,
        week_start_day=team.week_start_day,
        explicit=bool(query.dates.explicit),
        earliest=context.earliest,
    )
    day, hour = call("modulo", call("toDayOfWeek", TIMESTAMP), 7), call("toHour", TIMESTAMP)
    cells = [call("tuple", row, column) for row in (day, _ALL) for column in (hour, _ALL)]
    people = series.math == "dau"
    number = call("uniqExact", query.who) if people else call("count")
    where = all_of(
        nodes.Between(TIMESTAMP, nodes.Constant(dates.start), nodes.Constant(dates.end)),
        series_condition(series, context),
        query.filters(context),
        query.has_actor() if people else None,
    )
    counted = nodes.Select(
        (item("cell", call("arrayJoin", call("array", *cells))), item("number", number)),
        EVENTS,
        where=where,
        group=(name("cell"),),
    )
    row, column = (call("tupleElement", name("cell"), place) for place in (1, 2))
    made = nodes.Select(
        (item("row", row), item("column", column), item("number", name("number"))), nodes.Derived(counted, "counted")
    )
    return Plan((compile_query(made, context.scope()),), dates)
