"""ActorsQuery: persons or groups, a page at a time; all of a project's, or those behind a point of an insight."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import Field

from analytics_pipelines.insights.columns import (
    MOST_COLUMNS,
    MOST_ROWS,
    MOST_SKIPPED,
    aggregates,
    expression,
    grouping,
    order,
    renamed,
)
from analytics_pipelines.insights.filters import PropertyFilter, PropertyGroup, all_of, condition, joined
from analytics_pipelines.insights.model import ON_EVERY_QUERY, Model
from analytics_pipelines.insights.parsing import parse_as
from analytics_pipelines.insights.plan import Kind
from analytics_pipelines.insights.point import Point
from analytics_pipelines.insights.table import TableColumn, TablePlan, limits, properties_of
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import compile_query, parse_select
from analytics_pipelines.sql.errors import QueryError

POINTS = frozenset({"InsightActorsQuery", "FunnelsActorsQuery", "StickinessActorsQuery"})
"""Kinds of sources that name a point of an insight."""

_SOURCE, _PROFILES = "source", "profiles"
_OF_PROFILES = frozenset({"properties", "created_at", "is_identified"})


class ActorsQuery(Model):
    """Without a `source` all persons; with one those whom it names, each once, whether they have a profile or not.

    `select` and `orderBy` are expressions over a person (or group): `id`, `created_at`, `properties.x`, and what the
    source says of each, as `event_count`. `person` (or `group`) is the whole of it as an object. `search` looks into
    names, email addresses and ids.
    """

    kind: Literal["ActorsQuery"] = "ActorsQuery"
    source: dict[str, Any] | None = None
    select: list[str] | None = Field(default=None, max_length=MOST_COLUMNS)
    search: str | None = Field(default=None, max_length=1000)
    properties: list[PropertyFilter | PropertyGroup] | PropertyGroup | None = None
    fixed_properties: list[PropertyFilter | PropertyGroup] | None = Field(default=None, alias="fixedProperties")
    order_by: list[str] | None = Field(default=None, alias="orderBy", max_length=MOST_COLUMNS)
    limit: int | None = Field(default=None, ge=1)
    offset: int | None = Field(default=None, ge=0, le=MOST_SKIPPED)
    harmless: ClassVar[frozenset[str]] = ON_EVERY_QUERY


@dataclass(frozen=True, slots=True)
class _Actors:
    """Whom it is about: a query with `actor_id` first, None for all persons; and of groups their kind.

    `are_values` of an expression, as the sessions that go through a funnel: nothing more is known of those.
    """

    query: nodes.Query | None
    group_type: int | None = None
    are_values: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        query = self.query
        while isinstance(query, nodes.Union):
            query = query.left
        return () if query is None else tuple(item.alias or item.name for item in query.items)

    @property
    def id(self) -> nodes.Name:
        return nodes.Name((_PROFILES, "id") if self.query is None else (_SOURCE, "actor_id"))

    def name(self, name: nodes.Name) -> nodes.Expr:
        """What a name in a person's expression stands for."""
        parts = name.parts[1:] if name.parts[0] in ("person", "actor", "group") and name.parts[1:] else name.parts
        match parts:
            case ("id" | "actor_id" | "group_key" | "key",):
                return self.id
            case ("$delete",):
                return nodes.Constant(None)
            case (str(first), *_) if first in _OF_PROFILES and not self.are_values:
                return nodes.Name((_PROFILES, *parts), name.span, name.raw)
            case (str(first),) if first in self.columns:
                return nodes.Name((_SOURCE, *parts), name.span)
        raise QueryError(f"“{'.'.join(map(str, parts))[:100]}” is nothing that is known of an actor here")

    def sources(self, *, with_profiles: bool) -> tuple[nodes.Source, tuple[nodes.Join, ...]]:
        if self.query is None:
            return nodes.TableName("persons", _PROFILES), ()
        source = nodes.Derived(self.query, _SOURCE)
        if not with_profiles:
            return source, ()
        if self.group_type is None:
            profiles: nodes.Source = nodes.TableName("persons", _PROFILES)
            key = nodes.Name((_PROFILES, "id"))
        else:
            profiles, key = nodes.Derived(_groups(self.group_type), _PROFILES), nodes.Name((_PROFILES, "key"))
        return source, (nodes.Join("LEFT", profiles, nodes.Compare("=", self.id, key)),)


def plan_with(kinds: Mapping[str, Kind], query: ActorsQuery, context: Context) -> TablePlan:
    """`kinds` are those that have points. QueryError for what can't be read or asked."""
    actors = _actors(query.source, context, kinds)
    named = "person" if actors.group_type is None else "group"
    usual = ["id"] if actors.are_values else [named, "id", "created_at"]
    columns = [_column(text, actors) for text in query.select or usual]
    exprs = [expr for _, expr in columns]
    limit, offset = limits(query.limit, query.offset)
    where = all_of(
        _search(query.search, actors) if query.search else None,
        _filters(query.properties, actors, context),
        _filters(query.fixed_properties, actors, context),
    )
    group = grouping(exprs)
    ordered = _order(query, actors, exprs, grouped=any(aggregates(expr) for expr in exprs))
    source, joins = actors.sources(with_profiles=_PROFILES in _tables([*exprs, where, ordered]))
    select = nodes.Select(
        tuple(nodes.Item(expr, f"column_{place}", f"column_{place}") for place, expr in enumerate(exprs)),
        source,
        joins,
        where=where,
        group=group,
        order=ordered,
        limit=limit + 1,
        offset=offset or None,
    )
    compiled = compile_query(select, context.scope())
    cut = query.limit is None or query.limit > MOST_ROWS
    extra = {"missing_actors_count": 0}
    return TablePlan((compiled,), tuple(column for column, _ in columns), limit, offset, cut, context.scope(), extra)


def _actors(source: dict[str, Any] | None, context: Context, kinds: Mapping[str, Kind]) -> _Actors:
    if source is None:
        return _Actors(None)
    kind = source.get("kind")
    if kind == "HogQLQuery":
        return _Actors(_of_sql(source.get("query")))
    if kind not in POINTS:
        raise QueryError(f"the source of an ActorsQuery must be one of {', '.join(sorted(POINTS))}, HogQLQuery")
    point: Point = parse_as(Point, source)
    asked = point.source.get("kind")
    found = kinds.get(asked) if isinstance(asked, str) else None
    if found is None or found.actors is None:
        raise QueryError(f"who is behind a point of {asked!r} can't be listed")
    question = parse_as(found.model, point.source)
    are_values = getattr(question, "counted_expression", None) is not None
    return _Actors(found.actors(question, point, context), _group_type(question, point), are_values)


def _of_sql(text: Any) -> nodes.Query:
    """A person's SQL whose first column holds ids: each once."""
    if not isinstance(text, str):
        raise QueryError("a HogQLQuery needs its SQL in “query”")
    inner = parse_select(text)
    first = inner
    while isinstance(first, nodes.Union):
        first = first.left
    if isinstance(first.items[0].expr, nodes.Star):
        raise QueryError("the first column must be the id of a person; name it")
    name = nodes.Name((first.items[0].alias or first.items[0].name,))
    return nodes.Select((nodes.Item(name, "actor_id", "actor_id"),), nodes.Derived(inner, "asked"), distinct=True)


def _group_type(question: Any, point: Point) -> int | None:
    """Of what kind the groups are that a question counts; None for persons."""
    series = getattr(question, "series", None)
    one = series[point.series] if series and 0 <= point.series < len(series) else None
    if one is not None and one.math == "unique_group":
        return int(one.math_group_type_index or 0)
    found = getattr(question, "aggregation_group_type_index", None)
    return None if found is None else int(found)


def _groups(index: int) -> nodes.Select:
    names = ("key", "properties", "created_at")
    return nodes.Select(
        tuple(nodes.Item(nodes.Name((name,)), name) for name in names),
        nodes.TableName("groups"),
        where=nodes.Compare("=", nodes.Name(("index",)), nodes.Constant(index)),
    )


def _column(text: str, actors: _Actors) -> tuple[TableColumn, nodes.Expr]:
    read = expression(text)
    if isinstance(read, nodes.Name) and read.parts in (("person",), ("actor",), ("group",)):
        if actors.are_values:
            raise QueryError("what this funnel counts are neither persons nor groups: select “id”")
        if actors.group_type is None:
            return TableColumn(text, lambda value: {"id": value}, refers="person"), actors.id
        names = (actors.id, nodes.Name((_PROFILES, "properties")), nodes.Name((_PROFILES, "created_at")))
        return TableColumn(text, lambda value: _group(value, actors.group_type)), nodes.Call("tuple", names)
    if isinstance(read, nodes.Name) and read.parts == ("matched_recordings",):
        return TableColumn(text, lambda _: []), nodes.Constant(None)
    expr = renamed(read, actors.name)
    whole = isinstance(read, nodes.Name) and read.parts[-1] == "properties"
    return TableColumn(text, properties_of if whole else lambda value: value), expr


def _group(value: Any, group_type: int | None) -> dict[str, Any]:
    key, properties, created_at = value
    return {
        "id": key,
        "type": "group",
        "group_key": key,
        "group_type_index": group_type,
        "properties": properties_of(properties or "{}"),
        "created_at": created_at,
    }


def _order(query: ActorsQuery, actors: _Actors, exprs: list[nodes.Expr], *, grouped: bool) -> tuple[nodes.Order, ...]:
    """As asked, and then by id, so that pages neither overlap nor leave anyone out."""
    asked = tuple(order(text, lambda each: renamed(expression(each), actors.name)) for text in query.order_by or [])
    if grouped:
        return asked or (nodes.Order(next(expr for expr in exprs if aggregates(expr)), descending=True),)
    by_id = nodes.Order(actors.id)
    if asked:
        return (*asked, by_id)
    if "event_count" in actors.columns:
        return (nodes.Order(nodes.Name((_SOURCE, "event_count")), descending=True), by_id)
    if actors.query is None:
        return (nodes.Order(nodes.Name((_PROFILES, "created_at")), descending=True), by_id)
    return (by_id,)


def _search(text: str, actors: _Actors) -> nodes.Expr | None:
    escaped = re.sub(r"([\\%_])", r"\\\1", text.strip())
    pattern = nodes.Constant(f"%{escaped}%")

    def like(value: nodes.Expr) -> nodes.Expr:
        return nodes.Compare("ILIKE", value, pattern)

    names = [nodes.Name((_PROFILES, "properties", name), raw=True) for name in ("email", "name")]
    found = [*([] if actors.are_values else map(like, names)), like(nodes.Call("toString", (actors.id,)))]
    if actors.group_type is None and not actors.are_values:
        ids = nodes.Select(
            (nodes.Item(nodes.Name(("person_id",)), "person_id"),),
            nodes.TableName("person_distinct_ids"),
            where=like(nodes.Name(("distinct_id",))),
        )
        found.append(nodes.In(actors.id, ids))
    return joined("OR", found)


def _filters(properties: Any, actors: _Actors, context: Context) -> nodes.Expr | None:
    found = condition(properties, context, "persons" if actors.group_type is None else "groups")
    return None if found is None else renamed(found, actors.name)


def _tables(value: Any) -> frozenset[str]:
    """The tables that names in it begin with."""
    found: set[str] = set()

    def note(name: nodes.Name) -> nodes.Expr:
        found.add(str(name.parts[0]))
        return name

    for expr in value:
        for each in expr if isinstance(expr, tuple) else (expr,):
            if each is not None:
                renamed(each.expr if isinstance(each, nodes.Order) else each, note)
    return frozenset(found)
