"""Distinct ids in sets that share no member, each set named by one of its members."""

from collections.abc import Iterator


class DisjointSets:
    """A forest of parent links: a set is a tree, and its root names it.

    >>> sets = DisjointSets()
    >>> sets.join("ada", "laptop")
    >>> sets.join("laptop", "phone")
    >>> sets.name("phone")
    'ada'
    """

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def __contains__(self, distinct_id: str) -> bool:
        return distinct_id in self._parent

    def __iter__(self) -> Iterator[str]:
        return iter(self._parent)

    def add(self, distinct_id: str) -> None:
        """A new id is a set of its own; a known one stays where it is."""
        self._parent.setdefault(distinct_id, distinct_id)

    def name(self, distinct_id: str) -> str:
        """The member that names the set of this id. KeyError for an id that was never added."""
        parent = self._parent
        while parent[distinct_id] != distinct_id:
            # Each step halves the path, which keeps every later walk short
            parent[distinct_id] = parent[parent[distinct_id]]
            distinct_id = parent[distinct_id]
        return distinct_id

    def join(self, kept: str, joined: str) -> None:
        """Make one set of those of two ids. It goes by the name that the set of `kept` had."""
        self.add(kept)
        self.add(joined)
        self._parent[self.name(joined)] = self.name(kept)
