"""How long an answer is fresh enough. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

_FRESH_FOR: Mapping[str, timedelta] = {
    "minute": timedelta(minutes=5),
    "hour": timedelta(hours=1),
    "day": timedelta(hours=6),
    "week": timedelta(days=1),
    "month": timedelta(days=2),
}
_OTHERWISE = timedelta(hours=6)


def fresh_until(question: Mapping[str, Any], computed_at: datetime) -> datetime:
    """When an answer of that moment is stale, by the length of the question's intervals."""
    return computed_at + _FRESH_FOR.get(str(question.get("interval")), _OTHERWISE)


def is_stale(question: Mapping[str, Any], computed_at: datetime | None, now: datetime | None = None) -> bool:
    """Whether to compute anew; also when there is no answer yet."""
    return computed_at is None or fresh_until(question, computed_at) <= (now or datetime.now(UTC))
