"""Trends: how often, or by how many, something happened in each bucket of time."""

from analytics_pipelines.insights.trends.actors import actors
from analytics_pipelines.insights.trends.model import TrendsQuery
from analytics_pipelines.insights.trends.plan import Plan, plan

__all__ = ["Plan", "TrendsQuery", "actors", "plan"]
