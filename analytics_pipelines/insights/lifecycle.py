"""Lifecycle: of those active in each interval, who is new, who stayed, who came back; and who has just left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import Field

from analytics_pipelines.insights.asked import (
    ACTOR,
    EVENTS,
    Asked,
    both,
    call,
    compared,
    described,
    event_name,
    item,
    mapped,
    name,
)
from analytics_pipelines.insights.dates import DateRange, Interval, date_range
from analytics_pipelines.insights.filters import joined
from analytics_pipelines.insights.intervals import place_named, place_of, whole, within
from analytics_pipelines.insights.labels import days, labels
from analytics_pipelines.insights.model import Model
from analytics_pipelines.insights.plan import Rows
from analytics_pipelines.insights.point import Point
from analytics_pipelines.insights.series import Series, series_condition
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import Compiled, compile_query

Status = Literal["new", "returning", "resurrecting", "dormant"]
STATUSES: tuple[Status, ...] = ("new", "returning", "resurrecting", "dormant")
_NEVER = -1


class LifecycleFilter(Model):
    """`toggledLifecycles` are the statuses that a chart shows; the answer has all."""

    toggled: list[Status] | None = Field(default=None, alias="toggledLifecycles")
    harmless: ClassVar[frozenset[str]] = frozenset({"showValuesOnSeries", "showLegend", "stacked"})


class LifecycleQuery(Asked):
    """Exactly one series."""

    kind: Literal["LifecycleQuery"] = "LifecycleQuery"
    series: list[Series] = Field(min_length=1, max_length=1)
    interval: Interval = Interval.DAY
    lifecycle_filter: LifecycleFilter = Field(default_factory=LifecycleFilter, alias="lifecycleFilter")


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows are (number of the interval from 1, number of the status in STATUSES, actors)."""

    statements: tuple[Compiled]
    query: LifecycleQuery
    dates: DateRange
    context: Context

    def answer(self, results: Sequence[Rows]) -> dict[str, Any]:
        """One row a status, those who left below zero."""
        found = [[0] * len(self.dates.buckets) for _ in STATUSES]
        for place, status, actors in results[0]:
            found[int(status)][int(place) - 1] = -int(actors) if STATUSES[int(status)] == "dormant" else int(actors)
        (series,) = self.query.series
        rows = [
            {
                "action": described(series, 0, self.context),
                "label": f"{event_name(series, self.context)} - {status}",
                "status": status,
                "count": sum(data),
                "data": data,
                "labels": labels(self.dates),
                "days": days(self.dates),
            }
            for status, data in zip(STATUSES, found, strict=True)
        ]
        return {"results": rows, "resolved_date_range": self.dates.resolved()}


def plan(query: LifecycleQuery, context: Context) -> Plan:
    """One pass over the events of the range and of the interval before it."""
    shown = dates(query, context)
    keys = (name("place"), name("status"))
    select = nodes.Select(
        (item("place", name("place")), item("status", name("status")), item("actors", call("count"))),
        nodes.Derived(_statuses(query, shown, context), "statuses"),
        group=keys,
        order=tuple(nodes.Order(key) for key in keys),
    )
    return Plan((compile_query(select, context.scope()),), query, shown, context)


def actors(query: LifecycleQuery, point: Point, context: Context) -> nodes.Select:
    """`actor_id`: who had the status in the interval of `day`; any status or any interval where none is named."""
    shown, asked = dates(query, context), []
    if point.day is not None:
        place = place_named(str(point.day), whole(shown, context.team.week_start_day))
        asked.append(compared(name("place"), "=", place + 1))
    if point.status is not None:
        asked.append(compared(name("status"), "=", STATUSES.index(point.status)))
    return nodes.Select(
        (item(ACTOR, name(ACTOR)),),
        nodes.Derived(_statuses(query, shown, context), "statuses"),
        where=joined("AND", asked),
        distinct=True,
    )


def dates(query: LifecycleQuery, context: Context) -> DateRange:
    """The intervals shown. QueryError for dates that can't be read."""
    return date_range(
        query.dates.date_from,
        query.dates.date_to,
        query.interval,
        context.team.zone,
        context.now,
        week_start_day=context.team.week_start_day,
        explicit=bool(query.dates.explicit),
        earliest=context.earliest,
    )


def _statuses(query: LifecycleQuery, shown: DateRange, context: Context) -> nodes.Select:
    """`actor_id, place, status`: one row for each interval (from 1) in which an actor has a status."""
    looked_at = whole(shown, context.team.week_start_day, before=1)
    active, created, place = name("active"), name("created"), name("place")
    last = len(looked_at.buckets) - 1
    came = mapped(
        "arrayMap",
        "place",
        call("tuple", place, _status(place, active, created)),
        mapped("arrayFilter", "place", compared(place, ">", 0), active),
    )
    following = call("plus", place, 1)
    gone = both(compared(place, "<", last), compared(call("has", active, following), "=", 0))
    left = mapped(
        "arrayMap",
        "place",
        call("tuple", following, STATUSES.index("dormant")),
        mapped("arrayFilter", "place", gone, active),
    )
    each = nodes.Select(
        (item(ACTOR, name(ACTOR)), item("found", call("arrayJoin", call("arrayConcat", came, left)))),
        nodes.Derived(_with_birth(query, looked_at, context), "actors"),
    )
    return nodes.Select(
        (
            item(ACTOR, name(ACTOR)),
            item("place", call("tupleElement", name("found"), 1)),
            item("status", call("tupleElement", name("found"), 2)),
        ),
        nodes.Derived(each, "each"),
    )


def _status(place: nodes.Expr, active: nodes.Expr, created: nodes.Expr) -> nodes.Expr:
    before = call("has", active, call("minus", place, 1))
    back = call("if", compared(before, "=", 1), STATUSES.index("returning"), STATUSES.index("resurrecting"))
    return call("if", compared(place, "=", created), STATUSES.index("new"), back)


def _with_birth(query: LifecycleQuery, looked_at: DateRange, context: Context) -> nodes.Select:
    """`actor_id, active` (the intervals of its events) and `created`, the interval in which it came to be."""
    index = query.aggregation_group_type_index
    activity = nodes.Select(
        (item(ACTOR, query.who), item("active", call("groupUniqArray", place_of(looked_at)))),
        EVENTS,
        where=both(
            within(looked_at),
            series_condition(query.series[0], context),
            query.filters(context),
            query.has_actor(),
            # Who has no profile was never created: such events say nothing of a life.
            compared(name("has_person"), "=", 1) if index is None else None,
        ),
        group=(name(ACTOR),),
    )
    key, births = ("id", "persons") if index is None else ("key", "groups")
    known = nodes.Select(
        (item("key", name(key)), item("created_at", name("created_at"))),
        nodes.TableName(births),
        where=None if index is None else compared(name("index"), "=", index),
    )
    born = name("births", "created_at")
    created = call("if", within(looked_at, born), place_of(looked_at, born), nodes.Constant(_NEVER))
    return nodes.Select(
        (
            item(ACTOR, name("activity", ACTOR)),
            item("active", name("activity", "active")),
            item("created", call("ifNull", created, nodes.Constant(_NEVER))),
        ),
        nodes.Derived(activity, "activity"),
        (
            nodes.Join(
                "LEFT", nodes.Derived(known, "births"), compared(name("activity", ACTOR), "=", name("births", "key"))
            ),
        ),
    )
