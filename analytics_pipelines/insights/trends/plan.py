"""Trends: what to ask of ClickHouse for a question, and how to read it.

Series that count events without a breakdown share one pass over the events of a range; every other line has its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from analytics_pipelines.insights.breakdowns import OTHER_LABEL
from analytics_pipelines.insights.filters import joined
from analytics_pipelines.insights.formulas import Formula
from analytics_pipelines.insights.maths import TIMESTAMP, Direct, Unique
from analytics_pipelines.insights.plan import Rows
from analytics_pipelines.insights.team import Context
from analytics_pipelines.insights.trends import box_plot
from analytics_pipelines.insights.trends.answer import Drawn, answer
from analytics_pipelines.insights.trends.box_plot import BoxPlan
from analytics_pipelines.insights.trends.lines import Line, between, lines
from analytics_pipelines.insights.trends.model import BOX_PLOT, TrendsQuery
from analytics_pipelines.insights.trends.numbers import (
    BUCKET,
    EVENTS,
    bucket_of,
    direct,
    grouped,
    item,
    labels,
    numbers,
)
from analytics_pipelines.insights.trends.ranked import is_countable, is_whole, ranked_counts
from analytics_pipelines.insights.trends.rolled import active_from_rollup, from_rollup, is_held, share, share_of_active
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import Compiled, compile_query
from analytics_pipelines.sql.schema import INTERNAL_SCHEMA

MAX_VALUES = 5_000
"""Of a breakdown without a limit."""


@dataclass(frozen=True, slots=True)
class Pass:
    """A statement, and the lines that it draws by their places in the plan.

    Rows are `(value_0 …, bucket, number of the first line, …)`; those of totals have no bucket. In a `whole` pass a row
    has all points of its value: `(value_0 …, points)`.
    """

    lines: Mapping[int, Line]
    statement: Compiled
    sources: tuple[str, ...] = ("events",)
    whole: bool = False

    def read(self, rows: Rows) -> Iterable[tuple[int, Drawn]]:
        for column, (place, line) in enumerate(self.lines.items()):
            drawn, width = Drawn(line), len(line.values)
            for row in rows:
                value, rest = tuple(row[:width]), row[width:]
                if self.whole:
                    drawn.put_all(value, rest[0])
                else:
                    bucket, *found = (None, *rest) if line.total else rest
                    drawn.put(value, bucket, found[column])
            yield place, drawn


@dataclass(frozen=True)
class Plan:
    query: TrendsQuery
    context: Context
    lines: tuple[Line, ...]
    passes: tuple[Pass, ...]

    @cached_property
    def statements(self) -> tuple[Compiled, ...]:
        return tuple(each.statement for each in self.passes)

    @property
    def source(self) -> str:
        """The tables that are read: `events`, or rollups of them, or both."""
        return ", ".join(sorted({source for each in self.passes for source in each.sources}))

    @property
    def resolved_date_range(self) -> dict[str, str]:
        return self.lines[0].dates.resolved()

    def answer(self, results: Sequence[Rows]) -> dict[str, Any]:
        """`{"results": …, "hasMore": …, "resolved_date_range": …}`, zero where nothing happened."""
        drawn: dict[int, Drawn] = {}
        for each, rows in zip(self.passes, results, strict=True):
            drawn.update(each.read(rows))
        shown = answer(self.query, self.context, [drawn[place] for place in range(len(self.lines))])
        without = [row for row in shown if not _is_other(row.get("breakdown_value"))]
        more = len(without) < len(shown)
        if self.query.breakdown_filter.hide_other:
            shown = without
        return {"results": shown, "hasMore": more, "resolved_date_range": self.resolved_date_range}


def _is_other(value: Any) -> bool:
    return value == OTHER_LABEL or (isinstance(value, list) and OTHER_LABEL in value)


def plan(query: TrendsQuery, context: Context) -> Plan | BoxPlan:
    """QueryError for dates that can't be read, and for what isn't supported."""
    if query.trends_filter.display == BOX_PLOT:
        return box_plot.plan(query, context)
    return plan_lines(query, context)


def plan_lines(query: TrendsQuery, context: Context) -> Plan:
    for node in query.trends_filter.all_formulas:
        Formula(node.formula, len(query.series))
    found = lines(query, context)
    return Plan(query, context, found, tuple(_passes(query, context, found)))


def _passes(query: TrendsQuery, context: Context, found: Sequence[Line]) -> Iterable[Pass]:
    places = dict(enumerate(found))
    for dates in dict.fromkeys(line.dates for line in found):
        shared = {place: line for place, line in places.items() if line.dates == dates and _may_share(line)}
        held = {place: line for place, line in shared.items() if is_held(line)}
        if part := share(tuple(held.values()), context.rollups):
            statement = compile_query(from_rollup(tuple(held.values()), part), context.scope(), INTERNAL_SCHEMA)
            yield Pass(held, statement, part.sources)
            shared = {place: line for place, line in shared.items() if place not in held}
        if shared:
            yield Pass(shared, compile_query(_together(tuple(shared.values())), context.scope()))
    for place, line in places.items():
        if _may_share(line):
            continue
        if part := share_of_active(line, context.rollups):
            statement = compile_query(active_from_rollup(line, part), context.scope(), INTERNAL_SCHEMA)
            yield Pass({place: line}, statement, part.sources)
        else:
            whole = query.kept_values is not None and is_countable(line) and is_whole(line)
            yield Pass({place: line}, compile_query(_alone(line, query), context.scope()), whole=whole)


def _may_share(line: Line) -> bool:
    return not line.values and (
        isinstance(line.math, Direct) or (isinstance(line.math, Unique) and (line.total or not line.cumulative))
    )


def _together(lines: Sequence[Line]) -> nodes.Select:
    dates, total = lines[0].dates, lines[0].total
    conditions = [line.matches for line in lines]
    lone = len(lines) == 1
    found = [
        item(f"number_{place}", direct(line, None if lone else condition))
        for place, (line, condition) in enumerate(zip(lines, conditions, strict=True))
    ]
    buckets = [] if total else [item(BUCKET, bucket_of(TIMESTAMP, dates))]
    where: nodes.Expr = between(*lines[0].reach)
    known = [each for each in dict.fromkeys(conditions) if each is not None]
    if None not in conditions and (any_of := joined("OR", known)):
        where = nodes.Logic("AND", (where, any_of))
    return grouped(buckets, found, EVENTS, where)


def _alone(line: Line, query: TrendsQuery) -> nodes.Select:
    limit = query.kept_values
    most = 1 if not line.values else MAX_VALUES if limit is None else limit + 1
    rows = most * (1 if line.total else len(line.dates.buckets))
    if limit is not None and is_countable(line):
        return replace(ranked_counts(line, limit), limit=most if is_whole(line) else rows)
    return replace(numbers(line, labels(line, limit)), limit=rows)
