"""What questions need to know of a project, read from the stores."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import LiteralString, Protocol

from analytics_pipelines.accounts.projects import Project
from analytics_pipelines.insights.team import Action, Team
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres


class Stores(Protocol):
    """Where a project's facts are; `reader` may only read."""

    @property
    def postgres(self) -> Postgres: ...

    @property
    def reader(self) -> ClickHouse: ...


@dataclass(frozen=True)
class StoresOf:
    """The two, of one that has no more."""

    postgres: Postgres
    reader: ClickHouse


def data_version(team_id: int, postgres: Postgres) -> int:
    """Numbers the last change of the project's events, persons, groups and members of cohorts."""
    row = postgres.row("SELECT touch FROM data_versions WHERE team_id = %s", [team_id])
    return int(row["touch"]) if row else 0


# All that Postgres knows of it, at once: every question waits for it.
_KNOWN: LiteralString = """
SELECT
    coalesce((SELECT touch FROM data_versions WHERE team_id = %(team)s), 0) AS version,
    (SELECT coalesce(json_agg(json_build_array(kind, group_type_index, name, property_type)), '[]')
        FROM property_types WHERE team_id = %(team)s) AS types,
    (SELECT coalesce(json_agg(json_build_array(id, name, steps)), '[]')
        FROM actions WHERE team_id = %(team)s AND NOT deleted) AS actions,
    (SELECT coalesce(json_agg(json_build_array(id, name)), '[]')
        FROM cohorts WHERE team_id = %(team)s AND NOT deleted) AS cohorts,
    (SELECT coalesce(json_agg(json_build_array(index, name)), '[]')
        FROM group_types WHERE team_id = %(team)s) AS groups
"""


def load_team(project: Project, stores: Stores) -> Team:
    """The project as questions see it. Raises PostgresUnavailable and ClickHouse's errors."""
    known = stores.postgres.row(_KNOWN, {"team": project.id})
    assert known is not None  # noqa: S101  it reads no table
    said = {(_kind(kind, index), name): found for kind, index, name, found in known["types"]}
    return Team(
        id=project.id,
        timezone=project.timezone,
        week_start_day=project.week_start_day,
        test_account_filters=tuple(project.test_account_filters),
        path_cleaning_filters=tuple(project.path_cleaning_filters),
        property_types={**_seen_types(project.id, known["version"], stores), **said},
        actions={id_: Action(id_, name, tuple(steps)) for id_, name, steps in known["actions"]},
        cohorts=dict(known["cohorts"]),
        group_types=dict(sorted(known["groups"])),
    )


# Types that were seen change only with the project's data, and are asked for with every question.
_SEEN: dict[tuple[str, int], tuple[int, Mapping[tuple[str, str], str]]] = {}
_MOST_KEPT = 1000


def _seen_types(team_id: int, version: int, stores: Stores) -> Mapping[tuple[str, str], str]:
    """By (kind, name), those that are no texts; `version` is the data's."""
    key = (stores.postgres.url, team_id)
    kept = _SEEN.get(key)
    if kept is not None and kept[0] == version:
        return kept[1]
    rows = stores.reader.query(
        "SELECT kind, group_type_index, name, type FROM property_catalog"
        " WHERE team_id = {team:Int64} AND NOT is_other AND type NOT IN ('', 'String')",
        {"team": team_id},
    ).rows
    types = {(_kind(kind, index), name): found for kind, index, name, found in rows}
    if len(_SEEN) >= _MOST_KEPT:
        _SEEN.clear()
    if version:
        _SEEN[key] = (version, types)
    return types


def _kind(kind: str, group_type_index: int) -> str:
    return f"group_{group_type_index}" if kind == "group" else kind
