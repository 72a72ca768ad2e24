"""The rows of Postgres that an erasure means: counted, taken out, and their bytes with them as far as may be."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from analytics_pipelines.erasures.places import POSTGRES, Table
from analytics_pipelines.erasures.requests import Erasure
from analytics_pipelines.erasures.victims import Victims
from resources.postgres import Connection, Postgres

# A larger table is not written anew under a lock: its free space is overwritten as it is used.
MOST_BYTES_WRITTEN_ANEW = 256 << 20

# Answers are dropped, and may be computed again at once: what is there later says nothing of a survivor.
ANSWERS = frozenset({"insight_results", "query_cache", "query_runs"})


def erase_answers(postgres: Postgres, erasure: Erasure) -> dict[str, int]:
    """Take out what was answered, as far as Postgres keeps it; how many rows there were, by place."""
    with postgres.transaction() as connection:
        return _erase(connection, erasure, {}, ANSWERS)


def erase_stored(postgres: Postgres, victims: Victims) -> None:
    """Take the rows out of all tables but those of answers."""
    parameters = _parameters(postgres, victims)
    with postgres.transaction() as connection:
        _erase(connection, victims.erasure, parameters, {table.name for table in POSTGRES} - ANSWERS)


def _erase(
    connection: Connection, erasure: Erasure, parameters: Mapping[str, Any], tables: Collection[str]
) -> dict[str, int]:
    found: dict[str, int] = {}
    for table, where in _tables(erasure):
        if table.name in tables:
            statement = sql.SQL("DELETE FROM {} WHERE ").format(sql.Identifier(table.name)) + sql.SQL(where)
            found[f"postgres.{table.name}"] = connection.execute(
                statement, {"team": erasure.team_id, **parameters}
            ).rowcount
    return found


def count_stored(postgres: Postgres, victims: Victims) -> dict[str, int]:
    """How many rows there are, by place; of answers none are counted."""
    found: dict[str, int] = {}
    parameters = _parameters(postgres, victims)
    with postgres.transaction() as connection:
        for table, where in _tables(victims.erasure):
            if table.name not in ANSWERS:
                statement = sql.SQL("SELECT count(*) AS rows FROM {} WHERE ").format(sql.Identifier(table.name))
                row = connection.execute(statement + sql.SQL(where), parameters).fetchone()
                found[f"postgres.{table.name}"] = int(row["rows"]) if row else 0
    return found


def compact(postgres: Postgres, erasure: Erasure) -> bool:
    """Have the deleted rows' bytes go from the tables' files; whether they went from all of them.

    A plain VACUUM leaves them in the pages until something else is written there, so small tables are written anew.
    """
    everywhere = True
    with postgres.session() as session:
        for name in [*(table.name for table, _ in _tables(erasure)), "erasures"]:
            row = session.execute("SELECT pg_total_relation_size(%s::regclass) AS bytes", [name]).fetchone()
            is_small = row is not None and row["bytes"] <= MOST_BYTES_WRITTEN_ANEW
            everywhere = everywhere and is_small
            how = sql.SQL("VACUUM (FULL, ANALYZE) {}" if is_small else "VACUUM (ANALYZE) {}")
            session.execute(how.format(sql.Identifier(name)))
        with suppress(psycopg.errors.InsufficientPrivilege):  # a server that others run: it does both in time
            session.execute("VACUUM FULL pg_statistic")  # samples of the columns' values
            session.execute("CHECKPOINT")
    return everywhere


def _tables(erasure: Erasure) -> list[tuple[Table, LiteralString]]:
    pairs = [(table, table.project if erasure.kind == "project" else table.mine) for table in POSTGRES]
    return [(table, where) for table, where in pairs if where]


def _parameters(postgres: Postgres, victims: Victims) -> dict[str, Any]:
    team, until = victims.erasure.team_id, victims.erasure.requested_at
    on_their_way = postgres.rows(
        "SELECT event_uuid FROM webhook_deliveries WHERE team_id = %(team)s"
        " UNION SELECT event_uuid FROM webhook_failures WHERE team_id = %(team)s",
        {"team": team},
    )
    uuids = {row["event_uuid"] for row in on_their_way} & victims.uuids() if on_their_way else set()
    return {"team": team, "ids": victims.ids(), "until": until, "uuids": list(uuids)}
