"""The rows of ClickHouse that an erasure means: counted, taken out, and their bytes with them."""

from collections.abc import Callable

from analytics_pipelines.erasures.places import CLICKHOUSE, Place
from analytics_pipelines.erasures.victims import Victims
from analytics_pipelines.events.keys import milliseconds
from resources.clickhouse import ClickHouse

# A mutation answers when all replicas have done it.
_WAIT = {"mutations_sync": 2}

# Partitioned by day of arrival: only the days that have such rows are written anew.
_BY_ARRIVAL = frozenset({"events", "dead_letters"})

# No partition has this id. Who drops one has the files of old parts removed at once.
_NO_PARTITION = "ALTER TABLE {table} DROP PARTITION ID 'nothing'"

# Tables that others make and drop while they work, and that one who was killed may have left with ids in them. Their
# makers hold the locks that the caller holds.
_LEFTOVERS = ("squash_map", "parted_ids", "moved_ids", "changed_persons")


def places(victims: Victims) -> list[Place]:
    """The tables that hold rows of it."""
    if victims.erasure.kind == "project":
        return [place for place in CLICKHOUSE if not place.shared]
    return [place for place in CLICKHOUSE if place.mine]


def count_rows(victims: Victims) -> dict[str, int]:
    """How many rows there are, by place."""
    return {
        f"clickhouse.{place.table}": int(
            victims.clickhouse.query(f"SELECT count() FROM {place.table} WHERE {condition(victims, place)}").one()[0]
        )
        for place in places(victims)
    }


def condition(victims: Victims, place: Place) -> str:
    """Which rows of a table are meant."""
    if victims.erasure.kind == "project":
        return f"team_id = {victims.erasure.team_id}"
    return place.mine.format(
        **victims.tables,
        database=f"`{victims.clickhouse.database}`",
        until_ms=milliseconds(victims.erasure.requested_at),
    )


def erase_rows(victims: Victims, progress: Callable[[int, int], None], *, only: frozenset[str] | None = None) -> None:
    """Take the rows out of all places, or of `only` these. The caller has stopped loading."""
    clickhouse = victims.clickhouse
    for table in _LEFTOVERS:
        clickhouse.command(f"DROP TABLE IF EXISTS {table} SYNC")
    chosen = [place for place in places(victims) if only is None or place.table in only]
    for done, place in enumerate(chosen):
        progress(done, len(chosen))
        _erase(victims, place)
        purge(clickhouse, place.table)


def _erase(victims: Victims, place: Place) -> None:
    clickhouse, mine = victims.clickhouse, condition(victims, place)
    if place.table in _BY_ARRIVAL:
        days = clickhouse.query(f"SELECT DISTINCT arrival_day FROM {place.table} WHERE {mine}").rows
        for (day,) in days:
            clickhouse.command(f"ALTER TABLE {place.table} DELETE IN PARTITION '{day}' WHERE {mine}", settings=_WAIT)
    elif clickhouse.query(f"SELECT count() FROM {place.table} WHERE {mine}").one()[0]:
        clickhouse.command(f"ALTER TABLE {place.table} DELETE WHERE {mine}", settings=_WAIT)


def purge(clickhouse: ClickHouse, table: str) -> None:
    """Nothing of a table's deleted rows stays on disk: neither behind a mask, nor in parts that others took the place
    of, nor in the text of a mutation."""
    masked, old, said = clickhouse.query(
        "SELECT countIf(active AND has_lightweight_delete), countIf(NOT active), (SELECT count() FROM system.mutations"
        "  WHERE database = currentDatabase() AND table = {table:String})"
        " FROM system.parts WHERE database = currentDatabase() AND table = {table:String}",
        {"table": table},
    ).one()
    if not (masked or old or said):
        return
    clickhouse.command(f"ALTER TABLE {table} MODIFY SETTING old_parts_lifetime = 0")
    try:
        if masked:
            clickhouse.command(f"ALTER TABLE {table} APPLY DELETED MASK", settings=_WAIT)
        clickhouse.command(f"KILL MUTATION WHERE database = currentDatabase() AND table = '{table}' AND is_done SYNC")
        clickhouse.command(_NO_PARTITION.format(table=table))
    finally:
        clickhouse.command(f"ALTER TABLE {table} RESET SETTING old_parts_lifetime")
