"""Which rows of ClickHouse are older than their projects keep them.

An event's age goes by its UTC day of event time, as questions do; a dead letter's, which may have none, by its day of
arrival. So whole days go, and what is summed up from days needs no half ones.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

# Per table: the column with the number of days on the project, and the day that a row is of.
_RULES = {
    "events": ("event_retention_days", "toDate32(timestamp)"),
    "dead_letters": ("dead_letter_retention_days", "arrival_day"),
}
TABLES = tuple(_RULES)


def first_kept(days: int, today: date) -> date:
    """The first day that is kept by a rule of so many days."""
    return today - timedelta(days=days)


def cutoffs(postgres: Postgres, rule: str, today: date) -> dict[int, date]:
    """The first day that each project keeps, by one of its rules; projects that keep all are left out."""
    rows = postgres.rows("SELECT id, to_jsonb(projects) -> %s AS days FROM projects", [rule])
    return {row["id"]: first_kept(row["days"], today) for row in rows if row["days"] is not None}


def expired_rows(postgres: Postgres, today: date) -> dict[str, str]:
    """A condition over each table that has rules: of the rows that are not kept any more."""
    found = {}
    for table, (rule, day) in _RULES.items():
        teams: dict[date, list[int]] = defaultdict(list)
        for team, cutoff in cutoffs(postgres, rule, today).items():
            teams[cutoff].append(team)
        if teams:
            found[table] = " OR ".join(f"({_older(day, cutoff, ids)})" for cutoff, ids in sorted(teams.items()))
    return found


def count_older(team_id: int, rule: str, kept_from: date, clickhouse: ClickHouse) -> int | None:
    """How many rows of a project one of its rules would remove; None when the rule is not about rows."""
    for table, (named, day) in _RULES.items():
        if named == rule:
            where = _older(day, kept_from, [team_id])
            return int(clickhouse.query(f"SELECT count() FROM {table} WHERE {where}").one()[0])
    return None


def _older(day: str, cutoff: date, teams: Iterable[int]) -> str:
    return f"team_id IN ({', '.join(map(str, sorted(teams)))}) AND {day} < toDate32('{cutoff}')"
