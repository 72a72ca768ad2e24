"""Edges in groups that have no distinct id in common, so that each can be resolved by itself."""

from collections.abc import Iterable

from analytics_pipelines.identity.disjoint_sets import DisjointSets
from analytics_pipelines.identity.edge import Edge
from analytics_pipelines.identity.illegal_ids import is_illegal


def components(edges: Iterable[Edge]) -> list[list[Edge]]:
    """The groups stand in the order of their first edges, and edges in a group in the order given.

    Edges that will be refused connect as well: whether one is refused depends on the state of both sides. Only an
    edge with an illegal id says nothing of the other side, and must not connect all those who sent `anonymous`.
    """
    edges = list(edges)
    connected = DisjointSets()
    for edge in edges:
        connected.add(edge.target)
        if not is_illegal(edge.target) and not is_illegal(edge.other):
            connected.join(edge.target, edge.other)
    groups: dict[str, list[Edge]] = {}
    for edge in edges:
        groups.setdefault(connected.name(edge.target), []).append(edge)
    return list(groups.values())
