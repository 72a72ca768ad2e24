"""Which events of a batch are stored already, found without a look at every uuid that was ever stored.

A uuid of version 7 holds when it was made, so no copy of its event arrived before that, but for clocks that are ahead.
Those events have an index of their own, so the two looks together find every copy, of any age. Uuids of other kinds,
and those that this batch's clocks made for a day to come, are looked for everywhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from analytics_pipelines.ingest.staged import Staged
from analytics_pipelines.ingest.statements import statement
from resources.clickhouse import ClickHouse

_MADE = "toDate(UUIDv7ToDateTime(uuid, 'UTC'))"
_IS_AHEAD = f"dateDiff('day', arrival_day, {_MADE}) > 1"  # as the index `made_ahead` has it
_IS_DATED = f"({_MADE} > toDate('1970-01-01') AND NOT {_IS_AHEAD})"
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class _Look:
    """Conditions: for which events of the batch, and among which stored ones."""

    sent: str
    stored: str


def find_stored(staged: Staged, clickhouse: ClickHouse) -> None:
    """Fill the table `staged.stored` with the events of other batches that carry a uuid of this one.

    Raises ClickHouseUnavailable, ClickHouseRefused.
    """
    clickhouse.command(f"DROP TABLE IF EXISTS {staged.stored}")
    clickhouse.command(
        f"CREATE TABLE {staged.stored}"
        " (team_id Int64, uuid UUID, received_at DateTime64(3, 'UTC'), batch_id UUID, arrival_day Date) ENGINE = Memory"
    )
    for look in _looks(staged, clickhouse):
        clickhouse.insert(
            statement(
                "stored_before",
                staged.table,
                found=staged.stored,
                counting=staged.target.counting,
                batch_id=staged.batch_id,
                sent=look.sent,
                stored=look.stored,
            )
        )


def _looks(staged: Staged, clickhouse: ClickHouse) -> Iterator[_Look]:
    """Those that the batch needs: mostly its uuids were made on its day, and the day before at the earliest."""
    lately = staged.arrival_day - _DAY
    is_late = f"{_IS_DATED} AND {_MADE} < toDate('{lately}')"
    dated, late, first_made, all_ = clickhouse.query(
        f"SELECT countIf({_IS_DATED}), countIf({is_late}), minIf({_MADE}, {is_late}), count()"
        f" FROM {staged.table} WHERE reason = '' AND dropped_by = ''"
    ).one()
    if dated > late:
        yield _Look(f"{_IS_DATED} AND {_MADE} >= toDate('{lately}')", _since(lately))
    if late:
        yield _Look(is_late, _since(first_made))
    if dated:
        yield _Look(_IS_DATED, _IS_AHEAD)
    if all_ > dated:
        yield _Look(f"NOT {_IS_DATED}", "true")


def _since(made: date) -> str:
    return f"arrival_day >= toDate('{made - _DAY}')"
