"""Tables of events to compare, and what the server knows of them."""

from resources.clickhouse import ClickHouse

# One of each kind that the product's table has; `properties` is what differs.
PLAIN = (
    "team_id Int64, uuid UUID, event String CODEC(ZSTD(1)), distinct_id String CODEC(ZSTD(1)),"
    " person_id UUID CODEC(ZSTD(1)), timestamp DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),"
    " received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1))"
)
PLAIN_NAMES = "team_id, uuid, event, distinct_id, person_id, timestamp, received_at"
KEY = "(team_id, toDate(timestamp), event, cityHash64(distinct_id), timestamp, uuid)"

# A big insert as one block, as the loader does it, needs no more than one thread.
ONE_BLOCK = {"max_insert_threads": 1, "min_insert_block_size_rows": 1 << 40, "min_insert_block_size_bytes": 1 << 40}


def create(
    clickhouse: ClickHouse,
    name: str,
    columns: str,
    *,
    engine: str = "MergeTree",
    partition: str = "toYYYYMM(received_at)",
    key: str = KEY,
    settings: str = "",
) -> None:
    """Make the table anew."""
    clickhouse.command(f"DROP TABLE IF EXISTS {name} SYNC")
    clickhouse.command(
        f"CREATE TABLE {name} ({columns}) ENGINE = {engine} PARTITION BY {partition} ORDER BY {key}"
        + (f" SETTINGS {settings}" if settings else "")
    )


def bytes_on_disk(clickhouse: ClickHouse, table: str) -> int:
    """Of what counts now, without what merges have left behind."""
    return _of_parts(clickhouse, table, "sum(bytes_on_disk)")


def parts(clickhouse: ClickHouse, table: str) -> int:
    """How many pieces the table lies in."""
    return _of_parts(clickhouse, table, "count()")


def _of_parts(clickhouse: ClickHouse, table: str, what: str) -> int:
    sql = f"SELECT {what} FROM system.parts WHERE active AND database = currentDatabase() AND table = {{table:String}}"
    return int(clickhouse.query(sql, {"table": table}).one()[0])
