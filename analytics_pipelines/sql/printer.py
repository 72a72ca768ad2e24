"""Tree → the text that ClickHouse gets, and its parameters.

Everything that keeps teams apart and numbers right is here, so that no insight can forget it:
each table is printed with its guard inside, each value as a parameter, each instant in the
project's zone, and each comparison so that it is never NULL.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from uuid import UUID

from analytics_pipelines.sql import comparison, nodes, rewrites
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.sql.infer import can_be_null
from analytics_pipelines.sql.schema import GROUP_KEYS
from analytics_pipelines.sql.scope import Scope
from analytics_pipelines.sql.text import TextPrinter
from analytics_pipelines.sql.types import Kind
from analytics_pipelines.sql.usage import own_column, used_columns

_JSON_VALUE_TYPE = "Nullable(String)"
_NAMEABLE = re.compile(r"[^\x00-\x1f\x7f`\\]{1,128}")
_WIDTHS = (8, 16, 32, 64, 128, 256)


class Printer(TextPrinter):
    """`parameters` fills while printing; values that are equal share one."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.parameters: dict[str, object] = {"team_id": scope.team_id}
        self._names: dict[tuple[str, object], str] = {}
        self._used: dict[str, set[str]] = {}

    def zone(self) -> str:
        self.parameters["tz"] = self.scope.timezone
        return "{tz:String}"

    def identifier(self, name: str) -> str:
        if not _NAMEABLE.fullmatch(name):
            raise QueryError("not supported: quotes or control characters in a name")
        return f"`{name}`"

    def union(self, query: nodes.Union) -> str:
        # ClickHouse binds what follows a UNION to its last arm.
        if not query.order and query.limit is None and query.offset is None:
            return self.both(query)
        return f"SELECT * FROM ({self.both(query)}) AS {self.identifier('_union')}{self.tail(query)}"

    def item(self, item: nodes.Item, named: set[str]) -> str:
        """Each with its name, given or not, so that a query around this one can ask for it."""
        text = self.expr(item.expr)
        if item.alias is None and (item.name in named or "{" in item.name or not _NAMEABLE.fullmatch(item.name)):
            return text
        named.add(item.name)
        return f"{text} AS {self.identifier(item.name)}"

    def cte(self, cte: nodes.Cte) -> str:
        return f"{self.identifier(cte.printed)} AS ({self.query(cte.query)})"

    def cte_name(self, source: nodes.CteName) -> str:
        return self.identifier(source.printed)

    def whole(self, query: nodes.Query) -> str:
        """The text of a query that stands in no other."""
        self._used = used_columns(query)
        return self.query(query)

    def table(self, source: nodes.PhysicalTable) -> str:
        used = self._used.get(source.alias, set())
        for index, name in enumerate(GROUP_KEYS):
            if name in used:
                self.parameters[name[1:]] = self.scope.group_types.get(index, "")
        guarded = source.table.guarded(used)
        return self._with_joins(source, guarded, used) if source.joins else guarded

    def _with_joins(self, source: nodes.PhysicalTable, guarded: str, used: set[str]) -> str:
        """What stands beside the rows, inside brackets of its own, so that it is there for any join around them."""
        own, items, joins = self.identifier("_row"), list[str](), ""
        for name, _ in source.table.items():
            if name in used:
                items.append(f"{own}.{self.identifier(name)} AS {self.identifier(name)}")
        for join in source.joins:
            beside = self.identifier(join.name)
            items += [f"{beside}.{self.identifier(name)} AS {self.identifier(name)}" for name in join.columns]
            joins += (
                f" LEFT {'' if join.many else 'ANY '}JOIN ({self.query(join.query)}) AS {beside}"
                f" ON ({own}.{self.identifier(join.key)} = {beside}.{self.identifier('_to')})"
            )
        return f"(SELECT {', '.join(items)} FROM {guarded} AS {own}{joins})"

    def constant(self, value: nodes.Value) -> str:
        if value is None:
            return "NULL"
        if isinstance(value, datetime):
            text = value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
            utc = self._parameter("String", "UTC")
            return f"toDateTime64({self._parameter('String', text)}, 6, {utc})"
        if isinstance(value, bool):
            return self._parameter("Bool", value)
        if isinstance(value, str):
            return self._parameter("String", value)
        if isinstance(value, float):
            return self._parameter("Float64", value)
        if isinstance(value, date):
            return self._parameter("Date32", value)
        if isinstance(value, UUID):
            return self._parameter("UUID", str(value))
        if isinstance(value, tuple):
            return self._parameter(*_array(value))
        return self._parameter(_integer_type(value), value)

    def digits(self, expr: nodes.Expr) -> str:
        """A small whole number where ClickHouse takes nothing but a literal."""
        value = expr.value if isinstance(expr, nodes.Constant) else None
        if type(value) is not int or not 0 <= value < 1000:
            raise QueryError("this argument must be a small whole number")
        return str(value)

    def _parameter(self, type_: str, value: object) -> str:
        key = (type_, repr(value))
        if key not in self._names:
            name = self._names[key] = f"p{len(self._names)}"
            self.parameters[name] = list(value) if isinstance(value, tuple) else value
        return f"{{{self._names[key]}:{type_}}}"

    def column(self, column: nodes.Column) -> str:
        bare = self.bare_column(column)
        return f"toTimeZone({bare}, {self.zone()})" if column.zoned else bare

    def bare_column(self, column: nodes.Column) -> str:
        return f"{self.identifier(column.table)}.{self.identifier(column.name)}"

    def property(self, node: nodes.Property) -> str:
        # One extraction that takes strings without their quotes, other values as their JSON, and
        # gives NULL for JSON's null and for what is missing; an empty string stays one.
        if column := own_column(node):
            return self.bare_column(column)
        steps = "".join(f", {self.constant(step)}" for step in node.path)
        self.parameters["json_value"] = _JSON_VALUE_TYPE
        return f"JSONExtract({self.expr(node.base)}{steps}, {{json_value:String}})"

    def typed(self, node: nodes.Typed) -> str:
        text = self.expr(node.operand)
        if node.kind is Kind.NUMBER:
            return f"toFloat64OrNull({text})"
        if node.kind is Kind.INSTANT:
            return f"parseDateTime64BestEffortOrNull({text}, 6, {self.zone()})"
        true, false = self.constant("true"), self.constant("false")
        return f"multiIf(({text} = {true}), {self.constant(True)}, ({text} = {false}), {self.constant(False)}, NULL)"

    def call(self, call: nodes.Call) -> str:
        rewrite = rewrites.find(call.name)
        return rewrite(self, call) if rewrite else super().call(call)

    def plain_call(self, call: nodes.Call) -> str:
        return super().call(call)

    def compare(self, node: nodes.Compare) -> str:
        return comparison.compare(self, node)

    def between(self, node: nodes.Between) -> str:
        return comparison.between(self, node)

    def contained(self, node: nodes.In) -> str:
        return comparison.contained(self, node)

    def join_condition(self, expr: nodes.Expr) -> str:
        # Bare equalities, for ClickHouse looks for its join keys among them; NULL never joins.
        if isinstance(expr, nodes.Logic) and expr.operator == "AND":
            return "(" + " AND ".join(self.join_condition(arg) for arg in expr.args) + ")"
        if isinstance(expr, nodes.Compare) and expr.operator == "=":
            return super().compare(expr)
        return self.expr(expr)

    def cast(self, node: nodes.Cast) -> str:
        bare = node.type.removeprefix("Nullable(").removesuffix(")")
        if bare in ("Date", "Date32", "DateTime", "DateTime64"):
            return self.call(nodes.Call(f"to{bare}", (node.operand,)))
        type_ = node.type
        if can_be_null(node.operand) and not type_.startswith(("Nullable", "Array")):
            type_ = f"Nullable({type_})"
        return f"CAST({self.expr(node.operand)} AS {type_})"


def _array(values: nodes.Scalars) -> tuple[str, nodes.Scalars]:
    """The type of a list, and its values."""
    if all(isinstance(value, int) for value in values) and values:
        return "Array(Int64)", values
    if any(isinstance(value, float) for value in values):
        return "Array(Float64)", values
    if any(isinstance(value, UUID) for value in values):
        return "Array(UUID)", tuple(str(value) for value in values)
    return "Array(String)", values


def _integer_type(value: int) -> str:
    """The type that ClickHouse gives to such a literal; some functions insist on it."""
    if value >= 0:
        return f"UInt{next(width for width in _WIDTHS if value < 2**width)}"
    return f"Int{next(width for width in _WIDTHS if value >= -(2 ** (width - 1)))}"
