"""A question in PostHog's JSON → its answer: parsed, compiled under the team's guard, run by the reader, shaped."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from analytics_pipelines.insights.kinds import KINDS, parse_as, parse_insight
from analytics_pipelines.insights.models import HogQLQuery
from analytics_pipelines.insights.team import Context, Team
from analytics_pipelines.queries.failure import QueryFailed
from analytics_pipelines.queries.plain import plain_rows
from analytics_pipelines.settings import Settings
from analytics_pipelines.sql.compiler import compile_select
from analytics_pipelines.sql.errors import QueryError
from resources.clickhouse import ClickHouse, ClickHouseRefused, ClickHouseUnavailable, Result

Answer = dict[str, Any]


class Questions:
    """Answers questions about one project at a time, as a ClickHouse user that may only read, under limits."""

    def __init__(
        self, reader: ClickHouse, settings: Settings, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._reader = reader
        self._max_rows = settings.query_max_rows
        self._limits = {
            "max_execution_time": settings.query_max_seconds,
            "max_memory_usage": settings.query_max_memory_bytes,
            "use_query_cache": 0,
            "join_use_nulls": 1,
        }
        self._now = now

    def ask(self, query: Any, team: Team) -> Answer:
        """Answer one query object (`{"kind": "HogQLQuery", …}`). Raises QueryFailed."""
        started = time.perf_counter()
        try:
            kind = query.get("kind") if isinstance(query, dict) else None
            if kind == "HogQLQuery":
                answer = self._sql(parse_as(HogQLQuery, query), team)
            elif kind in KINDS:
                answer = self._insight(query, team)
            else:
                raise QueryError(f"kind must be one of HogQLQuery, {', '.join(KINDS)}")
        except QueryError as error:
            raise QueryFailed(400, "invalid_query", error.message, start=error.start, end=error.end) from None
        except UnicodeEncodeError:
            raise QueryFailed(400, "invalid_query", "The question holds half a character (a lone surrogate).") from None
        except (OverflowError, ValueError):
            raise QueryFailed(400, "invalid_query", "A date or a number of the question is out of range.") from None
        milliseconds = round((time.perf_counter() - started) * 1000, 1)
        return {
            **answer,
            "error": None,
            "is_cached": False,
            "last_refresh": self._now().isoformat(),
            "query_status": None,
            "timezone": team.timezone,
            "timings": [{"k": ".", "t": milliseconds / 1000}],
        }

    def _sql(self, query: HogQLQuery, team: Team) -> Answer:
        compiled = compile_select(query.query, replace(team.scope(), max_limit=self._max_rows))
        result = self._run(compiled.sql, compiled.parameters, team, "HogQLQuery")
        types = result.types
        if not result.rows:  # an answer without rows comes without a header
            described = self._run(f"DESCRIBE ({compiled.sql})", compiled.parameters, team, "HogQLQuery")
            types = [kind for _, kind, *_ in described.rows]
        cut = compiled.limit_applied and len(result.rows) >= compiled.limit
        return {
            "results": plain_rows(result.rows, team.timezone),
            "columns": compiled.columns,
            "types": [[name, kind] for name, kind in zip(compiled.columns, types, strict=True)],
            "hogql": compiled.hogql,
            "clickhouse": compiled.sql,
            "limit": compiled.limit,
            "limit_applied": cut,
            "hasMore": cut,
            "query": query.query,
        }

    def _insight(self, query: Any, team: Team) -> Answer:
        kind, parsed = parse_insight(query)
        earliest = self._earliest(team) if parsed.dates.date_from == "all" else None
        plan = kind.plan(parsed, Context(team, self._now(), earliest))
        results = [self._run(each.sql, each.parameters, team, query["kind"]).rows for each in plan.statements]
        return {**plan.answer(results), "hogql": ";\n".join(each.hogql for each in plan.statements)}

    def _earliest(self, team: Team) -> datetime | None:
        compiled = compile_select("SELECT min(timestamp), count() FROM events", team.scope())
        first, events = self._run(compiled.sql, compiled.parameters, team, "TrendsQuery").one()
        return first if events else None

    def _run(self, sql: str, parameters: Mapping[str, object], team: Team, kind: str) -> Result:
        try:
            return self._reader.about(team_id=team.id, kind=kind).query(sql, parameters, self._limits)
        except ClickHouseUnavailable as error:
            raise QueryFailed(503, "engine_unavailable", "ClickHouse does not answer; try again soon.") from error
        except ClickHouseRefused as error:
            raise QueryFailed.from_engine(error.code, str(error)) from error
