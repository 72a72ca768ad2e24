"""Which rows of ClickHouse are older than their projects keep them.

An event's age goes by its UTC day of event time, as questions do; a dead letter's, which may have none, by its day of
arrival. So whole days go, and what is summed up from days needs no half ones.
"""

from collections import defaultdict
from datetime import date, timedelta

from resources.postgres import Postgres

# Per table: the column with the number of days on the project, and the day that a row is of.
_RULES = {
    "events": ("event_retention_days", "toDate32(timestamp)"),
    "dead_letters": ("dead_letter_retention_days", "arrival_day"),
}
TABLES = tuple(_RULES)


def cutoffs(postgres: Postgres, rule: str, today: date) -> dict[int, date]:
    """The first day that each project keeps, by one of its rules; projects that keep all are left out."""
    rows = postgres.rows("SELECT id, to_jsonb(projects) -> %s AS days FROM projects", [rule])
    return {row["id"]: today - timedelta(days=row["days"]) for row in rows if row["days"] is not None}


def expired_rows(postgres: Postgres, today: date) -> dict[str, str]:
    """A condition over each table that has rules: of the rows that are not kept any more."""
    found = {}
    for table, (rule, day) in _RULES.items():
        teams: dict[date, list[int]] = defaultdict(list)
        for team, cutoff in cutoffs(postgres, rule, today).items():
            teams[cutoff].append(team)
        if teams:
            found[table] = " OR ".join(
                f"(team_id IN ({', '.join(map(str, sorted(ids)))}) AND {day} < toDate32('{cutoff}'))"
                for cutoff, ids in sorted(teams.items())
            )
    return found
