"""What makes a person a member of a dynamic cohort, as PostHog's clients say it: a tree of AND and OR over leaves, each
of which may be negated. Reading it decides everything that needs neither a clock nor a store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pydantic import Field, ValidationError

from analytics_pipelines.insights.filters import Properties, PropertyFilter
from analytics_pipelines.insights.model import Model
from analytics_pipelines.sql.errors import QueryError

MOST_DEPTH = 20
COHORT_TYPES = frozenset({"cohort", "static-cohort", "precalculated-cohort", "dynamic-cohort"})
# What clients add to a leaf for themselves.
_OF_CLIENTS = frozenset({"bytecode", "conditionHash", "bytecode_error", "label", "cohort_name", "sort_key"})

Unit = Literal["hour", "day", "week", "month", "year"]
Behaviour = Literal[
    "performed_event",
    "performed_event_multiple",
    "performed_event_first_time",
    "performed_event_sequence",
    "performed_event_regularly",
    "stopped_performing_event",
    "restarted_performing_event",
]


class Behavioral(Model):
    """Something that a person did. `key` and `seq_event` name an event, or an action by its id.

    The window is so many (`time_value`) units (`time_interval`) up to now, or from `explicit_datetime` to
    `explicit_datetime_to`. What `seq_time_*` says lies within it: the second event's distance from the first, or the
    recent past of who stopped or restarted.
    """

    type: Literal["behavioral"] = "behavioral"
    key: str | int
    value: Behaviour
    event_type: Literal["events", "actions"] = "events"
    event_filters: Properties | None = None
    negation: bool = False
    time_value: int | None = Field(default=None, ge=1, le=99_999)
    time_interval: Unit | None = None
    explicit_datetime: str | None = None
    explicit_datetime_to: str | None = None
    operator: Literal["gte", "lte", "gt", "lt", "eq", "exact"] | None = None
    operator_value: int | None = Field(default=None, ge=1)
    seq_event: str | int | None = None
    seq_event_type: Literal["events", "actions"] | None = None
    seq_time_value: int | None = Field(default=None, ge=1, le=99_999)
    seq_time_interval: Unit | None = None
    min_periods: int | None = Field(default=None, ge=1)
    total_periods: int | None = Field(default=None, ge=1, le=1000)
    harmless = _OF_CLIENTS


@dataclass(frozen=True, slots=True)
class PersonIs:
    """A filter on the person."""

    filter: PropertyFilter
    negation: bool


@dataclass(frozen=True, slots=True)
class InCohort:
    """Membership of another cohort."""

    cohort_id: int
    negation: bool


@dataclass(frozen=True, slots=True)
class Group:
    """`AND` or `OR` of one or more."""

    operator: Literal["AND", "OR"]
    parts: tuple[Criterion, ...]


Criterion: TypeAlias = Group | PersonIs | InCohort | Behavioral


def read_criteria(filters: Mapping[str, Any]) -> Criterion:
    """A cohort's `filters` → its tree. QueryError says which part is wrong, and why."""
    properties = filters.get("properties")
    if not isinstance(properties, dict | list) or not properties:
        raise QueryError("a cohort needs criteria: filters.properties is empty")
    if isinstance(properties, list):
        properties = {"type": "AND", "values": properties}
    return _read(properties, "properties", 0)


def _read(data: Any, where: str, depth: int) -> Criterion:
    if depth > MOST_DEPTH:
        raise QueryError(f"the criteria are nested more than {MOST_DEPTH} deep")
    if not isinstance(data, dict):
        raise QueryError(f"{where}: this must be an object")
    kind = data.get("type")
    if "values" in data or kind in ("AND", "OR"):
        return _group(data, where, depth)
    if kind == "behavioral":
        return _behavioral(data, where)
    if kind in COHORT_TYPES:
        return _in_cohort(data, where)
    if kind in ("person", "person_metadata"):
        return _person(data, where)
    raise QueryError(f"{where}: a criterion can't be of the type “{str(kind)[:50]}”")


def _group(data: Mapping[str, Any], where: str, depth: int) -> Group:
    operator, values = data.get("type"), data.get("values")
    if operator not in ("AND", "OR"):
        raise QueryError(f"{where}: the type of a group is AND or OR")
    if not isinstance(values, list) or not values:
        raise QueryError(f"{where}: a group needs at least one criterion")
    parts = [_read(each, f"{where}.values.{place}", depth + 1) for place, each in enumerate(values)]
    return Group(operator, tuple(parts))


def _person(data: Mapping[str, Any], where: str) -> PersonIs:
    given = {name: value for name, value in data.items() if name not in _OF_CLIENTS and name != "negation"}
    return PersonIs(_model(PropertyFilter, given, where), _negation(data, where))


def _in_cohort(data: Mapping[str, Any], where: str) -> InCohort:
    try:
        cohort_id = int(data.get("value"))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise QueryError(f"{where}: the value must be the id of a cohort") from None
    operator = data.get("operator")
    if operator not in (None, "in", "not_in", "exact", "is_not"):
        raise QueryError(f"{where}: a cohort's operator is in or not_in")
    return InCohort(cohort_id, _negation(data, where) != (operator in ("not_in", "is_not")))


def _behavioral(data: Mapping[str, Any], where: str) -> Behavioral:
    found: Behavioral = _model(Behavioral, data, where)
    if lacks := _lacking(found):
        raise QueryError(f"{where}: {found.value} needs {lacks}")
    if (found.min_periods or 0) > (found.total_periods or 0) and found.value == "performed_event_regularly":
        raise QueryError(f"{where}: min_periods can't be more than total_periods")
    return found


def _lacking(one: Behavioral) -> str | None:
    """What is not there, but needed."""
    if one.key == "":
        return "a key"
    is_relative = one.value == "performed_event_regularly" or not (one.explicit_datetime or one.explicit_datetime_to)
    if is_relative and (one.time_value is None or one.time_interval is None):
        return "time_value and time_interval"
    match one.value:
        case "performed_event_multiple" if one.operator_value is None:
            return "an operator_value"
        case "performed_event_sequence" if one.seq_event in (None, ""):
            return "a seq_event"
        case "performed_event_sequence" | "stopped_performing_event" | "restarted_performing_event":
            if one.seq_time_value is None or one.seq_time_interval is None:
                return "seq_time_value and seq_time_interval"
        case "performed_event_regularly" if one.min_periods is None or one.total_periods is None:
            return "min_periods and total_periods"
    return None


def _negation(data: Mapping[str, Any], where: str) -> bool:
    found = data.get("negation") or False
    if not isinstance(found, bool):
        raise QueryError(f"{where}: negation must be true or false")
    return found


def _model(model: Any, data: Mapping[str, Any], where: str) -> Any:
    try:
        return model.model_validate({name: value for name, value in data.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join([where, *(str(part) for part in first["loc"])])
        raise QueryError(f"{place}: {first['msg']}") from error
    except QueryError as error:
        raise QueryError(f"{where}: {error.message}") from None
