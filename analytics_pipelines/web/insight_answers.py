"""Saved insights and their stored results as the API shows them."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import request

from analytics_pipelines.accounts.projects import Project
from analytics_pipelines.dashboards.insights import Insight
from analytics_pipelines.dashboards.refresh import Refresh, Shown
from analytics_pipelines.dashboards.staleness import fresh_until
from analytics_pipelines.web.errors import ApiError

# Of an answer, what the API's insights have besides the result.
_OF_ANSWER = ("hogql", "columns", "types", "hasMore", "resolved_date_range", "timezone")
# A result that was computed so shortly ago is not asked for again by clients.
_SETTLED = timedelta(minutes=1)
_LOOKS = timedelta(minutes=5)

_REFRESH = {
    None: Refresh.NEVER,
    "": Refresh.NEVER,
    "false": Refresh.NEVER,
    "force_cache": Refresh.NEVER,
    "blocking": Refresh.IF_STALE,
    "async_except_on_cache_miss": Refresh.IN_BACKGROUND_IF_STALE,
    "async": Refresh.IN_BACKGROUND_IF_STALE,
    "lazy_async": Refresh.IN_BACKGROUND_IF_STALE,
    "force_async": Refresh.IN_BACKGROUND,
    "force_blocking": Refresh.ALWAYS,
    "true": Refresh.ALWAYS,
}


def refresh_in_query() -> Refresh:
    """What the query string says of computing anew. Raises ApiError."""
    asked = request.args.get("refresh")
    found = _REFRESH.get(asked.lower() if asked is not None else None)
    if found is None:
        known = ", ".join(name for name in _REFRESH if name)
        raise ApiError(400, "invalid_input", f"One of {known}.", attr="refresh")
    return found


def insight_body(insight: Insight, project: Project) -> dict[str, Any]:
    """An insight without its result."""
    return {
        **{name: value for name, value in asdict(insight).items() if name != "tiles"},
        "dashboards": [tile["dashboard_id"] for tile in insight.tiles],
        "dashboard_tiles": insight.tiles,
        "created_at": insight.created_at.isoformat(),
        "last_modified_at": insight.last_modified_at.isoformat(),
        "updated_at": insight.last_modified_at.isoformat(),
        "last_viewed_at": _text(insight.last_viewed_at),
        "result": None,
        "last_refresh": None,
        "is_cached": False,
        "is_stale": True,
        "cache_target_age": None,
        "next_allowed_client_refresh": None,
        "query_status": None,
        "result_error": None,
        "timezone": project.timezone,
    }


def shown_body(shown: Shown, project: Project, now: datetime) -> dict[str, Any]:
    """An insight with its stored result, if there is one."""
    body = insight_body(shown.insight, project)
    stored = shown.stored
    if stored is None:
        return body
    answer, computed_at = stored.answer, stored.computed_at
    if answer is not None and computed_at is not None:
        body |= {
            **{name: answer[name] for name in _OF_ANSWER if name in answer},
            "result": answer["results"],
            "last_refresh": computed_at.isoformat(),
            "is_cached": True,
            "is_stale": shown.is_stale(now),
            "cache_target_age": fresh_until(shown.question, computed_at).isoformat(),
            "next_allowed_client_refresh": (computed_at + _SETTLED).isoformat(),
            "data_version": stored.data_version,
            "rows_read": stored.rows_read,
            "milliseconds": stored.milliseconds,
        }
    if shown.is_underway(now):
        body["query_status"] = {"id": shown.key, "insight_id": shown.insight.id, "query_async": True, "complete": False}
    return {**body, "result_error": stored.error}


def not_seen_lately(last_viewed_at: datetime | None) -> bool:
    """Whether to note that someone looks at it; not at each look."""
    return last_viewed_at is None or datetime.now(UTC) - last_viewed_at > _LOOKS


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
