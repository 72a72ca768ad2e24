"""Rows of events, sessions and actors: what a select list means, and the SQL that it becomes."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from analytics_pipelines.insights.columns import aggregates, expression, grouping, order, renamed
from analytics_pipelines.insights.kinds import parse_insight
from analytics_pipelines.insights.table import TableColumn, TablePlan, limits
from analytics_pipelines.insights.team import Context, Team
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.errors import QueryError

GOLDEN = Path(__file__).parent / "golden"
CONTEXT = Context(
    Team(1, "America/Sao_Paulo", property_types={("event", "price"): "Numeric"}), datetime(2024, 5, 8, tzinfo=UTC)
)
DAY = {"dateRange": {"date_from": "2024-05-01", "date_to": "2024-05-01"}}
QUESTIONS: dict[str, dict[str, Any]] = {
    "events_whole": {"kind": "EventsQuery", "event": "buy", "after": "2024-05-01", "limit": 10, "offset": 20},
    "events_grouped": {
        "kind": "EventsQuery",
        "select": ["properties.plan -- Plan", "sum(properties.price)"],
        "where": ["sum(properties.price) > 10", "event = 'buy'"],
        "after": "all",
    },
    "actors_of_the_project": {
        "kind": "ActorsQuery",
        "select": ["person", "properties.email"],
        "search": "50%",
        "properties": [{"key": "plan", "value": "pro", "type": "person"}],
    },
    "actors_of_a_point": {
        "kind": "ActorsQuery",
        "source": {
            "kind": "InsightActorsQuery",
            "source": {"kind": "TrendsQuery", "series": [{"kind": "EventsNode", "event": "buy"}]},
            "day": "2024-05-01",
        },
        "select": ["id", "event_count"],
    },
    "sessions_with_an_event": {
        "kind": "SessionsQuery",
        "select": ["session_id", "$session_duration"],
        "event": "buy",
        "orderBy": ["$session_duration DESC"],
    },
    "web_overview": {"kind": "WebOverviewQuery", **DAY},
    "web_pages": {"kind": "WebStatsTableQuery", "breakdownBy": "Page", "includeBounceRate": True, **DAY},
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_sql_is_as_agreed(name: str) -> None:
    kind, parsed = parse_insight(QUESTIONS[name])
    compiled = kind.plan(parsed, CONTEXT).statements[0]
    text = compiled.sql.replace(" FROM (", "\nFROM (").replace(" WHERE ", "\nWHERE ") + f"\n-- {compiled.parameters}\n"
    path = GOLDEN / f"{name}.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("count()", True),
        ("countIf(event = 'a') / 2", True),
        ("if(1 = 1, max(timestamp), NULL)", True),
        ("quantile(0.9)(properties.price)", True),
        ("event", False),
        ("length(event) > 3", False),
        ("person_id IN (SELECT max(person_id) FROM events)", False),
        ("count() OVER (PARTITION BY event)", False),
    ],
)
def test_aggregates_are_told_from_expressions_over_one_row(text: str, expected: bool) -> None:
    assert aggregates(expression(text)) is expected


def test_rows_are_grouped_by_what_is_no_aggregate() -> None:
    event, count, one = expression("event"), expression("count()"), expression("1")
    assert grouping([event]) == ()
    assert grouping([event, count, one]) == (event,)
    assert grouping([count]) == ()


@pytest.mark.parametrize(
    ("text", "name", "descending"),
    [("event", "event", False), ("event asc", "event", False), ("timestamp  DESC ", "timestamp", True)],
)
def test_an_order_may_say_its_way(text: str, name: str, descending: bool) -> None:
    found = order(text)
    assert isinstance(found.expr, nodes.Name)
    assert (found.expr.parts, found.descending) == ((name,), descending)


def test_names_are_changed_everywhere_but_in_queries_of_their_own() -> None:
    expr = expression("if(a = 1, [b, lower(a)], NULL) AND a IN (SELECT a FROM events)")
    found: list[Any] = []

    def note(name: nodes.Name) -> nodes.Expr:
        found.append(name.parts)
        return nodes.Name(("x", *name.parts))

    changed = renamed(expr, note)
    assert found == [("a",), ("b",), ("a",), ("a",)]
    assert "Name(parts=('x', 'b')" in repr(changed)


def test_a_limit_has_a_default_and_a_bound() -> None:
    assert limits(None, None) == (100, 0)
    assert limits(10**9, 5) == (50_000, 5)


def test_who_is_referred_to_is_looked_up_once_and_where_it_can_be_found() -> None:
    ann, bob = UUID(int=1), UUID(int=2)
    column = TableColumn("person", lambda value: {"id": value}, refers="person")
    plan = TablePlan((), (column,), 3, 0, False, CONTEXT.scope(), {})  # type: ignore[arg-type]
    page = [(ann,), (bob,), (ann,), (UUID(int=3),)]
    first = plan.more([page])
    assert len(first) == 2
    looked_up = [page, [(ann, '{"a":1}', None, 1)], [(ann, ["a", "b"])]]
    (in_events,) = plan.more(looked_up)
    assert str(bob) in in_events.parameters.values()
    assert str(ann) not in in_events.parameters.values()
    results = [*looked_up, [(bob, ["c"])]]
    assert plan.more(results) == ()
    answer = plan.answer(results)
    assert answer["hasMore"] is True
    shown = [row[0] for row in answer["results"]]
    assert [person["distinct_ids"] for person in shown] == [["a", "b"], ["c"], ["a", "b"]]
    assert [person["properties"] for person in shown] == [{"a": 1}, {}, {"a": 1}]
    assert plan.more([[]]) == ()


@pytest.mark.parametrize("text", ["", "a,b", "select 1", "count(", "a; b", "(" * 3000])
def test_what_is_no_expression_is_refused_by_its_text(text: str) -> None:
    with pytest.raises(QueryError):
        expression(text)
