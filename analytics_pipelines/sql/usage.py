"""Which columns of which source a resolved query uses, so that a table is asked for no more."""

from __future__ import annotations

from collections.abc import Iterator

from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.types import Kind


def own_column(node: nodes.Property) -> nodes.Column | None:
    """The column that holds a value of an object apart; None where it must be taken out of the object."""
    base, path = node.base, node.path
    if isinstance(base, nodes.Column) and len(path) == 1 and path[0] in base.apart:
        return nodes.Column(base.table, str(path[0]), Kind.STRING, nullable=True)
    return None


def used_columns(query: nodes.Query) -> dict[str, set[str]]:
    """Alias → names of columns. An alias that stands for several tables gets what is used of any of them."""
    used: dict[str, set[str]] = {}
    common: set[str] = set()
    for node in _inside(query):
        match node:
            case nodes.PhysicalTable(alias=alias):
                used.setdefault(alias, set())
            case nodes.Column(table=table, name=name):
                used.setdefault(table, set()).add(name)
            case nodes.Join(using=names):
                common.update(names)
    return {alias: names | common for alias, names in used.items()}


def read_tables(query: nodes.Query) -> tuple[str, ...]:
    """The names of the tables that a query reads, in order."""
    return tuple(dict.fromkeys(node.table.name for node in _inside(query) if isinstance(node, nodes.PhysicalTable)))


def _inside(node: object) -> Iterator[object]:
    """A node and all within it, but for objects of which only a value kept apart is used."""
    if isinstance(node, nodes.Property) and (column := own_column(node)):
        yield column
    elif isinstance(node, tuple):
        for each in node:
            yield from _inside(each)
    elif isinstance(node, nodes.PhysicalTable):
        yield node
        for join in node.joins:
            yield nodes.Column(node.alias, join.key, Kind.OTHER, nullable=True)
            yield from _inside(join.query)
    elif type(node).__module__ == nodes.__name__:
        yield node
        for name in getattr(type(node), "__slots__", ()):
            yield from _inside(getattr(node, name))
