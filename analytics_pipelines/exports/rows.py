"""The rows of an export in an interval, as SQL: guarded like a question, in a total order, a page at a time.

The order is that of the table's own key, so ClickHouse reads in it and sorts nothing, whatever number of rows there is;
and the same rows come in the same order however they are stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from analytics_pipelines.exports.columns import Column, chosen, column_of
from analytics_pipelines.exports.intervals import Interval
from analytics_pipelines.exports.model import Export, Model
from analytics_pipelines.insights.filters import Properties, Subject, all_of, condition, in_cohort
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import compile_query, compile_select
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.sql.schema import SCHEMA, Schema, TableColumn
from analytics_pipelines.sql.types import Kind
from resources.clickhouse import ClickHouse

_EVERYTHING = 10**15
_PROPERTIES: TypeAdapter[Properties] = TypeAdapter(Properties)
# What is received is stamped by the clock of its host, and stored on the day of its object.
_DAY = timedelta(days=1)

SETTINGS: Mapping[str, Any] = {
    "join_use_nulls": 1,
    "optimize_read_in_order": 1,
    "join_algorithm": "hash",  # reads on in order, which its parallel kin do not
    "max_execution_time": 0,
    # one stream in, so that rows stay in their order; what is written is packed by several threads all the same
    "max_insert_threads": 1,
    "max_bytes_before_external_sort": 1 << 30,
    "max_bytes_before_external_group_by": 1 << 30,
}


class WrongExport(ValueError):
    """What is wrong with what an export asks for, in words; `field` names it as the API does."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Select:
    """A statement and its parameters."""

    sql: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """Part of the order: `name` in what is read, `type` of its parameter, `source` in the physical table."""

    name: str
    type: str
    source: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows behind `after` in the order, up to and with `until`; None: no bound. Each holds a value for each key."""

    after: tuple[Any, ...] | None = None
    until: tuple[Any, ...] | None = None


EVERY_ROW = Stretch()
_EVENT_KEY = (
    KeyColumn("_day", "Date32", "toDate32(timestamp)"),
    KeyColumn("_event", "String", "event"),
    KeyColumn("_hash", "UInt64", "cityHash64(distinct_id)"),
    KeyColumn("_time", "Int64", "timestamp"),
    KeyColumn("_uuid", "UUID", "uuid"),
)
_PERSON_KEY = (KeyColumn("_id", "UUID", "id"),)
_SESSION_KEY = (KeyColumn("_session", "String", "session_id"),)


class Rows:
    """The rows of one interval. Raises WrongExport, from every method, for what can't be asked."""

    def __init__(self, export: Export, interval: Interval, context: Context, clickhouse: ClickHouse) -> None:
        self._export = export
        self._interval = interval
        self._context = context
        self._clickhouse = clickhouse
        self.key: tuple[KeyColumn, ...] = {
            Model.EVENTS: _EVENT_KEY,
            Model.PERSONS: _PERSON_KEY,
            Model.COHORT: _PERSON_KEY,
            Model.SESSIONS: _SESSION_KEY,
            Model.SQL: (),
        }[export.model]
        self.columns: tuple[Column, ...] = self._described() if export.model is Model.SQL else _chosen(export)

    def select(self, expressions: Sequence[str], stretch: Stretch = EVERY_ROW) -> Select:
        """These expressions over the columns, in the order of the rows."""
        inner = self._inner(self.columns, stretch)
        order = [f"`{key.name}`" for key in self.key] or [column.quoted for column in self.columns]
        return Select(
            f"SELECT {', '.join(expressions)} FROM ({inner.sql}) ORDER BY {', '.join(order)}", inner.parameters
        )

    def last_key(self, after: tuple[Any, ...] | None, rows: int) -> tuple[Any, ...] | None:
        """The key of the row that is the `rows`th behind `after`; None when there is none behind it."""
        inner = self._inner((), Stretch(after))
        names = ", ".join(f"`{key.name}`" for key in self.key)
        found = self._clickhouse.query(
            f"SELECT {names} FROM ({inner.sql}) ORDER BY {names} LIMIT 2 OFFSET {{skipped:UInt64}}",
            {**inner.parameters, "skipped": rows - 1},
            SETTINGS,
        ).rows
        return new_key(found[0]) if len(found) == 2 else None

    def fingerprint(self) -> Fingerprint:
        """Read once: how many rows there are, how large, and a sum that others would not have."""
        inner = self._inner(self.columns, EVERY_ROW)
        names = ", ".join(column.quoted for column in self.columns)
        # a hash of NULL is NULL, and would not be counted
        hashed = ", ".join(
            f"isNull({each.quoted}), ifNull(toString({each.quoted}), '')" if each.nullable else each.quoted
            for each in self.columns
        )
        rows, size, total = self._clickhouse.query(
            f"SELECT count(), sum(byteSize({names})), sum(cityHash64({hashed})) FROM ({inner.sql})",
            inner.parameters,
            SETTINGS,
        ).one()
        return Fingerprint(int(rows), int(size), f"{rows}:{int(total):016x}")

    def _inner(self, columns: Sequence[Column], stretch: Stretch) -> Select:
        if self._export.model is Model.SQL:
            return self._of_query(columns)
        table, schema, parameters = self._table(stretch)
        items = [nodes.Item(nodes.Name((column.source,)), column.name) for column in columns]
        items += [nodes.Item(nodes.Name((key.name,)), key.name) for key in self.key]
        query = nodes.Select(tuple(items), nodes.TableName(table), where=self._where())
        scope = replace(self._context.scope(), max_limit=_EVERYTHING)
        try:
            compiled = compile_query(query, scope, schema)
        except QueryError as error:
            raise WrongExport("filters", error.message) from None
        limit = f" LIMIT {_EVERYTHING}"
        if not compiled.sql.endswith(limit):
            raise AssertionError("a compiled query ends with its limit")
        # a limit within would have the rows read before they are put in order
        return Select(compiled.sql.removesuffix(limit), {**compiled.parameters, **parameters})

    def _saved_query(self) -> Select:
        values = {"interval_start": self._interval.start, "interval_end": self._interval.end}
        scope = replace(self._context.scope(), max_limit=_EVERYTHING, default_limit=_EVERYTHING, values=values)
        try:
            compiled = compile_select(self._export.query, scope)
        except QueryError as error:
            raise WrongExport("hogql_query", error.message) from None
        return Select(compiled.sql, compiled.parameters)

    def _of_query(self, columns: Sequence[Column]) -> Select:
        query = self._saved_query()
        items = [
            f"toJSONString({each.quoted}) AS {each.quoted}" if each.type == "json" else each.quoted for each in columns
        ]
        return Select(f"SELECT {', '.join(items)} FROM ({query.sql})", query.parameters)

    def _described(self) -> tuple[Column, ...]:
        query = self._saved_query()
        rows = self._clickhouse.query(f"DESCRIBE ({query.sql})", query.parameters, SETTINGS).rows
        return tuple(column_of(name, type_) for name, type_, *_ in rows)

    def _where(self) -> nodes.Expr | None:
        filters, events = self._export.filters, nodes.Name(("event",))
        listed: list[nodes.Expr | None] = [
            nodes.In(events, tuple(nodes.Constant(name) for name in names), negated)
            for names, negated in (
                (filters.get("include_events") or (), False),
                (filters.get("exclude_events") or (), True),
            )
            if names and self._export.model is Model.EVENTS
        ]
        if self._export.model is Model.COHORT:
            cohort = self._export.cohort_id
            if cohort is None or cohort not in self._context.team.cohorts:
                raise WrongExport("cohort_id", "There is no such cohort.")
            listed.append(in_cohort(nodes.Name(("id",)), cohort))
        return all_of(*listed, property_condition(self._export, self._context))

    def _table(self, stretch: Stretch) -> tuple[str, Schema, dict[str, Any]]:
        """The name of the table, the schema in which it holds the stretch of the interval only, and its parameters."""
        model, parameters = self._export.model, dict[str, Any]()
        name = {Model.EVENTS: "events", Model.SESSIONS: "sessions"}.get(model, "persons")
        bounds: list[str] = []
        if not model.is_snapshot:
            column = {"events": "received_at", "sessions": "start"}[name]
            parameters |= {"from_ms": _milliseconds(self._interval.start), "to_ms": _milliseconds(self._interval.end)}
            bounds += [
                f"{column} >= fromUnixTimestamp64Milli({{from_ms:Int64}})",
                f"{column} < fromUnixTimestamp64Milli({{to_ms:Int64}})",
                f"{'arrival_day' if name == 'events' else 'day'} BETWEEN {{first_day:Date32}} AND {{last_day:Date32}}",
            ]
            parameters |= {
                "first_day": (self._interval.start - _DAY).date(),
                "last_day": (self._interval.end + _DAY).date(),
            }
        bounds += _within(stretch, self.key, name, parameters)
        known = SCHEMA[name]
        keys = [TableColumn(key.name, Kind.OTHER, _qualified(key, name)) for key in self.key]
        beside = [_distinct_ids(stretch)] if name == "persons" else []
        changed = replace(known, columns=(*known.columns, *beside, *keys), where=" AND ".join(bounds))
        return name, {**SCHEMA, name: changed}, parameters


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """`rows` and their `bytes` in memory; `text` is equal for equal rows."""

    rows: int
    bytes: int
    text: str


def property_condition(export: Export, context: Context) -> nodes.Expr | None:
    """What the property filters say of a row. Raises WrongExport."""
    given = export.filters.get("properties") or []
    if not given:
        return None
    if export.model is Model.SQL:
        raise WrongExport("filters", "A query has its own conditions.")
    subject: Subject = {Model.EVENTS: "events", Model.SESSIONS: "sessions"}.get(export.model, "persons")  # type: ignore[assignment]
    try:
        return condition(_PROPERTIES.validate_python(given), context, subject)
    except ValidationError as error:
        raise WrongExport("filters", error.errors()[0]["msg"]) from None
    except QueryError as error:
        raise WrongExport("filters", error.message) from None


def _distinct_ids(stretch: Stretch) -> TableColumn:
    """All that one person is known by, as JSON; looked up for the persons of the stretch."""
    bounds = "".join(
        f" AND person_id {sign} {{{name}_0:UUID}}"
        for values, sign, name in ((stretch.after, ">", "after"), (stretch.until, "<=", "until"))
        if values is not None
    )
    return TableColumn(
        "distinct_ids",
        Kind.OTHER,
        "toJSONString(members.ids)",
        join="LEFT JOIN (SELECT person_id, arraySort(groupArray(distinct_id)) AS ids FROM person_members FINAL"
        f" WHERE team_id = {{team_id:Int64}} AND is_deleted = 0{bounds} GROUP BY person_id) AS members"
        " ON persons.id = members.person_id",
    )


def _chosen(export: Export) -> tuple[Column, ...]:
    try:
        return chosen(export.model, export.columns)
    except KeyError as error:
        raise WrongExport("columns", f"{error.args[0]!r} is no column of {export.model}.") from None


def _qualified(key: KeyColumn, table: str) -> str:
    """A key that is a bare column says of which table, since it stands beside others."""
    if key.name == "_time":
        return "toUnixTimestamp64Micro(events.timestamp)"
    return key.source if "(" in key.source else f"{table}.{key.source}"


def _within(stretch: Stretch, keys: Sequence[KeyColumn], table: str, parameters: dict[str, Any]) -> list[str]:
    """Conditions over the key of the physical table, in a form by which ClickHouse skips what lies outside."""
    found = []
    for values, sign, name in ((stretch.after, ">", "after"), (stretch.until, "<=", "until")):
        if values is None:
            continue
        parameters |= {f"{name}_{number}": value for number, value in enumerate(values)}
        bound = ""
        for number in reversed(range(len(keys))):
            key = keys[number]
            column = key.source if "(" in key.source else f"{table}.{key.source}"
            value = f"{{{name}_{number}:{key.type}}}"
            if key.name == "_time":
                value = f"fromUnixTimestamp64Micro({value})"
            if not bound:
                bound = f"{column} {sign} {value}"
            else:
                bound = f"({column} {sign[0]} {value} OR ({column} = {value} AND {bound}))"
        found.append(bound)
    return found


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def new_key(values: Sequence[Any]) -> tuple[Any, ...]:
    """Values of a key as parameters."""
    return tuple(str(value) if isinstance(value, UUID) else value for value in values)
