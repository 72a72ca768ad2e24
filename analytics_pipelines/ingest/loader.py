"""One batch of raw objects into ClickHouse: staged, published, counted. Repeating it changes nothing."""

from contextlib import suppress
from functools import cache
from importlib.resources import files
from typing import Any

from analytics_pipelines.faults import hit
from analytics_pipelines.ingest.ledger import Batch, Outcome
from resources.clickhouse import ClickHouse, ClickHouseUnavailable
from resources.object_store import ObjectStore

# A batch must become one part, which is stored whole or not at all: no block may be cut before its end.
_ONE_BLOCK = {
    "max_insert_threads": 1,
    "min_insert_block_size_rows": 1 << 40,
    "min_insert_block_size_bytes": 1 << 40,
}


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
        lines, dead_letters, events = clickhouse.query(_sql("count_batch", staging), parameters).one()
        days = tuple((int(team), day) for team, day in clickhouse.query(_sql("touched_days", staging)).rows)
    finally:
        with suppress(ClickHouseUnavailable):  # then the table is gone with its memory
            clickhouse.command(f"DROP TABLE IF EXISTS {staging}")
    return Outcome(lines=lines, events=events, dead_letters=dead_letters, days=days, lost_keys=lost)


def _read(batch: Batch, store: ObjectStore) -> tuple[bytes, tuple[str, ...]]:
    """The batch's objects as one stream (zstd frames in a row are one), and the keys of those that have gone.

    An object may be deleted between being listed and being read; that is noted and must not stop the others.
    """
    frames, lost = [], []
    for key in batch.keys:
        try:
            frames.append(store.get(key))
        except FileNotFoundError:
            lost.append(key)
    return b"".join(frames), tuple(lost)


@cache
def _template(name: str) -> str:
    return (files(__package__) / "sql" / f"{name}.sql").read_text()


def _sql(name: str, staging: str, **values: int) -> str:
    return _template(name).format(staging=staging, **values)
