"""Breakdowns: a number for each value of a property instead of one for all.

Values are texts. A missing or an empty one is NULL_LABEL, shown as “None”; those that find no place within the limit
are OTHER_LABEL together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from analytics_pipelines.insights.filters import PropertyFilter, operand
from analytics_pipelines.insights.model import Model
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import parse_expression
from analytics_pipelines.sql.errors import QueryError

NULL_LABEL = "$$_posthog_breakdown_null_$$"
OTHER_LABEL = "$$_posthog_breakdown_other_$$"
NO_BIN = '["",""]'
"""The bin of what is no number."""
DEFAULT_LIMIT = 25
MAX_LIMIT = 1000
EVERYBODY = "all"
_TEXTS = ("event", "person", "group")
"""Whose properties are read as texts."""

Type = Literal["event", "person", "group", "session", "hogql", "event_metadata", "cohort"]


class Breakdown(Model):
    """One property. `property` is SQL for `hogql`, and a cohort's id or "all" for `cohort`."""

    property: str | int
    type: Type = "event"
    group_type_index: int | None = None
    histogram_bin_count: int | None = Field(default=None, ge=1, le=100)
    normalize_url: bool | None = None

    @field_validator("type", mode="before")
    @classmethod
    def _absent_means_event(cls, value: Any) -> Any:
        return "event" if value is None else value


class BreakdownFilter(Model):
    """`breakdowns`, or the older way to write a single one."""

    breakdowns: list[Breakdown] | None = Field(default=None, max_length=3)
    breakdown: str | int | list[str | int] | None = None
    breakdown_type: Type | None = None
    breakdown_group_type_index: int | None = None
    breakdown_histogram_bin_count: int | None = Field(default=None, ge=1, le=100)
    breakdown_normalize_url: bool | None = None
    breakdown_limit: int | None = Field(default=None, ge=1, le=MAX_LIMIT)
    hide_other: bool | None = Field(default=None, alias="breakdown_hide_other_aggregation")
    harmless: ClassVar[frozenset[str]] = frozenset({"breakdownColors"})

    @property
    def limit(self) -> int:
        return self.breakdown_limit or DEFAULT_LIMIT

    @property
    def listed(self) -> bool:
        """Whether a value is shown as a list, with one text for each property."""
        return bool(self.breakdowns) or (isinstance(self.breakdown, list) and self.breakdown_type != "cohort")

    def all(self) -> list[Breakdown]:
        """The properties, other than cohorts."""
        return [each for each in self._written() if each.type != "cohort"]

    def cohorts(self) -> list[int | str]:
        """Ids, and perhaps “all”. QueryError for what is neither, and for cohorts beside properties."""
        written = self._written()
        found = [_cohort(each.property) for each in written if each.type == "cohort"]
        if found and len(found) < len(written):
            raise QueryError("a breakdown by cohorts can't be combined with one by properties")
        return list(dict.fromkeys(found))

    def _written(self) -> list[Breakdown]:
        if self.breakdowns:
            return self.breakdowns
        if self.breakdown is None or self.breakdown in ("", []):
            return []
        names = self.breakdown if isinstance(self.breakdown, list) else [self.breakdown]
        if self.breakdown_type != "cohort" and len(names) > 3:
            raise QueryError("a breakdown takes three properties at most")
        return [
            Breakdown(
                property=name,
                type=self.breakdown_type or "event",
                group_type_index=self.breakdown_group_type_index,
                histogram_bin_count=self.breakdown_histogram_bin_count,
                normalize_url=self.breakdown_normalize_url,
            )
            for name in names
        ]


def value_of(breakdown: Breakdown, among: nodes.Expr) -> nodes.Expr:
    """The text by which an event is counted, never NULL. A histogram looks for its bounds among the events that
    match `among`."""
    found = _property(breakdown)
    if breakdown.histogram_bin_count:
        return _bin(nodes.Call("toFloat", (found,)), breakdown.histogram_bin_count, among)
    text = found if breakdown.type in _TEXTS else nodes.Call("toString", (found,))
    if breakdown.normalize_url:
        bare = nodes.Call("replaceRegexpOne", (text, nodes.Constant("[/?#]+$"), nodes.Constant("")))
        root = nodes.Logic("AND", (_is(bare, ""), nodes.Compare(">", nodes.Call("length", (text,)), nodes.Constant(0))))
        text = nodes.Call("if", (root, nodes.Constant("/"), bare))
    return nodes.Call("ifNull", (nodes.Call("nullIf", (text, nodes.Constant(""))), nodes.Constant(NULL_LABEL)))


def _property(breakdown: Breakdown) -> nodes.Expr:
    if breakdown.type == "hogql":
        return parse_expression(str(breakdown.property))
    return operand(
        PropertyFilter(key=str(breakdown.property), type=breakdown.type, group_type_index=breakdown.group_type_index),
        "events",
    )


def _bin(number: nodes.Expr, bins: int, among: nodes.Expr) -> nodes.Expr:
    """`[lo,hi]`: bins of one width from the least to the greatest number; the last one holds the greatest."""
    finite = nodes.Call("isFinite", (number,))
    bounds = nodes.Scalar(
        nodes.Select(
            (
                nodes.Item(
                    nodes.Call("tuple", tuple(nodes.Call(f"{name}If", (number, finite)) for name in ("min", "max"))),
                    "bounds",
                    "bounds",
                ),
            ),
            nodes.TableName("events"),
            where=among,
        )
    )
    least, most = (nodes.Call("tupleElement", (bounds, nodes.Constant(place))) for place in (1, 2))
    width = _call("minus", most, least)
    place = _call(
        "floor", _call("divide", _call("multiply", _call("minus", number, least), nodes.Constant(bins)), width)
    )
    last = nodes.Constant(bins - 1)
    inside = _call("least", _call("greatest", place, nodes.Constant(0)), last)

    def edge(at: nodes.Expr) -> nodes.Expr:
        return _call("plus", least, _call("divide", _call("multiply", width, at), nodes.Constant(bins)))

    def shown(value: nodes.Expr) -> nodes.Expr:
        return nodes.Call("toString", (_call("round", value, nodes.Constant(2)),))

    above = _call("plus", inside, nodes.Constant(1))
    greatest = _call("plus", most, nodes.Constant(0.01))
    label = _call(
        "concat",
        nodes.Constant("["),
        shown(edge(inside)),
        nodes.Constant(","),
        shown(_call("if", nodes.Compare("=", inside, last), greatest, edge(above))),
        nodes.Constant("]"),
    )
    alone = _call(
        "concat", nodes.Constant("["), shown(least), nodes.Constant(","), shown(greatest), nodes.Constant("]")
    )
    binned = _call("if", nodes.Compare("=", width, nodes.Constant(0)), alone, label)
    return _call("ifNull", _call("if", finite, binned, nodes.Constant(NO_BIN)), nodes.Constant(NO_BIN))


def _call(name: str, *args: nodes.Expr) -> nodes.Expr:
    return nodes.Call(name, args)


def _is(value: nodes.Expr, text: str) -> nodes.Expr:
    return nodes.Compare("=", value, nodes.Constant(text))


def _cohort(given: str | int) -> int | str:
    if given in (EVERYBODY, 0, "0"):
        return EVERYBODY
    try:
        return int(given)
    except ValueError:
        raise QueryError("a breakdown by cohorts takes their ids, or “all”") from None


def cohort_name(cohort: int | str, context: Context) -> str:
    """QueryError for a cohort that doesn't exist."""
    if cohort == EVERYBODY:
        return "all users"
    name = context.team.cohorts.get(int(cohort))
    if name is None:
        raise QueryError(f"there is no cohort {cohort}")
    return name


def shown_order(value: Sequence[str]) -> int:
    """Real values first, then “None”, and “Other” at the end."""
    return 2 if OTHER_LABEL in value else 1 if NULL_LABEL in value or NO_BIN in value else 0


def labelled(value: Any) -> str:
    """A value as a label: the texts of several properties with `::` between."""
    return "::".join(str(each) for each in value) if isinstance(value, list | tuple) else str(value)
