"""What every kind of question has in common: a model, a plan to run, and the actors behind its points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from analytics_pipelines.insights.model import Model
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import Compiled

Rows: TypeAlias = Sequence[Sequence[Any]]


class Plan(Protocol):
    """`statements` need nothing of one another; their rows go to `answer`, in the same order."""

    @property
    def statements(self) -> Sequence[Compiled]: ...

    def answer(self, results: Sequence[Rows]) -> dict[str, Any]:
        """`{"results": …}` in PostHog's shape, with `resolved_date_range` and whatever else this kind has."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of question. QueryError is the only error of its functions.

    `actors` takes the question, a point of its answer (`point.Point`) and the context, and gives a query whose
    first column is `actor_id`: a person's id, or a group's key, each once. Further columns are the kind's own.
    """

    model: type[Model]
    plan: Callable[[Any, Context], Plan]
    actors: Callable[[Any, Any, Context], nodes.Query] | None = None
