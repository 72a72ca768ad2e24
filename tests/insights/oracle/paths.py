"""Walks of visits, followed step by step."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

Node = tuple[str, datetime]
Edge = tuple[str, str]


@dataclass(frozen=True)
class Asked:
    """`item` gives what an event is called, None for one that doesn't count."""

    item: Callable[[Any], str | None]
    start: str | None = None
    end: str | None = None
    steps: int = 5
    edges: int = 50
    least: int = 0
    most: int = 10**9


def walks(events: Sequence[Any], asked: Asked) -> list[list[Node]]:
    """Those of one actor."""
    visits: list[list[Node]] = []
    last: datetime | None = None
    for event in sorted(events, key=lambda each: each.at):
        item = asked.item(event)
        if item is None:
            continue
        if last is None or event.at - last >= timedelta(minutes=30):
            visits.append([])
        visit, last = visits[-1], event.at
        if visit and visit[-1][0] == item:
            visit.pop()
        visit.append((item, event.at))
    return [walk for visit in visits if (walk := _cut(visit, asked))]


def _cut(visit: list[Node], asked: Asked) -> list[Node]:
    for point, from_there in ((asked.start, True), (asked.end, False)):
        if point is None:
            continue
        items = [item for item, _ in visit]
        if point not in items:
            return []
        place = items.index(point)
        visit = visit[place:] if from_there else visit[: place + 1]
    if asked.start and asked.end:
        half = asked.steps // 2
        if len(visit) <= asked.steps:
            return visit
        return [*visit[:half], ("...", visit[half][1]), *(visit[-half:] if half else [])]
    return visit[-asked.steps :] if asked.end else visit[: asked.steps]


def edges(actors: Mapping[Any, Sequence[Any]], asked: Asked) -> list[tuple[str, str, int, float]]:
    """(source, target, paths, milliseconds on average), as an answer lists them."""
    times: dict[Edge, list[float]] = defaultdict(list)
    for events in actors.values():
        for walk in walks(events, asked):
            for place in range(1, len(walk)):
                (before, left), (item, came) = walk[place - 1], walk[place]
                edge = (f"{place}_{before}", f"{place + 1}_{item}")
                times[edge].append((came - left) / timedelta(milliseconds=1))
    heavy = [(edge, found) for edge, found in times.items() if asked.least <= len(found) <= asked.most]
    heavy.sort(key=lambda entry: (-len(entry[1]), entry[0]))
    kept = heavy[: asked.edges]
    reached = {source for (source, _), _ in kept if source.startswith("1_")}
    while True:
        more = {target for (source, target), _ in kept if source in reached} - reached
        if not more:
            break
        reached |= more
    return [(*edge, len(found), sum(found) / len(found)) for edge, found in kept if edge[0] in reached]


def passing(actors: Mapping[Any, Sequence[Any]], asked: Asked, edge: Edge) -> dict[Any, int]:
    """Who went over an edge, and on how many paths."""
    found: dict[Any, int] = defaultdict(int)
    for actor, events in actors.items():
        for walk in walks(events, asked):
            keys = [f"{place + 1}_{item}" for place, (item, _) in enumerate(walk)]
            found[actor] += list(edge) in [keys[place : place + 2] for place in range(len(keys) - 1)]
    return {actor: paths for actor, paths in found.items() if paths}
