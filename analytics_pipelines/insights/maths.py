"""Maths: how the events of a series become a number."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from analytics_pipelines.insights.filters import PropertyFilter, operand
from analytics_pipelines.insights.series import Series
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import parse_expression
from analytics_pipelines.sql.errors import QueryError

TIMESTAMP, PERSON, SESSION = (nodes.Name((name,)) for name in ("timestamp", "person_id", "$session_id"))
_LEVELS = {"median": 0.5, "p75": 0.75, "p90": 0.9, "p95": 0.95, "p99": 0.99}
_ACTIVE_DAYS = {"weekly_active": 7, "monthly_active": 30}
_PER_ACTOR = "_count_per_actor"
_PROPERTY_KINDS = {
    None: "event",
    "event_properties": "event",
    "person_properties": "person",
    "session_properties": "session",
}


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A function over values, such as `quantileExactInclusive(0.9)`."""

    function: str
    level: float | None = None

    def of(self, *values: nodes.Expr, where: nodes.Expr | None = None) -> nodes.Expr:
        params = None if self.level is None else (nodes.Constant(self.level),)
        if where is None:
            return nodes.Call(self.function, values, params)
        return nodes.Call(f"{self.function}If", (*values, where), params)

    def within(self, combinator: str) -> Aggregate:
        return replace(self, function=self.function + combinator)


@dataclass(frozen=True, slots=True)
class Direct:
    """An aggregate of the events themselves."""

    aggregate: Aggregate
    values: tuple[nodes.Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class Unique:
    """How many different things there are: actors, sessions, groups. NULL is none."""

    thing: nodes.Expr


@dataclass(frozen=True, slots=True)
class Active:
    """How many different actors there were in the last so many days."""

    actor: nodes.Expr
    days: int


@dataclass(frozen=True, slots=True)
class PerActor:
    """An aggregate of how many events each actor has."""

    aggregate: Aggregate
    actor: nodes.Expr


@dataclass(frozen=True, slots=True)
class PerSession:
    """An aggregate of what each session has: one with many events counts once."""

    aggregate: Aggregate
    value: nodes.Expr


@dataclass(frozen=True, slots=True)
class First:
    """How many actors did it for the first time ever. `matching`: for the first time in a way that matches the
    filters; otherwise that very first time must match them."""

    actor: nodes.Expr
    matching: bool


@dataclass(frozen=True, slots=True)
class Written:
    """An expression of aggregates that somebody wrote."""

    expression: nodes.Expr


Math: TypeAlias = Direct | Unique | Active | PerActor | PerSession | First | Written


def actor(group_index: int | None) -> nodes.Expr:
    """Who is counted: the person, or the group of a kind. NULL for events without such a group."""
    if group_index is None:
        return PERSON
    return nodes.Call("nullIf", (nodes.Name((f"$group_{group_index}",)), nodes.Constant("")))


def counted_group(series: Series, group_index: int | None) -> int | None:
    """The kind of group that a series' actors are; None where they are persons."""
    return series.math_group_type_index if series.math == "unique_group" else group_index


def math_of(series: Series, group_index: int | None) -> Math:
    """QueryError for a math that isn't known, or that lacks its property."""
    math = series.math or "total"
    who = actor(group_index)
    if math in _ACTIVE_DAYS:
        return Active(who, _ACTIVE_DAYS[math])
    if math.endswith(_PER_ACTOR) and (aggregate := _aggregate(math.removesuffix(_PER_ACTOR))):
        return PerActor(aggregate, who)
    match math:
        case "total":
            return Direct(Aggregate("count"))
        case "dau":
            return Unique(who)
        case "unique_session":
            return Unique(nodes.Call("nullIf", (SESSION, nodes.Constant(""))))
        case "unique_group":
            index = series.math_group_type_index
            if index is None or not 0 <= index <= 4:
                raise QueryError("unique_group needs a math_group_type_index of 0 to 4")
            return Unique(actor(index))
        case "first_time_for_user" | "first_matching_event_for_user":
            return First(who, matching=math == "first_matching_event_for_user")
        case "hogql":
            if not series.math_hogql:
                raise QueryError("the math “hogql” needs an expression in math_hogql")
            return Written(parse_expression(series.math_hogql))
        case "sum":
            return _of_property(Aggregate("sum"), series)
        case _ if aggregate := _aggregate(math):
            return _of_property(aggregate, series)
        case _:
            raise QueryError(f"the math “{math[:50]}” is not known")


def _aggregate(name: str) -> Aggregate | None:
    """Percentiles lie between values where they fall between them, and are exact."""
    if name in _LEVELS:
        return Aggregate("quantileExactInclusive", _LEVELS[name])
    return Aggregate(name) if name in ("avg", "min", "max") else None


def _of_property(aggregate: Aggregate, series: Series) -> Math:
    key = series.math_property
    if not key:
        raise QueryError(f"the math “{series.math}” needs a math_property")
    if (series.model_extra or {}).get("math_property_revenue_currency"):
        raise QueryError("“math_property_revenue_currency” is not supported: amounts are not converted")
    if key == "$time":
        return Direct(aggregate, (_scaled(nodes.Call("toUnixTimestamp64Second", (TIMESTAMP,)), series),))
    kind = "session" if key == "$session_duration" else _PROPERTY_KINDS.get(series.math_property_type)
    if kind is None:
        raise QueryError(f"the math_property_type “{str(series.math_property_type)[:50]}” is not known")
    number = nodes.Call("toFloat", (operand(PropertyFilter(key=key, type=kind), "events"),))
    finite = nodes.Call("if", (nodes.Call("isFinite", (number,)), number, nodes.Constant(None)))
    value = _scaled(finite, series)
    return PerSession(aggregate, value) if kind == "session" else Direct(aggregate, (value,))


def _scaled(value: nodes.Expr, series: Series) -> nodes.Expr:
    if series.math_multiplier in (None, 1):
        return value
    return nodes.Call("multiply", (value, nodes.Constant(float(series.math_multiplier))))


def whole(math: Math) -> bool:
    """Whether the number is a count."""
    return isinstance(math, Unique | Active | First) or (isinstance(math, Direct) and not math.values)
