"""The distinct ids of a person, as merges say that were received until a moment."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from resources.postgres import Postgres


def component(postgres: Postgres, team_id: int, ids: Iterable[str], until: datetime) -> frozenset[str]:
    """These ids and all that merges make one person with them. Merges that were refused or taken back make none."""
    found: set[str] = set(ids)
    latest = list(found)
    while latest:
        rows = postgres.rows(
            "SELECT target, other FROM merge_log AS edge WHERE team_id = %(team)s"
            " AND (target = ANY(%(ids)s) OR other = ANY(%(ids)s))"
            " AND refused IS NULL AND NOT is_illegal AND received_at <= %(until)s AND NOT EXISTS ("
            " SELECT FROM merge_denials AS denial WHERE (denial.team_id, denial.uuid) = (edge.team_id, edge.uuid))",
            {"team": team_id, "ids": latest, "until": until},
        )
        latest = sorted({side for row in rows for side in row.values()} - found)
        found.update(latest)
    return frozenset(found)


def ids_of_person(postgres: Postgres, team_id: int, person: UUID) -> frozenset[str]:
    """The ids that belong to this person by now; none when there is no such person."""
    rows = postgres.rows(
        "SELECT distinct_id FROM distinct_ids WHERE team_id = %s AND person_id = %s", [team_id, person]
    )
    return frozenset(row["distinct_id"] for row in rows)


def persons_of(postgres: Postgres, team_id: int, ids: Iterable[str]) -> frozenset[UUID]:
    """The persons that these ids belong to."""
    rows = postgres.rows(
        "SELECT DISTINCT person_id FROM distinct_ids WHERE team_id = %s AND distinct_id = ANY(%s)",
        [team_id, sorted(ids)],
    )
    return frozenset(row["person_id"] for row in rows)


def companions(postgres: Postgres, team_id: int, ids: Iterable[str]) -> set[str]:
    """The other ids of the persons that these ids belong to."""
    rows = postgres.rows(
        "SELECT distinct_id FROM distinct_ids WHERE team_id = %(team)s AND person_id IN ("
        " SELECT person_id FROM distinct_ids WHERE team_id = %(team)s AND distinct_id = ANY(%(ids)s))",
        {"team": team_id, "ids": sorted(ids)},
    )
    return {row["distinct_id"] for row in rows}.difference(ids)


def still_named(postgres: Postgres, team_id: int, ids: Iterable[str], without: Collection[UUID]) -> set[str]:
    """Those of these ids that merges name, by other events than `without`."""
    rows = postgres.rows(
        "SELECT uuid, target, other FROM merge_log"
        " WHERE team_id = %(team)s AND (target = ANY(%(ids)s) OR other = ANY(%(ids)s))",
        {"team": team_id, "ids": sorted(ids)},
    )
    return {side for row in rows if row["uuid"] not in without for side in (row["target"], row["other"])} & set(ids)
