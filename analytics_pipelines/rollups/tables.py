"""The rollups: which tables are derived from events, and the SQL that each is made by."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from analytics_pipelines.rollups.channel_type import channel_type
from analytics_pipelines.rollups.person import PERSON, with_person

_IN_TEAMS = "(empty({teams:Array(Int64)}) OR team_id IN {teams:Array(Int64)})"
_CHANNEL = channel_type(
    {
        "campaign": "entry_utm_campaign",
        "medium": "entry_utm_medium",
        "source": "entry_utm_source",
        "referrer": "entry_referring_domain",
        "gclid": "entry_gclid",
        "gad_source": "entry_gad_source",
        "fbclid": "entry_fbclid",
    }
)


@dataclass(frozen=True)
class Rollup:
    """A table that is replaced a day at a time. Its day depends on the events of `reach` days before and after it.

    `reads` names the rollup that it is made from, when it is not made from events.
    """

    name: str
    reach: int
    reads: str | None = None

    def select(self, bounce_seconds: float, *, live: bool = False) -> str:
        """SELECT of the table's rows of the days `{first:Date32}` to `{last:Date32}`, both included, for the teams
        `{teams:Array(Int64)}`, of which none means all. Columns come in the table's order.

        With `live` it reads nothing but events: these are the rows of days that the table does not hold yet.
        """
        return _select(self.name, bounce_seconds, live, "{first:Date32}", "{last:Date32}")

    def version(self, bounce_seconds: float) -> str:
        """What names the SQL: days that were built by another version are built again."""
        text = self.select(bounce_seconds, live=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


EVENT_COUNTS_HOURLY = Rollup("event_counts_hourly", reach=0)
ACTIVE_PEOPLE_DAILY = Rollup("active_people_daily", reach=0)
SESSIONS = Rollup("sessions", reach=1)
# A session's first event may lie on the day before or after that in its id.
WEB_STATS_DAILY = Rollup("web_stats_daily", reach=2, reads="sessions")

ROLLUPS: Sequence[Rollup] = (EVENT_COUNTS_HOURLY, ACTIVE_PEOPLE_DAILY, SESSIONS, WEB_STATS_DAILY)
BY_NAME = {rollup.name: rollup for rollup in ROLLUPS}
LONGEST_REACH = max(rollup.reach for rollup in ROLLUPS)


def _select(name: str, bounce_seconds: float, live: bool, first: str, last: str) -> str:
    days = {"first": first, "last": last, "in_teams": _IN_TEAMS}
    if name == SESSIONS.name:
        aggregated = _template("sessions_aggregated").format(named=_template("sessions_named").format(**days))
        return _template("sessions").format(
            aggregated=with_person(f"({aggregated})"),
            person=PERSON,
            channel_type=_CHANNEL,
            bounce_seconds=bounce_seconds,
        )
    sessions = SESSIONS.name
    if live and name == WEB_STATS_DAILY.name:
        sessions = f"({_select(SESSIONS.name, bounce_seconds, True, f'({first} - 1)', f'({last} + 1)')})"
    return _template(name).format(events=with_person("events"), person=PERSON, sessions=sessions, **days)


@cache
def _template(name: str) -> str:
    return (files(__package__) / "sql" / f"{name}.sql").read_text().rstrip()
