"""Tables that stand beside the rows of another, and what a query asks of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

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

    def query(self, alias: str) -> nodes.Select:
        """All that was asked, in one reading of the table."""
        tests = tuple(nodes.Compare("=", nodes.Name((name,)), nodes.Constant(value)) for name, value in self.lazy.where)
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
