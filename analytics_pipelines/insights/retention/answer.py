"""Retention: the statements of a question, its answer, and the people behind a row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from analytics_pipelines.insights.asked import ACTOR, call, compared, item, name
from analytics_pipelines.insights.breakdowns import OTHER_LABEL, shown_order
from analytics_pipelines.insights.filters import joined
from analytics_pipelines.insights.plan import Rows
from analytics_pipelines.insights.point import Point
from analytics_pipelines.insights.retention.model import RetentionQuery
from analytics_pipelines.insights.retention.returns import COLUMNS, ROW, VALUE, Returns, returns
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import Compiled, compile_query
from analytics_pipelines.sql.errors import QueryError

Counts = dict[tuple[int, int], int]
_MOST_CELLS = 10_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows are (row, column, actors), and before them the value, where there is a breakdown by properties."""

    statements: tuple[Compiled, ...]
    query: RetentionQuery
    found: tuple[Returns, ...]

    def answer(self, results: Sequence[Rows]) -> dict[str, Any]:
        """One row an interval, for each value of the breakdown anew."""
        rows = [row for value, counts in self._by_value(results) for row in self._rows(value, counts)]
        return {"results": rows, "resolved_date_range": self.found[0].dates.resolved()}

    def _by_value(self, results: Sequence[Rows]) -> Iterable[tuple[Any, Counts]]:
        """Values with the most actors first, “None” and “Other” last."""
        found: dict[Any, Counts] = defaultdict(dict)
        for one, rows in zip(self.found, results, strict=True):
            if one.value is None:
                found[one.cohort] = {}
            for *value, row, column, actors in rows:
                found[value[0] if value else one.cohort][int(row), int(column)] = int(actors)
        if self.query.breakdown_filter.hide_other:
            found.pop(OTHER_LABEL, None)
        return sorted(found.items(), key=_rank)

    def _rows(self, value: Any, counts: Counts) -> Iterable[dict[str, Any]]:
        dates, asked = self.found[0].dates, self.query.retention_filter
        labels, rows = asked.column_labels, len(dates.buckets)
        for row, start in enumerate(dates.buckets):
            columns = range(self.query.columns(row, rows))
            yield {
                "values": [{"count": counts.get((row, column), 0), "label": labels[column]} for column in columns],
                "label": f"{asked.period} {row}",
                "date": start.astimezone(dates.zone).isoformat(),
                "breakdown_value": value,
            }


def _rank(entry: tuple[Any, Counts]) -> tuple[int, int, str]:
    value, counts = entry
    return shown_order([str(value)]), -sum(actors for (_, column), actors in counts.items() if column == 0), str(value)


def plan(query: RetentionQuery, context: Context) -> Plan:
    """One pass over the events for each cohort of a breakdown, and two for one by properties: it has to be known first
    which values are shown."""
    found = returns(query, context)
    return Plan(tuple(compile_query(_table(one), context.scope()) for one in found), query, found)


def _table(one: Returns) -> nodes.Select:
    keys = [item(ROW, name(ROW)), item("column", call("arrayJoin", name(COLUMNS)))]
    if one.value is None:
        count = call("count")
    else:
        keys.insert(0, item("shown", one.shown_value))
        count = call("uniqExact", name(ACTOR))  # who is behind several of the values that make “Other” is there once
    named = tuple(name(key.name) for key in keys)
    return nodes.Select(
        (*keys, item("actors", count)),
        nodes.Derived(one.rows(), "rows"),
        group=named,
        order=tuple(nodes.Order(each) for each in named),
        limit=_MOST_CELLS,
    )


def actors(query: RetentionQuery, point: Point, context: Context) -> nodes.Select:
    """`actor_id, appearances`: who is in the row `interval`, and the numbers of the columns that each is counted in.

    QueryError for a row or a cohort that isn't there.
    """
    one, asked = _asked_for(query, point, context), []
    if point.interval is not None:
        if not 0 <= point.interval < len(one.dates.buckets):
            raise QueryError(f"there is no row {point.interval} in the answer")
        asked.append(compared(name(ROW), "=", point.interval))
    if one.value is not None and point.breakdown is not None:
        given = point.breakdown if isinstance(point.breakdown, list) else [point.breakdown]
        text = "::".join(str(each) for each in given)
        kept = one.is_kept(name(VALUE))
        asked.append(nodes.Not(kept) if text == OTHER_LABEL else compared(name(VALUE), "=", text))
    appearances = call("arraySort", call("groupUniqArrayArray", name(COLUMNS)))
    return nodes.Select(
        (item(ACTOR, name(ACTOR)), item("appearances", appearances)),
        nodes.Derived(one.rows(), "rows"),
        where=joined("AND", asked),
        group=(name(ACTOR),),
    )


def _asked_for(query: RetentionQuery, point: Point, context: Context) -> Returns:
    found = returns(query, context)
    if not query.breakdown_filter.cohorts():
        return found[0]
    given = point.breakdown[0] if isinstance(point.breakdown, list) and point.breakdown else point.breakdown
    wanted = "all" if str(given) == "0" else str(given)
    for one in found:
        if str(one.cohort) == wanted:
            return one
    raise QueryError("the question is broken down by cohorts: say which of them in “breakdown”")
