"""The columns that exports have, and how each stands in a file or a table of another database."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from analytics_pipelines.exports.model import Model

Type = Literal["text", "uuid", "moment", "date", "json", "integer", "number", "bool"]


@dataclass(frozen=True, slots=True)
class Column:
    """`source` is its name in the schema that questions read. A `json` column holds JSON as text."""

    name: str
    type: Type
    source: str
    nullable: bool = False

    @property
    def quoted(self) -> str:
        return "`" + self.name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _columns(text: str) -> tuple[Column, ...]:
    """Lines of `name type [source]`; `?` after the type: may be NULL."""
    found = []
    for name, type_, *source in (line.split() for line in text.strip().splitlines()):
        kind: Type = type_.rstrip("?")  # type: ignore[assignment]
        found.append(Column(name, kind, source[0] if source else name, type_.endswith("?")))
    return tuple(found)


_PERSON_COLUMNS = _columns(
    """
    person_id      uuid     id
    distinct_ids   json
    properties     json
    is_identified  bool
    created_at     moment
    """
)
COLUMNS: dict[Model, tuple[Column, ...]] = {
    Model.EVENTS: _columns(
        """
        uuid            uuid
        event           text
        distinct_id     text
        person_id       uuid
        properties      json
        elements_chain  text
        timestamp       moment
        created_at      moment
        """
    ),
    Model.PERSONS: _PERSON_COLUMNS,
    Model.COHORT: _PERSON_COLUMNS,
    Model.SESSIONS: _columns(
        """
        session_id              text
        distinct_id             text
        person_id               uuid
        start_timestamp         moment    $start_timestamp
        end_timestamp           moment    $end_timestamp
        duration                integer   $session_duration
        event_count             integer   $event_count
        pageview_count          integer   $pageview_count
        screen_count            integer   $screen_count
        autocapture_count       integer   $autocapture_count
        entry_url               text?     $entry_current_url
        end_url                 text?     $end_current_url
        entry_referring_domain  text?     $entry_referring_domain
        entry_utm_source        text?     $entry_utm_source
        entry_utm_medium        text?     $entry_utm_medium
        entry_utm_campaign      text?     $entry_utm_campaign
        entry_utm_content       text?     $entry_utm_content
        entry_utm_term          text?     $entry_utm_term
        channel_type            text      $channel_type
        is_bounce               bool?     $is_bounce
        browser                 text?     $browser
        os                      text?     $os
        device_type             text?     $device_type
        country                 text?     $geoip_country_code
        """
    ),
    Model.SQL: (),
}
"""All columns of each model, in their order; those of `sql` follow from the query."""


def chosen(model: Model, names: Sequence[str]) -> tuple[Column, ...]:
    """The columns of these names, or all. KeyError for a name that the model does not have."""
    known = {column.name: column for column in COLUMNS[model]}
    return tuple(known[name] for name in names) if names else COLUMNS[model]


_WHOLE, _BROKEN = re.compile(r"U?Int(8|16|32|64)"), re.compile(r"Float(32|64)")


def column_of(name: str, type_: str) -> Column:
    """A column of ClickHouse's type, as `DESCRIBE` names it; what has no plain type becomes JSON.

    >>> column_of("n", "Nullable(UInt8)")
    Column(name='n', type='integer', source='n', nullable=True)
    """
    low = type_.removeprefix("LowCardinality(").removesuffix(")") if type_.startswith("LowCardinality(") else type_
    nullable = low.startswith("Nullable(")
    bare = low.removeprefix("Nullable(").removesuffix(")") if nullable else low
    kind: Type = "json"
    if bare == "String" or bare.startswith(("FixedString", "Enum")):
        kind = "text"
    elif bare == "UUID":
        kind = "uuid"
    elif bare.startswith("DateTime"):
        kind = "moment"
    elif bare.startswith("Date"):
        kind = "date"
    elif bare == "Bool":
        kind = "bool"
    elif _WHOLE.fullmatch(bare):
        kind = "integer"
    elif _BROKEN.fullmatch(bare):
        kind = "number"
    return Column(name, kind, name, nullable)


def in_parquet(column: Column) -> str:
    """Types that every reader knows: texts, UTC timestamps of microseconds, numbers."""
    name = column.quoted
    return {
        "uuid": f"toString({name})",
        "moment": f"toDateTime64({name}, 6, 'UTC')",
        "date": f"toDate32({name})",
    }.get(column.type, name)


def in_json_lines(columns: Sequence[Column]) -> str:
    """One text a row: a JSON object, in which JSON stays JSON."""
    parts = []
    for number, column in enumerate(columns):
        key = _literal(f"{',' if number else '{'}{_json_key(column.name)}:")
        parts.append(f"{key}, {_json_value(column)}")
    return f"concat({', '.join(parts)}, '}}')"


def in_text(column: Column) -> str:
    """As text without NUL, for a Postgres that gives it its type."""
    name = column.quoted
    if column.type == "moment":
        return _iso(column)
    if column.type == "text":
        return f"replaceAll({name}, '\\0', '')"
    return _without_nul(name) if column.type == "json" else f"toString({name})"


def _without_nul(json: str) -> str:
    """JSON whose texts have no NUL, for which Postgres has no place. Pairs of backslashes stand aside meanwhile, as a
    sign that JSON never has, since what follows them is no escape."""
    apart = f"replaceAll({json}, '\\\\\\\\', '\\x01')"
    return f"replaceAll(replaceAll({apart}, '\\\\u0000', ''), '\\x01', '\\\\\\\\')"


def _json_value(column: Column) -> str:
    name = column.quoted
    if column.type == "json":
        value = name
    elif column.type == "moment":
        value = f"concat('\"', {_iso(column)}, '\"')"
    elif column.type in ("integer", "bool"):
        value = f"toString({name})"
    elif column.type in ("uuid", "date"):
        value = f"concat('\"', toString({name}), '\"')"
    else:
        value = f"toJSONString({name})"
    return f"ifNull({value}, 'null')" if column.nullable else value


def _iso(column: Column) -> str:
    return f"formatDateTime(toDateTime64({column.quoted}, 6, 'UTC'), '%Y-%m-%dT%H:%i:%S.%fZ')"


def _json_key(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
