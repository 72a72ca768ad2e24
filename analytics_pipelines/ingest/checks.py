"""Whether the tables hold what the ledger says they hold."""

from datetime import datetime, timedelta
from typing import Any

from analytics_pipelines.ingest.ledger import COUNTED
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

# Requests are received shortly before their object is stored, so rows of an hour may belong to the hour before.
_AROUND = timedelta(hours=2)


def mismatched_batches(postgres: Postgres, clickhouse: ClickHouse, *, run_id: str) -> list[dict[str, Any]]:
    """Batches of one run whose rows are not as many as the ledger says; each with both counts."""
    batches = postgres.rows(
        "SELECT id, arrival_hour, events, dead_letters, dropped FROM ingest_batches"
        " WHERE run_id = %s AND state = 'loaded'",
        [run_id],
    )
    if not batches:
        return []
    window = {
        "start": min(batch["arrival_hour"] for batch in batches) - _AROUND,
        "end": max(batch["arrival_hour"] for batch in batches) + _AROUND,
    }
    stored = {
        table: dict(
            clickhouse.query(
                f"SELECT batch_id, count() FROM {table}"
                " WHERE received_at >= {start:DateTime64(3)} AND received_at < {end:DateTime64(3)} GROUP BY batch_id",
                window,
            ).rows
        )
        for table in COUNTED
    }
    return [
        {
            "batch": str(batch["id"]),
            "table": table,
            "ledger": batch[column],
            "stored": stored[table].get(batch["id"], 0),
        }
        for batch in batches
        for table, column in COUNTED.items()
        if batch[column] != stored[table].get(batch["id"], 0)
    ]


def doubled_events(clickhouse: ClickHouse, *, since: datetime) -> int:
    """How many rows received since then share their uuid with another row of the project."""
    return int(
        clickhouse.query(
            "SELECT count() - uniqExact(team_id, uuid) FROM events WHERE received_at >= {since:DateTime64(3)}",
            {"since": since},
        ).one()[0]
    )
