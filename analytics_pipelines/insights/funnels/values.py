"""Values of a funnel's breakdown: which are shown on their own, and in which shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analytics_pipelines.insights.breakdowns import EVERYBODY, NULL_LABEL, OTHER_LABEL, cohort_name
from analytics_pipelines.insights.funnels.funnel import Funnel
from analytics_pipelines.insights.funnels.terms import Expr, call, name, value
from analytics_pipelines.sql.errors import QueryError

OTHER = "Other"
_IN_LISTS = (None, "event", "person", "hogql", "event_metadata")


def limited(funnel: Funnel) -> bool:
    """Cohorts are all shown: who asks for one names it."""
    return not funnel.query.breakdown_filter.cohorts()


def label(funnel: Funnel) -> Expr:
    """The value of a row with its `place` among the values, or that of all others."""
    other = value(OTHER_LABEL)
    alone = len(funnel.query.breakdown_filter.all()) == 1
    kept = call("lessOrEquals", name("place"), funnel.query.breakdown_filter.limit)
    return call("if", kept, name("value"), other if alone else call("array", other))


def is_other(found: Any) -> bool:
    return found == OTHER_LABEL or (isinstance(found, list | tuple) and list(found) == [OTHER_LABEL])


def texts(funnel: Funnel, found: Any) -> list[str]:
    """One text for each property; an empty one where it is missing."""
    if is_other(found):
        return [OTHER]
    count = len(funnel.query.breakdown_filter.all())
    given = [found] if isinstance(found, str) else list(found)
    return ["" if each == NULL_LABEL else each for each in given] or [""] * count


def shown(funnel: Funnel, found: Any) -> dict[str, Any]:
    """`breakdown` and `breakdown_value` of a row. A cohort is shown by its name; the value is its id, or “all”."""
    if funnel.query.breakdown_filter.cohorts():
        cohort = EVERYBODY if found == EVERYBODY else int(found)
        return {"breakdown": cohort_name(cohort, funnel.context), "breakdown_value": cohort}
    given = texts(funnel, found)
    asked = funnel.query.breakdown_filter
    listed = asked.listed or len(given) > 1 or asked.breakdown_type in _IN_LISTS
    return {"breakdown": given if listed else given[0], "breakdown_value": given if listed else given[0]}


def stored(funnel: Funnel, given: Any) -> list[list[str]]:
    """The ways in which a value that is shown may stand in `value`, each as one text a property."""
    parts = given if isinstance(given, list) else [given]
    if not all(isinstance(each, str | int | float) for each in parts):
        raise QueryError("the value of a breakdown must be a text or a list of texts")
    wanted = [_text(each) for each in parts]
    if funnel.query.breakdown_filter.cohorts():
        return [[EVERYBODY if wanted[0] in ("0", "all users") else wanted[0]]]
    count = len(funnel.query.breakdown_filter.all())
    if len(wanted) != count:
        raise QueryError(f"the value of the breakdown must be {count} text(s), as there are properties")
    return [[each or NULL_LABEL for each in wanted], wanted]


def _text(given: str | int | float) -> str:
    if isinstance(given, bool):
        return str(given).lower()
    return str(int(given)) if isinstance(given, float) and given.is_integer() else str(given)


def order(found: Sequence[Any]) -> list[Any]:
    """Rows as the engine gave them, those of all other values last. The value is a row's first element."""
    return sorted(found, key=lambda row: is_other(row[0]))
