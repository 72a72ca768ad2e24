"""Random queries of team 1 that run: what team 2 has changes nothing in their answers.

Both teams have the same ids everywhere, so that any join, look-up or subquery without a guard meets the other's rows.
"""

import os
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from two_teams import TEAM

from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import compile_query, compile_select
from analytics_pipelines.sql.schema import INTERNAL_SCHEMA, SCHEMA, Table
from analytics_pipelines.sql.scope import Filters, SavedAction
from analytics_pipelines.sql.types import Kind
from resources.clickhouse import ClickHouse, ClickHouseRefused

pytestmark = [pytest.mark.engines, pytest.mark.slow]

EXAMPLES = int(os.environ.get("ANALYTICS_EXAMPLES", "60"))


def only_views(table: str = "events") -> nodes.Expr | None:
    if table != "events":
        return None
    return nodes.Compare("!=", nodes.Name(("event",)), nodes.Constant("buy"))


SCOPE = replace(
    TEAM.scope(),
    actions={1: SavedAction("Viewed", only_views)},
    filters=Filters(only_views),
    variables={"name": "secret", "names": ("view", "secret")},
)


def fields(table: Table, depth: int = 2) -> list[str]:
    """Every column and property, and those of what stands beside."""
    found = [f"`{column.name}`" for column in table.columns]
    if "`properties`" in found:
        found += [f"properties.{name}" for name in ("email", "age", "price", "secret", "name", "seats", "$group_0")]
    if table.name == "events":
        found += ["poe.properties.plan", "elements_chain_href", "elements_chain_texts[1]"]
    if depth:
        found += [f"{lazy.name}.{inner}" for lazy in table.lazy for inner in fields(SCHEMA[lazy.table], depth - 1)]
    return found


FIELDS = {name: fields(table) for name, table in SCHEMA.items()}
ALIASES = ["a", "events", "persons", "_row", "_person", "_beside_1", "_cte_1", "overrides", "person_overrides", "p0"]


@st.composite
def sources(draw: st.DrawFn, alias: str) -> tuple[str, list[str], str]:
    """What may stand after FROM, texts of what it has, and the table."""
    table = draw(st.sampled_from(list(SCHEMA)))
    texts = [f"toString({alias}.{field})" for field in FIELDS[table]]
    if draw(st.integers(0, 4)):
        return f"{table} AS {alias}", texts, table
    inner = draw(st.lists(st.sampled_from(FIELDS[table]), min_size=1, max_size=3))
    items = ", ".join(f"toString({field}) AS f{number}" for number, field in enumerate(inner))
    return f"(SELECT {items} FROM {table}) AS {alias}", [f"{alias}.f{number}" for number in range(len(inner))], ""


@st.composite
def conditions(draw: st.DrawFn, texts: list[str], table: str) -> str:
    field = st.sampled_from(texts)
    other = draw(st.sampled_from(list(SCHEMA)))
    anything = draw(st.sampled_from(FIELDS[other]))
    kinds = [
        f"{draw(field)} != 'x'",
        f"{draw(field)} = {draw(field)}",
        f"{draw(field)} IS NOT NULL",
        f"{draw(field)} = {{variables.name}} OR has({{variables.names}}, {draw(field)})",
        f"{draw(field)} IN (SELECT toString({anything}) FROM {other})",
        f"{draw(field)} NOT IN (SELECT toString({anything}) FROM {other} AS {draw(st.sampled_from(ALIASES))})",
        f"{draw(field)} > (SELECT min(toString({anything})) FROM {other})",
        f"{draw(field)} LIKE '%secret%'",
        "toUUIDOrNull(" + draw(field) + ") IN COHORT " + draw(st.sampled_from(["5", "6", "'Grown-ups'"])),
    ]
    if table == "events":
        kinds.append("matchesAction('Viewed')")
    if table in ("events", "sessions", "groups"):
        kinds.append("{filters}")
    first, second = draw(st.sampled_from(kinds)), draw(st.sampled_from(kinds))
    return draw(st.sampled_from([first, f"NOT ({first})", f"({first}) AND ({second})", f"({first}) OR ({second})"]))


@st.composite
def selects(draw: st.DrawFn, aggregated: bool | None = None) -> str:
    first, second = draw(st.lists(st.sampled_from(ALIASES), min_size=2, max_size=2, unique=True))
    source, texts, table = draw(sources(first))
    if draw(st.booleans()):
        more, others, _ = draw(sources(second))
        kind = draw(st.sampled_from(["", "LEFT", "RIGHT", "FULL", "LEFT ANY"]))
        keys = st.tuples(st.sampled_from(texts), st.sampled_from(others))
        left, right = draw(keys)
        source = f"{source} {kind} JOIN {more} ON {left} = {right}"
        if kind != "LEFT ANY":  # which of several partners it takes is ClickHouse's choice
            texts = texts + others
    field = st.sampled_from(texts)
    where = f" WHERE {draw(conditions(texts, table))}" if draw(st.booleans()) else ""
    if aggregated or (aggregated is None and draw(st.booleans())):
        what = f"count(), uniqExact({draw(field)}), max({draw(field)}), arraySort(groupArray({draw(field)}))"
        grouped = f" GROUP BY {draw(field)}" if draw(st.booleans()) else ""
        return f"SELECT {what} FROM {source}{where}{grouped}"
    return f"SELECT {draw(field)} AS x, {draw(field)} AS y, {draw(field)} AS z FROM {source}{where}"


queries = st.one_of(
    selects(),
    st.builds("WITH c AS ({}) SELECT count(), max(x), min(y) FROM c".format, selects(False)),
    st.builds("SELECT x, y FROM ({}) ARRAY JOIN [x, z] AS w".format, selects(False)),
    st.builds("{} {} {}".format, selects(False), st.sampled_from(["UNION ALL", "INTERSECT", "EXCEPT"]), selects(False)),
)


def answer(reader: ClickHouse, sql: str, parameters: dict[str, Any]) -> Any:
    """The rows in some order, or the number of the error."""
    try:
        rows = reader.query(sql, parameters, {"join_use_nulls": 1, "max_execution_time": 20}).rows
    except ClickHouseRefused as error:
        return error.code
    return sorted(map(repr, rows))


@pytest.mark.timeout(180 + EXAMPLES)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=queries)
def test_another_team_changes_nothing(two_teams: ClickHouse, one_team: ClickHouse, text: str) -> None:
    compiled = compile_select(text + " LIMIT 50000", SCOPE)
    with_others = answer(two_teams, compiled.sql, compiled.parameters)
    assert with_others == answer(one_team, compiled.sql, compiled.parameters)
    assert isinstance(with_others, int) or "secret" not in str(with_others)


def test_most_of_them_run(two_teams: ClickHouse) -> None:
    """The generator makes queries with answers, and the other team would have others."""
    rows = compile_select("SELECT count(), max(person.properties.email), max(session.distinct_id) FROM events", SCOPE)
    mine = answer(two_teams, rows.sql, rows.parameters)
    theirs = answer(two_teams, rows.sql, {**rows.parameters, "team_id": 2})
    assert "secret" not in str(mine)
    assert "secret" in str(theirs)


@pytest.mark.parametrize("table", INTERNAL_SCHEMA)
def test_every_column_of_every_table_is_one_teams(two_teams: ClickHouse, one_team: ClickHouse, table: str) -> None:
    items = []
    for column in INTERNAL_SCHEMA[table].columns:
        name = nodes.Name((column.name,))
        state = nodes.Call("finalizeAggregation", (name,))  # of a rollup: a set of people, as their number
        items.append(nodes.Item(state if column.kind is Kind.OTHER else name, column.name))
    compiled = compile_query(nodes.Select(tuple(items), nodes.TableName(table)), SCOPE, INTERNAL_SCHEMA)
    with_others = answer(two_teams, compiled.sql, compiled.parameters)
    assert with_others == answer(one_team, compiled.sql, compiled.parameters)
    assert isinstance(with_others, list)
    assert with_others
    assert "secret" not in str(with_others)
