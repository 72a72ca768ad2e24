"""What differs between a day of events as it was and as it is loaded again."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from analytics_pipelines.events.hot_properties import HOT_PROPERTIES
from analytics_pipelines.ingest.replay_statements import replay_statement
from analytics_pipelines.ingest.shadow import Shadow
from resources.clickhouse import ClickHouse

# What tells nothing of the event itself: how it was loaded, and who its person is by now.
_NOT_COMPARED = frozenset({"team_id", "uuid", "batch_id", "person_id"})

# Changed columns that no person is made of: `properties` hold what others are read from.
_NOT_OF_PERSONS = frozenset({"is_bot", "ip", "groups", "elements_chain", "arrival_day", *HOT_PROPERTIES})

# Changed columns that groups, or the catalog of names, follow from.
_OF_NAMES = frozenset({"event", "timestamp", "properties", "has_person", "groups"})

# Names of events that are counted one by one.
MOST_NAMES = 1000

# Beyond it a GROUP BY goes on on disk.
_SETTINGS = {"max_bytes_before_external_group_by": 1 << 30}


@dataclass
class Counts:
    """How many events are there now and were not, were and are not, or say something else."""

    added: int = 0
    removed: int = 0
    changed: int = 0

    def include(self, other: "Counts") -> None:
        self.added += other.added
        self.removed += other.removed
        self.changed += other.changed


@dataclass
class Differences:
    """What differs, in numbers; and the events that do, while the tables of the day are there."""

    table: str
    before_table: str
    after_table: str
    lost_table: str
    clickhouse: ClickHouse
    before: int = 0
    after: int = 0
    counts: Counts = field(default_factory=Counts)
    by_event: dict[str, Counts] = field(default_factory=dict)
    columns: dict[str, int] = field(default_factory=dict)

    def public(self) -> dict[str, Any]:
        """As JSON: rows before and after, what differs in all, by event name and by column."""
        return {
            "before": self.before,
            "after": self.after,
            **vars(self.counts),
            "by_event": {name: dict(vars(counts)) for name, counts in self.by_event.items()},
            "columns": dict(self.columns),
        }

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not any(vars(self.counts).values())

    def concern_persons(self) -> bool:
        """Whether what persons were made of changed: not so where events were only added, or it is not said of them."""
        return bool(self.counts.removed or self.columns.keys() - _NOT_OF_PERSONS)

    def teams_to_name_anew(self) -> list[int]:
        """Projects whose groups and names may hold what an event said that is gone by now."""
        kinds = ["removed", *(["changed"] if self.columns.keys() & _OF_NAMES else [])]
        rows = self.clickhouse.query(
            f"SELECT DISTINCT team_id FROM {self.table} WHERE kind IN {{kinds:Array(String)}}"
            f" UNION DISTINCT SELECT team_id FROM {self.lost_table} ORDER BY team_id",
            {"kinds": kinds},
        ).rows
        return [int(team) for (team,) in rows]

    @property
    def distinct_ids(self) -> str:
        """What to read from for the team_id and distinct_id of events that changed or went."""
        return (
            f"(SELECT DISTINCT team_id, distinct_id FROM (SELECT * FROM {self.before_table}"
            f" UNION ALL SELECT * FROM {self.after_table}) WHERE (team_id, uuid) IN"
            f" (SELECT team_id, uuid FROM {self.table} WHERE kind != 'added'))"
        )

    def days(self) -> list[tuple[int, date]]:
        """Event days, by team, of all that differs, also of events of other days that gave way."""
        rows = self.clickhouse.query(
            f"SELECT DISTINCT team_id, toDate32(timestamp) AS day FROM (SELECT * FROM {self.before_table}"
            f" UNION ALL SELECT * FROM {self.after_table})"
            f" WHERE (team_id, uuid) IN (SELECT team_id, uuid FROM {self.table})"
            f" UNION DISTINCT SELECT team_id, day FROM {self.lost_table} ORDER BY team_id, day"
        ).rows
        return [(int(team), day) for team, day in rows]


def compare(shadow: Shadow) -> Differences:
    """Compare a day as it was when `remember` was called with what was loaded beside it, by uuid and all columns."""
    clickhouse, before, after = shadow.clickhouse, shadow.before, shadow.target.events
    table = shadow.differences
    clickhouse.command(f"DROP TABLE IF EXISTS {table} SYNC")
    clickhouse.command(
        f"CREATE TABLE {table} (team_id Int64, uuid UUID, kind LowCardinality(String), event String)"
        " ENGINE = MergeTree ORDER BY (kind, team_id, uuid)"
    )
    columns = [
        name
        for (name,) in clickhouse.query(
            "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {table:String}"
            " ORDER BY position",
            {"table": before},
        ).rows
        if name not in _NOT_COMPARED
    ]
    values = [f"ifNull(toString(`{name}`), '\\0')" for name in columns]
    names = {"differences": table, "before": before, "after": after}
    clickhouse.insert(replay_statement("compare", values=", ".join(values), **names), settings=_SETTINGS)
    found = Differences(table, before, after, shadow.lost, clickhouse)
    for name in ("before", "after"):
        setattr(found, name, int(clickhouse.query(f"SELECT count() FROM {names[name]}").one()[0]))
    for event, *numbers in clickhouse.query(
        "SELECT event, countIf(kind = 'added'), countIf(kind = 'removed'), countIf(kind = 'changed')"
        f" FROM {table}"
        " GROUP BY event ORDER BY count() DESC, event"
    ).rows:
        counts = Counts(*map(int, numbers))
        found.counts.include(counts)
        if len(found.by_event) < MOST_NAMES:
            found.by_event[event] = counts
    if found.counts.changed:
        statement = replay_statement(
            "changed_columns",
            names="[" + ", ".join(f"'{name}'" for name in columns) + "]",
            hashes=", ".join(f"cityHash64({value})" for value in values),
            **names,
        )
        found.columns = {name: int(times) for name, times in clickhouse.query(statement, settings=_SETTINGS).rows}
    return found
