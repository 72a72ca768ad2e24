"""Stored answers: the last one to each question of an insight, with what it cost and how old it is."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from resources.postgres import Postgres

Asked = tuple[int, str]
"""An insight's id, and which of its questions: `overrides.question_key`."""

# What an answer says of the request that it was given to, and what has a column of its own.
_OF_THE_REQUEST = frozenset(
    {
        *("error", "is_cached", "cache_key", "last_refresh", "cache_target_age", "next_allowed_client_refresh"),
        *("calculation_trigger", "data_version", "modifiers", "query_status", "explain"),
    }
)

MOST_BYTES = 8 * 1024 * 1024
_TOO_LARGE = {
    "status": 400,
    "code": "too_large",
    "detail": "The answer is too large to be kept; add a LIMIT, or fewer breakdown values.",
}


@dataclass(frozen=True)
class StoredResult:
    """`answer` is the last one that there was, at `computed_at`; `error` is of the last attempt, if it failed.

    `dates` are the answer's `resolved_date_range`. `data_version` numbers the last change of the project's data when
    it was computed, `current_version` the last there is.
    """

    answer: dict[str, Any] | None
    dates: dict[str, Any] | None
    computed_at: datetime | None
    data_version: int
    current_version: int
    rows_read: int | None
    bytes_read: int | None
    milliseconds: int | None
    error: dict[str, Any] | None
    attempted_at: datetime | None
    claimed_until: datetime | None


class InsightResults:
    """Reads and writes `insight_results`."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    def of(self, asked: Collection[Asked], *, with_answers: bool = True) -> Mapping[Asked, StoredResult]:
        """The stored answers to these, in one statement; those without one are not among them."""
        if not asked:
            return {}
        rows = self._postgres.rows(
            "SELECT r.insight_id, r.question, CASE WHEN %s THEN r.answer::text END AS answer,"
            " r.answer->'resolved_date_range' AS dates, r.computed_at, r.data_version,"
            " coalesce(v.touch, 0) AS current_version, r.rows_read, r.bytes_read, r.milliseconds, r.error,"
            " r.attempted_at, r.claimed_until"
            " FROM insight_results r JOIN unnest(%s::bigint[], %s::text[]) AS asked (insight, question)"
            " ON r.insight_id = asked.insight AND r.question = asked.question"
            " JOIN insights i ON i.id = r.insight_id LEFT JOIN data_versions v ON v.team_id = i.team_id",
            [with_answers, [insight for insight, _ in asked], [question for _, question in asked]],
        )
        return {(row.pop("insight_id"), row.pop("question")): _stored(row) for row in rows}

    def claim(self, asked: Asked, now: datetime, lease: timedelta, *, from_others: bool = False) -> bool:
        """Say that one computes this now; False when someone else does, unless it is taken from them, or the insight is
        gone."""
        insight, question = asked
        return bool(
            self._postgres.execute(
                "INSERT INTO insight_results (insight_id, question, claimed_until)"
                " SELECT id, %(question)s, %(until)s FROM insights WHERE id = %(insight)s AND NOT deleted"
                " ON CONFLICT (insight_id, question) DO UPDATE SET claimed_until = excluded.claimed_until"
                " WHERE coalesce(insight_results.claimed_until, '-infinity') < %(now)s OR %(from_others)s",
                {
                    "insight": insight,
                    "question": question,
                    "until": now + lease,
                    "now": now,
                    "from_others": from_others,
                },
            )
        )

    def answered(self, asked: Asked, answer: Mapping[str, Any], now: datetime, *, milliseconds: int) -> None:
        """Keep an answer as `queries.serve` gives it, unless a later one was kept meanwhile or nobody asks any more.

        One that is too large for a tile counts as failed.
        """
        insight, question = asked
        read = answer["explain"]
        kept = json.dumps({name: value for name, value in answer.items() if name not in _OF_THE_REQUEST})
        if len(kept) > MOST_BYTES:
            self.failed(asked, _TOO_LARGE, now)
            return
        self._postgres.execute(
            "UPDATE insight_results SET answer = %(answer)s, computed_at = %(at)s, attempted_at = %(now)s,"
            " data_version = %(version)s, rows_read = %(rows)s, bytes_read = %(bytes)s, milliseconds = %(ms)s,"
            " error = NULL, claimed_until = NULL"
            " WHERE insight_id = %(insight)s AND question = %(question)s"
            " AND coalesce(computed_at, '-infinity') <= %(at)s",
            {
                "answer": kept,
                "at": datetime.fromisoformat(answer["last_refresh"]),
                "now": now,
                "version": answer["data_version"],
                "rows": read["rows_read"],
                "bytes": read["bytes_read"],
                "ms": milliseconds,
                "insight": insight,
                "question": question,
            },
        )

    def failed(self, asked: Asked, error: Mapping[str, Any], now: datetime) -> None:
        """Note why there is no fresh answer; the last one stays."""
        insight, question = asked
        self._postgres.execute(
            "UPDATE insight_results SET error = %s, attempted_at = %s, claimed_until = NULL"
            " WHERE insight_id = %s AND question = %s",
            [json.dumps(error), now, insight, question],
        )


def _stored(row: dict[str, Any]) -> StoredResult:
    answer = row.pop("answer")
    return StoredResult(answer=None if answer is None else msgspec.json.decode(answer), **row)
