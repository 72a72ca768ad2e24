"""A day that was loaded beside the tables takes its place, and what follows from that is done; whoever comes may do it.

The day's state stands in Postgres: a process that is killed between two steps leaves a state that the next holder of
the `LOAD` lock brings to its end by the same steps, before anything else is loaded.
"""

from datetime import UTC, datetime, time, timedelta

from analytics_pipelines.catalog.rebuild import note_projects
from analytics_pipelines.faults import hit
from analytics_pipelines.ingest.differences import Differences, compare
from analytics_pipelines.ingest.ledger import Ledger
from analytics_pipelines.ingest.loader import admit, recounted
from analytics_pipelines.ingest.locks import LOAD, REPLAY, held, held_if_free
from analytics_pipelines.ingest.replay_log import Entry, ReplayLog
from analytics_pipelines.ingest.replay_statements import replay_statement
from analytics_pipelines.ingest.replayed_ids import note_ids, rebuild_persons, wait_for_rebuild
from analytics_pipelines.ingest.shadow import Shadow
from analytics_pipelines.ingest.staging import read_objects
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Connection, Postgres


def finish_swaps(clickhouse: ClickHouse, postgres: Postgres, now: datetime) -> None:
    """Bring days into their place whose swap was broken off. The caller holds the `LOAD` lock."""
    for entry in ReplayLog(postgres).begun("swapping"):
        swap(entry, clickhouse, postgres, now)


def finish_replays(
    session: Connection, store: ObjectStore, clickhouse: ClickHouse, postgres: Postgres, now: datetime
) -> None:
    """Clear up after replays whose process ended, unless one is at it now."""
    if not ReplayLog(postgres).begun("filling", "swapping", "swapped") and not wait_for_rebuild(clickhouse):
        return
    with held_if_free(session, REPLAY) as free:
        if free:
            clear_up(session, store, clickhouse, postgres, now)
            rebuild_persons(clickhouse, postgres, now)


def clear_up(
    session: Connection, store: ObjectStore, clickhouse: ClickHouse, postgres: Postgres, now: datetime
) -> None:
    """Finish days that are swapped or about to be, and give the others up. The caller holds the `REPLAY` lock."""
    log = ReplayLog(postgres)
    with held(session, LOAD):
        finish_swaps(clickhouse, postgres, now)
    for entry in log.begun("swapped"):
        settle(entry, session, store, clickhouse, postgres, now)
    for entry in log.begun("filling"):
        Shadow(entry.day, clickhouse).drop()
        log.forget(entry.day)


def swap(entry: Entry, clickhouse: ClickHouse, postgres: Postgres, now: datetime) -> None:
    """Put a day that is complete into its place. The caller holds the `LOAD` lock."""
    shadow, log, ledger = Shadow(entry.day, clickhouse), ReplayLog(postgres), Ledger(postgres)
    if not shadow.is_there():  # ClickHouse was lost, and with it the old day: all of it is loaded anew
        log.forget(entry.day)
        return
    _settle_uuids(entry, shadow, log, ledger)
    hit("replay.after_uuids")
    shadow.put_in_place()
    hit("replay.after_swap")
    log.adopt(entry.day, shadow.counts(), now)
    hit("replay.after_ledger")


def settle(
    entry: Entry,
    session: Connection,
    store: ObjectStore,
    clickhouse: ClickHouse,
    postgres: Postgres,
    now: datetime,
) -> Differences | None:
    """What follows from a day that took its place: what is derived from events that changed is made again.

    None when ClickHouse was lost meanwhile. The caller holds the `REPLAY` lock.
    """
    shadow, log, ledger = Shadow(entry.day, clickhouse), ReplayLog(postgres), Ledger(postgres)
    found = None
    if shadow.is_there():
        found = compare(shadow)
        ledger.touch_days(found.days(), now)
        hit("replay.after_days")
        if found.concern_persons():
            note_ids(clickhouse, found.distinct_ids)
        note_ids(clickhouse, f"(SELECT team_id, distinct_id FROM {shadow.lost} WHERE is_elsewhere)")
        note_projects(postgres, found.teams_to_name_anew())
        hit("replay.after_ids")
        if found.counts.removed:
            _admit_sent_again(entry, session, shadow, ledger, store, postgres, now)
        with held(session, LOAD):
            for batch in ledger.to_recount():
                ledger.recount(batch, recounted(batch, clickhouse))
        hit("replay.before_drop")
        shadow.drop()
    hit("replay.before_forget")
    log.forget(entry.day)
    return found


def _admit_sent_again(
    entry: Entry,
    session: Connection,
    shadow: Shadow,
    ledger: Ledger,
    store: ObjectStore,
    postgres: Postgres,
    now: datetime,
) -> None:
    """Events that are none any more may have been sent again, on a later day: then that counts."""
    gone = f"SELECT team_id, uuid FROM {shadow.differences} WHERE kind = 'removed'"
    token = f"{entry.day} {entry.started_at.isoformat()}"
    for batch in ledger.with_duplicates(datetime.combine(entry.day + timedelta(days=1), time(), UTC)):
        with held(session, LOAD):
            objects, _ = read_objects(batch, store, postgres)
            admit(batch, objects, shadow.clickhouse, postgres, now, token=f"{batch.id} {token}", only=gone)
        hit("replay.after_sent_again")


def _settle_uuids(entry: Entry, shadow: Shadow, log: ReplayLog, ledger: Ledger) -> None:
    """No uuid may count on two days: not with other days as they were, nor with what was loaded there meanwhile."""
    clickhouse, target = shadow.clickhouse, shadow.target
    since = log.loaded_since(entry)
    clickhouse.insert(
        replay_statement("find_lost", lost=shadow.lost, superseding=target.superseding, events=target.events),
        {
            "day": entry.day,
            "days": sorted({day for _, day in since}),
            "batches": [batch for batch, _ in since],
        },
    )
    lost = clickhouse.query(f"SELECT is_elsewhere, groupUniqArray(batch_id) FROM {shadow.lost} GROUP BY is_elsewhere")
    for is_elsewhere, batches in lost.rows:
        where = "arrival_day != {day:Date}" if is_elsewhere else "arrival_day = {day:Date}"
        if is_elsewhere:
            ledger.mark_for_recount(batches)
        clickhouse.command(
            f"DELETE FROM {'events' if is_elsewhere else target.events} WHERE {where} AND (team_id, uuid) IN"
            f" (SELECT team_id, uuid FROM {shadow.lost} WHERE is_elsewhere = {{is_elsewhere:Bool}})",
            {"day": entry.day, "is_elsewhere": is_elsewhere},
        )
        hit("replay.after_lost")
