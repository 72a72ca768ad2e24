"""Exactly once: leave out at insert what is stored, let merges do it and ask with FINAL, or trust the sender."""

from functools import partial

from benchmarks.choices.clock import interleaved, seconds
from benchmarks.choices.section import Cell, Section
from benchmarks.choices.tables import ONE_BLOCK, PLAIN, PLAIN_NAMES, create, parts
from benchmarks.engines import Engines
from benchmarks.ingest_data import Traffic, rows_sql
from resources.clickhouse import ClickHouse

BATCH = 50_000
_TRIES = 3
_BLOOM = ", INDEX uuid_bloom uuid TYPE bloom_filter(0.001) GRANULARITY 4"
_V7, _V4 = "uuid", "reinterpret(sipHash128(3, uuid), 'UUID') AS uuid"

# Repetitions must share the whole key to be merged: no time in it that a second sending may change but the day.
_REPLACING_KEY = "(team_id, toDate(timestamp), event, cityHash64(distinct_id), uuid)"
_ANTI_JOIN = """
INSERT INTO {table} SELECT * FROM batch
WHERE (team_id, uuid) NOT IN (
    SELECT team_id, uuid FROM {table}
    WHERE team_id IN (SELECT team_id FROM batch) AND uuid IN (SELECT uuid FROM batch) {bound}
)
ORDER BY team_id, uuid, received_at, timestamp LIMIT 1 BY team_id, uuid
"""
# What a device sends again within a week of arrival, as the minmax index of `received_at` sees it.
_WEEK = "AND received_at >= (SELECT min(received_at) FROM batch) - toIntervalDay(7)"
INSERTS: dict[str, tuple[str, str, dict[str, int]]] = {
    "no check": ("v7", "INSERT INTO {table} SELECT * FROM batch", {}),
    "ReplacingMergeTree": ("replacing", "INSERT INTO {table} SELECT * FROM batch", {}),
    "anti-join, v7 uuids": ("v7", _ANTI_JOIN.format(table="{table}", bound=""), {}),
    "anti-join, v4 uuids": ("v4", _ANTI_JOIN.format(table="{table}", bound=""), {}),
    "anti-join, v4, without the index": ("v4", _ANTI_JOIN.format(table="{table}", bound=""), {"use_skip_indexes": 0}),
    "anti-join, v4, of a week": ("v4", _ANTI_JOIN.format(table="{table}", bound=_WEEK), {}),
}
QUERIES = {
    "people by day": "SELECT toDate(timestamp) AS day, uniqExact(person_id) FROM {table} GROUP BY day",
    "events by name": "SELECT event, count() FROM {table} GROUP BY event",
}


def measure(at: Engines, events: int, rounds: int) -> list[Section]:
    """What a batch costs as the table grows; then what questions cost."""
    clickhouse = ClickHouse(at.clickhouse_url)
    minmax = ", INDEX received_at_minmax received_at TYPE minmax GRANULARITY 1"
    for name in ("v7", "v4"):
        create(clickhouse, name, PLAIN + minmax + _BLOOM)
    create(clickhouse, "replacing", PLAIN + minmax, engine="ReplacingMergeTree", key=_REPLACING_KEY)
    create(clickhouse, "batch", PLAIN)
    traffic = Traffic(max(1, events // 28))
    sizes = [events // 8, events // 4, events // 2, events]
    rows: list[list[Cell]] = []
    stored = 0
    for size in sizes:
        _grow(clickhouse, traffic, stored, max(0, size - stored))
        stored = max(size, stored)
        took: dict[str, list[float]] = {name: [] for name in INSERTS}
        for _ in range(_TRIES):
            for name, (table, sql, settings) in INSERTS.items():
                _batch(clickhouse, traffic, stored, random=table == "v4")
                insert = partial(clickhouse.command, sql.format(table=table), settings={**ONE_BLOCK, **settings})
                took[name].append(seconds(insert) * 1e3)
                stored += BATCH
        rows.append([size, parts(clickhouse, "v7"), *(sorted(each)[_TRIES // 2] for each in took.values())])
    said = (
        f"Milliseconds to insert a batch of {BATCH:,} rows (without properties; one in a hundred sent again) into so"
        " many rows. For so many uuids at once the bloom index lets everything pass, since each piece of the table"
        " looks as if it held some; and the server sorts UUIDs by their second half, so the time in v7 ones tells it"
        " nothing. What is not bounded by time reads all uuids of the project."
    )
    growth = Section(
        "Exactly once: the batch", said, ["rows stored", "parts", *(f"{name}, ms" for name in INSERTS)], rows
    )
    return [growth, _asked(clickhouse, rounds)]


def _grow(clickhouse: ClickHouse, traffic: Traffic, first: int, events: int) -> None:
    source = f"FROM ({rows_sql()})"
    parameters = traffic.parameters(first, events)
    for table, uuid in (("v7", _V7), ("v4", _V4), ("replacing", _V7)):
        columns = PLAIN_NAMES.replace("uuid", uuid, 1)
        clickhouse.command(f"INSERT INTO {table} SELECT {columns} {source}", parameters)


def _batch(clickhouse: ClickHouse, traffic: Traffic, first: int, *, random: bool) -> None:
    clickhouse.command("TRUNCATE TABLE batch")
    columns = PLAIN_NAMES.replace("uuid", _V4 if random else _V7, 1)
    clickhouse.command(
        f"INSERT INTO batch SELECT {columns} FROM ({rows_sql()})", traffic.parameters(first, BATCH), settings=ONE_BLOCK
    )


def _asked(clickhouse: ClickHouse, rounds: int) -> Section:
    ways = {
        "plain, as it lies": ("v7", {}),
        "FINAL, as it lies": ("replacing FINAL", {}),
        "FINAL, partitions apart": ("replacing FINAL", {"do_not_merge_across_partitions_select_final": 1}),
        "plain, merged": ("v7", {}),
        "FINAL, merged": ("replacing FINAL", {}),
        "FINAL, merged, partitions apart": ("replacing FINAL", {"do_not_merge_across_partitions_select_final": 1}),
    }
    found: dict[str, list[float]] = {}
    for merged in (False, True):
        pieces = {"v7": parts(clickhouse, "v7"), "replacing FINAL": parts(clickhouse, "replacing")}
        for sql in QUERIES.values():
            work = {
                way: partial(clickhouse.query, sql.format(table=table), settings=settings)
                for way, (table, settings) in ways.items()
                if ("merged" in way) == merged
            }
            for way, one in interleaved(work, rounds).items():
                found.setdefault(way, [float(pieces[ways[way][0]])]).append(one)
        for table in ("v7", "replacing"):
            clickhouse.command(f"OPTIMIZE TABLE {table} FINAL")
    said = "The same events asked for, milliseconds: a plain table, and one where FINAL makes each event one row."
    rows: list[list[Cell]] = [[way, *each] for way, each in found.items()]
    return Section("Exactly once: the question", said, ["", "parts", *(f"{name}, ms" for name in QUERIES)], rows)
