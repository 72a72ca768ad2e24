"""Random queries: QueryError is the only way to fail, and whatever is printed is guarded."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from two_teams import TEAM

from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import compile_select
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.sql.recheck import recheck
from analytics_pipelines.sql.schema import SCHEMA
from analytics_pipelines.sql.scope import Filters, SavedAction

pytestmark = pytest.mark.slow

SCOPE = replace(
    TEAM.scope(),
    timezone="Asia/Kathmandu",
    actions={1: SavedAction("Any", lambda: None)},
    filters=Filters(lambda table: nodes.Compare("=", nodes.Name(("properties", "a")), nodes.Constant("x"))),
    variables={"x": "y", "many": ("a", "b")},
)

NAMES = """
event e.event timestamp properties.$browser properties['a'] uuid x team_id * person_id e.person_id id e.id distinct_id
person.id e.person.properties.age person.properties['email'] pdi.distinct_id e.pdi.person_id session.$entry_pathname
session.person.properties.email e.group_0.properties.seats $group_0 properties.$group_1 poe.properties.plan
properties.price cohort_id key index $start_timestamp e.person.team_id elements_chain_texts {filters} {variables.x}
{variables.many} {filters.dateRange.from} {nothing} {x:Identifier} `{filters}` `{cohort}`
"""
columns = st.sampled_from(NAMES.split())
literals = st.sampled_from(["1", "-2.5", "'it''s'", "NULL", "true", "'2024-01-01'", "[1, 2]", "(1, 'a')", "{p:Int8}"])
functions = st.sampled_from(
    ["count", "countIf", "uniq", "lower", "toDate", "toStartOfDay", "if", "sum", "file", "sleep", "coalesce", "now"]
)
operators = st.sampled_from(["=", "!=", "<", ">=", "+", "-", "*", "/", "AND", "OR", "LIKE", "IN", "||", "??", "->"])
GOOD_TABLES = [name for table in SCHEMA for name in (table, f"{table} e")]
tables = st.one_of(
    st.sampled_from(GOOD_TABLES),
    st.sampled_from(["system.one", "numbers(3)", "`/etc/passwd`", "cte", "`events`", "person_overrides", "groups g"]),
)


def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(inner, max_size=3).map(", ".join)
    return st.one_of(
        st.builds("{}({})".format, functions, several),
        st.builds("({} {} {})".format, inner, operators, inner),
        st.builds("NOT {}".format, inner),
        st.builds("{} IS NULL".format, inner),
        st.builds("{} IN ({})".format, inner, several),
        st.builds("{} BETWEEN {} AND {}".format, inner, inner, inner),
        st.builds("CASE WHEN {} THEN {} END".format, inner, inner),
        st.builds("arrayMap(x -> {}, [{}])".format, inner, several),
        st.builds("quantile(0.9)({})".format, inner),
        st.builds("sum({}) OVER (PARTITION BY {} ORDER BY {})".format, inner, inner, inner),
        st.builds("{}::Int64".format, inner),
        st.builds("{} IN COHORT {}".format, inner, st.sampled_from(["5", "'Grown-ups'", "'x'", "(SELECT 1)"])),
        st.builds("matchesAction({})".format, st.one_of(inner, st.just("1"))),
        st.builds("{} IN (SELECT {} FROM events)".format, inner, inner),
    )


expressions = st.recursive(st.one_of(columns, literals), grow, max_leaves=8)
clause = {
    "where": st.one_of(st.just(""), expressions.map(" WHERE {}".format)),
    "group": st.one_of(st.just(""), expressions.map(" GROUP BY {}".format)),
    "order": st.one_of(st.just(""), expressions.map(" ORDER BY {} DESC".format)),
    "tail": st.sampled_from(
        ["", " LIMIT 5", " LIMIT 2 BY event LIMIT 4", " SETTINGS a = 1", " FORMAT CSV", ";", " OFFSET 1"]
    ),
}


def select(source: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        "SELECT {} FROM {}{}{}{}{}".format,
        st.lists(expressions, min_size=1, max_size=3).map(", ".join),
        source,
        clause["where"],
        clause["group"],
        clause["order"],
        clause["tail"],
    )


joined = st.builds("{} {} JOIN {} ON {}".format, tables, st.sampled_from(["", "LEFT", "CROSS"]), tables, expressions)
unfolded = st.builds(
    "{} {} JOIN {} AS {}".format, tables, st.sampled_from(["ARRAY", "LEFT ARRAY"]), expressions, tables
)
nested = st.builds("({}) AS e".format, select(tables))
queries = st.one_of(
    select(st.one_of(tables, nested, joined, unfolded)),
    st.builds("WITH cte AS ({}) {}".format, select(tables), select(tables)),
    st.builds("{} {} {}".format, select(tables), st.sampled_from(["UNION ALL", "EXCEPT"]), select(tables)),
)


def _guards() -> re.Pattern[str]:
    """Any guard of any table: the list of columns differs, what stands behind it does not."""
    columns = r"\(SELECT (?:(?!SELECT|FROM)[^*])*?"
    behind = {
        table.guarded(used).partition(" FROM ")[2]
        for table in SCHEMA.values()
        for used in ([], [column.name for column in table.columns])
    }
    return re.compile(columns + " FROM (?:" + "|".join(map(re.escape, sorted(behind))) + ")")


GUARDS = _guards()
TABLES = "|".join([*SCHEMA, "person_overrides"])


def check(text: str) -> bool:
    """Whether it was compiled; never anything between compiled and refused."""
    try:
        compiled = compile_select(text, SCOPE)
    except QueryError:
        return False
    recheck(compiled.sql, compiled.parameters)
    without_guards = GUARDS.sub("", compiled.sql)
    bare = re.sub(r"`[^`]*`", "", without_guards)
    assert not re.search(rf"\b({TABLES})\b|team_id|'|;|SETTINGS|FORMAT|OUTFILE", bare)
    return True


@settings(max_examples=200, deadline=None)
@given(queries)
def test_generated_queries_are_refused_or_guarded(text: str) -> None:
    check(text)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_noise_is_refused_or_guarded(text: str) -> None:
    check(text)


WORDS = """
SELECT FROM WHERE events event ( ) , . * ' ` " = 1 WITH AS UNION ALL IN IS NOT NULL CASE WHEN END -> :: ? : [ ] { }
SETTINGS FORMAT INTO OUTFILE LIMIT BY ORDER GROUP JOIN ON USING x count ; -- /* */ # $ INTERVAL DAY CAST OVER
DISTINCT BETWEEN AND LIKE properties team_id ARRAY COHORT filters variables PREWHERE INTERSECT EXCEPT TIES numbers
persons person session
"""
words = st.sampled_from(WORDS.split())


@settings(max_examples=200, deadline=None)
@given(st.lists(words, max_size=25).map(" ".join))
def test_shuffled_words_are_refused_or_guarded(text: str) -> None:
    check("SELECT " + text)


@settings(max_examples=200, deadline=None)
@given(expressions)
def test_simple_expressions_do_not_all_fail(text: str) -> None:
    check(f"SELECT {text} AS result FROM events AS e")


def test_the_generators_make_queries_that_compile() -> None:
    assert check("SELECT countIf((event = 'it''s')) FROM events e WHERE event IS NULL ORDER BY 1 DESC LIMIT 5")
