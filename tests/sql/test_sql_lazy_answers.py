"""What stands beside a row, typed properties and the tables of people, run by ClickHouse over the data of two teams."""

from typing import Any

import pytest
from two_teams import ANN, BOB, SESSION, TEAM

from analytics_pipelines.sql.compiler import compile_select

pytestmark = pytest.mark.engines


def ask(reader: Any, text: str) -> list[tuple[Any, ...]]:
    compiled = compile_select(text, TEAM.scope())
    return [tuple(row) for row in reader.query(compiled.sql, compiled.parameters, {"join_use_nulls": 1}).rows]


ANSWERS: list[tuple[str, list[tuple[Any, ...]]]] = [
    # persons: newest version, not deleted
    (
        "SELECT id, properties.email FROM persons ORDER BY properties.email",
        [(ANN, "ann@example.com"), (BOB, "bob@example.com")],
    ),
    ("SELECT count() FROM persons WHERE properties.age >= 18", [(1,)]),
    (
        "SELECT distinct_id, person_id FROM person_distinct_ids ORDER BY distinct_id",
        [("ann", ANN), ("bob", BOB), ("old-ann", ANN)],
    ),
    (
        "SELECT id, groupArray(pdi.distinct_id) AS ids FROM persons GROUP BY id HAVING length(ids) = 2",
        [(ANN, ["ann", "old-ann"])],
    ),
    # people as they are now, whoever the events were stored for
    (
        "SELECT person.properties.email AS email, count() FROM events GROUP BY email ORDER BY email NULLS LAST",
        [("ann@example.com", 2), ("bob@example.com", 1), (None, 1)],
    ),
    ("SELECT count() FROM events WHERE person.properties.age > 18", [(2,)]),
    ("SELECT count() FROM events WHERE person.properties.email != 'bob@example.com'", [(3,)]),
    ("SELECT count() FROM events WHERE person.id = person_id", [(3,)]),
    ("SELECT pdi.person_id FROM events WHERE distinct_id = 'old-ann'", [(ANN,)]),
    ("SELECT toString(person.created_at) FROM events WHERE event = 'buy'", [("2020-12-31 21:00:00.000000",)]),
    ("SELECT max(person.properties.age) FROM events", [(40.0,)]),
    ("SELECT e.person.properties['email'] FROM events e WHERE e.event = 'buy'", [("ann@example.com",)]),
    (
        "SELECT p.properties.email, count() FROM events e RIGHT JOIN persons p ON e.person.id = p.id "
        "GROUP BY 1 ORDER BY 2 DESC",
        [("ann@example.com", 2), ("bob@example.com", 1)],
    ),
    # what the event itself said
    (
        "SELECT distinct_id, poe.properties.plan FROM events WHERE poe.properties.plan IS NOT NULL ORDER BY 1",
        [("bob", "pro"), ("old-ann", "free")],
    ),
    # elements
    (
        "SELECT elements_chain_href, elements_chain_texts, e.elements_chain_ids, elements_chain_elements "
        "FROM events e WHERE notEmpty(elements_chain)",
        [(r'/buy?a=\"text=\"', [r'Buy \"now\"'], ["go"], ["a"])],
    ),
    # sessions and groups
    (
        "SELECT session.$entry_pathname, count() FROM events GROUP BY 1 ORDER BY 2 DESC",
        [("/home", 3), (None, 1)],
    ),
    ("SELECT count() FROM events WHERE session.$session_duration > 60", [(3,)]),
    ("SELECT count() FROM events WHERE session.$channel_type = 'Direct' AND timestamp >= '2024-05-05 07:00:00' "
     "AND timestamp < '2024-05-06'",
     [(3,)]),
    ("SELECT countIf(e.session.$channel_type = 'Direct') FROM persons p LEFT JOIN events e ON e.person_id = p.id "
     "WHERE e.timestamp > toDate('2024-05-05') AND '2024-05-06' > e.timestamp", [(2,)]),
    ("SELECT session.person.properties.email FROM events WHERE distinct_id = 'bob'", [("ann@example.com",)]),
    (
        "SELECT session_id, id, distinct_id, person_id, $session_duration, $channel_type, "
        "toString($start_timestamp) FROM sessions",
        [(SESSION, SESSION, "bob", ANN, 9000, "Direct", "2024-05-05 07:00:00.000000")],
    ),
    ("SELECT person.properties.email FROM sessions", [("ann@example.com",)]),
    ("SELECT $group_0, $group_1 FROM events ORDER BY timestamp LIMIT 1 OFFSET 3", [("", "p1")]),
    ("SELECT uniqExact(properties.$group_0), countIf(properties.$group_0 IS NULL) FROM events", [(1, 2)]),
    ("SELECT group_0.properties.name, sum(group_0.properties.seats) FROM events GROUP BY 1 ORDER BY 1",
     [("Acme", 14.0), (None, None)]),
    ("SELECT index, key, properties.name, toString(created_at) FROM groups",
     [(0, "acme", "Acme", "2021-02-01 21:00:00.000000")]),
    ("SELECT cohort_id, person_id, person.properties.age FROM cohort_people", [(5, ANN, 40.0)]),
    # types of the catalog
    ("SELECT sum(properties.price), count(properties.price) FROM events", [(17.5, 2)]),
    ("SELECT properties.price + 1 FROM events WHERE event = 'buy'", [(13.5,)]),
    ("SELECT count() FROM events WHERE properties.price > '9'", [(1,)]),
    ("SELECT count() FROM events WHERE properties.price LIKE '12%'", [(1,)]),
    ("SELECT countIf(properties.paid), countIf(NOT properties.paid), countIf(properties.paid IS NULL) FROM events",
     [(1, 1, 2)]),
    ("SELECT count() FROM events WHERE properties.paid = 'true'", [(1,)]),
    ("SELECT count() FROM events WHERE properties.paid = true", [(1,)]),
    ("SELECT count() FROM events WHERE properties.paid IN (true)", [(1,)]),
    ("SELECT toString(properties.at) FROM events WHERE event = 'buy'", [("2024-05-01 00:00:00.000000",)]),
    ("SELECT count() FROM events WHERE properties.at < '2024-05-01T03:00:01Z'", [(1,)]),
    ("SELECT count() FROM events WHERE properties.price IN ('12.5', '7')", [(1,)]),
    ("SELECT count() FROM events WHERE properties.price NOT IN ('12.5', 'x')", [(3,)]),
    ("SELECT count() FROM events WHERE properties.paid IN ('true', 'false')", [(2,)]),
    ("SELECT count() FROM events WHERE person.properties.age > '18'", [(2,)]),
    ("SELECT count() FROM events WHERE person.properties.age != 'x'", [(4,)]),
    ("SELECT count() FROM events WHERE person.properties.age LIKE '4%'", [(2,)]),
    ("SELECT count() FROM sessions WHERE $session_duration != 'x' AND $session_duration = '9000'", [(1,)]),
    ("SELECT count() FROM sessions WHERE $session_duration = 'x' OR $session_duration > ''", [(0,)]),
    ("SELECT count() FROM events WHERE person_id LIKE '%0001'", [(2,)]),
    ("SELECT count() FROM events WHERE person_id = '00000000-0000-0000-0000-000000000001'", [(2,)]),
    ("SELECT p + 1 FROM (SELECT properties.price AS p FROM events) WHERE p = 12.5", [(13.5,)]),
    ("SELECT count() FROM (SELECT properties.nothing AS p FROM events) WHERE p > 5", [(0,)]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ANSWERS, ids=[text[:70] for text, _ in ANSWERS])
def test_answers(two_teams: Any, text: str, expected: list[tuple[Any, ...]]) -> None:
    found = [tuple(sorted(v) if isinstance(v, list) else v for v in row) for row in ask(two_teams, text)]
    assert found == expected
