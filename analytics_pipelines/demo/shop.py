"""Larkspur Outfitters, an invented online shop: half a year of its events, as PostHog's SDKs would have sent them.

Everything follows from the seed and the date of `now`; a later hour of the same day only adds what happened since.
Nobody in it is real: people are `user-0142@example.com`, addresses are of the ranges kept for documentation. Pure.
"""

from collections.abc import Iterator
from datetime import datetime

from analytics_pipelines.demo.journey import Journey
from analytics_pipelines.demo.season import Season
from analytics_pipelines.demo.sending import Event, Sending

SEED = 7

_VISITORS = 8800
_TOKEN = "phc_demo"  # noqa: S105  stands where a project's public token would


def visitors(scale: float = 1.0) -> int:
    """How many people (and bots) come by."""
    return max(1, round(_VISITORS * scale))


def journeys(now: datetime, *, seed: int = SEED, scale: float = 1.0, token: str = _TOKEN) -> Iterator[list[Sending]]:
    """One list a visitor: what was sent in each visit, and what the shop's server sent about them.

    `now` carries a time zone, and nothing is later. `scale` 1 makes about 80,000 events; `token` is the project's.
    """
    season = Season(now)
    for number in range(visitors(scale)):
        yield Journey(number, season, seed, token).sendings(now)


def events(now: datetime, *, seed: int = SEED, scale: float = 1.0, token: str = _TOKEN) -> Iterator[Event]:
    """The same, event by event, in no order of time."""
    for sendings in journeys(now, seed=seed, scale=scale, token=token):
        for sending in sendings:
            yield from (event for _, event in sending.events)
