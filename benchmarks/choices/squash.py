"""Squash: writing into the events who their persons are by now, so that questions need not look."""

from functools import partial

from benchmarks.choices.clock import interleaved, seconds
from benchmarks.choices.section import Cell, Section
from benchmarks.choices.tables import PLAIN, PLAIN_NAMES, bytes_on_disk, create, parts
from benchmarks.engines import DATABASE, Engines
from benchmarks.ingest_data import Traffic, rows_sql
from resources.clickhouse import ClickHouse

SHARES = (1, 10)
_OF_SHARE = "cityHash64('overridden', distinct_id) % 100 < {share}"
# Mutations know no current database.
_NOW = f"joinGet('{DATABASE}.overrides', 'person', person_id)"
_IS_OVERRIDDEN = f"person_id IN (SELECT stored FROM {DATABASE}.overrides_list)"
_SETTINGS = "enable_block_number_column = 1, enable_block_offset_column = 1"
_BY_DAY = "SELECT toDate(timestamp) AS day, uniqExact({person}) FROM {table} {join} WHERE team_id = 1 GROUP BY day"
_NOBODY = "toUUID('00000000-0000-0000-0000-000000000000')"
_PLAIN = _BY_DAY.format(person="person_id", table="{table}", join="")
_JOINED = _BY_DAY.format(
    person=f"if(o.person = {_NOBODY}, person_id, o.person)",
    table="{table}",
    join="LEFT ANY JOIN (SELECT stored, person FROM overrides_list) AS o ON person_id = o.stored",
)


def measure(at: Engines, events: int, rounds: int) -> list[Section]:
    """Seconds, bytes, and the question before and after, by share of overridden ids and way."""
    clickhouse = ClickHouse(at.clickhouse_url)
    columns = f"{PLAIN}, properties String CODEC(ZSTD(1))"
    create(clickhouse, "source", columns)
    clickhouse.command(
        f"INSERT INTO source SELECT {PLAIN_NAMES}, properties FROM ({rows_sql()})",
        Traffic(max(1, events // 28)).parameters(0, events),
    )
    clickhouse.command("OPTIMIZE TABLE source FINAL")
    rows: list[list[Cell]] = []
    for share in SHARES:
        _override(clickhouse, share)
        for way, squash in WAYS.items():
            create(clickhouse, "squashed", columns, settings=_SETTINGS)
            clickhouse.command("INSERT INTO squashed SELECT * FROM source")
            clickhouse.command("OPTIMIZE TABLE squashed FINAL")
            before = bytes_on_disk(clickhouse, "squashed")
            joined = interleaved({"": partial(clickhouse.query, _JOINED.format(table="squashed"))}, rounds)[""]
            took = seconds(partial(squash, clickhouse))
            left = clickhouse.query(f"SELECT count() FROM squashed WHERE {_IS_OVERRIDDEN}").one()[0]
            assert left == 0, (way, left)
            more, pieces = bytes_on_disk(clickhouse, "squashed") - before, parts(clickhouse, "squashed")
            question = partial(clickhouse.query, _PLAIN.format(table="squashed"))
            after = interleaved({"": question}, rounds)[""]
            merge = seconds(partial(clickhouse.command, "OPTIMIZE TABLE squashed FINAL"))
            merged = interleaved({"": question}, rounds)[""]
            rows.append([f"{share} %", way, took, events / took, more / 1e6, pieces, joined, after, merge, merged])
    said = (
        f"{events:,} events with properties, merged. The question is unique people by day, milliseconds: with the"
        " overrides joined before; after the squash without them; and again when what it left was merged."
    )
    header = [
        *("overridden", "way", "squash, s", "rows/s", "more MB", "parts"),
        *("before (joined), ms", "after, ms", "merge, s", "merged, ms"),
    ]
    return [Section("Squash", said, header, rows)]


def _override(clickhouse: ClickHouse, share: int) -> None:
    clickhouse.command("DROP TABLE IF EXISTS overrides SYNC")
    clickhouse.command("DROP TABLE IF EXISTS overrides_list SYNC")
    clickhouse.command("CREATE TABLE overrides_list (stored UUID, person UUID) ENGINE = MergeTree ORDER BY stored")
    clickhouse.command(
        "INSERT INTO overrides_list"
        " SELECT person_id, reinterpret(sipHash128(2, cityHash64(distinct_id) % 100000), 'UUID')"
        f" FROM (SELECT DISTINCT distinct_id, person_id FROM source) WHERE {_OF_SHARE.format(share=share)}"
    )
    clickhouse.command("CREATE TABLE overrides (stored UUID, person UUID) ENGINE = Join(ANY, LEFT, stored)")
    clickhouse.command("INSERT INTO overrides SELECT * FROM overrides_list")


def _lightweight(clickhouse: ClickHouse) -> None:
    clickhouse.command(f"UPDATE squashed SET person_id = {_NOW} WHERE {_IS_OVERRIDDEN}")


def _mutation(clickhouse: ClickHouse) -> None:
    clickhouse.command(
        f"ALTER TABLE squashed UPDATE person_id = {_NOW} WHERE {_IS_OVERRIDDEN}", settings={"mutations_sync": 2}
    )


def _replace(clickhouse: ClickHouse) -> None:
    clickhouse.command("CREATE TABLE replacement AS squashed")
    names = f"{PLAIN_NAMES}, properties".replace("person_id", f"if({_IS_OVERRIDDEN}, {_NOW}, person_id)")
    clickhouse.command(f"INSERT INTO replacement SELECT {names} FROM squashed")
    for (partition,) in clickhouse.query("SELECT DISTINCT _partition_id FROM squashed").rows:
        clickhouse.command(f"ALTER TABLE squashed REPLACE PARTITION ID '{partition}' FROM replacement")
    clickhouse.command("DROP TABLE replacement SYNC")


WAYS = {"lightweight UPDATE": _lightweight, "ALTER … UPDATE": _mutation, "REPLACE PARTITION": _replace}
