"""What questions take when people were merged since their events were stored, and after the squash."""

from functools import partial

from analytics_pipelines.sql.compiler import Scope, compile_select
from benchmarks.choices.clock import interleaved, seconds
from benchmarks.engines import Databases
from benchmarks.ingest_data import Traffic, rows_sql
from resources.clickhouse import ClickHouse

# Percent of overridden people → the project that has them.
SHARES = {0: 1, 1: 2, 10: 3}
_DAYS = 30
_SETTINGS = {"join_use_nulls": 1, "use_query_cache": 0}  # as questions are asked (queries/ask.py)

# As people ask: what finds the person of an event is printed by the product, or is not when nobody asks for one.
QUESTIONS = {
    "people by day": "SELECT toDate(timestamp) AS day, uniqExact(person_id) FROM events GROUP BY day ORDER BY day",
    "people by event": "SELECT event, uniqExact(person_id) FROM events GROUP BY event ORDER BY event",
    "funnel": (
        "SELECT reached, count() FROM (SELECT person_id, windowFunnel(86400)(toUnixTimestamp(timestamp),"
        " event = '$pageview', event = 'product viewed', event = 'order completed') AS reached FROM events"
        " WHERE event IN ('$pageview', 'product viewed', 'order completed') GROUP BY person_id)"
        " GROUP BY reached ORDER BY reached"
    ),
    "retention": (
        "SELECT first, days, count() FROM (SELECT person_id, min(toDate(timestamp)) AS first,"
        " uniqExact(toDate(timestamp)) AS days FROM events WHERE event = '$pageview' GROUP BY person_id)"
        " GROUP BY first, days ORDER BY first, days"
    ),
    "events by name": "SELECT event, count() FROM events GROUP BY event ORDER BY event",
}
_MERGE_SOME = """
INSERT INTO person_overrides (team_id, distinct_id, stored_person_id, person_id, version, is_deleted)
SELECT DISTINCT
    team_id, distinct_id, person_id, reinterpret(sipHash128(2, cityHash64(person_id) % 100000), 'UUID'), 1, 0
FROM events WHERE team_id = {team} AND cityHash64('merged', person_id) % 100 < {share}
"""
_FILL = """
INSERT INTO events (team_id, uuid, event, distinct_id, person_id, timestamp, received_at, arrival_day)
SELECT {team}, uuid, event, distinct_id, person_id, timestamp, received_at, toDate(received_at) FROM ({rows})
"""
_BY_PERSON = "(team_id, person_id) IN (SELECT team_id, stored_person_id FROM {database}.person_overrides)"

Answers = dict[int, dict[str, dict[str, float]]]


def measure_questions(at: Databases, events: int, rounds: int) -> tuple[Answers, float]:
    """Milliseconds by share of overridden people in percent, question, and `before` or `after`; seconds of the squash.

    Each share is a project with a month of such events, so that all are asked in turns. Properties are left out, since
    no question here reads them.
    """
    for share, team in SHARES.items():
        traffic = Traffic(max(1, events // _DAYS))
        at.clickhouse.command(_FILL.format(team=team, rows=rows_sql()), traffic.parameters(0, events))
        at.clickhouse.command(_MERGE_SOME.format(team=team, share=share))
    at.clickhouse.command("OPTIMIZE TABLE events FINAL")
    before = _ask(at.clickhouse, rounds)
    squash_seconds = seconds(partial(_squash, at.clickhouse))
    after = _ask(at.clickhouse, rounds)
    found = {
        share: {name: {"before": before[share, name], "after": after[share, name]} for name in QUESTIONS}
        for share in SHARES
    }
    return found, squash_seconds


def _ask(clickhouse: ClickHouse, rounds: int) -> dict[tuple[int, str], float]:
    work = {}
    for name, sql in QUESTIONS.items():
        for share, team in SHARES.items():
            one = compile_select(sql, Scope(team_id=team))
            work[share, name] = partial(clickhouse.query, one.sql, one.parameters, _SETTINGS)
    return interleaved(work, rounds)


def _squash(clickhouse: ClickHouse) -> None:
    """What a squash costs at the least: the one column is written anew in the parts that change."""
    database = clickhouse.database
    clickhouse.command(
        "CREATE TABLE merging (team Int64, stored UUID, person UUID) ENGINE = Join(ANY, LEFT, team, stored)"
    )
    clickhouse.command("INSERT INTO merging SELECT team_id, stored_person_id, person_id FROM person_overrides")
    clickhouse.command(
        f"ALTER TABLE events UPDATE person_id = joinGet('{database}.merging', 'person', team_id, person_id)"
        f" WHERE {_BY_PERSON.format(database=database)}",
        settings={"mutations_sync": 2},
    )
    clickhouse.command("TRUNCATE TABLE person_overrides")
