"""Which days the rollups hold as they are now, for questions that may be answered from them."""

from __future__ import annotations

from datetime import date

from analytics_pipelines.insights.rollup_state import RollupState
from analytics_pipelines.rollups.days import Days
from analytics_pipelines.rollups.tables import ACTIVE_PEOPLE_DAILY, EVENT_COUNTS_HOURLY
from analytics_pipelines.rollups.watermark import Watermark
from analytics_pipelines.settings import Settings
from resources.postgres import Postgres

_ANY_DAY = Days(date(1900, 1, 1), date(2299, 12, 31))
_ANSWERING = (EVENT_COUNTS_HOURLY, ACTIVE_PEOPLE_DAILY)


class RollupDays:
    """Asked anew for each question, and before it reads: a day that changes meanwhile is as old as the answer."""

    def __init__(self, postgres: Postgres, settings: Settings) -> None:
        self._watermark = Watermark(postgres, settings.session_bounce_seconds)

    def state(self, team_id: int) -> RollupState:
        """Raises PostgresUnavailable."""
        found = self._watermark.live_days(_ANSWERING, team_id, _ANY_DAY)
        return RollupState({name: frozenset(days) for name, days in found.items()})
