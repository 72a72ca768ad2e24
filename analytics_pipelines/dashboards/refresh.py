"""Fresh answers for saved insights: at once, or in the background, each question by one at a time."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from analytics_pipelines.accounts.projects import Project
from analytics_pipelines.dashboards.insights import Insight
from analytics_pipelines.dashboards.overrides import question_key, question_of, with_filters
from analytics_pipelines.dashboards.results import Asked, InsightResults, StoredResult
from analytics_pipelines.dashboards.staleness import is_stale
from analytics_pipelines.insights.team import Team
from analytics_pipelines.queries.ask import Questions
from analytics_pipelines.queries.failure import QueryFailed
from analytics_pipelines.queries.team import load_team
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres


class Refresh(Enum):
    """When an answer is computed anew, and whether the asker waits for it."""

    NEVER = "never"
    IF_STALE = "if stale"
    IN_BACKGROUND_IF_STALE = "in the background if stale"
    ALWAYS = "always"
    IN_BACKGROUND = "in the background"


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

    def is_stale(self, now: datetime) -> bool:
        """Whether the answer may be another by now; also when there is none."""
        return self.stored is None or is_stale(self.question, self.stored.computed_at, now)

    def is_underway(self, now: datetime) -> bool:
        """Whether someone computes it now."""
        claimed = self.stored.claimed_until if self.stored else None
        return claimed is not None and claimed > now


@dataclass
class Refresher:
    """`lease` is how long one computation may take before another may begin; `threads` compute side by side."""

    postgres: Postgres
    reader: ClickHouse
    questions: Questions
    lease: timedelta
    threads: int = 2
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
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
        refresh: Refresh = Refresh.NEVER,
    ) -> list[Shown]:
        """The insights under a dashboard's filters with their stored answers, refreshed as asked. Raises nothing of
        a question that fails: its error is in `stored`."""
        shown = [_shown(insight, project, filters) for insight in insights]
        found = self._with_stored(shown)
        now = self.now()
        stale = [
            each
            for each in found
            if refresh in (Refresh.ALWAYS, Refresh.IN_BACKGROUND)
            or (refresh is not Refresh.NEVER and each.is_stale(now))
        ]
        if not stale:
            return found
        team = load_team(project, self)
        if refresh in (Refresh.ALWAYS, Refresh.IF_STALE):
            list(self._pool.map(lambda each: self.compute(each, team), stale))
        else:
            self._in_background(stale, team)
        return self._with_stored(shown)

    def compute(self, shown: Shown, team: Team) -> None:
        """Answer now, and store the answer or the error."""
        self._results.claim(shown.asked, self.now(), self.lease)
        self._compute(shown, team)

    def close(self) -> None:
        """Wait for what is under way; forget what waits."""
        self._pool.shutdown(cancel_futures=True)

    def _in_background(self, stale: Sequence[Shown], team: Team) -> None:
        for each in stale:
            if self._results.claim(each.asked, self.now(), self.lease):
                self._pool.submit(self._compute, each, team)

    def _compute(self, shown: Shown, team: Team) -> None:
        began, clock = self.now(), time.perf_counter()
        version = self._results.data_version(team.id)  # before the events are read: it is never too new
        try:
            answer = self.questions.ask(shown.question, team)
        except QueryFailed as error:
            failure = {"status": error.status, "code": error.code, "detail": error.detail}
            self._results.failed(shown.asked, failure, self.now())
            return
        milliseconds = round((time.perf_counter() - clock) * 1000)
        self._results.answered(shown.asked, answer, began, data_version=version, milliseconds=milliseconds)

    def _with_stored(self, shown: Sequence[Shown]) -> list[Shown]:
        stored = self._results.of([each.asked for each in shown])
        return [Shown(each.insight, each.question, each.key, stored.get(each.asked)) for each in shown]


def _shown(insight: Insight, project: Project, filters: Mapping[str, Any]) -> Shown:
    question = with_filters(question_of(insight.query), filters)
    return Shown(insight, question, question_key(question, project))
