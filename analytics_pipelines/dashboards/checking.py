"""Whether a question can be asked at all: parsed and planned, not run. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from analytics_pipelines.insights.kinds import KINDS, parse_as, parse_insight
from analytics_pipelines.insights.models import HogQLQuery
from analytics_pipelines.insights.team import Context, Team
from analytics_pipelines.sql.compiler import compile_select
from analytics_pipelines.sql.errors import QueryError

_MOST_ROWS = 1_000_000


def check_question(question: Mapping[str, Any], team: Team, now: datetime) -> None:
    """Raises QueryError, which says what is wrong with it."""
    kind = question.get("kind")
    try:
        if kind == "HogQLQuery":
            compile_select(parse_as(HogQLQuery, question).query, replace(team.scope(), max_limit=_MOST_ROWS))
        elif isinstance(kind, str) and kind in KINDS:
            found, parsed = parse_insight(question)
            found.plan(parsed, Context(team, now, earliest=now - timedelta(days=1)))
        else:
            raise QueryError(f"kind must be one of HogQLQuery, {', '.join(KINDS)}")
    except (OverflowError, ValueError, RecursionError):
        raise QueryError("A date or a number of the question is out of range, or it is nested too deep.") from None
