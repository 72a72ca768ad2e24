"""How much of a process's room each project may fill, so that one that floods it leaves room for the others."""

from collections import defaultdict


class NoRoom(Exception):
    """More is under way already than the process, or this project in it, may hold."""


class Room:
    """Bytes that requests hold, by project. Of one thread (the event loop's).

    A project may hold as much as is still free: alone it fills half, and whoever comes next finds half of the rest.
    So a flood is told to come again while others are served, and no share has to be configured. One request is
    always let in, however large, when nothing else is held.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.held = 0
        self._of: defaultdict[int, int] = defaultdict(int)

    def enter(self, project: int, size: int) -> None:
        """Take room. Raises NoRoom."""
        if self.held and self._of[project] + size > self.most - self.held:
            if not self._of[project]:
                del self._of[project]
            raise NoRoom(f"{self.held} bytes are under way")
        self.held += size
        self._of[project] += size

    def leave(self, project: int, size: int) -> None:
        """Give back what `enter` took."""
        self.held -= size
        self._of[project] -= size
        if not self._of[project]:
            del self._of[project]
