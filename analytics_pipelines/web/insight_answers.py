"""Saved insights and their stored results as the API shows them."""

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import request
from pydantic import ValidationError

from analytics_pipelines.accounts.projects import Project
from analytics_pipelines.dashboards.insights import Insight
from analytics_pipelines.dashboards.refresh import Shown
from analytics_pipelines.queries.refresh import Refresh, read_refresh
from analytics_pipelines.web.dashboard_models import FiltersBody
from analytics_pipelines.web.errors import ApiError
from analytics_pipelines.web.paging import text_in_query

# Of an answer, what the API's insights have besides the result.
_OF_ANSWER = ("hogql", "columns", "types", "hasMore", "resolved_date_range", "timezone")
_LOOKS = timedelta(minutes=5)


def refresh_in_query() -> Refresh:
    """What the query string says of computing anew; nothing is `force_cache`. Raises QueryFailed."""
    asked = request.args.get("refresh", "").lower()
    if asked in ("", "false"):
        return Refresh.FORCE_CACHE
    return read_refresh(True if asked == "true" else asked)


def filters_override_in_query() -> dict[str, Any] | None:
    """A dashboard's filters for this look alone; None when the stored ones hold. Raises ApiError."""
    text = text_in_query("filters_override", 20_000)
    if not text:
        return None
    try:
        return FiltersBody.model_validate(json.loads(text)).model_dump(exclude_unset=True)
    except (ValueError, RecursionError, ValidationError):
        detail = "A JSON object with date_from, date_to and properties."
        raise ApiError(400, "invalid_input", detail, attr="filters_override") from None


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
    answer, made = stored.answer, shown.made
    if answer is not None and made is not None:
        body |= {
            **{name: answer[name] for name in _OF_ANSWER if name in answer},
            "result": answer["results"],
            "last_refresh": made.at.isoformat(),
            "is_cached": True,
            "is_stale": shown.is_stale(now),
            "cache_target_age": made.target_age().isoformat(),
            "next_allowed_client_refresh": made.next_refresh().isoformat(),
            "data_version": stored.data_version,
            "rows_read": stored.rows_read,
            "milliseconds": stored.milliseconds,
        }
    if shown.is_underway(now):
        body["query_status"] = {
            "id": shown.key,
            "team_id": project.id,
            "insight_id": shown.insight.id,
            "query_async": True,
            "complete": False,
            "error": False,
        }
    return {**body, "result_error": stored.error}


def not_seen_lately(last_viewed_at: datetime | None) -> bool:
    """Whether to note that someone looks at it; not at each look."""
    return last_viewed_at is None or datetime.now(UTC) - last_viewed_at > _LOOKS


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
