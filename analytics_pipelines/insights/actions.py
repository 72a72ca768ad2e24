"""Saved actions as conditions: any of the steps, and of a step all that it says."""

from __future__ import annotations

from analytics_pipelines.insights.team import Action, Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.errors import QueryError


def action_condition(action: Action, context: Context) -> nodes.Expr | None:
    """What is true of the events that match an action; None when all do."""
    raise QueryError("actions are not supported yet")
