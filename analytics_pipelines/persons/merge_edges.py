"""The edges of a distinct id, to choose from when one is to be taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from analytics_pipelines.problems import Problem
from resources.postgres import Postgres


@dataclass(frozen=True)
class LoggedEdge:
    """One row of the merge log: the event said that `other` is `target`."""

    uuid: UUID
    timestamp: datetime
    event: str
    target: str
    other: str
    refused: str | None
    is_denied: bool

    def public(self) -> dict[str, Any]:
        """Its fields as JSON has them."""
        return {**vars(self), "uuid": str(self.uuid), "timestamp": self.timestamp.isoformat()}


def edges_of(postgres: Postgres, team_id: int, distinct_id: str) -> list[LoggedEdge]:
    """All that name this id, oldest first."""
    rows = postgres.rows(
        "SELECT uuid, timestamp, event, target, other, refused, denial.uuid IS NOT NULL AS is_denied"
        " FROM merge_log LEFT JOIN merge_denials AS denial USING (team_id, uuid)"
        " WHERE team_id = %(team)s AND (target = %(id)s OR other = %(id)s) ORDER BY timestamp, uuid",
        {"team": team_id, "id": distinct_id},
    )
    return [LoggedEdge(**row) for row in rows]


def chosen_edges(
    postgres: Postgres,
    team_id: int,
    distinct_id: str,
    *,
    other_id: str | None = None,
    edge: UUID | None = None,
    is_denied: bool = False,
) -> Sequence[LoggedEdge]:
    """The edges of an id that were taken back, or were not: all, that with another id, or one. Raises Problem."""
    found = [
        each
        for each in edges_of(postgres, team_id, distinct_id)
        if each.is_denied == is_denied
        and (other_id is None or other_id in (each.target, each.other))
        and (edge is None or each.uuid == edge)
    ]
    if not found:
        what = "merge that was taken back" if is_denied else "merge"
        between = f" with {other_id!r}" if other_id is not None else f" by the event {edge}" if edge else ""
        raise Problem(
            f"Project {team_id} knows no {what} of {distinct_id!r}{between}.",
            "`analytics persons merges` lists those of an id.",
        )
    return found
