"""The ways from raw objects to rows that are compared: each takes a bucket and new databases, and clocks its parts."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from analytics_pipelines.events import zstd
from analytics_pipelines.events.hot_properties import HOT_PROPERTIES
from analytics_pipelines.identity.person_id import person_id
from analytics_pipelines.ingest.backlog import batches
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.ingest.takers import take_all
from analytics_pipelines.rollups.build import Builder
from analytics_pipelines.rollups.days import Days
from analytics_pipelines.rollups.tables import ROLLUPS
from analytics_pipelines.settings import Settings
from benchmarks.engines import Databases
from benchmarks.ingest_takers import nothing, taking, timed
from resources.object_store import ObjectStore, StoredObject

# Seconds by part; the parts of one way follow each other.
Parts = dict[str, float]
Way = Callable[[Databases, ObjectStore], Parts]

_NAIVE_ROWS = 10_000
_NAIVE_COLUMNS = (
    *("team_id", "uuid", "event", "distinct_id", "person_id", "timestamp", "properties", "received_at", "has_person"),
    *HOT_PROPERTIES,
)
_JSON = {
    "input_format_skip_unknown_fields": 1,
    "input_format_json_read_objects_as_strings": 1,
    "input_format_parallel_parsing": 1,
}


def objects(store: ObjectStore) -> list[StoredObject]:
    """Everything in the bucket, oldest first."""
    return sorted(store.objects("raw/v1"), key=lambda item: item.key)


def drain(at: Databases, store: ObjectStore) -> Drain:
    """The product's, with its own sizes of batches."""
    sizes = Settings.model_fields
    return Drain(
        store,
        at.postgres,
        at.clickhouse,
        batch_objects=sizes["ingest_batch_objects"].default,
        batch_bytes=sizes["ingest_batch_bytes"].default,
    )


def parse(at: Databases, store: ObjectStore) -> Parts:
    """ClickHouse reads the lines of the same batches as JSON into columns, and stores nothing."""
    at.clickhouse.command(_file("parsed"))
    sizes = drain(at, store)
    with _clock("parse") as took:
        for batch in batches(objects(store), most_objects=sizes.batch_objects, most_bytes=sizes.batch_bytes):
            payload = b"".join(map(store.get, batch.keys))
            at.clickhouse.insert_stream(
                "INSERT INTO parsed FORMAT JSONEachRow", payload, encoding="zstd", settings=_JSON
            )
    return took


def load(at: Databases, store: ObjectStore) -> Parts:
    """The product's load: staged, published once, counted; nothing derived from it."""
    with _clock("load") as took, taking(nothing):
        drain(at, store).everything()
    return took


def everything(at: Databases, store: ObjectStore) -> Parts:
    """The load with all that is derived from it: persons, groups, catalog, rollups."""
    took: Parts = {}
    with _clock("load") as whole, taking(timed(take_all, "persons, groups and catalog", took)):
        drain(at, store).everything()
    took["load"] = whole["load"] - sum(took.values())
    return took | _rollups(at)


def naive(at: Databases, store: ObjectStore) -> Parts:
    """Python as one would write it first: a dict a line, a list a row, `client.insert` into a table like `events`."""
    at.clickhouse.command("CREATE TABLE naive AS events")
    with _clock("naive") as took:
        rows: list[list[Any]] = []
        for item in objects(store):
            for line in zstd.decompress(store.get(item.key)).splitlines():
                rows.append(_row(msgspec.json.decode(line)))
                if len(rows) == _NAIVE_ROWS:
                    at.clickhouse.insert_rows("naive", rows, _NAIVE_COLUMNS)
                    rows = []
        if rows:
            at.clickhouse.insert_rows("naive", rows, _NAIVE_COLUMNS)
    return took


def _row(line: dict[str, Any]) -> list[Any]:
    event = line["event"]
    properties = event["properties"]
    received = datetime.fromtimestamp(line["received_at"] / 1000, UTC)
    sent, said = (datetime.fromisoformat(text.replace("Z", "+00:00")) for text in (line["sent_at"], event["timestamp"]))
    return [
        line["project"],
        UUID(line["uuid"]),
        event["event"],
        event["distinct_id"],
        person_id(line["project"], event["distinct_id"]),
        received + (said - sent),
        msgspec.json.encode(properties).decode(),
        received,
        properties.get("$process_person_profile", True),
        *(None if (value := properties.get(name)) is None else str(value) for name in HOT_PROPERTIES),
    ]


def _rollups(at: Databases) -> Parts:
    """Every table derived from events, for every day that has some."""
    first, last = at.clickhouse.query("SELECT min(toDate(timestamp)), max(toDate(timestamp)) FROM events").one()
    builder = Builder(at.postgres, at.clickhouse, bounce_seconds=10)
    took: Parts = {}
    for rollup in ROLLUPS:
        with _clock(rollup.name) as one:
            builder.refresh(rollup, Days(first, last))
        took |= one
    return took


@contextmanager
def _clock(name: str) -> Iterator[Parts]:
    took: Parts = {}
    begun = time.perf_counter()
    yield took
    took[name] = time.perf_counter() - begun


def _file(name: str) -> str:
    return (Path(__file__).parent / "sql" / f"{name}.sql").read_text()
