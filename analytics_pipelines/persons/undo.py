"""Merges that people take back, and put in place again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from analytics_pipelines.faults import hit
from analytics_pipelines.persons.lock import loading_stopped, next_version
from analytics_pipelines.persons.merges import resolve_merges
from analytics_pipelines.persons.publish import publish
from resources.clickhouse import ClickHouse
from resources.postgres import Connection, Postgres


@dataclass(frozen=True)
class Move:
    """A distinct id that belongs to another person than before."""

    distinct_id: str
    from_person_id: UUID
    to_person_id: UUID

    def public(self) -> dict[str, Any]:
        """Its fields as JSON has them."""
        return {name: str(value) for name, value in vars(self).items()}


def unmerge(
    postgres: Postgres,
    clickhouse: ClickHouse,
    team_id: int,
    edges: Sequence[UUID],
    *,
    by: str,
    now: datetime,
    dry_run: bool = False,
) -> list[Move]:
    """Take these edges back: their ids are as if the events had never said that they are one.

    Everything that was said of each id stays with it, and questions see the persons apart when this returns.
    """
    with loading_stopped(postgres):
        publish(postgres, clickhouse, now)
        with postgres.transaction() as connection:
            connection.execute(
                "INSERT INTO merge_denials (team_id, uuid, denied_by, denied_at)"
                " SELECT %s, uuid, %s, %s FROM unnest(%s::uuid[]) AS edge (uuid) ON CONFLICT DO NOTHING",
                [team_id, by, now, list(edges)],
            )
            moves = _resolve(connection, team_id, edges, dry_run)
        hit("undo.after_commit")
        if not dry_run:
            publish(postgres, clickhouse, now)
    return moves


def remerge(
    postgres: Postgres,
    clickhouse: ClickHouse,
    team_id: int,
    edges: Sequence[UUID],
    *,
    now: datetime,
    dry_run: bool = False,
) -> list[Move]:
    """Put edges that were taken back in place again."""
    with loading_stopped(postgres):
        publish(postgres, clickhouse, now)
        with postgres.transaction() as connection:
            connection.execute(
                "DELETE FROM merge_denials WHERE team_id = %s AND uuid = ANY(%s)", [team_id, list(edges)]
            )
            moves = _resolve(connection, team_id, edges, dry_run)
        if not dry_run:
            publish(postgres, clickhouse, now)
    return moves


def _resolve(connection: Connection, team_id: int, edges: Sequence[UUID], dry_run: bool) -> list[Move]:
    """Resolve the components of the edges anew; in a dry run the caller's transaction is rolled back."""
    version = next_version(connection)
    ids = connection.execute(
        "SELECT target, other FROM merge_log WHERE team_id = %s AND uuid = ANY(%s)", [team_id, list(edges)]
    ).fetchall()
    resolve_merges(connection, {(team_id, each) for row in ids for each in row.values()}, version)
    moves = connection.execute(
        "SELECT distinct_id, from_person_id, person_id AS to_person_id"
        " FROM person_moves AS moved JOIN distinct_ids USING (team_id, distinct_id)"
        " WHERE moved.version = %s ORDER BY distinct_id",
        [version],
    ).fetchall()
    if dry_run:
        connection.rollback()
    return [Move(**row) for row in moves]
