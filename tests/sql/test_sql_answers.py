"""The printed SQL, run by ClickHouse."""

import json
import uuid
from typing import Any

import pytest

from analytics_pipelines.sql.compiler import Scope, compile_select

pytestmark = pytest.mark.engines

OURS = Scope(team_id=1, timezone="America/Sao_Paulo")
THEIRS = Scope(team_id=2, timezone="America/Sao_Paulo")
EVENTS: list[tuple[int, str, str, dict[str, Any]]] = [
    (1, "view", "2024-05-05 02:59:59.999999", {"browser": "Chrome", "price": 10, "paid": True, "o": {"a": ["x", "y"]}}),
    (1, "view", "2024-05-05 03:00:00", {"browser": "Safari", "price": "2.5", "paid": False, "none": None}),
    (1, "buy", "2024-05-06 02:59:59", {"empty": "", "text": "null", "said": 'a "b" \\ \n é'}),
    (1, "buy", "2024-05-06 03:00:00", {"browser": "Chrome", "at": "2024-05-05T23:00:00-03:00"}),
    (2, "view", "2024-05-05 12:00:00", {"browser": "Secret"}),
    (2, "secret", "2024-05-05 12:00:00", {"browser": "Secret"}),
]


@pytest.fixture
def events(clickhouse: Any) -> Any:
    for number, (team, event, at, properties) in enumerate(EVENTS):
        person = uuid.UUID(int=team * 10 + number % 2)
        text = json.dumps(properties, ensure_ascii=False).replace("\\", "\\\\").replace("'", "\\'")
        clickhouse.command(
            "INSERT INTO events (team_id, uuid, event, distinct_id, person_id, timestamp, properties, received_at) "
            f"VALUES ({team}, '{uuid.UUID(int=number)}', '{event}', 'd{number % 2}', '{person}', "
            f"'{at}', '{text}', '2024-05-07 00:00:00')"
        )
    return clickhouse


def ask(clickhouse: Any, text: str, scope: Scope = OURS) -> list[tuple[Any, ...]]:
    compiled = compile_select(text, scope)
    return [tuple(row) for row in clickhouse.query(compiled.sql, compiled.parameters).rows]


ANSWERS: list[tuple[str, list[tuple[Any, ...]]]] = [
    ("SELECT count() FROM events", [(4,)]),
    ("SELECT event, count(*) AS n FROM events GROUP BY event ORDER BY n DESC, event", [("buy", 2), ("view", 2)]),
    # days of Sao Paulo start at 03:00 UTC
    ("SELECT count() FROM events WHERE timestamp >= '2024-05-05'", [(3,)]),
    ("SELECT count() FROM events WHERE timestamp >= '2024-05-05' AND timestamp < '2024-05-06'", [(2,)]),
    ("SELECT count() FROM events WHERE timestamp >= toDate('2024-05-05')", [(3,)]),
    ("SELECT count() FROM events WHERE timestamp >= '2024-05-05T00:00:00Z'", [(4,)]),
    ("SELECT count() FROM events WHERE toDate(timestamp) = '2024-05-05'", [(2,)]),
    ("SELECT count() FROM events WHERE timestamp BETWEEN '2024-05-05' AND '2024-05-05 23:59:59'", [(2,)]),
    ("SELECT count() FROM events WHERE timestamp IN ('2024-05-05 00:00:00')", [(1,)]),
    (
        "SELECT toString(toStartOfDay(timestamp)) AS d, count() FROM events GROUP BY d ORDER BY d",
        [("2024-05-04 00:00:00", 1), ("2024-05-05 00:00:00", 2), ("2024-05-06 00:00:00", 1)],
    ),
    ("SELECT toString(min(timestamp)) FROM events", [("2024-05-04 23:59:59.999999",)]),
    ("SELECT toString(toStartOfWeek(max(timestamp))) FROM events", [("2024-05-05",)]),
    ("SELECT count() FROM events WHERE timestamp > now() - INTERVAL 1 DAY", [(0,)]),
    # missing values
    ("SELECT count() FROM events WHERE properties.browser = 'Chrome'", [(2,)]),
    ("SELECT count() FROM events WHERE properties.browser != 'Chrome'", [(2,)]),
    ("SELECT count() FROM events WHERE properties.browser NOT LIKE 'Chr%'", [(2,)]),
    ("SELECT count() FROM events WHERE properties.browser NOT IN ('Chrome', 'Safari')", [(1,)]),
    ("SELECT count() FROM events WHERE properties.browser IN ('Chrome', NULL)", [(2,)]),
    ("SELECT count() FROM events WHERE NOT (properties.browser = 'Chrome')", [(2,)]),
    ("SELECT count() FROM events WHERE properties.none = NULL", [(4,)]),
    ("SELECT count() FROM events WHERE properties.browser != NULL", [(3,)]),
    ("SELECT count() FROM events WHERE properties.a = properties.b", [(4,)]),
    ("SELECT count() FROM events WHERE properties.browser != properties.nothing", [(3,)]),
    ("SELECT count() FROM events WHERE properties.price < 5", [(1,)]),
    ("SELECT count() FROM events WHERE properties.empty IS NOT NULL", [(1,)]),
    # what JSON holds
    ("SELECT properties.text, properties.said FROM events WHERE properties.text = 'null'", [("null", 'a "b" \\ \n é')]),
    ("SELECT properties.o.a[2], properties['o']['a'] FROM events WHERE properties.price = 10", [("y", '["x","y"]')]),
    ("SELECT sum(properties.price), max(toFloat(properties.price)) FROM events", [(12.5, 10.0)]),
    ("SELECT count() FROM events WHERE properties.paid = true", [(1,)]),
    ("SELECT count() FROM events WHERE properties.at >= toDate('2024-05-06')", [(0,)]),
    ("SELECT toString(toDate(properties.at)) FROM events WHERE properties.at IS NOT NULL", [("2024-05-05",)]),
    ("SELECT toInt(properties.browser), toInt('12') FROM events LIMIT 1", [(None, 12)]),
    # values
    ("SELECT 'it''s \\\\ \\n \\t \"q\" {x:Identifier} `'", [("it's \\ \n \t \"q\" {x:Identifier} `",)]),
    ("SELECT -300, 70000, 9223372036854775808, 1.5, toString(true), NULL", [(-300, 70000, 2**63, 1.5, "true", None)]),
    ("SELECT event IN (lower('VIEW'), distinct_id) FROM events ORDER BY timestamp LIMIT 1", [(1,)]),
    ("SELECT 1 = 1 ? 'yes' : 'no', NULL ?? 'x'", [("yes", "x")]),
    # shapes of queries
    (
        "SELECT a.event, b.n FROM events a LEFT JOIN (SELECT event, count() AS n FROM events GROUP BY event) b "
        "ON a.event = b.event ORDER BY a.timestamp LIMIT 1",
        [("view", 2)],
    ),
    ("WITH events AS (SELECT event FROM events WHERE event = 'buy') SELECT count() FROM events", [(2,)]),
    ("SELECT event FROM events UNION DISTINCT SELECT 'zzz' ORDER BY event DESC LIMIT 2", [("zzz",), ("view",)]),
    ("SELECT count() FROM events WHERE distinct_id IN (SELECT distinct_id FROM events WHERE event = 'buy')", [(4,)]),
    ("SELECT event FROM events ORDER BY timestamp DESC LIMIT 1 BY event LIMIT 5", [("buy",), ("view",)]),
    ("SELECT (SELECT count() FROM events) AS n, n + 1", [(4, 5)]),
    (
        "SELECT row_number() OVER (PARTITION BY event ORDER BY timestamp) AS n FROM events ORDER BY n DESC LIMIT 1",
        [(2,)],
    ),
    ("SELECT arrayMap(x -> x + 1, [1, 2])[1], (1, 'a').2", [(2, "a")]),
    (
        "SELECT quantile(0.5)(toFloat(properties.price)), topK(1)(event), uniqExactIf(person_id, event = 'buy') "
        "FROM events WHERE event = 'view'",
        [(6.25, ["view"], 0)],
    ),
    ("SELECT windowFunnel(86400)(toDateTime(timestamp), event = 'view', event = 'buy') FROM events", [(2,)]),
    ("SELECT count(DISTINCT person_id), uniq(person_id) FROM events", [(2, 2)]),
    ("SELECT toDate(timestamp) AS timestamp FROM events WHERE timestamp < '2024-05-05' GROUP BY timestamp LIMIT 0", []),
]  # fmt: skip


def test_answers(events: Any) -> None:
    for text, expected in ANSWERS:
        assert ask(events, text) == expected, text


def test_columns_are_named_as_announced(events: Any) -> None:
    compiled = compile_select("SELECT *, count() OVER () AS n, lower(event) FROM events", OURS)
    assert events.query(compiled.sql, compiled.parameters).columns == compiled.columns


def test_a_team_reads_the_same_after_another_teams_data_is_gone(events: Any) -> None:
    questions = [text for text, _ in ANSWERS] + ["SELECT * FROM events ORDER BY uuid"]
    before = [ask(events, text) for text in questions]
    assert ask(events, "SELECT count() FROM events", THEIRS) == [(2,)]
    assert "Secret" not in repr(before)
    events.command("ALTER TABLE events DELETE WHERE team_id = 2 SETTINGS mutations_sync = 2")
    assert ask(events, "SELECT count() FROM events", THEIRS) == [(0,)]
    assert [ask(events, text) for text in questions] == before


def test_every_function_of_the_list_is_known_to_the_engine(clickhouse: Any) -> None:
    from analytics_pipelines.sql.functions import FUNCTIONS
    from analytics_pipelines.sql.rewrites import find

    known = {name for (name,) in clickhouse.query("SELECT name FROM system.functions").rows}
    lowered = {name.lower() for name in known}
    combined = {"sumMap", "minMap", "maxMap", "countResample"}  # functions with a combinator
    missing = {name for name in FUNCTIONS if name.lower() not in lowered and not find(name)}
    assert missing <= combined
