"""Properties: text, text with columns for the frequent ones, a map, or ClickHouse's JSON."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from analytics_pipelines.events.hot_properties import HOT_PROPERTIES
from benchmarks.choices.clock import interleaved, seconds
from benchmarks.choices.section import Cell, Section
from benchmarks.choices.tables import PLAIN, PLAIN_NAMES, bytes_on_disk, create
from benchmarks.engines import Engines
from benchmarks.ingest_data import Traffic, rows_sql
from resources.clickhouse import ClickHouse

_HOT_TYPE = "Tuple(" + ", ".join(f"`{name}` Nullable(String)" for name in HOT_PROPERTIES) + ")"
_ONE_PASS = f"WITH JSONExtract(properties, '{_HOT_TYPE}') AS hot SELECT {PLAIN_NAMES}, properties, " + ", ".join(
    f"hot.{number} AS `{name}`" for number, name in enumerate(HOT_PROPERTIES, 1)
)
_TEXT = "properties String CODEC(ZSTD(1))"
_HOT_COLUMNS = ", ".join(f"`{name}` {kind} CODEC(ZSTD(1))" for name, kind in HOT_PROPERTIES.items())
_MATERIALIZED = ", ".join(
    f"`{name}` {kind} MATERIALIZED JSONExtract(properties, '{name}', 'Nullable(String)') CODEC(ZSTD(1))"
    for name, kind in HOT_PROPERTIES.items()
)
_BUCKETS = (
    "map_serialization_version = 'with_buckets', map_serialization_version_for_zero_level_parts = 'with_buckets',"
    " map_buckets_min_avg_size = 0"
)


@dataclass(frozen=True)
class Shape:
    """`fill` selects from a table of plain columns and `properties`; `read` is the SQL of one property, as a string."""

    columns: str
    fill: str
    read: Callable[[str], str]
    settings: str = ""


def _extract(name: str) -> str:
    return f"JSONExtract(properties, '{name}', 'Nullable(String)')"


def _column(name: str) -> str:
    return f"`{name}`" if name in HOT_PROPERTIES else _extract(name)


def _key(name: str) -> str:
    return f"properties['{name}']"


def _path(name: str) -> str:
    return f"properties.`{name}`::Nullable(String)"


_AS_IT_IS = f"SELECT {PLAIN_NAMES}, properties"
_AS_MAP = f"SELECT {PLAIN_NAMES}, JSONExtract(properties, 'Map(String, String)')"
SHAPES = {
    "String": Shape(_TEXT, _AS_IT_IS, _extract),
    "String + columns, one pass": Shape(f"{_TEXT}, {_HOT_COLUMNS}", _ONE_PASS, _column),
    "String + columns, MATERIALIZED": Shape(f"{_TEXT}, {_MATERIALIZED}", _AS_IT_IS, _column),
    "Map": Shape("properties Map(String, String) CODEC(ZSTD(1))", _AS_MAP, _key),
    "Map with buckets": Shape("properties Map(String, String) CODEC(ZSTD(1))", _AS_MAP, _key, _BUCKETS),
    "JSON, 16 paths": Shape("properties JSON(max_dynamic_paths=16)", _AS_IT_IS, _path),
}
QUERIES: dict[str, Callable[[Shape], str]] = {
    "filter": lambda shape: (
        f"SELECT toDate(timestamp) AS day, count() FROM {{table}} WHERE team_id = 1 AND event = '$pageview'"
        f" AND {shape.read('$browser')} = 'Safari' GROUP BY day ORDER BY day"
    ),
    "breakdown": lambda shape: (
        f"SELECT ifNull({shape.read('utm_campaign')}, '') AS campaign, uniqExact(person_id) FROM {{table}}"
        " WHERE team_id = 1 GROUP BY campaign ORDER BY campaign"
    ),
    "funnel": lambda shape: (
        "SELECT reached, count() FROM (SELECT windowFunnel(86400)(toDateTime(timestamp),"
        f" event = '$pageview' AND {shape.read('$pathname')} LIKE '/products/%', event = 'order completed') AS reached"
        " FROM {table} WHERE team_id = 1 AND event IN ('$pageview', 'order completed') GROUP BY person_id)"
        " GROUP BY reached ORDER BY reached"
    ),
    "rare property": lambda shape: (
        f"SELECT count() FROM {{table}} WHERE team_id = 1 AND {shape.read('product_id')} = 'sku-17'"
    ),
}


def measure(at: Engines, events: int, rounds: int) -> list[Section]:
    """Insert, bytes and queries by shape; then the same for a client that invents property names."""
    clickhouse = ClickHouse(at.clickhouse_url)
    create(clickhouse, "source", f"{PLAIN}, {_TEXT}")
    fill = f"INSERT INTO source ({PLAIN_NAMES}, properties) SELECT {PLAIN_NAMES}, properties FROM ({rows_sql()})"
    clickhouse.command(fill, Traffic(max(1, events // 30)).parameters(0, events))
    rows: list[list[Cell]] = []
    tables = {}
    for number, (name, shape) in enumerate(SHAPES.items()):
        table = tables[name] = f"properties_{number}"
        create(clickhouse, table, f"{PLAIN}, {shape.columns}", settings=shape.settings)
        insert = seconds(partial(clickhouse.command, f"INSERT INTO {table} {shape.fill} FROM source"))
        clickhouse.command(f"OPTIMIZE TABLE {table} FINAL")
        rows.append([name, events / insert, bytes_on_disk(clickhouse, table) / events])
    for make in QUERIES.values():
        work = {}
        first = None
        for name, shape in SHAPES.items():
            sql = make(shape).format(table=tables[name])
            answer = clickhouse.query(sql).rows
            first = answer if first is None else first
            assert answer == first, (name, sql)
            work[name] = partial(clickhouse.query, sql)
        took = interleaved(work, rounds)
        for row in rows:
            row.append(took[str(row[0])])
    for table in tables.values():
        clickhouse.command(f"DROP TABLE {table} SYNC")
    said = (
        f"{events:,} events, merged to one part. Insert is from a table, parsing of properties included. Milliseconds a"
        f" query, with equal answers: a filter by one of the {len(HOT_PROPERTIES)} properties that have a column, a"
        " breakdown by another with unique people, a funnel with a condition on a third, and a filter by a property"
        " that has none."
    )
    header = ["properties", "rows/s inserted", "bytes a row", *(f"{name}, ms" for name in QUERIES)]
    return [Section("Properties", said, header, rows), _hostile(clickhouse, min(50_000, events))]


def _hostile(clickhouse: ClickHouse, events: int) -> Section:
    """Ten property names in each row that no other row has."""
    create(clickhouse, "source", f"{PLAIN}, {_TEXT}")
    names = (
        "arrayStringConcat(arrayMap(i -> concat(',\"key_', toString(number * 10 + i), '\":', toString(i)), range(10)))"
    )
    moment = "toDateTime64('2026-03-01 00:00:00', 6, 'UTC')"
    clickhouse.command(
        "INSERT INTO source SELECT 1, generateUUIDv4(number), 'e', 'somebody', generateUUIDv4(1),"
        f" {moment} + number, {moment}, concat('{{\"a\":1', {names}, '}}') FROM numbers({events})"
    )
    rows: list[list[Cell]] = []
    for number, (name, shape) in enumerate(SHAPES.items()):
        table = f"hostile_{number}"
        create(clickhouse, table, f"{PLAIN}, {shape.columns}", settings=shape.settings)
        insert = seconds(partial(clickhouse.command, f"INSERT INTO {table} {shape.fill} FROM source"))
        merge = seconds(partial(clickhouse.command, f"OPTIMIZE TABLE {table} FINAL"))
        rows.append([name, insert, merge, bytes_on_disk(clickhouse, table) / events])
        clickhouse.command(f"DROP TABLE {table} SYNC")
    said = f"{events:,} events, each with ten property names that no other event has."
    return Section(
        "A client that invents property names", said, ["properties", "insert, s", "merge, s", "bytes a row"], rows
    )
