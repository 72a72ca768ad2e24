"""Who is new, returning, resurrecting or dormant: decided anew for each actor and each interval."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from oracle.calendar import Start, interval_of, preceding


def statuses(
    active: Mapping[Any, Sequence[datetime]],
    births: Mapping[Any, datetime],
    shown: Sequence[Start],
    interval: str,
    zone: ZoneInfo,
    week_start: int,
) -> dict[str, list[set[Any]]]:
    """Status → for each interval who has it. `active`: when each actor did what is asked for."""
    found: dict[str, list[set[Any]]] = {
        status: [set() for _ in shown] for status in ("new", "returning", "resurrecting", "dormant")
    }
    for actor, moments in active.items():
        intervals = [interval_of(at, interval, zone, week_start) for at in moments]
        for place, start in enumerate(shown):
            here, before = start in intervals, preceding(start, interval) in intervals
            born_here = interval_of(births[actor], interval, zone, week_start) == start
            if here:
                status = "new" if born_here else "returning" if before else "resurrecting"
                found[status][place].add(actor)
            elif before:
                found["dormant"][place].add(actor)
    return found
