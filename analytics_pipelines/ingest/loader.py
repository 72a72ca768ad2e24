"""One batch of raw objects into ClickHouse: staged, published, counted. Repeating it changes nothing."""

from contextlib import suppress
from functools import cache
from importlib.resources import files
from typing import Any

from analytics_pipelines.events import zstd
from analytics_pipelines.faults import hit
from analytics_pipelines.ingest.ledger import COUNTED, Batch, Outcome
from resources.clickhouse import ClickHouse, ClickHouseRefused, ClickHouseUnavailable
from resources.object_store import ObjectStore

# Lines are held in memory, several times over, while they become rows.
MOST_LINE_BYTES = 128 * 1024 * 1024

# ClickHouse's numbers for "this data can't be read": what any other batch would not meet.
OF_THE_DATA = frozenset(
    {6, 25, 26, 27, 32, 33, 38, 41, 53, 69, 70, 72, 117, 128, 131, 153, 190, 271, 321, 349, 354, 407, 561, 562}
)

# A batch must become one part, which is stored whole or not at all: no block may be cut before its end.
_ONE_BLOCK = {
    "max_insert_threads": 1,
    "min_insert_block_size_rows": 1 << 40,
    "min_insert_block_size_bytes": 1 << 40,
}


class BatchTooLarge(Exception):
    """The batch's lines would fill more memory than a load may; `fits` of its objects do not."""

    def __init__(self, fits: int) -> None:
        super().__init__(f"only {fits} objects fit into one load")
        self.fits = fits


def load(batch: Batch, store: ObjectStore, clickhouse: ClickHouse) -> Outcome:
    """Load a claimed batch.

    The batch's id is the insert's token and is checked against what is stored, so a load that was broken off
    anywhere may be repeated. Raises StoreUnavailable, ClickHouseUnavailable, ClickHouseRefused.
    """
    payload, lost = _read(batch, store)
    staging = f"staged_{batch.id.hex}"
    parameters: dict[str, Any] = {"batch_id": str(batch.id)}
    clickhouse.command(f"DROP TABLE IF EXISTS {staging}")
    clickhouse.command(_sql("create_staging", staging))
    try:
        if payload:
            stage = _sql("stage", staging, arrival_ms=int(batch.hour.timestamp() * 1000))
            clickhouse.insert_stream(stage, payload, encoding="zstd")
        hit("loader.after_stage")
        clickhouse.insert(_sql("publish_events", staging), parameters, token=f"{batch.id}", settings=_ONE_BLOCK)
        hit("loader.after_events")
        clickhouse.insert(_sql("publish_dead_letters", staging), parameters, settings=_ONE_BLOCK)
        hit("loader.after_dead_letters")
        clickhouse.insert(_sql("publish_dropped_events", staging), parameters, token=f"{batch.id}", settings=_ONE_BLOCK)
        hit("loader.after_dropped_events")
        lines, dead_letters, dropped, events = clickhouse.query(_sql("count_batch", staging), parameters).one()
        days = tuple((int(team), day) for team, day in clickhouse.query(_sql("touched_days", staging)).rows)
    finally:
        with suppress(ClickHouseUnavailable):  # then the table is gone with its memory
            clickhouse.command(f"DROP TABLE IF EXISTS {staging}")
    return Outcome(lines=lines, events=events, dead_letters=dead_letters, dropped=dropped, days=days, lost_keys=lost)


def _read(batch: Batch, store: ObjectStore) -> tuple[bytes, tuple[str, ...]]:
    """The batch's objects as one stream (zstd frames in a row are one), and the keys of those that have gone.

    An object may be deleted between being listed and being read; that is noted and must not stop the others.
    """
    frames: list[bytes] = []
    lost: list[str] = []
    size = 0
    for number, key in enumerate(batch.keys):
        try:
            frame = store.get(key)
        except FileNotFoundError:
            lost.append(key)
            continue
        size += zstd.decompressed_size(frame)
        if size > MOST_LINE_BYTES and number > 0:
            raise BatchTooLarge(number)
        frames.append(frame)
    return b"".join(frames), tuple(lost)


def bury(batch: Batch, error: ClickHouseRefused, clickhouse: ClickHouse) -> Outcome:
    """Keep a single object that can't be loaded as a dead letter that names it; the object itself stays."""
    clickhouse.insert_rows(
        "dead_letters",
        [[0, batch.hour, "unreadable_object", "ingest", f"{batch.keys[0]}: {error}", batch.id]],
        ["team_id", "received_at", "reason", "stage", "line", "batch_id"],
    )
    return Outcome(lines=1, events=0, dead_letters=1)


def stored_rows(batch: Batch, clickhouse: ClickHouse) -> int:
    """How many rows of this batch are stored already, in any table."""
    counts = (f"(SELECT count() FROM {table} WHERE batch_id = {{batch_id:UUID}})" for table in COUNTED)
    found = clickhouse.query(f"SELECT {' + '.join(counts)}", {"batch_id": str(batch.id)})
    return int(found.one()[0])


@cache
def _template(name: str) -> str:
    return (files(__package__) / "sql" / f"{name}.sql").read_text()


def _sql(name: str, staging: str, **values: int) -> str:
    return _template(name).format(staging=staging, **values)
