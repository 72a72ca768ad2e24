"""What `events` is partitioned by: when an event arrived or when it happened, by month or by day."""

from functools import partial

from benchmarks.choices.clock import interleaved, seconds
from benchmarks.choices.section import Cell, Section
from benchmarks.choices.tables import ONE_BLOCK, PLAIN, PLAIN_NAMES, create, parts
from benchmarks.engines import Engines
from benchmarks.ingest_data import Traffic, rows_sql
from resources.clickhouse import ClickHouse

BATCH = 50_000
DAYS = 60
BY = {
    "arrival month": "toYYYYMM(received_at)",
    "arrival day": "toDate(received_at)",
    "event month": "toYYYYMM(timestamp)",
    "event day": "toDate(timestamp)",
}
_MINMAX = (
    ", INDEX received_at_minmax received_at TYPE minmax GRANULARITY 1"
    ", INDEX timestamp_minmax timestamp TYPE minmax GRANULARITY 1"
)
_WEEK = "BETWEEN toDateTime64('2026-04-15 00:00:00', 3, 'UTC') AND toDateTime64('2026-04-21 23:59:59', 3, 'UTC')"
QUERIES = {
    "a week of event time": (
        "SELECT toDate(timestamp) AS day, uniqExact(person_id) FROM {table}"
        f" WHERE team_id = 1 AND timestamp {_WEEK} GROUP BY day ORDER BY day"
    ),
    "a week of arrival": f"SELECT count() FROM {{table}} WHERE team_id = 1 AND received_at {_WEEK}",
    "everything by day": "SELECT toDate(timestamp) AS day, count() FROM {table} GROUP BY day ORDER BY day",
}
# What somebody brings along: three years of events in one batch.
_IMPORTED = "timestamp - toIntervalDay(cityHash64(uuid) % 1095) AS timestamp"


def measure(at: Engines, events: int, rounds: int) -> list[Section]:
    """Parts, inserts and queries by partition."""
    clickhouse = ClickHouse(at.clickhouse_url)
    create(clickhouse, "batch", PLAIN)
    create(clickhouse, "imported", PLAIN)
    traffic = Traffic(max(1, events // DAYS))
    # of one hour of the day after, as the loader makes them
    hour = Traffic(BATCH * 24).parameters(BATCH * 24 * DAYS, BATCH)
    clickhouse.command(f"INSERT INTO batch SELECT {PLAIN_NAMES} FROM ({rows_sql()})", hour, settings=ONE_BLOCK)
    clickhouse.command(
        f"INSERT INTO imported SELECT {PLAIN_NAMES.replace('timestamp', _IMPORTED)} FROM batch", settings=ONE_BLOCK
    )
    rows: list[list[Cell]] = []
    tables = {name: f"by_{number}" for number, name in enumerate(BY)}
    loose = {**ONE_BLOCK, "max_partitions_per_insert_block": 0}
    for name, table in tables.items():
        create(clickhouse, table, PLAIN + _MINMAX, partition=BY[name])
        for begin in range(0, events, events // 8):
            clickhouse.command(
                f"INSERT INTO {table} SELECT {PLAIN_NAMES} FROM ({rows_sql()})",
                traffic.parameters(begin, min(events // 8, events - begin)),
                settings={"max_partitions_per_insert_block": 0},
            )
        clickhouse.command(f"OPTIMIZE TABLE {table} FINAL")
        merged = parts(clickhouse, table)
        live = seconds(partial(clickhouse.command, f"INSERT INTO {table} SELECT * FROM batch", settings=loose)) * 1e3
        after_live = parts(clickhouse, table)
        old = seconds(partial(clickhouse.command, f"INSERT INTO {table} SELECT * FROM imported", settings=loose)) * 1e3
        rows.append([name, merged, after_live - merged, live, parts(clickhouse, table) - after_live, old])
        clickhouse.command(f"OPTIMIZE TABLE {table} FINAL")
    for sql in QUERIES.values():
        took = interleaved(
            {name: partial(clickhouse.query, sql.format(table=table)) for name, table in tables.items()}, rounds
        )
        for row in rows:
            row.append(took[str(row[0])])
            row.append(float(_read(clickhouse, sql.format(table=tables[str(row[0])]))))
    said = (
        f"{events:,} events of {DAYS} days, one in a hundred up to three days late; then a batch of {BATCH:,} of one"
        " hour of arrival, and one with three years in it, as an import brings. A batch that becomes one part is stored"
        " whole or not at all. Both times have a minmax index in every table."
    )
    header = [
        *("partition", "parts when merged", "parts of a batch", "batch, ms", "parts of an import", "import, ms"),
        *(text for name in QUERIES for text in (f"{name}, ms", "rows read")),
    ]
    return [Section("Partitions", said, header, rows)]


def _read(clickhouse: ClickHouse, sql: str) -> int:
    return int(clickhouse.query(sql).summary.get("read_rows", "0"))
