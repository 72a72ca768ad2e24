"""One batch of raw objects into ClickHouse: staged, published, counted. Repeating it changes nothing."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from analytics_pipelines.catalog.rebuild import note_projects
from analytics_pipelines.events import zstd
from analytics_pipelines.events.cookieless import hmac_pads
from analytics_pipelines.faults import hit
from analytics_pipelines.ingest import takers
from analytics_pipelines.ingest.cookieless_secret import cookieless_secret
from analytics_pipelines.ingest.geoip import locate
from analytics_pipelines.ingest.ledger import COUNTED, Batch, Ledger, Outcome
from analytics_pipelines.ingest.lines import DeadLetter, Line, payload, poisonous, sort_out
from analytics_pipelines.ingest.memory import memory_kept
from analytics_pipelines.ingest.moved import MovedObjects
from analytics_pipelines.ingest.staged import LIVE, Staged, Target
from analytics_pipelines.ingest.statements import statement
from analytics_pipelines.ingest.stored import find_stored
from analytics_pipelines.persons.rebuild import note_to_rebuild
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

# A batch must become one part, which is stored whole or not at all: no block may be cut before its end.
_ONE_BLOCK = {
    "max_insert_threads": 1,
    "min_insert_block_size_rows": 1 << 40,
    "min_insert_block_size_bytes": 1 << 40,
}

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
    with _tables(staged, clickhouse):
        dead = _stage(staged, objects, batch, clickhouse, postgres)
        del objects  # may be a quarter of a gigabyte, and the block may be long
        hit("loader.after_stage")
        yield Prepared(batch, staged, dead, lost)


def load(
    batch: Batch,
    store: ObjectStore,
    clickhouse: ClickHouse,
    postgres: Postgres,
    target: Target = LIVE,
    *,
    with_takers: bool = True,
) -> Outcome:
    """Load a claimed batch, into the tables that questions read or into others beside them.

    The batch's id is the insert's token and is checked against what is stored, so a load that was broken off
    anywhere may be repeated. Raises StoreUnavailable, ClickHouseUnavailable, ClickHouseRefused, PostgresUnavailable.
    """
    with prepared(batch, store, clickhouse, postgres, target) as ready:
        return publish(ready, clickhouse, postgres, with_takers=with_takers)


def publish(ready: Prepared, clickhouse: ClickHouse, postgres: Postgres, *, with_takers: bool = True) -> Outcome:
    """Store what a batch brings, and what is derived from it. Raises as `load` does."""
    batch, staged = ready.batch, ready.staged
    days = _publish(staged, clickhouse, postgres, f"{batch.id}")
    hit("loader.after_events")
    _bury(batch, ready.dead, staged.target, clickhouse)
    hit("loader.after_dead_letters")
    clickhouse.insert(_sql("publish_dropped_events", staged), token=f"{batch.id}", settings=_ONE_BLOCK)
    hit("loader.after_dropped_events")
    if with_takers:
        clickhouse.insert(_sql("publish_warnings", staged))
        takers.take_all(staged, clickhouse, postgres)
        hit("loader.after_takers")
    lines, dropped, events, dead_letters = clickhouse.query(_sql("count_batch", staged)).one()
    return Outcome(
        lines=lines + dead_letters,
        events=events,
        dead_letters=dead_letters,
        dropped=dropped,
        days=days,
        lost_keys=ready.lost_keys,
    )


def admit(
    batch: Batch,
    objects: Sequence[tuple[str, bytes]],
    clickhouse: ClickHouse,
    postgres: Postgres,
    now: datetime,
    *,
    token: str,
    only: str | None = None,
) -> tuple[int, list[DeadLetter]]:
    """Store what these objects (key, zstd frames) hold as events of a batch that is loaded.

    Of them `only` those whose team_id and uuid that SELECT gives. What is stored stays; `token` must be another one
    for other lines. Returns how many events count, and the lines that are none. The caller recounts the batch, which
    is marked for it, and holds the `LOAD` lock.
    """
    staged, ledger = Staged(batch.id, batch.hour.date()), Ledger(postgres)
    ledger.mark_for_recount([batch.id])
    with _tables(staged, clickhouse):
        dead = _stage(staged, objects, batch, clickhouse, postgres)
        if only is not None:
            clickhouse.command(f"ALTER TABLE {staged.table} DELETE WHERE (team_id, uuid) NOT IN ({only})")
        own_days = _settle_own(staged, clickhouse, postgres, now)
        days = _publish(staged, clickhouse, postgres, token)
        hit("admit.after_events")
        ledger.touch_days([*days, *own_days], now)
        hit("admit.after_days")
        clickhouse.insert(_sql("publish_warnings", staged))
        takers.take_all(staged, clickhouse, postgres)
        hit("admit.after_takers")
        (events,) = clickhouse.query(f"SELECT count() FROM {staged.numbers}").one()
    return int(events), dead


def recounted(batch: Batch, clickhouse: ClickHouse) -> dict[str, int]:
    """How many rows of a batch are stored by now, by table."""
    return {
        table: int(
            clickhouse.query(
                f"SELECT count() FROM {table} WHERE arrival_day = {{day:Date}} AND batch_id = {{batch:UUID}}",
                {"day": batch.hour.date(), "batch": str(batch.id)},
            ).one()[0]
        )
        for table in COUNTED
    }


def read_objects(
    batch: Batch, store: ObjectStore, postgres: Postgres
) -> tuple[list[tuple[str, bytes]], tuple[str, ...]]:
    """The batch's objects (key, zstd frames), and the keys of those that have gone.

    An object may be deleted between being listed and being read; that is noted and must not stop the others. What
    another object took the place of is read there.
    """
    source = MovedObjects(store, postgres)
    objects: list[tuple[str, bytes]] = []
    lost: list[str] = []
    size = 0
    for number, key in enumerate(batch.keys):
        try:
            frames = source.get(key)
        except FileNotFoundError:
            lost.append(key)
            continue
        size += zstd.decompressed_size(frames)
        if size > MOST_LINE_BYTES and number > 0:
            raise BatchTooLarge(number)
        objects.append((key, frames))
    return objects, tuple(lost)


@contextmanager
def _tables(staged: Staged, clickhouse: ClickHouse) -> Iterator[None]:
    """The batch's tables in memory, from empty to gone. Raises ClickHouseUnavailable when they were lost meanwhile."""

    def drop() -> None:
        for table in (staged.table, staged.numbers, staged.stored, staged.located):
            clickhouse.command(f"DROP TABLE IF EXISTS {table}")

    drop()
    try:
        with memory_kept(clickhouse):
            clickhouse.command(_sql("create_staging", staged))
            yield
    finally:
        with suppress(ClickHouseUnavailable):  # then the tables are gone with its memory
            drop()


def _stage(
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
                _sql("stage", staged, arrival_ms=int(batch.hour.timestamp() * 1000), first_number=part << 40),
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


def _publish(staged: Staged, clickhouse: ClickHouse, postgres: Postgres, token: str) -> tuple[tuple[int, date], ...]:
    """Store the batch's events that are new; the event days, by team, of those it brought or put in another's place."""
    target, ledger = staged.target, Ledger(postgres)
    find_stored(staged, clickhouse)
    superseded = clickhouse.query(_sql("superseded", staged)).rows
    if superseded:
        own = [row for row in superseded if target.day in (None, row[3])]
        if own and target.day is None:
            ledger.mark_for_recount({row[2] for row in own})
            note_to_rebuild(postgres, {(row[0], row[5]) for row in own})
            note_projects(postgres, {row[0] for row in own if row[6]})
        hit("loader.before_supersede")
        if own:
            clickhouse.command(
                f"DELETE FROM {target.events} WHERE (team_id, uuid) IN {{given:Array(Tuple(Int64, UUID))}}"
                f" AND batch_id != toUUID('{staged.batch_id}')",
                {"given": _uuids(own)},
            )
        hit("loader.after_supersede")
        find_stored(staged, clickhouse)
        elsewhere = [row for row in superseded if row not in own]
        if elsewhere:  # they count until the day takes its place
            clickhouse.insert_rows(target.superseding, _uuids(elsewhere), ["team_id", "uuid"])
            clickhouse.command(
                f"ALTER TABLE {staged.stored} DELETE WHERE (team_id, uuid) IN {{given:Array(Tuple(Int64, UUID))}}",
                {"given": _uuids(elsewhere)},
            )
    clickhouse.command(_sql("choose", staged))
    clickhouse.insert(_sql("publish_events", staged, **locate(staged, clickhouse)), token=token, settings=_ONE_BLOCK)
    days = {(int(team), day) for team, day in clickhouse.query(_sql("touched_days", staged)).rows}
    return tuple(sorted(days | {(int(team), day) for team, _, _, _, day, *_ in superseded}))


def _settle_own(staged: Staged, clickhouse: ClickHouse, postgres: Postgres, now: datetime) -> list[tuple[int, date]]:
    """Tell lines of a batch from what it holds already by who came first; the event days of what gave way."""
    found = clickhouse.query(_sql("stored_in_batch", staged)).rows
    giving_way = [row for row in found if row[2]]
    days = sorted({(int(row[0]), row[3]) for row in giving_way})
    if giving_way:  # written down before they go: who is broken off finds nothing of them any more
        Ledger(postgres).touch_days(days, now)
        note_to_rebuild(postgres, {(row[0], row[4]) for row in giving_way})
        note_projects(postgres, {row[0] for row in giving_way})
    for gives_way, statement_ in (
        (True, f"DELETE FROM events WHERE arrival_day = '{staged.arrival_day}' AND batch_id = '{staged.batch_id}' AND"),
        (False, f"ALTER TABLE {staged.table} DELETE WHERE"),
    ):
        rows = [row for row in found if bool(row[2]) is gives_way]
        if rows:
            clickhouse.command(
                f"{statement_} (team_id, uuid) IN {{given:Array(Tuple(Int64, UUID))}}", {"given": _uuids(rows)}
            )
            hit("admit.after_own")
    return days


def _uuids(rows: Sequence[tuple[Any, ...]]) -> list[tuple[int, str]]:
    return [(row[0], str(row[1])) for row in rows]


def _bury(batch: Batch, dead: Sequence[DeadLetter], target: Target, clickhouse: ClickHouse) -> None:
    """Store the dead letters of a batch, as often as they are there and not once more."""
    stored = clickhouse.query(
        f"SELECT count() FROM {target.dead_letters} WHERE arrival_day = {{day:Date}} AND batch_id = {{batch:UUID}}",
        {"day": batch.hour.date(), "batch": str(batch.id)},
    ).one()[0]
    rows = sorted((letter.row(batch) for letter in dead), key=repr)[stored:]
    if rows:
        clickhouse.insert_rows(
            target.dead_letters,
            rows,
            ["team_id", "received_at", "reason", "stage", "line", "object_key", "arrival_day", "batch_id"],
        )


def _sql(name: str, staged: Staged, **values: Any) -> str:
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
