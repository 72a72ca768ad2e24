"""Rows of a project, written by the names of their columns: names from closed sets, values apart from the text."""

from collections.abc import Mapping
from typing import Any, LiteralString

from resources.postgres import Connection


def insert_row(connection: Connection, table: LiteralString, values: Mapping[str, Any]) -> int:
    """Insert a row, and return its id."""
    made = connection.execute(
        f"INSERT INTO {table} ({', '.join(values)})"
        f" VALUES ({', '.join(f'%({name})s' for name in values)}) RETURNING id",
        values,
    ).fetchone()
    assert made is not None  # noqa: S101  an INSERT … RETURNING
    return int(made["id"])


def update_row(
    connection: Connection, table: LiteralString, row_id: int, team_id: int, values: Mapping[str, Any]
) -> bool:
    """Write these columns of the project's row of that id; False when there is none."""
    changed = connection.execute(
        f"UPDATE {table} SET {', '.join(f'{name} = %({name})s' for name in values)}"
        " WHERE id = %(id)s AND team_id = %(team)s",
        {**values, "id": row_id, "team": team_id},
    ).rowcount
    return bool(changed)
