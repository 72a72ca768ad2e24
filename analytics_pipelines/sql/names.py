"""Names in one SELECT: dotted names become columns, properties, aliases or lambda arguments."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from analytics_pipelines.sql import expand, functions, nodes
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.sql.infer import can_be_null, catalog_of, is_loose, kind_of
from analytics_pipelines.sql.lazy import Beside
from analytics_pipelines.sql.schema import EVENTS, GROUP_KEYS
from analytics_pipelines.sql.scope import Scope
from analytics_pipelines.sql.types import Kind
from analytics_pipelines.sql.virtual import VIRTUAL, said_of_person, virtual

MAX_INLINED = 200  # a few lines could ask for millions
_TYPES = {"Numeric": Kind.NUMBER, "Boolean": Kind.BOOL, "DateTime": Kind.INSTANT}


def close_match(name: str, known: Iterable[str]) -> str:
    """` Did you mean “event”?`, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean “{close[0]}”?" if close else ""


@dataclass
class Names:
    """What one SELECT's expressions can see. `clause` is where we are, for aggregates.

    `tables` are the names of the tables among the sources, `beside` what stands beside each of these.
    """

    resolve_query: Callable[[nodes.Query], nodes.Query]
    resolve_own: Callable[[nodes.Query], nodes.Query]  # a query of ours, in which the person's CTEs mean nothing
    scope: Scope
    internal: bool = False
    tables: dict[str, str] = field(default_factory=dict)
    beside: dict[str, dict[str, Beside]] = field(default_factory=dict)
    sources: dict[str, dict[str, nodes.Column]] = field(default_factory=dict)
    using: set[str] = field(default_factory=set)
    aliases: dict[str, nodes.Item] = field(default_factory=dict)
    named: dict[str, nodes.Expr] = field(default_factory=dict)  # unresolved; each may use those before it
    inlined: list[str] = field(default_factory=list)
    variables: tuple[str, ...] = ()
    clause: str = "SELECT"
    aggregate: str | None = None

    def all(self, exprs: Iterable[nodes.Expr]) -> tuple[nodes.Expr, ...]:
        return tuple(self.expr(expr) for expr in exprs)

    def expr(self, expr: nodes.Expr) -> nodes.Expr:
        """The same expression with every name resolved. QueryError for an unknown one."""
        match expr:
            case nodes.Name():
                return self._name(expr)
            case nodes.Subscript():
                return self._subscript(expr)
            case nodes.Star():
                raise QueryError("“*” stands only in SELECT or count(*)", *(expr.span or ()))
            case nodes.Call():
                return self._call(expr)
            case nodes.Placeholder():
                return expand.placeholder(self, expr)
            case nodes.InCohort():
                return expand.in_cohort(self, expr)
            case nodes.Compare(operator, left, right):
                if any(expand.is_bound(side) and expand.bound(self.scope, side) is None for side in (left, right)):
                    return nodes.Constant(True)
                return nodes.Compare(operator, self.expr(left), self.expr(right))
            case nodes.Between(value, low, high):
                return nodes.Between(self.expr(value), self.expr(low), self.expr(high))
            case nodes.In(left, right, negated):
                found = self.all(right) if isinstance(right, tuple) else self.resolve_query(right)
                return nodes.In(self.expr(left), found, negated)
            case nodes.Logic(operator, args):
                return nodes.Logic(operator, self.all(args))
            case nodes.Not(operand):
                return nodes.Not(self.expr(operand))
            case nodes.Case(operand, branches, default):
                return nodes.Case(
                    self.expr(operand) if operand else None,
                    tuple((self.expr(test), self.expr(value)) for test, value in branches),
                    self.expr(default) if default else None,
                )
            case nodes.Cast(operand, type_, kind):
                return nodes.Cast(self.expr(operand), type_, kind)
            case nodes.Lambda(arguments, body):
                inner = replace(self, variables=(*self.variables, *arguments))
                return nodes.Lambda(arguments, inner.expr(body))
            case nodes.Scalar(query):
                return nodes.Scalar(self.resolve_query(query))
            case _:
                return expr

    def within(self, alias: str) -> Names:
        """The same, where nothing can be seen but one of the sources."""
        return replace(self, sources={alias: self.sources[alias]}, aliases={}, variables=())

    def order(self, order: nodes.Order) -> nodes.Order:
        return replace(order, expr=self.expr(order.expr))

    def _name(self, name: nodes.Name) -> nodes.Expr:
        first, rest = str(name.parts[0]), name.parts[1:]
        if first in self.variables:
            if rest:
                raise QueryError(f"“{first}” has no parts", *(name.span or ()))
            return nodes.Variable(first)
        finders = (self._column, self._alias)
        for finder in finders if self.clause in ("SELECT", "WHERE", "ON", "ARRAY JOIN") else finders[::-1]:
            if found := finder(name):
                return found
        if first in self.named:
            return self._within(self._inline(first), rest, name)
        raise self._unknown(name)

    def _inline(self, name: str) -> nodes.Expr:
        """What WITH calls so, in its place."""
        self.inlined.append(name)
        if len(self.inlined) > MAX_INLINED:
            raise QueryError(f"names from WITH are used more than {MAX_INLINED} times")
        before = dict(list(self.named.items())[: list(self.named).index(name)])
        return replace(self, named=before, variables=()).expr(self.named[name])

    def _column(self, name: nodes.Name) -> nodes.Expr | None:
        first, rest = str(name.parts[0]), name.parts[1:]
        if rest and first in self.sources:
            if column := self.sources[first].get(str(rest[0])):
                return self._within(column, rest[1:], name)
            if (found := self._beside(first, rest, name)) is not None:
                return found
            if not any(first in columns for columns in self.sources.values()):
                hint = close_match(str(rest[0]), [*self.sources[first], *self._more(first)])
                message = f"“{first}” has no column “{rest[0]}”.{hint}"
                raise QueryError(message, *(name.span or ()))
        owners = [alias for alias, columns in self.sources.items() if first in columns]
        if owners:
            self._check_one(owners if first not in self.using else owners[:1], first, name)
            return self._within(self.sources[owners[0]][first], rest, name)
        owners = [alias for alias in self.sources if first in self._more(alias)]
        self._check_one(owners, first, name)
        return self._beside(owners[0], name.parts, name) if owners else None

    def _check_one(self, owners: list[str], first: str, name: nodes.Name) -> None:
        if len(owners) > 1:
            options = " or ".join(f"{owner}.{first}" for owner in owners)
            raise QueryError(f"“{first}” is ambiguous: {options}?", *(name.span or ()))

    def _beside(self, alias: str, path: nodes.Path, name: nodes.Name) -> nodes.Expr | None:
        """A column of a table that stands beside a source's rows: `person.properties.x`."""
        first, rest = str(path[0]), path[1:]
        if first not in self._more(alias):
            return None
        if first == "poe":
            return self._poe(alias, rest, name)
        if first in VIRTUAL:
            return self._within(virtual(first, self.sources[alias]), rest, name)
        beside = self.beside[alias][first]
        if not rest:
            message = f"“{first}” is not a column but has some, such as {first}.{beside.lazy.to}"
            raise QueryError(message, *(name.span or ()))
        return beside.column(replace(name, parts=rest))

    def _more(self, alias: str) -> set[str]:
        """What a source has besides its columns."""
        of_events = {"poe", *VIRTUAL} if self.tables.get(alias) == EVENTS.name else set()
        return of_events | set(self.beside.get(alias, ()))

    def _poe(self, alias: str, path: nodes.Path, name: nodes.Name) -> nodes.Expr:
        if path[:1] != ("properties",) or not path[1:]:
            raise QueryError("“poe” has nothing but poe.properties and what is in them", *(name.span or ()))
        return self._typed(said_of_person(self.sources[alias], path[1:]), "person", path[1:], name)

    def _alias(self, name: nodes.Name) -> nodes.Expr | None:
        item = self.aliases.get(str(name.parts[0]))
        if item is None or (name.parts[1:] and kind_of(item.expr) is not Kind.JSON):
            return None
        expr = item.expr
        found = nodes.AliasName(str(name.parts[0]), kind_of(expr), can_be_null(expr), catalog_of(expr), is_loose(expr))
        return self._within(found, name.parts[1:], name)

    def _within(self, base: nodes.Expr, path: nodes.Path, name: nodes.Name | nodes.Subscript) -> nodes.Expr:
        """A step, or several, into a JSON object."""
        if not path:
            return base
        if isinstance(base, nodes.Typed):
            base = base.operand
        if isinstance(base, nodes.Property):
            return nodes.Property(base.base, base.path + path)
        if kind_of(base) is Kind.JSON:
            if path[0] in GROUP_KEYS and isinstance(base, nodes.Column) and base.apart:
                key = self.sources[base.table][str(path[0])]
                return nodes.Call("nullIf", (key, nodes.Constant("")))
            return self._typed(nodes.Property(base, path), catalog_of(base), path, name)
        called = base.name if isinstance(base, (nodes.Column, nodes.AliasName)) else "this"
        raise QueryError(f"“{called}” is not an object, it has no “{path[0]}”", *(name.span or ()))

    def _typed(
        self, found: nodes.Expr, catalog: str, path: nodes.Path, name: nodes.Name | nodes.Subscript
    ) -> nodes.Expr:
        """What the catalog says of the property, unless the name asks for its text."""
        raw = isinstance(name, nodes.Name) and name.raw
        known = self.scope.property_types.get((catalog, str(path[0]))) if len(path) == 1 and not raw else None
        kind = _TYPES.get(known or "")
        return nodes.Typed(found, kind) if kind else found

    def _unknown(self, name: nodes.Name) -> QueryError:
        known = {column for columns in self.sources.values() for column in columns}
        known |= {more for alias in self.sources for more in self._more(alias)}
        hint = close_match(str(name.parts[0]), known | set(self.aliases) | set(self.sources))
        return QueryError(f"unknown column “{'.'.join(map(str, name.parts))}”.{hint}", *(name.span or ()))

    def _subscript(self, node: nodes.Subscript) -> nodes.Expr:
        if name := self._name_beside(node):
            return self.expr(name)
        base = self.expr(node.base)
        if kind_of(base) is not Kind.JSON and not isinstance(base, (nodes.Property, nodes.Typed)):
            return nodes.Call("arrayElement", (base, self.expr(node.key)), span=node.span)
        key = node.key.value if isinstance(node.key, nodes.Constant) else None
        if isinstance(key, bool) or not isinstance(key, (str, int)):
            raise QueryError("a key of a JSON object must be a literal", *(node.span or ()))
        return self._within(base, (key,), node)

    def _name_beside(self, node: nodes.Subscript) -> nodes.Name | None:
        """`person.properties['x']` as a name, so that no more is asked of the other table than `x`."""
        keys = list[str | int]()
        base: nodes.Expr = node
        while isinstance(base, nodes.Subscript):
            key = base.key.value if isinstance(base.key, nodes.Constant) else None
            if isinstance(key, bool) or not isinstance(key, (str, int)):
                return None
            keys.append(key)
            base = base.base
        if not isinstance(base, nodes.Name):
            return None
        ahead = base.parts[1:] if base.parts[0] in self.sources else base.parts
        known = {more for alias in self.sources for more in self._more(alias)}
        if ahead[:1] and ahead[0] in known and "properties" in ahead[1:]:
            return replace(base, parts=base.parts + tuple(reversed(keys)), span=node.span)
        return None

    def _call(self, call: nodes.Call) -> nodes.Expr:
        place = call.span or ()
        if call.name.lower() == "matchesaction":
            return expand.matches_action(self, call)
        function = functions.find(call.name, internal=self.internal)
        if function is None:
            hint = functions.suggestion(call.name)
            raise QueryError(f"unknown function “{call.name}”.{hint}", *place)
        inner = self
        if function.aggregate and call.over is None:
            if self.clause in ("WHERE", "ON", "GROUP BY", "ARRAY JOIN"):
                hint = " Use HAVING." if self.clause == "WHERE" else ""
                message = f"the aggregate “{call.name}” can't stand in {self.clause}.{hint}"
                raise QueryError(message, *place)
            if self.aggregate:
                message = f"the aggregate “{call.name}” can't stand inside “{self.aggregate}”"
                raise QueryError(message, *place)
            inner = replace(self, aggregate=call.name)
        if call.over is None and function.window_only:
            raise QueryError(f"“{call.name}” needs OVER (…)", *place)
        if call.over is not None and not (function.aggregate or function.window_only):
            raise QueryError(f"“{call.name}” can't be used with OVER", *place)
        _check_count(call, "arguments", len(call.args), function.least, function.most)
        _check_count(call, "parameters", len(call.params or ()), *function.params)
        for param in call.params or ():
            if not isinstance(param, nodes.Constant):
                raise QueryError(f"the parameters of “{call.name}” must be literals", *place)
        over = call.over and nodes.Over(
            self.all(call.over.partition),
            tuple(self.order(order) for order in call.over.order),
            call.over.frame,
        )
        params = call.params if function.params != (0, 0) else None
        return nodes.Call(function.name, inner.all(call.args), params, over, call.span)


def _check_count(call: nodes.Call, what: str, given: int, least: int, most: int) -> None:
    if given < least or (0 <= most < given):
        wanted = str(least) if least == most else f"{least} to {most}"
        wanted = f"at least {least}" if most < 0 else wanted
        message = f"“{call.name}” takes {wanted} {what}, not {given}"
        raise QueryError(message, *(call.span or ()))
