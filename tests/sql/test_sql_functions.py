"""The functions that a query may call: known to ClickHouse, and run through our printer."""

import json
from typing import Any

import pytest
from two_teams import TEAM

from analytics_pipelines.sql import functions
from analytics_pipelines.sql.compiler import compile_select
from analytics_pipelines.sql.errors import QueryError

pytestmark = pytest.mark.engines

OURS = {"toInt", "toFloat", "sortableSemver", "dateAdd", "dateSub"}
COMBINED = {"sumMap", "minMap", "maxMap", "countResample"}
"""Printed as something else."""


def test_all_that_is_listed_is_there(clickhouse: Any) -> None:
    rows = clickhouse.query("SELECT name, is_aggregate, case_insensitive FROM system.functions").rows
    known = {(name, bool(aggregate)) for name, aggregate, _ in rows}
    loose = {(name.lower(), bool(aggregate)) for name, aggregate, insensitive in rows if insensitive}
    listed = {(each.name, each.aggregate or each.window_only) for each in functions.FUNCTIONS.values()}
    missing = {(n, a) for n, a in listed - known if n not in OURS | COMBINED and (n.lower(), a) not in loose}
    assert missing == set()


def ask(reader: Any, text: str) -> Any:
    compiled = compile_select(text, TEAM.scope())
    rows = reader.query(compiled.sql, compiled.parameters, {"join_use_nulls": 1}).rows
    return [list(row) for row in rows]


ONE_VALUE: list[tuple[str, Any]] = [
    # arrays, lambdas and tuples
    ("arrayMap((x, i) -> x * i, [5, 6], arrayEnumerate([5, 6]))", [5, 12]),
    ("arrayFold((acc, x) -> acc + x, [1, 2, 3], toInt64(0))", 6),
    ("arrayFold((acc, x) -> (acc.1 + x, toInt64(x)), [1, 2, 3], (toInt64(0), toInt64(0))).1", 6),
    ("arrayFilter(t -> t.2 > 1, arrayZip(['a', 'b'], [1, 2])).1", ["b"]),
    ("arraySort(x -> -x, [1, 3, 2])", [3, 2, 1]),
    ("arraySort((x, y) -> y, ['a', 'b'], [2, 1])", ["b", "a"]),
    ("arrayExists(x -> x = 2, [1, 2])", 1),
    ("arrayFirst(x -> x > 1, [1, 2, 3])", 2),
    ("arrayMap(x -> arrayMap(y -> x + y, [1]), [1, 2])", [[2], [3]]),
    ("tupleElement((1, 'a'), 2)", "a"),
    ("(1, 'a').2", "a"),
    ("arrayStringConcat(arrayReverse(splitByChar(',', 'a,b')), '-')", "b-a"),
    ("[1, 2, 3][2]", 2),
    ("mapKeys(map('a', 1, 'b', 2))", ["a", "b"]),
    # versions sort as versions
    ("arraySort(v -> sortableSemver(v), ['1.10.0', '1.9', 'v1.9.1-beta'])", ["1.9", "v1.9.1-beta", "1.10.0"]),
    # dates, in the project's zone: three hours behind UTC
    ("toString(dateAdd('day', 1, '2024-01-31'))", "2024-02-01 00:00:00.000000"),
    ("toString(dateSub(toDateTime('2024-03-01'), INTERVAL 1 MONTH))", "2024-02-01 00:00:00.000000"),
    ("dateDiff('day', '2024-01-31T23:00:00Z', '2024-02-01T02:00:00Z')", 0),
    ("dateDiff('hour', toDateTime('2024-01-31'), '2024-01-31T05:00:00Z')", 2),
    ("age('month', '2024-01-31', '2024-02-29')", 0),
    ("toString(dateTrunc('month', '2024-02-01T02:00:00Z'))", "2024-01-01"),
    ("toString(toStartOfInterval(toDateTime('2024-02-01 10:44:00'), INTERVAL 15 MINUTE))", "2024-02-01 10:30:00"),
    ("toString(toStartOfMonth(toDateTime('2024-02-01T02:00:00Z')))", "2024-01-01"),
    ("toString(parseDateTime('01.02.2024', '%d.%m.%Y'))", "2024-02-01 00:00:00"),
    ("formatDateTime(toDateTime('2024-02-01'), '%Y-%m')", "2024-02"),
    # strings, JSON, addresses, hashes
    ("JSONExtract('{\"a\": [1, 2]}', 'a', 'Array(Int64)')", [1, 2]),
    ("JSONExtractInt('{\"a\": {\"b\": 3}}', 'a', 'b')", 3),
    ("extractAll('a1b22', '[0-9]+')", ["1", "22"]),
    ("replaceRegexpAll('a1b2', '[0-9]', '')", "ab"),
    ("domainWithoutWWW('https://www.example.com/a?b=c')", "example.com"),
    ("extractURLParameter('https://e.com/?utm=x', 'utm')", "x"),
    ("isIPAddressInRange('10.0.0.7', '10.0.0.0/8')", 1),
    ("hex(MD5('a'))", "0CC175B9C0F1B6A831C399E269772661"),
    ("toInt('x') IS NULL", 1),
    ("transform('a', ['a'], ['b'], 'c')", "b"),
    ("if(1 = 1, 'yes', 'no')", "yes"),
    ("1 = 2 ? 'yes' : 'no'", "no"),
    ("NULL ?? 'x'", "x"),
    # aggregates
    ("quantile(0.5)(number) FROM numbers(5)", 2),
    ("quantiles(0.5, 1)(number) FROM numbers(5)", [2, 4]),
    ("topK(1)(number % 2) FROM numbers(5)", [0]),
    ("sumMap(['a'], [number]).2 FROM numbers(4)", [6]),
    ("uniqExactIf(number, number > 1) FROM numbers(4)", 2),
    ("argMaxIf(number, -number, number > 1) FROM numbers(4)", 2),
    ("groupArray(2)(number) FROM numbers(4)", [0, 1]),
    ("groupUniqArrayIf(number, number > 2) FROM numbers(4)", [3]),
    ("retention(number = 1, number = 2) FROM numbers(4)", [1, 1]),
    ("windowFunnel(10)(toDateTime(number), number = 1, number = 2) FROM numbers(4)", 2),
    ("sequenceMatch('(?1)(?2)')(toDateTime(number), number = 1, number = 2) FROM numbers(4)", 1),
    ("countDistinctIf FROM (SELECT uniqExact(number) AS countDistinctIf FROM numbers(4))", 4),
    ("sumForEach([number, 1]) FROM numbers(4)", [6, 4]),
]


@pytest.mark.parametrize(("text", "expected"), ONE_VALUE, ids=[text[:60] for text, _ in ONE_VALUE])
def test_a_call_gives(two_teams: Any, text: str, expected: Any) -> None:
    [[found]] = ask(two_teams, f"SELECT {text}")
    assert json.loads(json.dumps(found, default=str)) == expected


QUERIES: list[tuple[str, list[list[Any]]]] = [
    ("SELECT 1 AS x UNION ALL SELECT 1 UNION ALL SELECT 2 ORDER BY x", [[1], [1], [2]]),
    ("SELECT 1 AS x UNION DISTINCT SELECT 1", [[1]]),
    ("SELECT 1 AS x INTERSECT SELECT 2", []),
    ("SELECT number FROM numbers(3) EXCEPT SELECT 1 ORDER BY number", [[0], [2]]),
    ("SELECT 1 AS x UNION ALL SELECT 2 INTERSECT SELECT 2 ORDER BY x", [[1], [2]]),
    ("SELECT n.number, x FROM numbers(2) AS n ARRAY JOIN ['a', 'b'] AS x ORDER BY number, x",
     [[0, "a"], [0, "b"], [1, "a"], [1, "b"]]),
    ("SELECT number, x FROM numbers(2) LEFT ARRAY JOIN range(number) AS x ORDER BY number", [[0, 0], [1, 0]]),
    ("SELECT x, i FROM numbers(1) ARRAY JOIN ['a', 'b'] AS x, [1, 2] AS i WHERE x = 'b'", [["b", 2]]),
    ("SELECT number % 2 AS x FROM numbers(5) ORDER BY x LIMIT 1 WITH TIES", [[0], [0], [0]]),
    ("SELECT number FROM numbers(6) ORDER BY number LIMIT 1 BY number % 3", [[0], [1], [2]]),
    ("SELECT number FROM numbers(3) PREWHERE number > 0 WHERE number < 2", [[1]]),
    ("SELECT number, row_number() OVER (ORDER BY number DESC) AS r FROM numbers(2) ORDER BY r", [[1, 1], [0, 2]]),
    ("SELECT lagInFrame(number) OVER (ORDER BY number ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS p "
     "FROM numbers(2) ORDER BY p", [[0], [0]]),
    ("WITH 2 AS two, two + 1 AS three SELECT number FROM numbers(5) WHERE number >= two AND number <= three "
     "ORDER BY number",
     [[2], [3]]),
    ("WITH count() AS n SELECT number % 2 AS g, n FROM numbers(3) GROUP BY g HAVING n > 1", [[0, 2]]),
    ("WITH a AS (SELECT number AS n FROM numbers(2)), b AS (SELECT n + 1 AS m FROM a) SELECT sum(m) FROM b", [[3]]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), QUERIES, ids=[text[:60] for text, _ in QUERIES])
def test_a_clause_gives(two_teams: Any, text: str, expected: list[list[Any]]) -> None:
    assert ask(two_teams, text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT numbers FROM numbers(1000001)", "“numbers” gives 1000000 at most"),
        ("SELECT dateAdd('day or so', 1, now())", "“dateAdd” takes one of 'second', 'minute'"),
        ("SELECT JSONExtract('{}', 'a', 'Dynamic')", "“JSONExtract” takes a type last"),
        ("SELECT uniqExactMerge(event) FROM events", "unknown function “uniqExactMerge”"),
        ("SELECT groupArrayState(event) FROM events", "unknown function “groupArrayState”"),
    ],
)
def test_a_call_is_refused(text: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        compile_select(text, TEAM.scope())
    assert caught.value.message.startswith(message)
