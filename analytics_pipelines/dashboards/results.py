"""Stored answers: the last one to each question of an insight, with what it cost and how old it is."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from resources.postgres import Postgres

Asked = tuple[int, str]
"""An insight's id, and which of its questions: `overrides.question_key`."""


@dataclass(frozen=True)
class StoredResult:
    """`answer` is the last one that there was, at `computed_at`; `error` is of the last attempt, if it failed."""

    answer: dict[str, Any] | None
    computed_at: datetime | None
    data_version: str
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

    def of(self, asked: Collection[Asked]) -> Mapping[Asked, StoredResult]:
        """The stored answers to these, in one statement; those without one are not among them."""
        if not asked:
            return {}
        rows = self._postgres.rows(
            "SELECT r.* FROM insight_results r JOIN unnest(%s::bigint[], %s::text[]) AS asked (insight, question)"
            " ON r.insight_id = asked.insight AND r.question = asked.question",
            [[insight for insight, _ in asked], [question for _, question in asked]],
        )
        return {(row.pop("insight_id"), row.pop("question")): StoredResult(**row) for row in rows}

    def data_version(self, team_id: int) -> str:
        """The number of the last change of the project's events and people; "0" before the first."""
        row = self._postgres.row("SELECT touch FROM data_versions WHERE team_id = %s", [team_id])
        return str(row["touch"] if row else 0)

    def claim(self, asked: Asked, now: datetime, lease: timedelta) -> bool:
        """Say that one computes this now; False when someone else does, or the insight is gone."""
        insight, question = asked
        return bool(
            self._postgres.execute(
                "INSERT INTO insight_results (insight_id, question, claimed_until)"
                " SELECT id, %(question)s, %(until)s FROM insights WHERE id = %(insight)s AND NOT deleted"
                " ON CONFLICT (insight_id, question) DO UPDATE SET claimed_until = excluded.claimed_until"
                " WHERE coalesce(insight_results.claimed_until, '-infinity') < %(now)s",
                {"insight": insight, "question": question, "until": now + lease, "now": now},
            )
        )

    def answered(
        self, asked: Asked, answer: Mapping[str, Any], now: datetime, *, data_version: str, milliseconds: int
    ) -> None:
        """Keep an answer, unless one to fresher data was kept meanwhile or the question is no longer asked."""
        insight, question = asked
        self._postgres.execute(
            "UPDATE insight_results SET answer = %(answer)s, computed_at = %(now)s, attempted_at = %(now)s,"
            " data_version = %(version)s, rows_read = %(rows)s, bytes_read = %(bytes)s, milliseconds = %(ms)s,"
            " error = NULL, claimed_until = NULL"
            " WHERE insight_id = %(insight)s AND question = %(question)s"
            " AND coalesce(computed_at, '-infinity') <= %(now)s",
            {
                "answer": json.dumps(answer, ensure_ascii=True, allow_nan=False),
                "now": now,
                "version": data_version,
                "rows": answer.get("rows_read"),
                "bytes": answer.get("bytes_read"),
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
