"""Names in one SELECT: dotted names become columns, properties, aliases or lambda arguments."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from analytics_pipelines.sql import functions, nodes
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.sql.infer import can_be_null, kind_of
from analytics_pipelines.sql.types import Kind


def close_match(name: str, known: Iterable[str]) -> str:
    """` Did you mean “event”?`, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean “{close[0]}”?" if close else ""


@dataclass
class Names:
    """What one SELECT's expressions can see. `clause` is where we are, for aggregates."""

    resolve_query: Callable[[nodes.Query], nodes.Query]
    sources: dict[str, dict[str, nodes.Column]] = field(default_factory=dict)
    using: set[str] = field(default_factory=set)
    aliases: dict[str, nodes.Item] = field(default_factory=dict)
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
            case nodes.Compare(operator, left, right):
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

    def order(self, order: nodes.Order) -> nodes.Order:
        return replace(order, expr=self.expr(order.expr))

    def _name(self, name: nodes.Name) -> nodes.Expr:
        first, rest = name.parts[0], name.parts[1:]
        if first in self.variables:
            if rest:
                raise QueryError(f"“{first}” has no parts", *(name.span or ()))
            return nodes.Variable(first)
        finders = (self._column, self._alias)
        for finder in finders if self.clause in ("SELECT", "WHERE", "ON") else finders[::-1]:
            if found := finder(name):
                return found
        raise self._unknown(name)

    def _column(self, name: nodes.Name) -> nodes.Expr | None:
        first, rest = name.parts[0], name.parts[1:]
        if rest and first in self.sources:
            if column := self.sources[first].get(rest[0]):
                return _within(column, rest[1:], name.span)
            if not any(first in columns for columns in self.sources.values()):
                hint = close_match(rest[0], self.sources[first])
                message = f"“{first}” has no column “{rest[0]}”.{hint}"
                raise QueryError(message, *(name.span or ()))
        owners = [columns[first] for columns in self.sources.values() if first in columns]
        if len(owners) > 1 and first not in self.using:
            options = " or ".join(f"{owner.table}.{first}" for owner in owners)
            raise QueryError(f"“{first}” is ambiguous: {options}?", *(name.span or ()))
        return _within(owners[0], rest, name.span) if owners else None

    def _alias(self, name: nodes.Name) -> nodes.Expr | None:
        item = self.aliases.get(name.parts[0])
        if item is None:
            return None
        found = nodes.AliasName(name.parts[0], kind_of(item.expr), can_be_null(item.expr))
        return _within(found, name.parts[1:], name.span)

    def _unknown(self, name: nodes.Name) -> QueryError:
        known = {column for columns in self.sources.values() for column in columns}
        hint = close_match(name.parts[0], known | set(self.aliases) | set(self.sources))
        return QueryError(f"unknown column “{'.'.join(name.parts)}”.{hint}", *(name.span or ()))

    def _subscript(self, node: nodes.Subscript) -> nodes.Expr:
        base = self.expr(node.base)
        if not isinstance(base, nodes.Property) and kind_of(base) is not Kind.JSON:
            return nodes.Call("arrayElement", (base, self.expr(node.key)), span=node.span)
        key = node.key.value if isinstance(node.key, nodes.Constant) else None
        if isinstance(key, bool) or not isinstance(key, (str, int)):
            raise QueryError("a key of a JSON object must be a literal", *(node.span or ()))
        return _within(base, (key,), node.span)

    def _call(self, call: nodes.Call) -> nodes.Expr:
        place = call.span or ()
        function = functions.find(call.name)
        if function is None:
            hint = functions.suggestion(call.name)
            raise QueryError(f"unknown function “{call.name}”.{hint}", *place)
        inner = self
        if function.aggregate and call.over is None:
            if self.clause in ("WHERE", "ON", "GROUP BY"):
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


def _within(base: nodes.Expr, path: tuple[str | int, ...], span: nodes.Span) -> nodes.Expr:
    """A step, or several, into a JSON object."""
    if not path:
        return base
    if isinstance(base, nodes.Property):
        return nodes.Property(base.base, base.path + path)
    if kind_of(base) is Kind.JSON:
        return nodes.Property(base, path)
    name = base.name if isinstance(base, (nodes.Column, nodes.AliasName)) else "this"
    raise QueryError(f"“{name}” is not an object, it has no “{path[0]}”", *(span or ()))
