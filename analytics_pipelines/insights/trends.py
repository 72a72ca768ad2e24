"""Trends: how often, or by how many people, each event happened in each bucket of time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from analytics_pipelines.insights.dates import DateRange, date_range
from analytics_pipelines.insights.filters import joined
from analytics_pipelines.insights.labels import days, labels
from analytics_pipelines.insights.models import TOTAL_VALUE, TrendsQuery
from analytics_pipelines.insights.plan import Rows
from analytics_pipelines.insights.series import EventsNode, Series, series_condition
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import Compiled, compile_query
from analytics_pipelines.sql.errors import QueryError

_TIMESTAMP, _PERSON = (nodes.Name((name,)) for name in ("timestamp", "person_id"))
_BUCKET = "bucket"
_MATHS = (None, "total", "dau")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run, and what is needed to read the rows.

    A row is (start of the bucket in Unix seconds, value of the first series, of the second, …);
    displays of one total value have one row, without the bucket.
    """

    statements: tuple[Compiled]
    query: TrendsQuery
    dates: DateRange

    def answer(self, results: Sequence[Rows]) -> dict[str, Any]:
        """`{"results": …, "resolved_date_range": …}`, zero where nothing happened."""
        return {"results": answer(self, results[0]), "resolved_date_range": self.resolved_date_range}

    @property
    def resolved_date_range(self) -> dict[str, str]:
        return self.dates.resolved()

    @property
    def total_value(self) -> bool:
        return self.query.trends_filter.display in TOTAL_VALUE


def plan(query: TrendsQuery, context: Context) -> Plan:
    """One pass over the events for all series. `earliest` event's time is needed for `all`.

    QueryError for dates that can't be read, and for what isn't supported.
    """
    display = query.trends_filter.display
    for series in query.series:
        if series.math not in _MATHS:
            raise QueryError(f"the math “{series.math}” is not known")
    if display == "ActionsLineGraphCumulative" and any(s.math == "dau" for s in query.series):
        raise QueryError("unique users can't be cumulated yet")
    dates = date_range(
        query.dates.date_from,
        query.dates.date_to,
        query.interval,
        context.team.zone,
        context.now,
        week_start_day=context.team.week_start_day,
        explicit=bool(query.dates.explicit),
        earliest=context.earliest,
    )
    compiled = compile_query(_select(query, dates, display in TOTAL_VALUE, context), context.team.scope())
    return Plan((compiled,), query, dates)


def _select(query: TrendsQuery, dates: DateRange, total_value: bool, context: Context) -> nodes.Select:
    found = [series_condition(series, context) for series in query.series]
    items = [
        nodes.Item(_aggregate(series, condition), f"series_{order}", f"series_{order}")
        for order, (series, condition) in enumerate(zip(query.series, found, strict=True))
    ]
    source = nodes.TableName("events")
    where = nodes.Logic("AND", tuple(_conditions(found, dates)))
    if total_value:
        return nodes.Select(tuple(items), source, where=where)
    bucket = nodes.Item(_bucket(dates), _BUCKET, _BUCKET)
    name = nodes.Name((_BUCKET,))
    return nodes.Select((bucket, *items), source, where=where, group=(name,), order=(nodes.Order(name),))


def _bucket(dates: DateRange) -> nodes.Expr:
    edges = tuple(int(bucket.timestamp()) for bucket in dates.buckets)
    seconds = nodes.Call("toUnixTimestamp64Second", (_TIMESTAMP,))
    return nodes.Call("roundDown", (seconds, nodes.Constant(edges)))


def _conditions(found: Sequence[nodes.Expr | None], dates: DateRange) -> Iterable[nodes.Expr]:
    yield nodes.Compare(">=", _TIMESTAMP, nodes.Constant(dates.filter_start))
    yield nodes.Compare("<=", _TIMESTAMP, nodes.Constant(dates.end))
    known = [each for each in dict.fromkeys(found) if each is not None]
    if None not in found and (any_of := joined("OR", known)):
        yield any_of


def _aggregate(series: Series, condition: nodes.Expr | None) -> nodes.Expr:
    args: tuple[nodes.Expr, ...] = (_PERSON,) if series.math == "dau" else ()
    name = "uniqExact" if series.math == "dau" else "count"
    return nodes.Call(name, args) if condition is None else nodes.Call(f"{name}If", (*args, condition))


def answer(plan: Plan, rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Rows of the statement → one entry a series, zero where nothing happened."""
    shown = [] if plan.total_value else _values(plan, rows)
    results = []
    for order, series in enumerate(plan.query.series):
        entry = {
            "action": _action(series, order),
            "label": series.label,
            "count": 0,
            "data": [],
            "labels": [],
            "days": [],
            "filter": _filter(plan),
        }
        if plan.total_value:
            entry["aggregated_value"] = int(rows[0][order]) if rows else 0
        else:
            data = shown[order]
            entry |= {"data": data, "count": sum(data)}
            entry |= {"labels": labels(plan.dates), "days": days(plan.dates)}
        results.append(entry)
    return results


def _values(plan: Plan, rows: Sequence[Sequence[Any]]) -> list[list[int]]:
    edges = [int(bucket.timestamp()) for bucket in plan.dates.buckets]
    shown = [[0] * len(edges) for _ in plan.query.series]
    for bucket, *values in rows:
        place = max(bisect_right(edges, int(bucket)) - 1, 0)
        for data, value in zip(shown, values, strict=True):
            data[place] += int(value)
    if plan.query.trends_filter.display == "ActionsLineGraphCumulative":
        return [list(accumulate(data)) for data in shown]
    return shown


def _action(series: Series, order: int) -> dict[str, Any]:
    return {
        "id": series.event if isinstance(series, EventsNode) else series.id,
        "type": "events" if isinstance(series, EventsNode) else "actions",
        "order": order,
        "name": series.label,
        "custom_name": series.custom_name,
        "math": series.math or "total",
    }


def _filter(plan: Plan) -> dict[str, Any]:
    return {
        "insight": "TRENDS",
        "interval": plan.query.interval.value,
        "display": plan.query.trends_filter.display or "ActionsLineGraph",
        **plan.resolved_date_range,
    }
