"""One batch of raw objects into ClickHouse: staged, published, counted. Repeating it changes nothing."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from analytics_pipelines.catalog.rebuild import note_projects
from analytics_pipelines.faults import hit
from analytics_pipelines.ingest import latecomers, takers
from analytics_pipelines.ingest.geoip import locate
from analytics_pipelines.ingest.ledger import COUNTED, Batch, Ledger, Outcome
from analytics_pipelines.ingest.lines import DeadLetter
from analytics_pipelines.ingest.staged import LIVE, Staged, Target
from analytics_pipelines.ingest.staging import Prepared, prepared, sql_of, stage, tables_of
from analytics_pipelines.ingest.stored import find_stored
from analytics_pipelines.persons.rebuild import note_to_rebuild
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

# A batch must become one part, which is stored whole or not at all: no block may be cut before its end.
_ONE_BLOCK = {
    "max_insert_threads": 1,
    "min_insert_block_size_rows": 1 << 40,
    "min_insert_block_size_bytes": 1 << 40,
}


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
    clickhouse.insert(sql_of("publish_dropped_events", staged), token=f"{batch.id}", settings=_ONE_BLOCK)
    hit("loader.after_dropped_events")
    if with_takers:
        clickhouse.insert(sql_of("publish_warnings", staged))
        takers.take_all(staged, clickhouse, postgres)
        hit("loader.after_takers")
    lines, dropped, events, dead_letters = clickhouse.query(sql_of("count_batch", staged)).one()
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
    is_news: bool = False,
) -> tuple[int, list[DeadLetter]]:
    """Store what these objects (key, zstd frames) hold as events of a batch that is loaded.

    Of them `only` those whose team_id and uuid that SELECT gives. What is stored stays; `token` must be another one
    for other lines. With `is_news` followers are told of what was stored nowhere before. Returns how many events
    count, and the lines that are none. The caller recounts the batch, which is marked for it, and holds the `LOAD`
    lock.
    """
    staged, ledger = Staged(batch.id, batch.hour.date()), Ledger(postgres)
    ledger.mark_for_recount([batch.id])
    with tables_of(staged, clickhouse):
        dead = stage(staged, objects, batch, clickhouse, postgres)
        if only is not None:
            clickhouse.command(f"ALTER TABLE {staged.table} DELETE WHERE (team_id, uuid) NOT IN ({only})")
        if is_news:
            latecomers.plan(staged, token, clickhouse, postgres)
            hit("admit.after_plan")
        own_days = _settle_own(staged, clickhouse, postgres, now)
        days = _publish(staged, clickhouse, postgres, token)
        hit("admit.after_events")
        ledger.touch_days([*days, *own_days], now)
        hit("admit.after_days")
        clickhouse.insert(sql_of("publish_warnings", staged))
        takers.take_all(staged, clickhouse, postgres)
        hit("admit.after_takers")
        if is_news:
            latecomers.note_visible(batch, postgres)
            hit("admit.after_visible")
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


def _publish(staged: Staged, clickhouse: ClickHouse, postgres: Postgres, token: str) -> tuple[tuple[int, date], ...]:
    """Store the batch's events that are new; the event days, by team, of those it brought or put in another's place."""
    target, ledger = staged.target, Ledger(postgres)
    find_stored(staged, clickhouse)
    superseded = clickhouse.query(sql_of("superseded", staged)).rows
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
    clickhouse.command(sql_of("choose", staged))
    clickhouse.insert(sql_of("publish_events", staged, **locate(staged, clickhouse)), token=token, settings=_ONE_BLOCK)
    days = {(int(team), day) for team, day in clickhouse.query(sql_of("touched_days", staged)).rows}
    return tuple(sorted(days | {(int(team), day) for team, _, _, _, day, *_ in superseded}))


def _settle_own(staged: Staged, clickhouse: ClickHouse, postgres: Postgres, now: datetime) -> list[tuple[int, date]]:
    """Tell lines of a batch from what it holds already by who came first; the event days of what gave way."""
    found = clickhouse.query(sql_of("stored_in_batch", staged)).rows
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
