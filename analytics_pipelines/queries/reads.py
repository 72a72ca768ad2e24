"""What an answer was read from: its statements, the tables and assets behind them, and how fresh these are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from analytics_pipelines.rollups.tables import BY_NAME
from resources.clickhouse import Result
from resources.postgres import Postgres

# Tables, and the asset that makes each.
_ASSETS = {
    "events": "events",
    "persons": "persons",
    "person_distinct_ids": "persons",
    "person_overrides": "person_overrides",
    "groups": "groups",
    "cohort_people": "cohort_people",
    **{name: name for name in BY_NAME},
}
_NAMED = re.compile(rf"\b(?:FROM|JOIN)\s+({'|'.join(sorted(_ASSETS, key=len, reverse=True))})\b")


@dataclass(frozen=True)
class Read:
    """One statement that ran. `rows` and `bytes` are what ClickHouse read for it, uncompressed."""

    sql: str
    hogql: str
    parameters: dict[str, str]
    rows: int
    bytes: int
    milliseconds: float

    @classmethod
    def of(cls, sql: str, hogql: str, parameters: dict[str, object], result: Result, milliseconds: float) -> Read:
        rows, size = (int(result.summary.get(name, 0)) for name in ("read_rows", "read_bytes"))
        shown = {name: str(value) for name, value in parameters.items()}
        return cls(sql, hogql, shown, rows, size, milliseconds)

    @property
    def tables(self) -> list[str]:
        return sorted(set(_NAMED.findall(self.sql)))


def explained(reads: Sequence[Read], team_id: int, *, is_cached: bool, postgres: Postgres) -> dict[str, Any]:
    """As the API tells it. `answered_from` is `cache`, `rollup`, `rollup_and_events`, or `events` for anything else."""
    tables = sorted({table for read in reads for table in read.tables})
    rollups = [table for table in tables if table in BY_NAME]
    source = ("rollup_and_events" if "events" in tables else "rollup") if rollups else "events"
    return {
        "answered_from": "cache" if is_cached else source,
        "computed_from": source,
        "rows_read": sum(read.rows for read in reads),
        "bytes_read": sum(read.bytes for read in reads),
        "statements": [{**asdict(read), "tables": read.tables} for read in reads],
        "tables": [
            {"table": table, "asset": _ASSETS[table], **_freshness(table, team_id, postgres)} for table in tables
        ],
    }


def _freshness(table: str, team_id: int, postgres: Postgres) -> dict[str, Any]:
    """When the project's rows last changed, and of a rollup when it was built and how many days wait for it."""
    row = postgres.row("SELECT touch, at FROM data_versions WHERE team_id = %s", [team_id])
    found: dict[str, Any] = {
        "data_version": row["touch"] if row else 0,
        "changed_at": row["at"].isoformat() if row else None,
    }
    if table in BY_NAME:
        built = postgres.row(
            "SELECT max(built_at) AS at,"
            " (SELECT count(*) FROM dirty_days d"
            "  LEFT JOIN rollup_watermark w ON w.rollup = %(rollup)s AND w.day = d.day"
            "  WHERE d.team_id = %(team)s AND (w.touch IS NULL OR w.touch < d.touch)) AS waiting"
            " FROM rollup_watermark WHERE rollup = %(rollup)s",
            {"rollup": table, "team": team_id},
        )
        at = built["at"] if built else None
        found |= {"built_at": at.isoformat() if at else None, "days_waiting": built["waiting"] if built else 0}
    return found
