"""What questions take when people were merged since their events were stored, and after the squash."""

from functools import partial

from benchmarks.choices.clock import interleaved, seconds
from benchmarks.choices.identity import QUERIES
from benchmarks.engines import Databases
from benchmarks.ingest_data import Traffic, rows_sql
from resources.clickhouse import ClickHouse

SHARES = (0, 1, 10)
_DAYS = 30

# By the person that an event was stored with: docs/decisions/0013-identity-at-read.md
_OVERRIDES = (
    "CREATE TABLE merged (team_id Int64, stored UUID, person UUID) ENGINE = MergeTree ORDER BY (team_id, stored)"
)
_MERGE_SOME = """
INSERT INTO merged
SELECT DISTINCT team_id, person_id, reinterpret(sipHash128(2, cityHash64(person_id) % 100000), 'UUID')
FROM events WHERE cityHash64('merged', person_id) % 100 < {share}
"""
_SOURCE = """
SELECT e.team_id, e.event AS event, e.timestamp AS timestamp,
    if(o.person = toUUID('00000000-0000-0000-0000-000000000000'), e.person_id, o.person) AS person
FROM events AS e
LEFT ANY JOIN (SELECT stored, person FROM merged WHERE team_id = 1) AS o ON e.person_id = o.stored
WHERE e.team_id = 1
"""
# Questions about people; what is asked without them needs no look-up.
_ASKED = {name: sql.format(events=_SOURCE) for name, sql in QUERIES.items() if "person" in sql}


def measure_questions(
    at: Databases, events: int, rounds: int
) -> tuple[dict[int, dict[str, dict[str, float]]], dict[int, float]]:
    """Milliseconds by share of overridden ids in percent, question, and `before` or `after`; seconds of the squash."""
    _fill(at.clickhouse, events)
    at.clickhouse.command(_OVERRIDES)
    found: dict[int, dict[str, dict[str, float]]] = {}
    squashes = {}
    for share in SHARES:
        at.clickhouse.command(_MERGE_SOME.format(share=share))
        before = _ask(at.clickhouse, rounds)
        squashes[share] = seconds(partial(_squash, at.clickhouse))
        after = _ask(at.clickhouse, rounds)
        found[share] = {name: {"before": before[name], "after": after[name]} for name in _ASKED}
    return found, squashes


def _fill(clickhouse: ClickHouse, events: int) -> None:
    """A month of events; their properties are left out, since no question here reads them."""
    there = {
        name
        for (name,) in clickhouse.query(
            "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'events'"
        ).rows
    }
    columns = {
        **dict.fromkeys(("team_id", "uuid", "event", "distinct_id", "person_id", "timestamp", "received_at"), ""),
        "properties": "'{}'",
        "arrival_day": "toDate(received_at)",
    }
    used = {name: value or name for name, value in columns.items() if name in there}
    clickhouse.command(
        f"INSERT INTO events ({', '.join(used)}) SELECT {', '.join(used.values())} FROM ({rows_sql()}) LIMIT 1 BY uuid",
        Traffic(max(1, events // _DAYS)).parameters(0, events),
        settings={"max_partitions_per_insert_block": 0},
    )
    clickhouse.command("OPTIMIZE TABLE events FINAL")


def _ask(clickhouse: ClickHouse, rounds: int) -> dict[str, float]:
    return interleaved({name: partial(clickhouse.query, sql) for name, sql in _ASKED.items()}, rounds)


def _squash(clickhouse: ClickHouse) -> None:
    """As the product does it: the whole column of a part is written anew, and the overrides are gone."""
    database = clickhouse.database
    clickhouse.command("DROP TABLE IF EXISTS merging SYNC")
    clickhouse.command("CREATE TABLE merging (stored UUID, person UUID) ENGINE = Join(ANY, LEFT, stored)")
    clickhouse.command("INSERT INTO merging SELECT stored, person FROM merged")
    clickhouse.command(
        f"ALTER TABLE events UPDATE person_id = joinGet('{database}.merging', 'person', person_id)"
        f" WHERE person_id IN (SELECT stored FROM {database}.merged)",
        settings={"mutations_sync": 2},
    )
    clickhouse.command("TRUNCATE TABLE merged")
