"""The merge log: edges are written down, and the components that they change are resolved anew."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any
from uuid import UUID

from analytics_pipelines.identity.components import components
from analytics_pipelines.identity.edge import Edge
from analytics_pipelines.identity.illegal_ids import is_illegal
from analytics_pipelines.identity.person_id import person_id
from analytics_pipelines.identity.resolve import Usage, resolve
from analytics_pipelines.persons.statements import for_postgres
from resources.postgres import Connection

Id = tuple[int, str]
"""A team and a distinct id."""


def log_edges(connection: Connection, version: int, batch_id: UUID | None) -> set[Id]:
    """Write what `sent_edges` holds into the log; returns the ids of new edges that may change who is who."""
    new = connection.execute(for_postgres("log_edges"), {"version": version, "batch_id": batch_id}).fetchall()
    illegal = [row for row in new if is_illegal(row["target"]) or is_illegal(row["other"])]
    if illegal:
        connection.execute(
            "UPDATE merge_log SET is_illegal = true, refused = 'cannot_merge_with_illegal_distinct_id'"
            " WHERE (team_id, uuid) IN (SELECT * FROM unnest(%s::bigint[], %s::uuid[]))",
            [[row["team_id"] for row in illegal], [row["uuid"] for row in illegal]],
        )
    wrong = {(row["team_id"], row["uuid"]) for row in illegal}
    return {
        (row["team_id"], row[side])
        for row in new
        for side in ("target", "other")
        if (row["team_id"], row["uuid"]) not in wrong and not row["is_repeated"]
    } | {(row["team_id"], row["target"]) for row in illegal}


def resolve_merges(connection: Connection, touched: Collection[Id], version: int) -> None:
    """Resolve every component that one of these ids is in, and write what has changed."""
    by_team: dict[int, set[str]] = defaultdict(set)
    for team_id, distinct_id in touched:
        by_team[team_id].add(distinct_id)
    for team_id, ids in sorted(by_team.items()):
        _resolve_team(connection, team_id, ids, version)


def _resolve_team(connection: Connection, team_id: int, touched: set[str], version: int) -> None:
    known = connection.execute(
        "SELECT distinct_id, person_id, component, is_merged, is_identified, first_with_person, first_without_person"
        " FROM distinct_ids WHERE team_id = %(team)s AND (distinct_id = ANY(%(ids)s) OR component IN ("
        "     SELECT component FROM distinct_ids WHERE team_id = %(team)s AND distinct_id = ANY(%(ids)s)"
        " ))",
        {"team": team_id, "ids": list(touched)},
    ).fetchall()
    rows = {row["distinct_id"]: row for row in known}
    logged = connection.execute(
        "SELECT uuid, timestamp, event, target, other, refused, denial.uuid IS NOT NULL AS is_denied"
        " FROM merge_log LEFT JOIN merge_denials AS denial USING (team_id, uuid)"
        " WHERE team_id = %s AND target = ANY(%s) ORDER BY timestamp, uuid",
        [team_id, list(rows)],
    ).fetchall()
    edges = [Edge(row["uuid"], row["timestamp"], row["event"], row["target"], row["other"]) for row in logged]
    denied = frozenset(row["uuid"] for row in logged if row["is_denied"])
    usage = {each: Usage(row["first_with_person"], row["first_without_person"]) for each, row in rows.items()}
    refused: dict[UUID, str] = {}
    changed: list[tuple[str, str | None, UUID, bool, bool]] = []
    alone = set(rows)
    for group in components(edges):
        resolution = resolve(team_id, group, usage, denied=denied)
        refused.update({refusal.edge.uuid: refusal.reason for refusal in resolution.refused})
        members = _legal_ids(group)
        name = _name(members, rows)
        connected = members or {group[0].target} & rows.keys()
        alone -= connected
        for each in connected:
            person = resolution.persons.get(each) or person_id(team_id, each)
            is_merged = each in resolution.persons
            now = (name, person, is_merged, is_merged and person in resolution.identified)
            row = rows[each]
            if now != (row["component"], row["person_id"], row["is_merged"], row["is_identified"]):
                changed.append((each, *now))
    for each in alone:  # its edges are gone, or it never had any
        if rows[each]["is_merged"] or rows[each]["component"] is not None:
            changed.append((each, None, person_id(team_id, each), False, False))
    _write(connection, team_id, changed, version)
    _write_refusals(
        connection,
        team_id,
        {row["uuid"]: refused.get(row["uuid"]) for row in logged if row["refused"] != refused.get(row["uuid"])},
        version,
    )


def _legal_ids(edges: Collection[Edge]) -> set[str]:
    legal = [edge for edge in edges if not is_illegal(edge.target) and not is_illegal(edge.other)]
    return {side for edge in legal for side in (edge.target, edge.other)}


def _name(members: Collection[str], rows: dict[str, dict[str, Any]]) -> str | None:
    """The name that most of them go by already, so that few rows are written."""
    counts: dict[str, int] = defaultdict(int)
    for each in members:
        if rows[each]["component"] is not None:
            counts[rows[each]["component"]] += 1
    return max(counts, key=lambda name: (counts[name], name)) if counts else min(members, default=None)


def _write(
    connection: Connection, team_id: int, changed: list[tuple[str, str | None, UUID, bool, bool]], version: int
) -> None:
    if not changed:
        return
    ids, names, persons, merged, identified = zip(*changed, strict=True)
    parameters = {
        "team": team_id,
        "version": version,
        "ids": list(ids),
        "names": list(names),
        "persons": list(persons),
        "merged": list(merged),
        "identified": list(identified),
    }
    connection.execute(for_postgres("move_ids"), parameters)
    connection.execute(for_postgres("write_merges"), parameters)


def _write_refusals(connection: Connection, team_id: int, refusals: dict[UUID, str | None], version: int) -> None:
    if not refusals:
        return
    connection.execute(
        "UPDATE merge_log AS edge SET refused = found.reason, version = %s"
        " FROM unnest(%s::uuid[], %s::text[]) AS found (uuid, reason)"
        " WHERE edge.team_id = %s AND edge.uuid = found.uuid",
        [version, list(refusals), list(refusals.values()), team_id],
    )
