"""Kinds of groups, as `company` or `team`: at most five a project, each under a number that it keeps."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from analytics_pipelines.groups.statements import statement
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

MOST_TYPES = 5


@dataclass(frozen=True, order=True)
class GroupType:
    """A kind of groups of a project; `index` is 0 to 4 and never changes."""

    team_id: int
    index: int
    name: str


class GroupTypes:
    """The kinds of groups; Postgres is the truth, ClickHouse has a copy for statements over events."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    def of(self, teams: Iterable[int]) -> list[GroupType]:
        """The kinds of these projects, by project and index."""
        rows = self._postgres.rows(
            "SELECT team_id, index, name FROM group_types WHERE team_id = ANY(%s) ORDER BY team_id, index",
            [sorted(set(teams))],
        )
        return [GroupType(**row) for row in rows]

    def assign(self, seen: Sequence[tuple[int, str]]) -> list[GroupType]:
        """Number what has no number yet of `seen` (project, name; in the order of their first sight).

        Returns all kinds of these projects. A sixth kind gets no number, now or later. Raises PostgresUnavailable.
        """
        known = self.of(team for team, _ in seen)
        if not _unnumbered(seen, known):
            return known
        with self._postgres.transaction() as connection:
            connection.execute("LOCK TABLE group_types IN SHARE ROW EXCLUSIVE MODE")  # two would take the same number
            connection.execute(
                statement("assign_types"),
                {"teams": [team for team, _ in seen], "names": [name for _, name in seen]},
            )
        return self.of(team for team, _ in seen)


def _unnumbered(seen: Sequence[tuple[int, str]], known: Sequence[GroupType]) -> bool:
    """Whether any of `seen` has no number, and its project one to give."""
    names = {(each.team_id, each.name) for each in known}
    taken = Counter(each.team_id for each in known)
    return any(each not in names and taken[each[0]] < MOST_TYPES for each in seen)


def copy_types(types: Sequence[GroupType], clickhouse: ClickHouse) -> None:
    """Make ClickHouse know these kinds; what it knows already is not written again."""
    known = clickhouse.query(
        "SELECT team_id, index FROM group_types WHERE team_id IN {teams:Array(Int64)}",
        {"teams": sorted({each.team_id for each in types})},
    )
    missing = [each for each in types if (each.team_id, each.index) not in set(known.rows)]
    if missing:
        clickhouse.insert_rows(
            "group_types", [[each.team_id, each.index, each.name] for each in missing], ["team_id", "index", "name"]
        )
