"""Identity at read: how a question learns the person of an event whose stored person was merged into another since."""

from functools import partial
from urllib.parse import SplitResult, urlsplit

from benchmarks.choices.clock import interleaved
from benchmarks.choices.section import Cell, Section
from benchmarks.engines import Engines
from benchmarks.ingest_data import Traffic, rows_sql
from resources.clickhouse import ClickHouse

SHARES = (0, 1, 10, 100)

_EVENTS = """
CREATE TABLE identity_events
(
    team_id Int64, uuid UUID, event String CODEC(ZSTD(1)), distinct_id String CODEC(ZSTD(1)), person_id UUID,
    timestamp DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)), properties String CODEC(ZSTD(1)),
    received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1))
)
ENGINE = MergeTree PARTITION BY toYYYYMM(received_at)
ORDER BY (team_id, toDate(timestamp), event, cityHash64(distinct_id), timestamp, uuid)
"""
_OVERRIDES = """
CREATE TABLE overrides_{share} (team_id Int64, distinct_id String, stored UUID, person UUID)
ENGINE = MergeTree ORDER BY (team_id, distinct_id)
"""
_FILL_OVERRIDES = """
INSERT INTO overrides_{share}
SELECT team_id, distinct_id, person_id, reinterpret(sipHash128(2, cityHash64(distinct_id) % 100000), 'UUID')
FROM (SELECT DISTINCT team_id, distinct_id, person_id FROM identity_events)
WHERE cityHash64('overridden', distinct_id) % 100 < {share}
"""
_DICTIONARY = """
CREATE DICTIONARY dictionary_{key}_{share} (team_id Int64, {key} {kind}, person UUID)
PRIMARY KEY team_id, {key}
SOURCE(CLICKHOUSE(HOST '127.0.0.1' PORT 9000
    DB '{database}' TABLE 'overrides_{share}' USER '{user}' PASSWORD '{password}'))
LAYOUT(COMPLEX_KEY_HASHED()) LIFETIME(0)
"""
_JOIN = """
CREATE TABLE join_{key}_{share} (team_id Int64, {key} {kind}, person UUID)
ENGINE = Join(ANY, LEFT, team_id, {key})
"""
_KINDS = {"distinct_id": "String", "stored": "UUID"}

# The person of each event, as it would stand in the FROM of a question. The names of a row's own columns are kept.
_COLUMNS = "e.team_id, e.event AS event, e.timestamp AS timestamp"
_NOBODY = "toUUID('00000000-0000-0000-0000-000000000000')"
AS_STORED = "as stored"
WAYS = {
    AS_STORED: f"SELECT {_COLUMNS}, e.person_id AS person FROM identity_events AS e WHERE e.team_id = 1",
    "LEFT ANY JOIN by distinct id": (
        f"SELECT {_COLUMNS}, if(o.person = {_NOBODY}, e.person_id, o.person) AS person FROM identity_events AS e"
        " LEFT ANY JOIN (SELECT distinct_id, person FROM overrides_{share} WHERE team_id = 1) AS o"
        " ON e.distinct_id = o.distinct_id WHERE e.team_id = 1"
    ),
    "LEFT ANY JOIN by stored person": (
        f"SELECT {_COLUMNS}, if(o.person = {_NOBODY}, e.person_id, o.person) AS person FROM identity_events AS e"
        " LEFT ANY JOIN (SELECT stored, person FROM overrides_{share} WHERE team_id = 1) AS o"
        " ON e.person_id = o.stored WHERE e.team_id = 1"
    ),
    "dictionary by distinct id": (
        f"SELECT {_COLUMNS}, dictGetOrDefault('dictionary_distinct_id_{{share}}', 'person', (e.team_id, e.distinct_id),"
        " e.person_id) AS person FROM identity_events AS e WHERE e.team_id = 1"
    ),
    "dictionary by stored person": (
        f"SELECT {_COLUMNS}, dictGetOrDefault('dictionary_stored_{{share}}', 'person', (e.team_id, e.person_id),"
        " e.person_id) AS person FROM identity_events AS e WHERE e.team_id = 1"
    ),
    "Join engine by distinct id": (
        f"SELECT {_COLUMNS}, ifNull(joinGetOrNull('join_distinct_id_{{share}}', 'person', e.team_id, e.distinct_id),"
        " e.person_id) AS person FROM identity_events AS e WHERE e.team_id = 1"
    ),
    "Join engine by stored person": (
        f"SELECT {_COLUMNS}, ifNull(joinGetOrNull('join_stored_{{share}}', 'person', e.team_id, e.person_id),"
        " e.person_id) AS person FROM identity_events AS e WHERE e.team_id = 1"
    ),
    "set, then dictionary by stored person": (
        f"SELECT {_COLUMNS}, if(e.person_id IN (SELECT stored FROM overrides_{{share}} WHERE team_id = 1),"
        " dictGetOrDefault('dictionary_stored_{share}', 'person', (e.team_id, e.person_id), e.person_id), e.person_id)"
        " AS person FROM identity_events AS e WHERE e.team_id = 1"
    ),
}
QUERIES = {
    "people by day": "SELECT toDate(timestamp) AS day, uniqExact(person) FROM ({events}) GROUP BY day ORDER BY day",
    "people by event": "SELECT event, uniqExact(person) FROM ({events}) GROUP BY event ORDER BY event",
    "funnel": """
        SELECT reached, count() FROM (
            SELECT person, windowFunnel(86400)(toDateTime(timestamp), event = '$pageview', event = 'product viewed',
                event = 'order completed') AS reached
            FROM ({events}) WHERE event IN ('$pageview', 'product viewed', 'order completed') GROUP BY person
        ) GROUP BY reached ORDER BY reached""",
    "retention": """
        SELECT first, days, count() FROM (
            SELECT groupUniqArray(toDate(timestamp)) AS seen, arrayMin(seen) AS first,
                arrayJoin(arrayMap(day -> day - first, seen)) AS days
            FROM ({events}) WHERE event = '$pageview' GROUP BY person
        ) GROUP BY first, days ORDER BY first, days""",
    "events by name": "SELECT event, count() FROM ({events}) GROUP BY event ORDER BY event",
}


def measure(at: Engines, events: int, rounds: int) -> list[Section]:
    """Milliseconds by share of overridden ids, query and way."""
    clickhouse = ClickHouse(at.clickhouse_url)
    clickhouse.command(_EVENTS)
    clickhouse.command(f"INSERT INTO identity_events {rows_sql()}", Traffic(max(1, events // 30)).parameters(0, events))
    clickhouse.command("OPTIMIZE TABLE identity_events FINAL")
    ids = clickhouse.query("SELECT uniqExact(distinct_id) FROM identity_events").one()[0]
    rows: list[list[Cell]] = []
    for share in SHARES:
        _override(clickhouse, urlsplit(at.clickhouse_url), share)
        for query, sql in QUERIES.items():
            work, answers = {}, []
            for way, source in WAYS.items():
                text = sql.format(events=source.format(share=share))
                if way != AS_STORED:
                    answers.append(clickhouse.query(text).rows)
                work[way] = partial(clickhouse.query, text)
            assert all(answer == answers[0] for answer in answers), (share, query)
            took = interleaved(work, rounds)
            rows.append([f"{share} %", query, *(took[way] for way in WAYS)])
    said = (
        f"{events:,} events of {ids:,} distinct ids, merged; so many of the ids have an override. Milliseconds, with"
        " equal answers but in the first column, which does not look. The last question of each share needs no person."
    )
    return [Section("Identity at read", said, ["overridden", "question", *WAYS], rows)]


def _override(clickhouse: ClickHouse, login: SplitResult, share: int) -> None:
    clickhouse.command(_OVERRIDES.format(share=share))
    clickhouse.command(_FILL_OVERRIDES.format(share=share))
    for key, kind in _KINDS.items():
        names = {"key": key, "kind": kind, "share": share}
        clickhouse.command(
            _DICTIONARY.format(**names, database=clickhouse.database, user=login.username, password=login.password)
        )
        clickhouse.command(f"SYSTEM RELOAD DICTIONARY dictionary_{key}_{share}")
        clickhouse.command(_JOIN.format(**names))
        clickhouse.command(f"INSERT INTO join_{key}_{share} SELECT team_id, {key}, person FROM overrides_{share}")
