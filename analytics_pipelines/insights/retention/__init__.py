"""Retention: of those who began in an interval, how many came back in each of the intervals after it."""

from analytics_pipelines.insights.retention.answer import Plan, actors, plan
from analytics_pipelines.insights.retention.model import RetentionQuery

__all__ = ["Plan", "RetentionQuery", "actors", "plan"]
