"""A question as it was sent → what is asked: unwrapped, under the filters of where it is shown, and read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import BaseModel

from analytics_pipelines.dashboards.overrides import question_of, with_filters
from analytics_pipelines.insights.kinds import KINDS, parse_as, parse_insight
from analytics_pipelines.insights.sql_query import HogQLQuery
from analytics_pipelines.insights.team import Team
from analytics_pipelines.queries.failure import QueryFailed
from analytics_pipelines.queries.language import LANGUAGE_KINDS
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.version import installed_version

SQL = "HogQLQuery"

# Whoever may ask questions of a project may see all of it.
_ACCESS = "project"


@dataclass(frozen=True)
class Question:
    """`parsed` is the model of its `kind`; `is_for_all_time`: it needs to know when the first event was."""

    kind: str
    parsed: Any
    is_for_all_time: bool

    @property
    def interval(self) -> str | None:
        found = getattr(self.parsed, "interval", None)
        return str(getattr(found, "value", found)) if found else None

    def key(self, team: Team) -> str:
        """Equal for questions that have the same answer over the same data: what only dresses an answer, and the order
        of JSON, are not in it; what the project says of itself is."""
        project = asdict(team)
        project["property_types"] = sorted([*kind, found] for kind, found in team.property_types.items())
        asked = [installed_version(), _ACCESS, project, self.kind, _normal(self.parsed)]
        text = json.dumps(asked, sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def read_question(
    sent: Any,
    filters_override: Mapping[str, Any] | None = None,
    variables_override: Mapping[str, Any] | None = None,
) -> Question:
    """Raises QueryFailed (400) for what is no question of ours."""
    with refusals_told():
        if not isinstance(sent, dict):
            raise QueryError("a question is an object with a kind")
        json.dumps([sent, filters_override, variables_override], ensure_ascii=False).encode()
        asked = dict(question_of(sent))
        if filters_override:
            asked = dict(with_filters(asked, filters_override))
        if variables_override and asked.get("kind") == SQL:
            asked["variables"] = {**(asked.get("variables") or {}), **variables_override}
        kind = asked.get("kind")
        if kind == SQL:
            return Question(SQL, parse_as(HogQLQuery, asked), False)
        if not isinstance(kind, str) or kind not in KINDS:
            raise QueryError(f"kind must be one of {', '.join([SQL, *KINDS, *LANGUAGE_KINDS])}")
        _, parsed = parse_insight(asked)
        return Question(kind, parsed, _is_for_all_time(asked))


@contextmanager
def refusals_told() -> Iterator[None]:
    """What is wrong with a question, as QueryFailed (400)."""
    try:
        yield
    except QueryError as error:
        raise QueryFailed(400, "invalid_query", error.message, start=error.start, end=error.end) from None
    except UnicodeEncodeError:
        raise QueryFailed(400, "invalid_query", "The question holds half a character (a lone surrogate).") from None
    except RecursionError:
        raise QueryFailed(400, "invalid_query", "The question is nested too deep.") from None
    except (OverflowError, ValueError):
        raise QueryFailed(400, "invalid_query", "A date or a number of the question is out of range.") from None


def _normal(value: Any) -> Any:
    """Fields that change an answer, without those that don't."""
    if isinstance(value, BaseModel):
        return {name: _normal(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(name): _normal(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_normal(item) for item in value]
    return value


def _is_for_all_time(asked: Any) -> bool:
    if isinstance(asked, Mapping):
        return asked.get("date_from") == "all" or any(_is_for_all_time(item) for item in asked.values())
    return isinstance(asked, list) and any(_is_for_all_time(item) for item in asked)
