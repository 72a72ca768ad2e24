"""The kinds of questions that are insights, by name; and reading one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analytics_pipelines.insights import (
    calendar_heatmap,
    events,
    funnels,
    lifecycle,
    paths,
    retention,
    sessions_query,
    stickiness,
    trends,
    web_overview,
    web_stats,
)
from analytics_pipelines.insights.actors import ActorsQuery, plan_with
from analytics_pipelines.insights.events import EventsQuery
from analytics_pipelines.insights.parsing import parse_as
from analytics_pipelines.insights.plan import Kind
from analytics_pipelines.sql.errors import QueryError

KINDS: Mapping[str, Kind] = {
    "TrendsQuery": Kind(trends.TrendsQuery, trends.plan, trends.actors),
    "CalendarHeatmapQuery": Kind(calendar_heatmap.CalendarHeatmapQuery, calendar_heatmap.plan),
    "FunnelsQuery": Kind(funnels.FunnelsQuery, funnels.plan, funnels.actors),
    "RetentionQuery": Kind(retention.RetentionQuery, retention.plan, retention.actors),
    "StickinessQuery": Kind(stickiness.StickinessQuery, stickiness.plan, stickiness.actors),
    "PathsQuery": Kind(paths.PathsQuery, paths.plan, paths.actors),
    "LifecycleQuery": Kind(lifecycle.LifecycleQuery, lifecycle.plan, lifecycle.actors),
    "EventsQuery": Kind(EventsQuery, events.plan),
    "SessionsQuery": Kind(sessions_query.SessionsQuery, sessions_query.plan),
    "WebOverviewQuery": Kind(web_overview.WebOverviewQuery, web_overview.plan),
    "WebStatsTableQuery": Kind(web_stats.WebStatsTableQuery, web_stats.plan),
    "ActorsQuery": Kind(ActorsQuery, lambda query, context: plan_with(KINDS, query, context)),
}

__all__ = ["KINDS", "parse_as", "parse_insight"]


def parse_insight(data: Any) -> tuple[Kind, Any]:
    """A JSON object with a `kind` of KINDS → the kind, and the question."""
    kind = data.get("kind") if isinstance(data, dict) else None
    found = KINDS.get(kind) if isinstance(kind, str) else None
    if found is None:
        raise QueryError(f"kind must be one of {', '.join(KINDS)}")
    return found, parse_as(found.model, data)
