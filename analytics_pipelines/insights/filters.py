"""Property filters, in PostHog's shape, as conditions.

A negative operator keeps what lacks the property; every other one leaves it out. An empty list of filters is no
condition. A filter that says nothing (without a value, where its operator needs one) is no condition either, as in
insights that somebody is still writing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from pydantic import model_validator

from analytics_pipelines.insights import dates
from analytics_pipelines.insights.elements import element_condition
from analytics_pipelines.insights.model import Model
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import parse_expression
from analytics_pipelines.sql.errors import QueryError

Subject = Literal["events", "persons", "sessions", "groups"]
"""Rows of which table a condition is about."""


class PropertyFilter(Model):
    """`value` may be a list: any of it, or for negative operators none of it."""

    key: str | int = ""
    value: Any = None
    operator: str | None = None
    type: str = "event"
    group_type_index: int | None = None
    harmless = frozenset({"label", "cohort_name", "group_key_names", "sourceFilter"})

    @model_validator(mode="before")
    @classmethod
    def _is_no_group(cls, data: Any) -> Any:
        if isinstance(data, dict) and "values" in data:
            raise ValueError("this is a group of filters")
        return data


class PropertyGroup(Model):
    """Filters and groups of them, joined by `type`. Nothing but its `values` tells a group from a filter."""

    type: Literal["AND", "OR"] = "AND"
    values: list[PropertyGroup | PropertyFilter]


Properties: TypeAlias = PropertyGroup | list[PropertyFilter | PropertyGroup]


def condition(
    properties: Properties | PropertyFilter | None, context: Context, subject: Subject = "events"
) -> nodes.Expr | None:
    """What must be true of a row; None when anything goes. QueryError for a filter that can't be understood."""
    if properties is None:
        return None
    if isinstance(properties, PropertyFilter):
        return _filter(properties, context, subject)
    operator, parts = ("AND", properties) if isinstance(properties, list) else (properties.type, properties.values)
    found = [made for part in parts if (made := condition(part, context, subject)) is not None]
    return joined(operator, found)


def all_of(*conditions: nodes.Expr | None) -> nodes.Expr | None:
    """All that are given, together."""
    return joined("AND", [each for each in conditions if each is not None])


def joined(operator: str, found: Iterable[nodes.Expr]) -> nodes.Expr | None:
    parts = tuple(found)
    return nodes.Logic(operator, parts) if len(parts) > 1 else next(iter(parts), None)


def accounts_condition(context: Context, subject: Subject = "events") -> nodes.Expr | None:
    """The project's own filters, which leave out the people who build it."""
    filters = [PropertyFilter.model_validate(each) for each in context.team.test_account_filters]
    return condition(list(filters), context, subject)


def in_cohort(person: nodes.Expr, cohort_id: int, *, negated: bool = False) -> nodes.Expr:
    """Whether a person is a member of a cohort now."""
    members = nodes.Select(
        (nodes.Item(nodes.Name(("person_id",)), "person_id"),),
        nodes.TableName("cohort_people"),
        where=nodes.Compare("=", nodes.Name(("cohort_id",)), nodes.Constant(cohort_id)),
    )
    return nodes.In(person, members, negated)


def _filter(one: PropertyFilter, context: Context, subject: Subject) -> nodes.Expr | None:
    if one.type == "hogql":
        return parse_expression(str(one.key))
    if one.type in ("cohort", "static-cohort", "precalculated-cohort"):
        return _cohort(one, context, subject)
    if one.type == "element":
        return element_condition(str(one.key), one.operator or "exact", one.value)
    operator = one.operator or ("is_set" if one.value is None else "exact")
    if operator in ("is_set", "is_not_set"):
        return nodes.Call("isNotNull" if operator == "is_set" else "isNull", (operand(one, subject),))
    if one.value is None or one.value == []:
        return None
    build = _OPERATORS.get(operator)
    if build is None:
        raise QueryError(f"the operator “{operator}” of a property filter is not known")
    return build(one, operand(one, subject), context)


def operand(one: PropertyFilter, subject: Subject) -> nodes.Expr:
    """The value that a filter looks at, as text where it is a property. QueryError where there is none of that type."""
    key = str(one.key)
    own = {"events": "event", "persons": "person", "sessions": "session", "groups": "group"}[subject]
    if one.type in ("event", "feature", "person", "group") and own == {"feature": "event"}.get(one.type, one.type):
        return nodes.Name(("properties", key), raw=True)
    if one.type == "session":
        return nodes.Name((key,) if subject == "sessions" else ("session", key), raw=True)
    if subject == "events":
        match one.type:
            case "person":
                return nodes.Name(("person", "properties", key), raw=True)
            case "group":
                return nodes.Name((f"group_{_group_index(one)}", "properties", key), raw=True)
            case "event_metadata" if key in ("event", "distinct_id", "uuid", "timestamp", "person_id"):
                return nodes.Name((key,))
    if subject == "persons" and one.type in ("person_metadata", "event_metadata") and key == "created_at":
        return nodes.Name((key,))
    raise QueryError(f"a filter of the type “{one.type}” can't be used on {subject}")


def property_type(one: PropertyFilter, context: Context) -> str:
    """What the catalog says of the property: `Numeric`, `Boolean`, `DateTime`, or `String`."""
    kind = {"feature": "event", "group": f"group_{one.group_type_index or 0}"}.get(one.type, one.type)
    return context.team.property_types.get((kind, str(one.key)), "String")


def _group_index(one: PropertyFilter) -> int:
    index = one.group_type_index
    if index is None or not 0 <= index <= 4:
        raise QueryError("a filter on a group needs a group_type_index of 0 to 4")
    return index


def _cohort(one: PropertyFilter, context: Context, subject: Subject) -> nodes.Expr:
    try:
        cohort_id = int(one.value)
    except (TypeError, ValueError):
        raise QueryError("a cohort filter needs the id of a cohort as its value") from None
    negated = one.operator in ("not_in", "is_not")
    person = {"events": nodes.Name(("person_id",)), "persons": nodes.Name(("id",))}.get(subject)
    if person is None:
        raise QueryError(f"a cohort filter can't be used on {subject}")
    if cohort_id not in context.team.cohorts:  # deleted: it has no members
        return nodes.Constant(negated)
    return in_cohort(person, cohort_id, negated=negated)


_Builder = Callable[[PropertyFilter, nodes.Expr, Context], nodes.Expr | None]


def _values(one: PropertyFilter) -> list[Any]:
    found = one.value if isinstance(one.value, list) else [one.value]
    if any(isinstance(value, (list, Mapping)) for value in found):
        raise QueryError(f"the value of the filter on “{one.key}” must be texts or numbers")
    return [value for value in found if value is not None]


def text_of(value: Any) -> str:
    """A value of JSON as properties hold it: a text bare, anything else as its JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def _numbers(values: list[Any]) -> list[float] | None:
    try:
        return [float(value) for value in values if not isinstance(value, bool)]
    except ValueError:
        return None


def _exact(negated: bool) -> _Builder:
    def build(one: PropertyFilter, value: nodes.Expr, context: Context) -> nodes.Expr:
        values = _values(one)
        if property_type(one, context) == "Numeric" and (numbers := _numbers(values)) and len(numbers) == len(values):
            number = nodes.Call("toFloat", (value,))
            return nodes.In(number, tuple(nodes.Constant(each) for each in numbers), negated)
        text = nodes.Call("toString", (value,)) if one.type in ("session", "event_metadata") else value
        return nodes.In(text, tuple(nodes.Constant(text_of(each)) for each in values), negated)

    return build


def _like(negated: bool) -> _Builder:
    def build(one: PropertyFilter, value: nodes.Expr, context: Context) -> nodes.Expr | None:
        patterns = [re.sub(r"([\\%_])", r"\\\1", text_of(each)) for each in _values(one)]
        word = "NOT ILIKE" if negated else "ILIKE"
        return joined(
            "AND" if negated else "OR",
            [nodes.Compare(word, value, nodes.Constant(f"%{pattern}%")) for pattern in patterns],
        )

    return build


def _regex(negated: bool) -> _Builder:
    def build(one: PropertyFilter, value: nodes.Expr, context: Context) -> nodes.Expr | None:
        matches = [
            nodes.Compare("=", nodes.Call("match", (value, nodes.Constant(text_of(each)))), nodes.Constant(1))
            for each in _values(one)
        ]
        found = joined("OR", matches)
        return nodes.Not(found) if negated and found else found

    return build


def _ordered(comparison: str) -> _Builder:
    def build(one: PropertyFilter, value: nodes.Expr, context: Context) -> nodes.Expr:
        if property_type(one, context) == "DateTime" or one.key == "timestamp":
            return nodes.Compare(comparison, _as_moment(value), nodes.Constant(_moment_of(one, context)))
        numbers = _numbers(_values(one))
        if not numbers:
            raise QueryError(f"the filter on “{one.key}” compares numbers, and “{text_of(one.value)[:50]}” is none")
        return nodes.Compare(comparison, nodes.Call("toFloat", (value,)), nodes.Constant(numbers[0]))

    return build


def _between(negated: bool) -> _Builder:
    def build(one: PropertyFilter, value: nodes.Expr, context: Context) -> nodes.Expr:
        bounds = _numbers(_values(one)) or []
        if len(bounds) != 2 or bounds[0] > bounds[1]:
            raise QueryError(f"the filter on “{one.key}” needs two numbers, the lower first")
        low, high = (nodes.Constant(bound) for bound in bounds)
        inside = nodes.Between(nodes.Call("toFloat", (value,)), low, high)
        return nodes.Not(inside) if negated else inside

    return build


def _date(comparison: str) -> _Builder:
    def build(one: PropertyFilter, value: nodes.Expr, context: Context) -> nodes.Expr:
        moment = _moment_of(one, context)
        if comparison != "=":
            return nodes.Compare(comparison, _as_moment(value), nodes.Constant(moment))
        if re.fullmatch(r"\d{4}-\d\d-\d\d", str(one.value)):
            day = moment.astimezone(context.team.zone).date()
            end = dates.start_of_day(day + timedelta(days=1), context.team.zone) - timedelta(microseconds=1)
            return nodes.Between(_as_moment(value), nodes.Constant(moment), nodes.Constant(end))
        return nodes.Compare("=", _as_moment(value), nodes.Constant(moment))

    return build


def _as_moment(value: nodes.Expr) -> nodes.Expr:
    return value if value == nodes.Name(("timestamp",)) else nodes.Call("toDateTime", (value,))


def _moment_of(one: PropertyFilter, context: Context) -> datetime:
    values = _values(one)
    return dates.moment(str(values[0]), context.now, context.team.zone, context.team.week_start_day)


_SEMVER = {"eq": "=", "neq": "!=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def _semver(kind: str) -> _Builder:
    """Versions by their first three numbers; what stands behind a `-` or `+` is not looked at."""

    def build(one: PropertyFilter, value: nodes.Expr, context: Context) -> nodes.Expr | None:
        text = text_of(_values(one)[0])
        numbers = [int(part) for part in re.findall(r"\d+", re.split(r"[-+]", text)[0])][:3]
        if not numbers:
            raise QueryError(f"“{text[:50]}” is not a version")
        low = (*numbers, 0, 0)[:3]
        version = _version(value)
        if kind in _SEMVER:
            found: nodes.Expr = nodes.Compare(_SEMVER[kind], version, nodes.Constant(low))
        else:
            up_to = {"tilde": 2, "caret": next((i for i, part in enumerate(low) if part), 2) + 1}.get(
                kind, len(numbers)
            )
            kept = min(up_to, len(numbers))
            above = (*low[: kept - 1], low[kept - 1] + 1, 0, 0)[:3]
            found = nodes.Logic(
                "AND",
                (
                    nodes.Compare(">=", version, nodes.Constant(low)),
                    nodes.Compare("<", version, nodes.Constant(above)),
                ),
            )
        present = nodes.Call("isNull" if kind == "neq" else "isNotNull", (value,))
        return nodes.Logic("OR" if kind == "neq" else "AND", (present, found))

    return build


def _version(value: nodes.Expr) -> nodes.Expr:
    text = nodes.Call("ifNull", (value, nodes.Constant("")))
    release = nodes.Call(
        "arrayElement", (nodes.Call("splitByRegexp", (nodes.Constant("[-+]"), text)), nodes.Constant(1))
    )
    parts = nodes.Call("extractAll", (release, nodes.Constant(r"\d+")))
    number = nodes.Call("ifNull", (nodes.Call("toInt64OrNull", (nodes.Name(("part",)),)), nodes.Constant(0)))
    numbers = nodes.Call("arrayMap", (nodes.Lambda(("part",), number), parts))
    return nodes.Call("arrayResize", (numbers, nodes.Constant(3), nodes.Constant(0)))


_OPERATORS: Mapping[str, _Builder] = {
    "exact": _exact(False),
    "in": _exact(False),
    "is_not": _exact(True),
    "not_in": _exact(True),
    "icontains": _like(False),
    "icontains_multi": _like(False),
    "not_icontains": _like(True),
    "not_icontains_multi": _like(True),
    "regex": _regex(False),
    "not_regex": _regex(True),
    "gt": _ordered(">"),
    "gte": _ordered(">="),
    "min": _ordered(">="),
    "lt": _ordered("<"),
    "lte": _ordered("<="),
    "max": _ordered("<="),
    "between": _between(False),
    "not_between": _between(True),
    "is_date_exact": _date("="),
    "is_date_before": _date("<"),
    "is_date_after": _date(">"),
    **{f"semver_{kind}": _semver(kind) for kind in (*_SEMVER, "tilde", "caret", "wildcard")},
}
