"""Whether a question can be asked at all."""

from datetime import timedelta
from typing import Any

from analytics_pipelines.insights.team import Context, Team
from analytics_pipelines.queries.ask import Questions
from analytics_pipelines.queries.question import read_question, refusals_told


def check_question(query: Any, team: Team, questions: Questions) -> None:
    """Plans it and does not run it. Raises QueryFailed, which says what is wrong with it."""
    question, now = read_question(query), questions.now()
    with refusals_told():
        questions.plan(question, Context(team, now, earliest=now - timedelta(days=1)))
