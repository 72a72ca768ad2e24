"""Paths: which way people go from page to page, or event to event, one visit at a time."""

from analytics_pipelines.insights.paths.answer import Plan, actors, plan
from analytics_pipelines.insights.paths.model import PathsQuery

__all__ = ["PathsQuery", "Plan", "actors", "plan"]
