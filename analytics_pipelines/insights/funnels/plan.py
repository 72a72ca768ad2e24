"""A funnel as a plan: one statement, one pass over the events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analytics_pipelines.insights.funnels import conversions, durations, rates
from analytics_pipelines.insights.funnels.funnel import Funnel, funnel
from analytics_pipelines.insights.funnels.model import FunnelsQuery
from analytics_pipelines.insights.plan import Rows
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql.compiler import Compiled, compile_query

_VIEWS = {"steps": conversions, "trends": rates, "time_to_convert": durations}


@dataclass(frozen=True, slots=True)
class Plan:
    statements: tuple[Compiled, ...]
    funnel: Funnel

    def answer(self, results: Sequence[Rows]) -> dict[str, Any]:
        """`results`: steps, or a list of them for each value; points of trends; or bins and an average."""
        found = _VIEWS[self.funnel.filter.viz].answer(self.funnel, results[0])
        return {"results": found, "resolved_date_range": self.funnel.dates.resolved()}


def plan(query: FunnelsQuery, context: Context) -> Plan:
    """QueryError for what can't be understood or makes no sense."""
    asked = funnel(query, context)
    compiled = compile_query(_VIEWS[asked.filter.viz].select(asked), context.team.scope())
    return Plan((compiled,), asked)
