"""Whether the tables hold what the ledger says they hold."""

from datetime import datetime
from typing import Any, LiteralString

from analytics_pipelines.ingest.ledger import COUNTED
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

# Batches that a run closed.
_OF_RUN: LiteralString = (
    "SELECT id, arrival_hour, events, dead_letters, dropped FROM ingest_batches"
    " WHERE run_id = %s AND state = 'loaded' AND NOT recount"
)


def mismatched_batches(postgres: Postgres, clickhouse: ClickHouse, *, run_id: str) -> list[dict[str, Any]]:
    """Batches of one run whose rows are not as many as the ledger says; each with both counts.

    One that changes while it is looked at, because its day is loaded again or events of it give way, is not among them.
    """
    batches = postgres.rows(_OF_RUN, [run_id])
    if not batches:
        return []
    days = {"days": sorted({batch["arrival_hour"].date() for batch in batches})}
    stored = {
        table: dict(
            clickhouse.query(
                f"SELECT batch_id, count() FROM {table} WHERE arrival_day IN {{days:Array(Date)}} GROUP BY batch_id",
                days,
            ).rows
        )
        for table in COUNTED
    }
    found = [
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
    if not found:
        return []
    unchanged = {str(batch["id"]) for batch in postgres.rows(_OF_RUN, [run_id]) if batch in batches}
    return [each for each in found if each["batch"] in unchanged]


def doubled_events(clickhouse: ClickHouse, *, since: datetime) -> int:
    """How many rows received since then share their uuid with another row of the project."""
    return int(
        clickhouse.query(
            "SELECT count() - uniqExact(team_id, uuid) FROM events"
            " WHERE arrival_day >= toDate({since:DateTime64(3)}, 'UTC') AND received_at >= {since:DateTime64(3)}",
            {"since": since},
        ).one()[0]
    )
