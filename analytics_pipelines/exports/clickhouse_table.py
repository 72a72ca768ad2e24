"""A table of another ClickHouse: filled beside it, and put in place by swapping the partition of a day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import quote
from uuid import uuid4

from analytics_pipelines.exports.columns import Column
from analytics_pipelines.exports.destination import DestinationFailed, Guard, Written, address_of, literal, without
from analytics_pipelines.exports.files import query_prefix
from analytics_pipelines.exports.intervals import Interval
from analytics_pipelines.exports.model import Export
from analytics_pipelines.exports.rows import SETTINGS, Rows, Stretch
from analytics_pipelines.faults import hit
from resources.clickhouse import ClickHouse, ClickHouseRefused, ClickHouseUnavailable

Done = TypeVar("Done")

_TYPES = {
    "text": "String",
    "uuid": "UUID",
    "moment": "DateTime64(6, 'UTC')",
    "date": "Date32",
    "json": "String",
    "integer": "Int64",
    "number": "Float64",
    "bool": "Bool",
}
# All of a snapshot is one partition, whenever it was taken.
_OF_SNAPSHOTS = "1970-01-01"


class ClickHouseTable:
    """Rows carry `_export`, `_interval_start` and `_day`, the day of the interval, which is their partition.

    An hour takes the other hours of its day along into the new partition, so that readers see all of it or the old.
    """

    has_limit = False

    def __init__(self, export: Export, interval: Interval, clickhouse: ClickHouse, guard: Guard) -> None:
        self._export = export
        self._interval = interval
        self._clickhouse = clickhouse
        self._guard = guard
        config = export.destination.config
        self._database, self._table = str(config["database"]), str(config["table_name"])
        self._staging = f"{self._table}_staging_{export.id.hex[:8]}"
        self._day = _OF_SNAPSHOTS if export.model.is_snapshot else f"{interval.start:%Y-%m-%d}"

    def probe(self) -> None:
        """Connect by both ports. Raises DestinationFailed and ClickHouse's errors."""
        self._one("SELECT 1")
        self._clickhouse.query(f"SELECT * FROM {self._function('system', 'one')}")

    def begin(self) -> None:
        self._ask(f"DROP TABLE IF EXISTS {_name(self._staging)} SYNC")
        hit("exports.after_unmark")

    def write(self, number: int, rows: Rows, stretch: Stretch) -> Written:
        if number == 0:
            self._make(rows.columns)
        names = ", ".join(["_export", "_interval_start", "_day", *(column.quoted for column in rows.columns)])
        start = int(self._interval.start.timestamp())
        own = [f"toUUID('{self._export.id}')", f"toDateTime({start}, 'UTC')", f"toDate('{self._day}')"]
        select = rows.select([*own, *(column.quoted for column in rows.columns)], stretch)
        written = self._clickhouse.write(
            f"INSERT INTO FUNCTION {self._function(self._database, self._staging)} ({names}) {select.sql}",
            select.parameters,
            {
                **SETTINGS,
                "distributed_foreground_insert": 1,
                "query_id": f"{query_prefix(self._export)}{uuid4()}",
            },
        )
        hit("exports.after_write")
        return Written(str(number), written.rows, written.bytes)

    def is_too_large(self, written: Written) -> bool:
        return False

    def finish(self, written: Sequence[Written]) -> None:
        table, staging = _name(self._table), _name(self._staging)
        exists = bool(written) or self._one(f"EXISTS TABLE {table}")
        if not exists:
            return
        if not written:
            self._ask(f"CREATE TABLE {staging} AS {table}")
        mine = f"_export = '{self._export.id}' AND _day = '{self._day}'"
        if not self._export.model.is_snapshot:
            start = int(self._interval.start.timestamp())
            self._ask(
                f"INSERT INTO {staging} SELECT * FROM {table}"
                f" WHERE {mine} AND _interval_start != toDateTime({start}, 'UTC')"
            )
        hit("exports.before_mark")
        partition = f"PARTITION ('{self._export.id}', '{self._day}')"
        # servers refuse to replace a partition by nothing
        change = (
            f"REPLACE {partition} FROM {staging}"
            if self._one(f"SELECT count() FROM {staging}")
            else f"DROP {partition}"
        )
        self._ask(f"ALTER TABLE {table} {change}")
        hit("exports.after_mark")
        self._ask(f"DROP TABLE IF EXISTS {staging} SYNC")

    def _make(self, columns: Sequence[Column]) -> None:
        """Both tables; the first gets what columns it lacks."""
        types = {
            each.name: f"Nullable({_TYPES[each.type]})" if each.nullable else _TYPES[each.type] for each in columns
        }
        order = next((each.quoted for each in columns if each.type == "moment" and not each.nullable), "tuple()")
        defined = ", ".join(f"{each.quoted} {types[each.name]}" for each in columns)
        self._ask(
            f"CREATE TABLE IF NOT EXISTS {_name(self._table)}"
            f" (_export UUID, _interval_start DateTime('UTC'), _day Date, {defined})"
            f" ENGINE = MergeTree PARTITION BY (_export, _day) ORDER BY {order}"
        )
        for each in columns:
            self._ask(f"ALTER TABLE {_name(self._table)} ADD COLUMN IF NOT EXISTS {each.quoted} {types[each.name]}")
        self._ask(f"DROP TABLE IF EXISTS {_name(self._staging)} SYNC")
        self._ask(f"CREATE TABLE {_name(self._staging)} AS {_name(self._table)}")

    def _function(self, database: str, table: str) -> str:
        """The table as ClickHouse reaches it by the native port."""
        target = self._export.destination.whole
        host, port, secure = str(target["host"]), int(target["native_port"]), bool(target["secure"])
        address = address_of(self._guard, host, port)
        # a certificate proves a name; without one, what was checked is what is called
        where = f"{host if secure else _bracketed(address)}:{port}"
        arguments = [where, database, table, target["user"], target["password"]]
        return f"{'remoteSecure' if secure else 'remote'}({', '.join(map(literal, arguments))})"

    def _ask(self, statement: str) -> None:
        self._told(lambda other: other.command(statement))

    def _one(self, statement: str) -> int:
        return int(self._told(lambda other: other.query(statement)).one()[0])

    def _told(self, ask: Callable[[ClickHouse], Done]) -> Done:
        target = self._export.destination.whole
        host, port, secure = str(target["host"]), int(target["port"]), bool(target.get("secure"))
        address = address_of(self._guard, host, port)
        login = f"{quote(str(target['user']), safe='')}:{quote(str(target['password']), safe='')}"
        shown = host if secure else _bracketed(address)
        other = ClickHouse(f"{'https' if secure else 'http'}://{login}@{shown}:{port}/{quote(self._database)}")
        try:
            return ask(other)
        except (ClickHouseRefused, ClickHouseUnavailable) as error:
            raise DestinationFailed(f"ClickHouse: {without([target['password']], str(error))}") from None


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _name(table: str) -> str:
    return "`" + table.replace("\\", "\\\\").replace("`", "\\`") + "`"
