"""The rows of Postgres that an erasure means: counted, taken out, and their bytes with them as far as may be."""

from contextlib import suppress
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from analytics_pipelines.erasures.places import POSTGRES, Table
from analytics_pipelines.erasures.requests import Erasure
from resources.postgres import Postgres

# A larger table is not written anew under a lock: its free space is overwritten as it is used.
MOST_BYTES_WRITTEN_ANEW = 256 << 20

# Answers are dropped, and may be computed again at once: what is there later says nothing of a survivor.
ANSWERS = frozenset({"insight_results", "query_cache", "query_runs"})


def erase_stored(postgres: Postgres, erasure: Erasure, ids: list[str], *, answers: bool = False) -> dict[str, int]:
    """Take the rows out of the tables of answers, or of all others; how many there were, by place."""
    found: dict[str, int] = {}
    with postgres.transaction() as connection:
        for table, where in _tables(erasure):
            if (table.name in ANSWERS) is answers:
                statement = sql.SQL("DELETE FROM {} WHERE ").format(sql.Identifier(table.name)) + sql.SQL(where)
                found[f"postgres.{table.name}"] = connection.execute(statement, _parameters(erasure, ids)).rowcount
    return found


def count_stored(postgres: Postgres, erasure: Erasure, ids: list[str]) -> dict[str, int]:
    """How many rows there are, by place; of answers none are counted."""
    found: dict[str, int] = {}
    with postgres.transaction() as connection:
        for table, where in _tables(erasure):
            if table.name not in ANSWERS:
                statement = sql.SQL("SELECT count(*) AS rows FROM {} WHERE ").format(sql.Identifier(table.name))
                row = connection.execute(statement + sql.SQL(where), _parameters(erasure, ids)).fetchone()
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


def _parameters(erasure: Erasure, ids: list[str]) -> dict[str, Any]:
    return {"team": erasure.team_id, "ids": ids, "until": erasure.requested_at}
