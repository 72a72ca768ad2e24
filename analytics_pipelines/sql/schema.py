"""The tables that questions may read, as data. A new table or column is a line here.

A virtual table is what people see; each is printed as a guarded subselect over a physical table
(see `printer`) with the columns that the question uses, so one that is not listed here (`team_id`, `batch_id`) can't be
read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from analytics_pipelines.events.hot_properties import HOT_PROPERTIES
from analytics_pipelines.sql.types import Kind

GROUP_TYPES = 5
"""How many kinds of groups a project may have."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """`source` is the physical column, or an expression over what `join` brings; `zoned` ones are instants, shown in
    the project's zone. `apart` are the keys of an object that have a column of their own, named like them; `catalog`
    says of what the values of an object are properties (`event`, `person`), for their types. `*` leaves out `hidden`
    ones: they say again what another says."""

    name: str
    kind: Kind
    source: str
    nullable: bool = False
    join: str = ""
    apart: frozenset[str] = frozenset()
    catalog: str = ""
    hidden: bool = False

    @property
    def zoned(self) -> bool:
        return self.kind is Kind.INSTANT

    @property
    def item(self) -> str:
        """How it stands in a select list."""
        name = quoted(self.name)
        return name if name == self.source else f"{self.source} AS {name}"


@dataclass(frozen=True, slots=True)
class Lazy:
    """A table that stands beside a row of another: joined when a question touches it, and only what it touches.

    The row's `key` is the other's `to`; of its rows only those count whose columns `where` says so. `many` may stand
    beside one row. `catalog` as in a column, for objects that mean another thing from here. `near`: an instant of the
    row, and the other's day, which lies at most a day from it; so a question about some days reads no others.
    """

    name: str
    table: str
    key: str
    to: str
    where: tuple[tuple[str, int], ...] = ()
    many: bool = False
    catalog: str = ""
    near: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """`physical` must carry a `team_id Int64` column. `final`: only the newest version of each row; `where` narrows
    it further."""

    name: str
    physical: str
    columns: tuple[TableColumn, ...]
    lazy: tuple[Lazy, ...] = ()
    final: bool = False
    where: str = ""

    def guarded(self, used: Collection[str]) -> str:
        """The only form in which the physical table is ever read: the columns used, of one team."""
        items = [item for name, item in self.items() if name in used]
        joins = dict.fromkeys(column.join for column in self.columns if column.join and column.name in used)
        source = " ".join([self.physical, *(["FINAL"] if self.final else []), *joins])
        team = f"{self.physical}.team_id" if joins else "team_id"
        where = f" AND {self.where}" if self.where else ""
        return f"(SELECT {', '.join(items) or '1'} FROM {source} WHERE {team} = {{team_id:Int64}}{where})"

    def items(self) -> Iterator[tuple[str, str]]:
        """What may stand in the select list, by the name it is used by."""
        columns = {column.name for column in self.columns}
        for column in self.columns:
            yield column.name, column.item
        for column in self.columns:
            yield from ((key, f"`{key}`") for key in sorted(column.apart - columns))


def quoted(name: str) -> str:
    """A name of ours as it stands in SQL."""
    return name if name.replace("_", "a").isalnum() and name != "end" else f"`{name}`"


Schema = Mapping[str, Table]


def _columns(text: str) -> tuple[TableColumn, ...]:
    """Lines of `name kind [source]`; `?` after the kind: may be NULL; `-` after the source: not in `*`."""
    found = []
    for row in (line.split() for line in text.strip().splitlines()):
        hidden, kind = row[-1] == "-", row[1]
        words = row[:-1] if hidden else row
        name, source = words[0], words[2] if words[2:] else words[0]
        found.append(TableColumn(name, Kind(kind.removesuffix("?")), quoted(source), kind.endswith("?"), hidden=hidden))
    return tuple(found)


def _current_person(physical: str, columns: tuple[TableColumn, ...]) -> tuple[TableColumn, ...]:
    """Who the stored person has become since: found by what the rows carry, 16 bytes and not a text."""
    join = (
        "GLOBAL ANY LEFT JOIN (SELECT stored_person_id, toNullable(person_id) AS current_person_id"
        " FROM person_overrides FINAL WHERE team_id = {team_id:Int64} AND is_deleted = 0) AS overrides"
        f" ON {physical}.person_id = overrides.stored_person_id"
    )
    current = f"ifNull(overrides.current_person_id, {physical}.person_id)"
    return tuple(
        replace(column, source=current, join=join) if column.name == "person_id" else column for column in columns
    )


def _of(columns: tuple[TableColumn, ...], catalog: str, apart: frozenset[str] = frozenset()) -> tuple[TableColumn, ...]:
    return tuple(
        replace(column, catalog=catalog, apart=apart) if column.name == "properties" else column for column in columns
    )


GROUP_KEYS = tuple(f"$group_{index}" for index in range(GROUP_TYPES))
"""The columns of events with the key of the group of each kind; the parameter `group_0` … holds the kind's name."""

_GROUP_COLUMNS = tuple(
    TableColumn(name, Kind.STRING, f"arrayElement(groups, {{{name[1:]}:String}})") for name in GROUP_KEYS
)
_PERSON = Lazy("person", "persons", "person_id", "id")
_GROUPS = tuple(
    Lazy(f"group_{index}", "groups", key, "key", (("index", index),), catalog=f"group_{index}")
    for index, key in enumerate(GROUP_KEYS)
)

EVENTS = Table(
    name="events",
    physical="events",
    columns=_current_person(
        "events",
        _of(
            _columns(
                """
        uuid            uuid
        event           string
        properties      json
        timestamp       instant
        distinct_id     string
        person_id       uuid
        elements_chain  string
        $session_id     string?
        $window_id      string?
        received_at     instant  received_at -
        created_at      instant  received_at
        has_person      bool     has_person -
        """
            ),
            "event",
            frozenset(HOT_PROPERTIES),
        )
        + _GROUP_COLUMNS,
    ),
    lazy=(
        _PERSON,
        Lazy("pdi", "person_distinct_ids", "distinct_id", "distinct_id"),
        Lazy("session", "sessions", "$session_id", "session_id", near=("timestamp", "$day")),
        *_GROUPS,
    ),
)

PERSONS = Table(
    name="persons",
    physical="persons",
    columns=_of(
        _columns(
            """
    id             uuid
    created_at     instant
    properties     json
    is_identified  bool
    """
        ),
        "person",
    ),
    lazy=(Lazy("pdi", "person_distinct_ids", "id", "person_id", many=True),),
    final=True,
)

PERSON_DISTINCT_IDS = Table(
    name="person_distinct_ids",
    physical="person_distinct_ids",
    columns=_columns(
        """
    distinct_id  string
    person_id    uuid
    """
    ),
    lazy=(_PERSON,),
    final=True,
    where="is_deleted = 0",
)

GROUPS = Table(
    name="groups",
    physical="groups",
    columns=_columns(
        """
    index       number
    key         string
    properties  json
    created_at  instant
    """
    ),
)

SESSIONS = Table(
    name="sessions",
    physical="sessions",
    columns=_current_person(
        "sessions",
        _columns(
            """
    session_id                string
    id                        string   session_id -
    $day                      date     day -
    distinct_id               string
    person_id                 uuid
    $start_timestamp          instant  start
    $end_timestamp            instant  end
    $session_duration         number   duration
    duration                  number   duration -
    $event_count              number   events
    $pageview_count           number   pageviews
    $screen_count             number   screens
    $autocapture_count        number   autocaptures
    $num_uniq_urls            number   urls
    $entry_current_url        string?  entry_url
    $entry_hostname           string?  entry_hostname
    $entry_pathname           string?  entry_pathname
    $end_current_url          string?  exit_url
    $end_hostname             string?  exit_hostname
    $end_pathname             string?  exit_pathname
    $exit_current_url         string?  exit_url -
    $exit_hostname            string?  exit_hostname -
    $exit_pathname            string?  exit_pathname -
    $entry_referring_domain   string?  entry_referring_domain
    $entry_utm_source         string?  entry_utm_source
    $entry_utm_medium         string?  entry_utm_medium
    $entry_utm_campaign       string?  entry_utm_campaign
    $entry_utm_content        string?  entry_utm_content
    $entry_utm_term           string?  entry_utm_term
    $entry_gclid              string?  entry_gclid
    $entry_gad_source         string?  entry_gad_source
    $entry_fbclid             string?  entry_fbclid
    $channel_type             string   channel_type
    $is_bounce                bool?    is_bounce
    $last_external_click_url  string?  last_external_click_url
    $vitals_lcp               number?  vitals_lcp
    $browser                  string?  browser
    $os                       string?  os
    $device_type              string?  device_type
    $geoip_country_code       string?  country
    """
        ),
    ),
    lazy=(_PERSON,),
)

COHORT_PEOPLE = Table(
    name="cohort_people",
    physical="cohort_people",
    columns=_current_person(
        "cohort_people",
        _columns(
            """
    cohort_id  number
    person_id  uuid
    """
        ),
    ),
    lazy=(_PERSON,),
)

SCHEMA: Schema = {
    table.name: table for table in (EVENTS, PERSONS, PERSON_DISTINCT_IDS, GROUPS, SESSIONS, COHORT_PEOPLE)
}
"""What people may read."""

EVENT_COUNTS_HOURLY = Table(
    name="event_counts_hourly",
    physical="event_counts_hourly",
    columns=_columns(
        """
    day     date
    event   string
    hour    instant
    events  number
    people  other
    """
    ),
)
ACTIVE_PEOPLE_DAILY = Table(
    name="active_people_daily",
    physical="active_people_daily",
    columns=_current_person(
        "active_people_daily",
        _columns(
            """
    day         date
    event       string
    person_id   uuid
    events      number
    has_person  bool
    """
        ),
    ),
    lazy=(_PERSON,),
)
WEB_STATS_DAILY = Table(
    name="web_stats_daily",
    physical="web_stats_daily",
    columns=_columns(
        """
    day               date
    dimension         string
    value             string
    visitors          other
    views             number
    sessions          number
    duration_seconds  number
    bounces           number
    bounceable        number
    """
    ),
)

INTERNAL_SCHEMA: Schema = {
    **SCHEMA,
    **{table.name: table for table in (EVENT_COUNTS_HOURLY, ACTIVE_PEOPLE_DAILY, WEB_STATS_DAILY)},
}
"""What insights may read besides: sums and sets of whole hours and days, which mean nothing in a sum of a person's."""

RESERVED_NAMES = frozenset({"team_id", "true", "false", "null"})
"""Names that nothing in a query may be given."""
