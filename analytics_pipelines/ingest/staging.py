"""A batch's lines become rows in memory, normalised; nothing that is stored is looked at."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from analytics_pipelines.events import zstd
from analytics_pipelines.events.cookieless import hmac_pads
from analytics_pipelines.faults import hit
from analytics_pipelines.ingest.cookieless_secret import cookieless_secret
from analytics_pipelines.ingest.ledger import Batch
from analytics_pipelines.ingest.lines import DeadLetter, Line, payload, poisonous, sort_out
from analytics_pipelines.ingest.memory import memory_kept
from analytics_pipelines.ingest.moved import MovedObjects
from analytics_pipelines.ingest.staged import LIVE, Staged, Target
from analytics_pipelines.ingest.statements import statement
from resources.clickhouse import ClickHouse, ClickHouseRefused, ClickHouseUnavailable
from resources.object_store import ObjectStore
from resources.postgres import Postgres

# Lines are held in memory, several times over, while they become rows.
MOST_LINE_BYTES = 256 * 1024 * 1024

# Lines are read by so many statements at a time, for each takes one core and no more; of fewer compressed bytes by one.
_READERS, _MUCH = 2, 1 << 20

# ClickHouse's numbers for "this data can't be read": what any other batch would not meet.
OF_THE_DATA = frozenset(
    {6, 25, 26, 27, 32, 33, 38, 41, 53, 69, 70, 72, 117, 128, 131, 153, 190, 271, 321, 349, 354, 407, 561, 562}
)

# Events are any JSON: what has another type than we ask for is its text, what is not asked for is passed over.
LENIENT = {
    "input_format_skip_unknown_fields": 1,
    "input_format_null_as_default": 1,
    "input_format_json_ignore_unknown_keys_in_named_tuple": 1,
    "input_format_json_defaults_for_missing_elements_in_named_tuple": 1,
    "input_format_json_read_objects_as_strings": 1,
    "input_format_json_read_arrays_as_strings": 1,
    "input_format_json_read_numbers_as_strings": 1,
    "input_format_json_read_bools_as_strings": 1,
}


class BatchTooLarge(Exception):
    """The batch's lines would fill more memory than a load may; `fits` of its objects do not."""

    def __init__(self, fits: int) -> None:
        super().__init__(f"only {fits} objects fit into one load")
        self.fits = fits


@dataclass(frozen=True)
class Prepared:
    """A batch whose lines are staged: `dead` are those that are no events, `lost_keys` those of objects that went."""

    batch: Batch
    staged: Staged
    dead: Sequence[DeadLetter]
    lost_keys: tuple[str, ...]


@contextmanager
def prepared(
    batch: Batch, store: ObjectStore, clickhouse: ClickHouse, postgres: Postgres, target: Target = LIVE
) -> Iterator[Prepared]:
    """Read a batch's lines into rows, in memory until the end of the block; nothing that is stored is looked at.

    Raises BatchTooLarge, StoreUnavailable, ClickHouseUnavailable, ClickHouseRefused, PostgresUnavailable.
    """
    objects, lost = read_objects(batch, store, postgres)
    staged = Staged(batch.id, batch.hour.date(), target)
    with tables_of(staged, clickhouse):
        dead = stage(staged, objects, batch, clickhouse, postgres)
        del objects  # may be a quarter of a gigabyte, and the block may be long
        hit("loader.after_stage")
        yield Prepared(batch, staged, dead, lost)


def read_objects(
    batch: Batch, store: ObjectStore, postgres: Postgres
) -> tuple[list[tuple[str, bytes]], tuple[str, ...]]:
    """The batch's objects (key, zstd frames), and the keys of those that have gone.

    An object may be deleted between being listed and being read; that is noted and must not stop the others. What
    another object took the place of is read there.
    """
    objects: list[tuple[str, bytes]] = []
    lost: list[str] = []
    size = 0
    for number, (key, frames) in enumerate(
        zip(batch.keys, MovedObjects(store, postgres).get_many(batch.keys), strict=True)
    ):
        if frames is None:
            lost.append(key)
            continue
        size += zstd.decompressed_size(frames)
        if size > MOST_LINE_BYTES and number > 0:
            raise BatchTooLarge(number)
        objects.append((key, frames))
    return objects, tuple(lost)


@contextmanager
def tables_of(staged: Staged, clickhouse: ClickHouse) -> Iterator[None]:
    """The batch's tables in memory, from empty to gone. Raises ClickHouseUnavailable when they were lost meanwhile."""

    def drop() -> None:
        for table in (staged.table, staged.numbers, staged.stored, staged.located):
            clickhouse.command(f"DROP TABLE IF EXISTS {table}")

    drop()
    try:
        with memory_kept(clickhouse):
            clickhouse.command(sql_of("create_staging", staged))
            yield
    finally:
        with suppress(ClickHouseUnavailable):  # then the tables are gone with its memory
            drop()


def stage(
    staged: Staged,
    objects: Sequence[tuple[str, bytes]],
    batch: Batch,
    clickhouse: ClickHouse,
    postgres: Postgres,
) -> list[DeadLetter]:
    """Fill the staging table with what are events and drops, and return the rest, line by line."""
    inner, outer = hmac_pads(cookieless_secret(postgres))

    def read(payload: bytes, part: int = 0) -> bool:
        try:
            clickhouse.insert_stream(
                sql_of("stage", staged, arrival_ms=int(batch.hour.timestamp() * 1000), first_number=part << 40),
                payload,
                {"inner_pad": inner, "outer_pad": outer},
                encoding="zstd",
                settings=LENIENT,
            )
        except ClickHouseRefused as error:
            if error.code not in OF_THE_DATA:
                raise
            return False
        return True

    def fills(*payloads: bytes) -> bool:
        clickhouse.command(f"TRUNCATE TABLE {staged.table}")
        with ThreadPoolExecutor(len(payloads)) as readers:
            if not all(list(readers.map(read, payloads, range(len(payloads))))):
                return False
        return not clickhouse.query(f"SELECT count() FROM {staged.table} WHERE reason != ''").one()[0]

    if not objects or fills(*_parts([frames for _, frames in objects])):
        return []
    good, dead = sort_out(objects)

    def loads(lines: Sequence[Line]) -> bool:
        return not lines or fills(payload(lines))

    if not loads(good):
        poison = poisonous(good, loads)
        dead += [DeadLetter(line, "cannot_be_loaded") for line in poison]
        good = [line for line in good if line not in set(poison)]
        if not good:
            clickhouse.command(f"TRUNCATE TABLE {staged.table}")
        elif not loads(good):
            raise ClickHouseRefused(0, f"batch {batch.id} loads in parts and not as a whole")
    elif not good:
        clickhouse.command(f"TRUNCATE TABLE {staged.table}")
    return dead


def _parts(frames: Sequence[bytes]) -> list[bytes]:
    """All of them in order, in as many texts as are worth while."""
    size = sum(map(len, frames))
    parts: list[list[bytes]] = [[] for _ in range(_READERS if size >= _MUCH else 1)]
    done = 0
    for each in frames:
        parts[done * len(parts) // size].append(each)
        done += len(each)
    return [b"".join(part) for part in parts if part]


def sql_of(name: str, staged: Staged, **values: Any) -> str:
    """The text of `sql/<name>.sql` for the tables of one batch."""
    target = staged.target
    return statement(
        name,
        staged.table,
        stored=staged.stored,
        numbers=staged.numbers,
        batch_id=staged.batch_id,
        arrival_day=staged.arrival_day,
        events=target.events,
        dead_letters=target.dead_letters,
        dropped_events=target.dropped_events,
        counting=target.counting,
        **values,
    )
