"""Tree → the text that people read back (`hogql` in answers): values inline, no guards.

`printer` overrides what differs in the text that ClickHouse gets.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from uuid import UUID

from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.sql.types import Kind

_CONVERSIONS = {Kind.NUMBER: "toFloat", Kind.BOOL: "toBool", Kind.INSTANT: "toDateTime"}
_PLAIN_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")


class TextPrinter:
    """One printer a query. Every method takes a resolved node and returns SQL."""

    def query(self, query: nodes.Query) -> str:
        ctes = ""
        if query.ctes:
            ctes = f"WITH {', '.join(self.cte(cte) for cte in query.ctes)} "
        if isinstance(query, nodes.Union):
            return ctes + self.union(query)
        return ctes + self.select(query)

    def cte(self, cte: nodes.Cte) -> str:
        return f"{self.identifier(cte.name)} AS ({self.query(cte.query)})"

    def union(self, query: nodes.Union) -> str:
        return self.both(query) + self.tail(query)

    def both(self, query: nodes.Union) -> str:
        word = f"{query.operator} {'DISTINCT' if query.distinct else 'ALL'}"
        return f"{self.arm(query.left)} {word} {self.arm(query.right)}"

    def arm(self, query: nodes.Query) -> str:
        return f"({self.query(query)})"

    def select(self, query: nodes.Select) -> str:
        named = {item.alias for item in query.items if item.alias}
        items = ", ".join(self.item(item, named) for item in query.items)
        text = f"SELECT {'DISTINCT ' if query.distinct else ''}{items}"
        if query.source:
            text += f" FROM {self.source(query.source)}"
        for join in query.joins:
            text += self.join(join)
        if query.where:
            text += f" WHERE {self.expr(query.where)}"
        if query.group:
            text += f" GROUP BY {self.list(query.group)}"
        if query.having:
            text += f" HAVING {self.expr(query.having)}"
        return text + self.tail(query)

    def tail(self, query: nodes.Query) -> str:
        text = ""
        if query.order:
            text += f" ORDER BY {', '.join(self.order(order) for order in query.order)}"
        if isinstance(query, nodes.Select) and query.limit_by:
            text += f" LIMIT {query.limit_by.count} BY {self.list(query.limit_by.by)}"
        if query.limit is not None:
            text += f" LIMIT {query.limit}"
            text += " WITH TIES" if isinstance(query, nodes.Select) and query.ties else ""
        if query.offset is not None:
            text += f" OFFSET {query.offset}"
        return text

    def item(self, item: nodes.Item, named: set[str]) -> str:
        """`named` holds the names that are taken."""
        return self.expr(item.expr) + (f" AS {self.identifier(item.alias)}" if item.alias else "")

    def order(self, order: nodes.Order) -> str:
        text = self.expr(order.expr) + (" DESC" if order.descending else " ASC")
        return text + (f" NULLS {order.nulls}" if order.nulls else "")

    def join(self, join: nodes.Join | nodes.ArrayJoin) -> str:
        if isinstance(join, nodes.ArrayJoin):
            items = ", ".join(f"{self.expr(item.expr)} AS {self.identifier(item.name)}" for item in join.items)
            return f"{' LEFT' if join.left else ''} ARRAY JOIN {items}"
        text = f" {join.kind} JOIN {self.source(join.source)}"
        if join.on is not None:
            text += f" ON {self.join_condition(join.on)}"
        if join.using:
            text += f" USING ({', '.join(self.identifier(name) for name in join.using)})"
        return text

    def join_condition(self, expr: nodes.Expr) -> str:
        return self.expr(expr)

    def source(self, source: nodes.Source) -> str:
        match source:
            case nodes.PhysicalTable(table, alias):
                text = self.table(source)
                same = alias == table.name and text == self.identifier(alias)
                return text if same else f"{text} AS {self.identifier(alias)}"
            case nodes.CteName(_, alias, name):
                text = self.cte_name(source)
                return text if alias == name == text else f"{text} AS {self.identifier(alias)}"
            case nodes.Derived(query, alias):
                return f"({self.query(query)})" + (f" AS {self.identifier(alias)}" if alias else "")
            case nodes.TableName(name):
                raise QueryError(f"“{name}” was not resolved")

    def table(self, source: nodes.PhysicalTable) -> str:
        return self.identifier(source.table.name)

    def cte_name(self, source: nodes.CteName) -> str:
        return self.identifier(source.name)

    def list(self, exprs: tuple[nodes.Expr, ...]) -> str:
        return ", ".join(self.expr(expr) for expr in exprs)

    def expr(self, expr: nodes.Expr) -> str:
        match expr:
            case nodes.Constant(value):
                return self.constant(value)
            case nodes.Column():
                return self.column(expr)
            case nodes.AliasName(name) | nodes.Variable(name):
                return self.identifier(name)
            case nodes.Property():
                return self.property(expr)
            case nodes.Typed():
                return self.typed(expr)
            case nodes.Call():
                return self.call(expr)
            case nodes.Compare():
                return self.compare(expr)
            case nodes.Between():
                return self.between(expr)
            case nodes.In():
                return self.contained(expr)
            case nodes.Logic(operator, args):
                return "(" + f" {operator} ".join(self.expr(arg) for arg in args) + ")"
            case nodes.Not(operand):
                return f"(NOT {self.expr(operand)})"
            case nodes.Case():
                return self.case(expr)
            case nodes.Cast():
                return self.cast(expr)
            case nodes.Lambda(arguments, body):
                names = ", ".join(self.identifier(name) for name in arguments)
                return f"({names}) -> {self.expr(body)}"
            case nodes.Scalar(query):
                return f"({self.query(query)})"
            case _:
                raise QueryError(f"{type(expr).__name__} was not resolved")

    def identifier(self, name: str) -> str:
        return name if _PLAIN_NAME.fullmatch(name) else f"`{name}`"

    def constant(self, value: nodes.Value) -> str:
        if value is None:
            return "NULL"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, datetime):
            return f"toDateTime64('{value.isoformat(' ')}', 6)"
        if isinstance(value, date):
            return f"toDate('{value.isoformat()}')"
        if isinstance(value, UUID):
            return f"toUUID('{value}')"
        if isinstance(value, tuple):
            return f"array({', '.join(self.constant(each) for each in value)})"
        if isinstance(value, str):
            return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
        return repr(value)

    def column(self, column: nodes.Column) -> str:
        return self.identifier(column.table) + self.steps(column.shown or (column.name,))

    def property(self, node: nodes.Property) -> str:
        return self.expr(node.base) + self.steps(node.path)

    def steps(self, path: nodes.Path) -> str:
        return "".join(
            f"[{step}]"
            if isinstance(step, int)
            else f".{self.identifier(step)}"
            if re.fullmatch(r"[^`\\\x00-\x1f]+", step)
            else f"[{self.constant(step)}]"
            for step in path
        )

    def typed(self, node: nodes.Typed) -> str:
        """A property has its type without being told."""
        text = self.expr(node.operand)
        return text if isinstance(node.operand, nodes.Property) else f"{_CONVERSIONS[node.kind]}({text})"

    def call(self, call: nodes.Call) -> str:
        params = f"({self.list(call.params)})" if call.params is not None else ""
        return f"{call.name}{params}({self.list(call.args)}){self.over(call.over)}"

    def over(self, over: nodes.Over | None) -> str:
        if over is None:
            return ""
        parts = []
        if over.partition:
            parts.append(f"PARTITION BY {self.list(over.partition)}")
        if over.order:
            parts.append(f"ORDER BY {', '.join(self.order(order) for order in over.order)}")
        if over.frame:
            parts.append(over.frame)
        return f" OVER ({' '.join(parts)})"

    def compare(self, node: nodes.Compare) -> str:
        return f"({self.expr(node.left)} {node.operator} {self.expr(node.right)})"

    def between(self, node: nodes.Between) -> str:
        parts = self.expr(node.value), self.expr(node.low), self.expr(node.high)
        return "({} BETWEEN {} AND {})".format(*parts)

    def contained(self, node: nodes.In) -> str:
        right = node.right
        inner = self.list(right) if isinstance(right, tuple) else self.query(right)
        return f"({self.expr(node.left)} {'NOT IN' if node.negated else 'IN'} ({inner}))"

    def case(self, node: nodes.Case) -> str:
        text = "CASE" + (f" {self.expr(node.operand)}" if node.operand else "")
        for test, value in node.branches:
            text += f" WHEN {self.expr(test)} THEN {self.expr(value)}"
        return text + (f" ELSE {self.expr(node.default)}" if node.default else "") + " END"

    def cast(self, node: nodes.Cast) -> str:
        return f"CAST({self.expr(node.operand)} AS {node.type})"
