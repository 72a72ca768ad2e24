"""Tables that stand beside the rows of another, and what a query asks of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.infer import Output
from analytics_pipelines.sql.schema import Lazy


@dataclass
class Beside:
    """`alias` is the source whose rows it stands beside; `meaning` resolves a name in the other table.

    `asked` has the names asked for, and the columns by which they are known around the join.
    """

    alias: str
    lazy: Lazy
    meaning: Callable[[Lazy, nodes.Name], Output]
    asked: dict[nodes.Name, nodes.Column] = field(default_factory=dict)

    def column(self, name: nodes.Name) -> nodes.Column:
        """The column of a name such as `properties.x`. QueryError when the table has none."""
        key = replace(name, span=None)
        if key not in self.asked:
            meaning = self.meaning(self.lazy, name)
            self.asked[key] = nodes.Column(
                self.alias,
                f"_{self.lazy.name}_{len(self.asked)}",
                meaning.kind,
                nullable=True,
                catalog=meaning.catalog,
                loose=meaning.loose,
                shown=(self.lazy.name, *name.parts),
            )
        return self.asked[key]

    def query(self, alias: str, where: nodes.Expr | None, zone: str) -> nodes.Select:
        """All that was asked, in one reading of the table; `where` is asked of the rows that it stands beside."""
        tests = tuple(nodes.Compare("=", nodes.Name((name,)), nodes.Constant(value)) for name, value in self.lazy.where)
        if self.lazy.near and where is not None:
            instant, day = self.lazy.near
            tests += tuple(bounds(where, self.alias, instant, nodes.Name((day,)), zone))
        return nodes.Select(
            (
                nodes.Item(nodes.Name((self.lazy.to,)), "_to", "_to"),
                *(nodes.Item(name, column.name, column.name) for name, column in self.asked.items()),
            ),
            nodes.TableName(self.lazy.table, alias, catalog=self.lazy.catalog),
            where=nodes.Logic("AND", tests) if len(tests) > 1 else next(iter(tests), None),
        )

    def join(self, query: nodes.Query) -> nodes.LazyJoin:
        """`query` is what the one above was resolved to."""
        columns = tuple(column.name for column in self.asked.values())
        return nodes.LazyJoin(f"_{self.lazy.name}", self.lazy.key, query, columns, self.lazy.many)


_SLACK = timedelta(days=2)  # a day as a session may be off, and a day of rounding


def bounds(where: nodes.Expr, alias: str, instant: str, day: nodes.Name, zone: str) -> Iterator[nodes.Compare]:
    """What follows for the day of what stands near, from a resolved condition on the rows' instant."""
    if isinstance(where, nodes.Logic) and where.operator == "AND":
        for part in where.args:
            yield from bounds(part, alias, instant, day, zone)
    if not isinstance(where, nodes.Compare) or where.operator not in ("<", "<=", ">", ">="):
        return
    moment = _moment(where.right, zone)
    if (
        moment is None
        or not isinstance(where.left, nodes.Column)
        or (alias, instant) != (where.left.table, where.left.name)
    ):
        return
    if where.operator in ("<", "<="):
        yield nodes.Compare("<=", day, nodes.Constant((moment + _SLACK).date()))
    else:
        yield nodes.Compare(">=", day, nodes.Constant((moment - _SLACK).date()))


def _moment(expr: nodes.Expr, zone: str) -> datetime | None:
    """A constant in UTC; None for what only ClickHouse knows."""
    value = expr.value if isinstance(expr, nodes.Constant) else None
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d", value):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
        value = value.replace(tzinfo=value.tzinfo or ZoneInfo(zone))
    if not isinstance(value, datetime) or not 1970 <= value.year < 2290:
        return None
    return value.astimezone(UTC)
