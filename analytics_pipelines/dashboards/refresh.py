"""Fresh answers for saved insights: at once, or in the background, each question by one at a time.

The answers come as for anyone who asks: from the cache of questions when it has them, and by as many at once as a
project may have.
"""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from analytics_pipelines.accounts.projects import Project
from analytics_pipelines.dashboards.insights import Insight
from analytics_pipelines.dashboards.overrides import question_key, question_of, with_filters
from analytics_pipelines.dashboards.results import Asked, InsightResults, StoredResult
from analytics_pipelines.insights.team import Team
from analytics_pipelines.queries import serve
from analytics_pipelines.queries.failure import QueryFailed
from analytics_pipelines.queries.refresh import Refresh
from analytics_pipelines.queries.staleness import Made, is_stale
from analytics_pipelines.queries.team import load_team
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

log = logging.getLogger("dashboards")

_FORCED = (Refresh.FORCE_BLOCKING, Refresh.FORCE_ASYNC)


@dataclass(frozen=True)
class Shown:
    """An insight with the question that is asked for it here (a dashboard has filters), and what is stored of it."""

    insight: Insight
    question: Mapping[str, Any]
    key: str
    stored: StoredResult | None = None

    @property
    def asked(self) -> Asked:
        return self.insight.id, self.key

    @property
    def made(self) -> Made | None:
        """When and over what the answer was computed; None when there is none."""
        stored = self.stored
        if stored is None or stored.computed_at is None:
            return None
        interval = self.question.get("interval")
        of = interval if isinstance(interval, str) else None
        return Made.of(stored.computed_at, stored.data_version, of, stored.dates)

    def is_stale(self, now: datetime, *, lazy: bool = False) -> bool:
        """Whether to compute anew; also when there is no answer."""
        made, stored = self.made, self.stored
        return made is None or stored is None or is_stale(made, stored.current_version, now, behind=None, lazy=lazy)

    def is_underway(self, now: datetime) -> bool:
        """Whether someone computes it now."""
        claimed = self.stored.claimed_until if self.stored else None
        return claimed is not None and claimed > now

    def with_stored(self, stored: StoredResult | None) -> "Shown":
        """The same with what is stored of it."""
        return replace(self, stored=stored)


def shown_as(insight: Insight, project: Project, filters: Mapping[str, Any]) -> Shown:
    """The insight under a dashboard's filters."""
    question = with_filters(question_of(insight.query), filters)
    return Shown(insight, question, question_key(question, project))


@dataclass
class Refresher:
    """`lease` is how long one computation may take before another may begin; `threads` compute side by side."""

    postgres: Postgres
    reader: ClickHouse
    answers: serve.Answers
    lease: timedelta
    threads: int = 2
    _pool: ThreadPoolExecutor = field(init=False)
    _results: InsightResults = field(init=False)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.threads, "insights")  # starts no thread before it has work
        self._results = InsightResults(self.postgres)

    def show(
        self,
        insights: Iterable[Insight],
        project: Project,
        filters: Mapping[str, Any],
        refresh: Refresh = Refresh.FORCE_CACHE,
    ) -> list[Shown]:
        """The insights under a dashboard's filters with their stored answers, refreshed as asked.

        A question that fails raises nothing: its error is in `stored`.
        """
        shown = [shown_as(insight, project, filters) for insight in insights]
        found = self._with_stored(shown)
        if refresh is Refresh.FORCE_CACHE:
            return found
        now, forced, lazy = datetime.now(UTC), refresh in _FORCED, refresh is Refresh.LAZY_ASYNC
        wanted = [each for each in found if forced or each.is_stale(now, lazy=lazy)]
        if not wanted:
            return found
        team = load_team(project, self)
        waited_for = [each for each in wanted if _is_waited_for(each, refresh)]
        self._in_background([each for each in wanted if each not in waited_for], team, forced)
        list(self._pool.map(lambda each: self.compute(each, team, forced=forced), waited_for))
        return self._with_stored(shown)

    def compute(self, shown: Shown, team: Team, *, forced: bool) -> StoredResult | None:
        """Answer now, store the answer or the error, and return what is stored then; None when the insight is gone.

        Unless it is forced, an answer that the cache of questions has is as good.
        """
        self._results.claim(shown.asked, datetime.now(UTC), self.lease, from_others=True)
        self._compute(shown, team, forced)
        return self._results.of([shown.asked]).get(shown.asked)

    def close(self) -> None:
        """Wait for what is under way; forget what waits."""
        self._pool.shutdown(cancel_futures=True)

    def _in_background(self, wanted: Sequence[Shown], team: Team, forced: bool) -> None:
        for each in wanted:
            if self._results.claim(each.asked, datetime.now(UTC), self.lease):
                self._pool.submit(self._compute_alone, each, team, forced)

    def _compute_alone(self, shown: Shown, team: Team, forced: bool) -> None:
        """In a thread that nobody waits for."""
        try:
            self._compute(shown, team, forced)
        except Exception:
            log.exception("insight %d was not refreshed", shown.insight.id)

    def _compute(self, shown: Shown, team: Team, forced: bool) -> None:
        started = time.perf_counter()
        try:
            asked = serve.Asked(
                shown.question,
                Refresh.FORCE_BLOCKING if forced else Refresh.BLOCKING,
                explain=True,
                pool="app",
            )
            answer = self.answers.answer(asked, team)
        except QueryFailed as error:
            self._results.failed(shown.asked, error.as_json(), datetime.now(UTC))
            return
        milliseconds = round((time.perf_counter() - started) * 1000)
        self._results.answered(shown.asked, answer, datetime.now(UTC), milliseconds=milliseconds)

    def _with_stored(self, shown: Sequence[Shown]) -> list[Shown]:
        stored = self._results.of([each.asked for each in shown])
        return [each.with_stored(stored.get(each.asked)) for each in shown]


def _is_waited_for(shown: Shown, refresh: Refresh) -> bool:
    if refresh is Refresh.ASYNC_EXCEPT_ON_CACHE_MISS:
        return shown.made is None
    return not refresh.is_background
