"""A question in PostHog's JSON → its answer: parsed, compiled under the team's guard, run by the reader, shaped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from analytics_pipelines.insights import sql_query
from analytics_pipelines.insights.kinds import KINDS
from analytics_pipelines.insights.plan import Plan
from analytics_pipelines.insights.team import Context, Team
from analytics_pipelines.queries.failure import QueryFailed
from analytics_pipelines.queries.language import language_answer
from analytics_pipelines.queries.plain import plain
from analytics_pipelines.queries.question import SQL, Question, read_question, refusals_told
from analytics_pipelines.queries.reads import Read
from analytics_pipelines.queries.rollup_days import RollupDays
from analytics_pipelines.settings import Settings
from analytics_pipelines.sql.compiler import Compiled, compile_select
from resources.clickhouse import ClickHouse, ClickHouseRefused, ClickHouseUnavailable, Result

Answer = dict[str, Any]
_FROM_ROLLUPS = {"TrendsQuery"}


@dataclass
class Computed:
    """An answer with what it was read from."""

    answer: Answer
    at: datetime
    reads: list[Read] = field(default_factory=list)


class Questions:
    """Answers questions about one project at a time, as a ClickHouse user that may only read, under limits."""

    def __init__(
        self,
        reader: ClickHouse,
        settings: Settings,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        rollup_days: RollupDays | None = None,
    ) -> None:
        """Without `rollup_days` every question is answered from events."""
        self._reader = reader
        self._rollup_days = rollup_days
        self._max_rows = settings.query_max_rows
        self._limits = {
            "max_execution_time": settings.query_max_seconds,
            "max_memory_usage": settings.query_max_memory_bytes,
            "use_query_cache": 0,
            "join_use_nulls": 1,
            "cancel_http_readonly_queries_on_client_close": 1,
            "wait_end_of_query": 1,  # so that the summary tells of all that was read
        }
        self.now = now

    def ask(self, query: Any, team: Team) -> Answer:
        """Answer one query object (`{"kind": "HogQLQuery", …}`) freshly. Raises QueryFailed."""
        computed = self.compute(read_question(query), team)
        return {
            **computed.answer,
            "error": None,
            "is_cached": False,
            "last_refresh": computed.at.isoformat(),
            "query_status": None,
            "timezone": team.timezone,
        }

    def compute(self, question: Question, team: Team, query_id: str | None = None) -> Computed:
        """Answer it freshly. ClickHouse knows the statements as `query_id:0`, … Raises QueryFailed."""
        reader = self._reader.about(team_id=team.id, kind=question.kind)
        text = question.parsed.query if question.kind == SQL else None
        work = _Work(reader, self._limits, team, query_id, text, Computed({}, self.now()))
        started = time.perf_counter()
        rollups = self._rollup_days.state(team.id) if self._rollup_days and question.kind in _FROM_ROLLUPS else None
        with refusals_told():
            earliest = work.earliest() if question.is_for_all_time else None
            plan = self.plan(question, Context(team, work.computed.at, earliest, rollups))
        planned = time.perf_counter()
        results = work.results(plan)
        ran = time.perf_counter()
        with refusals_told():
            answer = plan.answer([result.rows for result in results])
        statements = list(plan.statements)
        work.computed.answer = {
            **answer,
            "results": plain(answer["results"], team.timezone),
            **({"types": work.types(answer["columns"], statements[0], results[0])} if "columns" in answer else {}),
            "hogql": ";\n".join(each.hogql for each in statements),
            "timings": [
                {"k": "./plan", "t": round(planned - started, 4)},
                {"k": "./run", "t": round(ran - planned, 4)},
                {"k": ".", "t": round(time.perf_counter() - started, 4)},
            ],
        }
        return work.computed

    def tell(self, asked: Mapping[str, Any], team: Team) -> Answer:
        """Answer a question about SQL: one of LANGUAGE_KINDS. Raises QueryFailed."""
        with refusals_told(), engine_told():
            return language_answer(asked, team, self.now(), self._reader.about(team_id=team.id, kind=asked["kind"]))

    def plan(self, question: Question, context: Context) -> Plan:
        """What is to be run. Raises QueryError."""
        if question.kind == SQL:
            return sql_query.plan(question.parsed, context, self._max_rows)
        return KINDS[question.kind].plan(question.parsed, context)


@dataclass
class _Work:
    """The statements of one question."""

    reader: ClickHouse
    limits: Mapping[str, Any]
    team: Team
    query_id: str | None
    text: str | None
    computed: Computed

    def results(self, plan: Plan) -> list[Result]:
        results = [self.run(compiled) for compiled in plan.statements]
        more: Callable[[Sequence[Any]], Sequence[Compiled]] | None = getattr(plan, "more", None)
        while more is not None:
            with refusals_told():
                following = more([result.rows for result in results])
            if not following:
                break
            results += [self.run(compiled) for compiled in following]
        return results

    def earliest(self) -> datetime | None:
        """When the project's first event was."""
        compiled = compile_select("SELECT min(timestamp), count() FROM events", self.team.scope())
        first, events = self.run(compiled).one()
        return first if events else None

    def types(self, columns: Sequence[str], compiled: Compiled, result: Result) -> list[list[str]]:
        types = result.types
        if not result.rows:  # an answer without rows comes without a header
            described = self._query(f"DESCRIBE ({compiled.sql})", compiled)
            types = [kind for _, kind, *_ in described.rows]
        return [[name, kind] for name, kind in zip(columns, types, strict=True)]

    def run(self, compiled: Compiled) -> Result:
        started = time.perf_counter()
        result = self._query(compiled.sql, compiled)
        milliseconds = round((time.perf_counter() - started) * 1000, 1)
        self.computed.reads.append(Read.of(compiled.sql, compiled.hogql, compiled.parameters, result, milliseconds))
        return result

    def _query(self, sql: str, compiled: Compiled) -> Result:
        named = {"query_id": f"{self.query_id}:{len(self.computed.reads)}"} if self.query_id else {}
        with engine_told(self.text):
            return self.reader.query(sql, compiled.parameters, {**self.limits, **named})


@contextmanager
def engine_told(text: str | None = None) -> Iterator[None]:
    """What ClickHouse says, as QueryFailed: with its place in `text`, the SQL of a person."""
    try:
        yield
    except ClickHouseUnavailable as error:
        raise QueryFailed(503, "engine_unavailable", "ClickHouse does not answer; try again soon.") from error
    except ClickHouseRefused as error:
        raise QueryFailed.from_engine(error.code, str(error), text) from error
