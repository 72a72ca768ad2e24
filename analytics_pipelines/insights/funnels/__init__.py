"""Funnels: how many got through a row of steps, how far, and how fast.

`model` is the question; `funnel` the question checked, with its dates; `histories` what each actor did; `ordered`,
`folded` and `unordered` find each actor's best path in it; `conversions`, `rates` and `durations` are the views of all
paths, and `actors` says whose they are.
"""

from analytics_pipelines.insights.funnels.actors import actors
from analytics_pipelines.insights.funnels.model import FunnelsQuery
from analytics_pipelines.insights.funnels.plan import Plan, plan

__all__ = ["FunnelsQuery", "Plan", "actors", "plan"]
