"""The filters of a dashboard on the question of one of its tiles. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from analytics_pipelines.accounts.projects import Project

Query = Mapping[str, Any]

# Nodes that say how an answer is shown; the question is in their `source`.
_WRAPPERS = ("InsightVizNode", "DataTableNode", "DataVisualizationNode")


def question_of(query: Query) -> Query:
    """What is asked, without how it is shown.

    >>> question_of({"kind": "InsightVizNode", "source": {"kind": "TrendsQuery"}})
    {'kind': 'TrendsQuery'}
    """
    while query.get("kind") in _WRAPPERS and isinstance(query.get("source"), dict):
        query = query["source"]
    return query


def with_filters(question: Query, filters: Mapping[str, Any]) -> Query:
    """The question as a dashboard asks it: its dates replaced, if the dashboard has any, its properties ANDed.

    SQL takes them where it says `{filters}`.
    """
    dates = {name: filters.get(name) for name in ("date_from", "date_to")}
    dates = dates if any(dates.values()) else {}
    properties = filters.get("properties") or []
    if not dates and not properties:
        return question
    if question.get("kind") == "HogQLQuery":
        own = question.get("filters") or {}
        return {**question, "filters": _filtered(own, dates, properties, "dateRange")}
    if question.get("kind") == "EventsQuery":
        asked = {**question, **({"after": dates["date_from"], "before": dates["date_to"]} if dates else {})}
        return _filtered(asked, {}, properties, "dateRange")
    return _filtered(question, dates, properties, "dateRange")


def _filtered(asked: Query, dates: Query, properties: list[Any], date_field: str) -> dict[str, Any]:
    changed = dict(asked)
    if dates:
        changed[date_field] = dict(dates)
    if properties:
        changed["properties"] = _anded(asked.get("properties"), properties)
    return changed


def _anded(own: Any, added: list[Any]) -> Any:
    if not own:
        return added
    if isinstance(own, list):
        return [*own, *added]
    return {"type": "AND", "values": [own, {"type": "AND", "values": added}]}


def question_key(question: Query, project: Project) -> str:
    """Equal for questions that have the same answer at the same time, however their JSON was ordered."""
    filters = [project.test_account_filters, project.path_cleaning_filters]
    of_project = [project.timezone, project.week_start_day, *filters]
    asked = json.dumps([question, of_project], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(asked.encode()).hexdigest()[:32]
