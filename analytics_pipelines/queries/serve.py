"""Questions as the API answers them: from the cache when that is fresh enough, computed when it is not, by as many at
once as a project may have, and in the background for those who don't wait."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from analytics_pipelines.insights.team import Team
from analytics_pipelines.queries.ask import Answer, Questions
from analytics_pipelines.queries.cache import Cache
from analytics_pipelines.queries.entry import Entry
from analytics_pipelines.queries.failure import QueryFailed
from analytics_pipelines.queries.language import LANGUAGE_KINDS
from analytics_pipelines.queries.progress import Progress, ProgressOf
from analytics_pipelines.queries.question import Question, read_question
from analytics_pipelines.queries.reads import explained
from analytics_pipelines.queries.refresh import Refresh
from analytics_pipelines.queries.runs import Run, Runs
from analytics_pipelines.queries.slots import Pool, Slots
from analytics_pipelines.queries.staleness import is_stale
from analytics_pipelines.queries.team import data_version
from analytics_pipelines.settings import Settings
from resources.postgres import Postgres

log = logging.getLogger("queries")

_KEPT = timedelta(days=1)
# Larger answers are computed again sooner than kept.
_MOST_KEPT_BYTES = 8 * 1024 * 1024
_THREADS = 4
_MOST_WAITING = 100


@dataclass(frozen=True)
class Asked:
    """A request. `client_query_id` names it for status and cancellation; `when_client_goes` calls what it is given if
    the client does not wait for its answer."""

    query: Any
    refresh: Refresh = Refresh.BLOCKING
    client_query_id: str | None = None
    explain: bool = False
    filters_override: Mapping[str, Any] | None = None
    variables_override: Mapping[str, Any] | None = None
    pool: Pool = "api"
    when_client_goes: Callable[[Callable[[], None]], None] | None = None


class Answers:
    """One a process; safe to share between threads."""

    def __init__(
        self, questions: Questions, postgres: Postgres, cache: Cache, progress: ProgressOf, settings: Settings
    ) -> None:
        self._questions = questions
        self._postgres = postgres
        self._cache = cache
        self._progress = progress
        self._runs = Runs(postgres)
        self._lease = timedelta(seconds=2 * settings.query_max_seconds + settings.query_wait_seconds)
        self._behind = timedelta(seconds=settings.query_behind_seconds)
        self._slots = Slots(
            postgres,
            {"api": settings.query_api_slots, "app": settings.query_app_slots},
            wait=timedelta(seconds=settings.query_wait_seconds),
            lease=self._lease,
        )
        self._threads = ThreadPoolExecutor(_THREADS, "questions")  # starts no thread before it has work
        self._waiting = threading.BoundedSemaphore(_MOST_WAITING)

    def answer(self, asked: Asked, team: Team) -> Answer:
        """The answer, or `query_status` of a run in the background, or both. Raises QueryFailed."""
        if isinstance(asked.query, dict) and str(asked.query.get("kind")) in LANGUAGE_KINDS:
            told = self._questions.tell(asked.query, team)
            return {**told, "is_cached": False, "query_status": None, "timezone": team.timezone}
        question = read_question(asked.query, asked.filters_override, asked.variables_override)
        key = question.key(team)
        entry = self._kept(key) if asked.refresh.looks_into_cache else None
        if entry is not None and (asked.refresh is Refresh.FORCE_CACHE or not self._is_stale(entry, asked, team)):
            return self._shown(entry, key, asked, team, is_cached=True)
        if asked.refresh is Refresh.FORCE_CACHE:
            return _nothing(key, None)
        if asked.refresh.is_background or (entry and asked.refresh is Refresh.ASYNC_EXCEPT_ON_CACHE_MISS):
            run = self._in_background(question, key, asked, team)
            status = self._status(run, team, None)
            if entry is None:
                return _nothing(key, status)
            return {**self._shown(entry, key, asked, team, is_cached=True), "query_status": status}
        run_id = asked.client_query_id or uuid4().hex
        gone = self._ended_with_client(asked, run_id, team)
        with self._slots.taken(team.id, asked.pool):
            if gone.is_set():
                raise QueryFailed(400, "cancelled", "The client went while its question waited.")
            computed = self._compute(question, key, team, run_id)
        return self._shown(computed, key, asked, team, is_cached=False)

    def status(self, run_id: str, team: Team) -> tuple[dict[str, Any], QueryFailed | None] | None:
        """What became of a question in the background, in PostHog's shape, and why it failed if it did; None when there
        is none of this id."""
        run = self._runs.get(team.id, run_id)
        if run is None:
            return None
        failure = self._failure(run)
        results = None
        if failure is None and run.finished_at is not None:
            entry = self._kept(run.cache_key)
            if entry is None:
                failure = QueryFailed(410, "expired", "The answer is kept no more; ask again.")
            else:
                results = self._shown(entry, run.cache_key, Asked(None), team, is_cached=True)
        return {**self._status(run, team, failure), "results": results}, failure

    def cancel(self, run_id: str, team: Team) -> None:
        """Stop a question, whoever waits for it. Nothing happens when there is none of this id."""
        self._runs.cancel(team.id, run_id, self._questions.now())
        self._progress.stop(team.id, run_id)

    def _ended_with_client(self, asked: Asked, run_id: str, team: Team) -> threading.Event:
        """The event is set when the client goes; what runs of its question then is stopped."""
        gone = threading.Event()

        def stop() -> None:
            gone.set()
            self._progress.stop(team.id, run_id)

        if asked.when_client_goes is not None:
            asked.when_client_goes(stop)
        return gone

    def close(self) -> None:
        """Forget what waits for a thread."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _kept(self, key: str) -> Entry | None:
        packed = self._cache.get(key)
        return Entry.unpacked(packed) if packed else None

    def _is_stale(self, entry: Entry, asked: Asked, team: Team) -> bool:
        behind = self._behind if asked.refresh is Refresh.BLOCKING else None
        lazy = asked.refresh is Refresh.LAZY_ASYNC
        return is_stale(
            entry.made, data_version(team.id, self._postgres), self._questions.now(), behind=behind, lazy=lazy
        )

    def _compute(self, question: Question, key: str, team: Team, run_id: str) -> Entry:
        version = data_version(team.id, self._postgres)  # before the events are read: it is never too new
        computed = self._questions.compute(question, team, self._progress.query_id(team.id, run_id))
        entry = Entry.of(computed, version, question.interval)
        packed = entry.packed()
        if len(packed) <= _MOST_KEPT_BYTES:
            self._cache.put(key, packed, _KEPT)
        return entry

    def _in_background(self, question: Question, key: str, asked: Asked, team: Team) -> Run:
        """The run that answers it: a new one, or one that goes on already."""
        run_id = asked.client_query_id or key
        now = self._questions.now()
        if self._runs.begin(team.id, run_id, key, now, self._lease):
            if not self._waiting.acquire(blocking=False):
                failure = QueryFailed(429, "too_many_queries", "Too many questions wait here; ask again soon.")
                self._runs.finish(team.id, run_id, now, failure.as_json())
                raise failure
            self._threads.submit(self._run, question, key, run_id, asked.pool, team)
        found = self._runs.get(team.id, run_id)
        assert found is not None  # noqa: S101  it was begun
        return found

    def _run(self, question: Question, key: str, run_id: str, pool: Pool, team: Team) -> None:
        error = None
        try:
            with self._slots.taken(team.id, pool):
                run = self._runs.get(team.id, run_id)
                if run is not None and not run.is_cancelled:
                    self._compute(question, key, team, run_id)
        except QueryFailed as failure:
            error = failure.as_json()
        except Exception:
            log.exception("a question of project %d failed in the background", team.id)
            error = QueryFailed(500, "internal_error", "Something broke here; the log has it.").as_json()
        finally:
            self._waiting.release()
            self._runs.finish(team.id, run_id, self._questions.now(), error)

    def _failure(self, run: Run) -> QueryFailed | None:
        if run.error is not None:
            return QueryFailed(**run.error)
        if run.is_cancelled:
            return QueryFailed(400, "cancelled", "The question was cancelled.")
        if run.is_lost(self._questions.now()):
            return QueryFailed(410, "lost", "The process that answered this question went away; ask again.")
        return None

    def _status(self, run: Run, team: Team, failure: QueryFailed | None) -> dict[str, Any]:
        complete = run.finished_at is not None or failure is not None
        progress = None if complete else self._progress.of(team.id, run.id) or Progress()
        return {
            "id": run.id,
            "team_id": team.id,
            "query_async": True,
            "complete": complete,
            "error": failure is not None,
            "error_message": failure.detail if failure else None,
            "results": None,
            "start_time": run.started_at.isoformat(),
            "end_time": run.finished_at.isoformat() if run.finished_at else None,
            "expiration_time": run.expires_at.isoformat(),
            "query_progress": progress.public() if progress else None,
        }

    def _shown(self, entry: Entry, key: str, asked: Asked, team: Team, *, is_cached: bool) -> Answer:
        made = entry.made
        shown = {
            **entry.answer,
            "error": None,
            "is_cached": is_cached,
            "cache_key": key,
            "last_refresh": made.at.isoformat(),
            "cache_target_age": made.target_age().isoformat(),
            "next_allowed_client_refresh": made.next_refresh().isoformat(),
            "calculation_trigger": None,
            "data_version": made.version,
            "modifiers": {},
            "query_status": None,
            "timezone": team.timezone,
        }
        if asked.explain:
            shown["explain"] = explained(entry.reads, team.id, is_cached=is_cached, postgres=self._postgres)
        return shown


def _nothing(key: str, status: dict[str, Any] | None) -> Answer:
    return {"results": None, "is_cached": False, "cache_key": key, "query_status": status}
